//! Rounds of one row.
//!
//! In: a row. Out: its ratio with quartiles, A/A of both sides, and what each allocates. Invariant:
//! the lanes of a row take turns, and each round begins with another one.

use std::fmt;

use serde::Serialize;

use super::driver::{Answer, Programs};
use super::rows::{Group, Lane, Row};
use crate::chore::ChoreError;

/// What a block ought to take.
const BLOCK_NS: f64 = 16e6;
/// Records that may be copied for a block.
const COPIED_RECORDS: u64 = 98_304;
/// Batches of a block, so that nothing runs for ever.
const MOST_BATCHES: u64 = 400_000;

/// What a row gives.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// A / B by processor time of all threads.
    pub(crate) ratio: f64,
    pub(crate) quartiles: [f64; 2],
    /// The same by the clock on the wall.
    pub(crate) wall_ratio: f64,
    pub(crate) a: Side,
    pub(crate) b: Side,
}

/// One side of a row.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    /// Median processor time of a batch.
    pub(crate) ns_per_batch: f64,
    /// The ratio of two equal lanes.
    pub(crate) a_a: f64,
    #[serde(flatten)]
    pub(crate) heap: Option<Heap>,
}

/// What is allocated, where that is counted.
#[derive(Debug, Serialize)]
pub(crate) struct Heap {
    pub(crate) allocs_per_batch: f64,
    pub(crate) bytes_per_batch: f64,
}

/// For the person who waits.
impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ratio,
            quartiles: [low, high],
            wall_ratio,
            a,
            b,
        } = self;
        write!(
            formatter,
            "{ratio:.3} [{low:.3}, {high:.3}] wall {wall_ratio:.3}; {a} / {b}"
        )
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.0} ns", self.ns_per_batch)?;
        if let Some(heap) = &self.heap {
            let Heap {
                allocs_per_batch,
                bytes_per_batch,
            } = heap;
            write!(
                formatter,
                ", {allocs_per_batch:.0} allocs, {bytes_per_batch:.0} B"
            )?;
        }
        write!(formatter, " (A/A {:.3})", self.a_a)
    }
}

/// A lane in its two copies, with what they took.
struct Pair<'a> {
    lane: &'a Lane,
    batches: u64,
    rounds: Vec<[Answer; 2]>,
}

/// Measures one row.
pub(crate) fn row(programs: &mut Programs, row: &Row, rounds: usize) -> Result<Figure, ChoreError> {
    let lanes: Vec<&Lane> = [&row.a, &row.b].into_iter().chain(&row.less).collect();
    same_output(programs, row)?;
    let mut pairs = Vec::new();
    for lane in lanes {
        pairs.push(Pair {
            lane,
            batches: batches(programs, lane)?,
            rounds: Vec::new(),
        });
    }
    for round in 0..=rounds {
        let turns = 2 * pairs.len();
        let mut answers: Vec<Option<Answer>> = (0..turns).map(|_| None).collect();
        for turn in 0..turns {
            let turn = (turn + round) % turns;
            let pair = &pairs[turn % pairs.len()];
            let copy = u8::from(turn >= pairs.len());
            let (program, block) = pair.lane.of(copy, pair.batches);
            answers[turn] = Some(programs.run(program, &block)?);
        }
        if round == 0 {
            continue; // It warms up.
        }
        let kinds = pairs.len();
        for (index, pair) in pairs.iter_mut().enumerate() {
            let first = answers[index].take().expect("each had its turn");
            let second = answers[index + kinds].take().expect("each had its turn");
            pair.rounds.push([first, second]);
        }
    }
    if row.group == Group::Plugin {
        programs.end();
    }
    let less = pairs.get(2);
    let ratios = |time: fn(&Answer) -> f64| -> Vec<f64> {
        (0..rounds)
            .map(|round| {
                let of = |pair: &Pair<'_>| pair.per_batch(round, time);
                (of(&pairs[0]) - less.map_or(0.0, of)) / of(&pairs[1])
            })
            .collect()
    };
    let by_cpu = ratios(|answer| answer.cpu_ns);
    Ok(Figure {
        ratio: quantile(&by_cpu, 2),
        quartiles: [quantile(&by_cpu, 1), quantile(&by_cpu, 3)],
        wall_ratio: quantile(&ratios(|answer| answer.wall_ns), 2),
        a: pairs[0].side(less),
        b: pairs[1].side(None),
    })
}

/// What does not give the same does not do the same work. A bare call gives nothing.
fn same_output(programs: &mut Programs, row: &Row) -> Result<(), ChoreError> {
    let mut outputs = Vec::new();
    for lane in [&row.a, &row.b] {
        let (program, block) = lane.of(0, 1);
        outputs.push(programs.run(program, &block)?.output);
    }
    if row.group == Group::Crossing || outputs[0] == outputs[1] {
        return Ok(());
    }
    Err(ChoreError::Found(format!(
        "the two sides of `{}` give different output",
        row.name
    )))
}

/// How many batches fill a block. The first calls are slower than all others.
fn batches(programs: &mut Programs, lane: &Lane) -> Result<u64, ChoreError> {
    let most = match lane.records() {
        records if lane.changes() => (COPIED_RECORDS / records).max(1),
        _ => MOST_BATCHES,
    };
    let mut batches = 1;
    for part in [0.05, 0.3, 1.0] {
        let mut slowest: f64 = 1.0;
        for copy in [0, 1] {
            let (program, block) = lane.of(copy, batches);
            slowest = slowest.max(programs.run(program, &block)?.cpu_ns);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred thousand fit")]
        let each = slowest / batches as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a few million, and positive"
        )]
        let fitting = (BLOCK_NS * part / each) as u64;
        batches = fitting.clamp(1, most);
    }
    Ok(batches)
}

impl Pair<'_> {
    /// The mean of both copies in one round.
    fn per_batch(&self, round: usize, time: fn(&Answer) -> f64) -> f64 {
        let [first, second] = &self.rounds[round];
        f64::midpoint(time(first), time(second)) / self.batches()
    }

    fn side(&self, less: Option<&Pair<'_>>) -> Side {
        let rounds = 0..self.rounds.len();
        let median = |value: fn(&Answer) -> f64| {
            let own = rounds.clone().map(|round| {
                self.per_batch(round, value) - less.map_or(0.0, |less| less.per_batch(round, value))
            });
            quantile(&own.collect::<Vec<_>>(), 2)
        };
        let a_a: Vec<_> = self
            .rounds
            .iter()
            .map(|[first, second]| second.cpu_ns / first.cpu_ns)
            .collect();
        Side {
            ns_per_batch: median(|answer| answer.cpu_ns),
            a_a: quantile(&a_a, 2),
            heap: Some(Heap {
                allocs_per_batch: median(|answer| answer.allocs),
                bytes_per_batch: median(|answer| answer.bytes),
            }),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few hundred thousand fit")]
    fn batches(&self) -> f64 {
        self.batches as f64
    }
}

/// The value below which so many quarters of the others lie.
pub(crate) fn quantile(values: &[f64], quarters: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * quarters / 4]
}
