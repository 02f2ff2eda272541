//! Rounds of one row of whole processes.
//!
//! In: what is run on both sides. Out: the ratio of A to B, with A/A of both. Invariant: all take
//! turns, each twice in a round, and each round begins with another one.

use std::io;
use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use super::super::component::{Figure, Side, quantile};
use crate::chore::ChoreError;

/// What a run took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub(super) cpu: f64,
    pub(super) wall: f64,
}

/// Something that can be run again and again.
pub(super) type Lane<'a> = &'a dyn Fn() -> Result<Taken, ChoreError>;

/// The ratio of A to B, each the sum of what its lanes take.
pub(super) fn measure(a: &[Lane<'_>], b: &[Lane<'_>], rounds: usize) -> Result<Figure, ChoreError> {
    let lanes: Vec<Lane<'_>> = a.iter().chain(b).copied().collect();
    let turns = 2 * lanes.len();
    let mut sides = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        let mut taken = vec![Taken::default(); turns];
        for turn in 0..turns {
            let turn = (turn + round) % turns;
            taken[turn] = lanes[turn % lanes.len()]()?;
        }
        if round == 0 {
            continue; // It warms up.
        }
        let copies = [&taken[..lanes.len()], &taken[lanes.len()..]];
        sides[0].push(copies.map(|copy| sum(&copy[..a.len()])));
        sides[1].push(copies.map(|copy| sum(&copy[a.len()..])));
    }
    let ratios = |time: fn(&Taken) -> f64| -> Vec<f64> {
        let of = |[first, second]: &[Taken; 2]| time(first) + time(second);
        sides[0]
            .iter()
            .zip(&sides[1])
            .map(|(a, b)| of(a) / of(b))
            .collect()
    };
    let by_cpu = ratios(|taken| taken.cpu);
    let [a, b] = sides.each_ref().map(|rounds| side(rounds));
    Ok(Figure {
        ratio: quantile(&by_cpu, 2),
        quartiles: [quantile(&by_cpu, 1), quantile(&by_cpu, 3)],
        wall_ratio: quantile(&ratios(|taken| taken.wall), 2),
        a,
        b,
    })
}

fn sum(taken: &[Taken]) -> Taken {
    taken.iter().fold(Taken::default(), |sum, one| Taken {
        cpu: sum.cpu + one.cpu,
        wall: sum.wall + one.wall,
    })
}

fn side(rounds: &[[Taken; 2]]) -> Side {
    let median = |of: fn(&[Taken; 2]) -> f64| {
        let values: Vec<_> = rounds.iter().map(of).collect();
        quantile(&values, 2)
    };
    Side {
        ns_per_batch: median(|[first, second]| f64::midpoint(first.cpu, second.cpu)),
        a_a: median(|[first, second]| second.cpu / first.cpu),
        heap: None,
    }
}

/// What `work` takes by the clock, and what the children take that end while it runs.
pub(super) fn taken(work: impl FnOnce() -> Result<f64, ChoreError>) -> Result<Taken, ChoreError> {
    let before = of_children()?;
    let wall = work()?;
    Ok(Taken {
        cpu: of_children()? - before,
        wall,
    })
}

/// Nanoseconds since `start`.
pub(super) fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9
}

/// Processor time of all children that ended, and of theirs.
fn of_children() -> io::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [Usage::user_time, Usage::system_time];
    #[expect(clippy::cast_precision_loss, reason = "a few hours in nanoseconds fit")]
    let times = times.map(|time| time(&usage).num_nanoseconds() as f64);
    Ok(times.iter().sum())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_row_is_the_ratio_of_sums_and_says_how_far_equal_runs_differ() {
        let runs = Cell::new(0.0);
        let lane = |cpu: f64| {
            move || {
                Ok(Taken {
                    cpu,
                    wall: 10.0 * cpu,
                })
            }
        };
        // Each second run of it takes twice as long as the first.
        let uneven = || {
            runs.set(runs.get() + 1.0);
            lane(1.0 + runs.get() % 2.0)()
        };
        let (one, two) = (lane(1.0), lane(2.0));
        let even = measure(&[&two], &[&one, &one, &two], 3).unwrap();
        let figures = [even.ratio, even.wall_ratio, even.a.a_a, even.b.a_a];
        assert_eq!(
            figures.map(f64::to_bits),
            [0.5, 0.5, 1.0, 1.0].map(f64::to_bits)
        );
        let odd = measure(&[&uneven], &[&one], 3).unwrap();
        assert_eq!(odd.ratio.to_bits(), 1.5_f64.to_bits());
        assert!([0.5, 2.0].contains(&odd.a.a_a), "{}", odd.a.a_a);
    }
}
