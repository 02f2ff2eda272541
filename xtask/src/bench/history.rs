//! Figures that were measured, one file for each measurement.
//!
//! In: rows that were measured, or the files. Out: a new file, or all measurements, the oldest
//! first. Invariant: a file is never written again; a file that cannot be read is an error.

use bimetal_conformance::distribution::repository;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::component::{Machine, Measured, Run};
use crate::chore::ChoreError;

/// One measurement. Times are left out: they mean nothing on another machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measurement {
    /// In UTC; a date, or a date with its time.
    pub(crate) date: String,
    pub(crate) version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    pub(crate) machine: Machine,
    /// The lowest and the highest load.
    pub(crate) load: [f64; 2],
    /// Of each row.
    pub(crate) rounds: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<Row>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) instructions: Vec<Count>,
}

/// The figures of one row: ratios of its sides A and B, and what a batch takes on each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// A / B by processor time of all threads.
    pub(crate) ratio: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quartiles: Option<[f64; 2]>,
    pub(crate) wall_ratio: f64,
    /// The ratios of two equal lanes.
    pub(crate) a_a: [f64; 2],
    /// What was to be reached then; none where A/A is the measure.
    pub(crate) aim: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allocations: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<[f64; 2]>,
}

/// How many instructions a step takes, whatever else the machine does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) instructions: u64,
}

/// The measurements of this repository, the oldest first.
pub(crate) fn read() -> Result<Vec<Measurement>, ChoreError> {
    read_below(&place())
}

/// Keeps what was measured, and says where.
pub(crate) fn record(run: &Run, instructions: Vec<Count>) -> Result<Utf8PathBuf, ChoreError> {
    let now = jiff::Timestamp::now();
    let measurement = Measurement {
        date: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: Some(run.commit.clone()),
        machine: run.machine.clone(),
        load: run.load,
        rounds: run.rounds,
        rows: run.rows.iter().map(row).collect(),
        instructions,
    };
    // Two measurements of one commit differ in their time.
    let stem = now.strftime("%Y-%m-%d-%H%M%S");
    let path = place().join(format!("{stem}-{}.json", run.commit));
    fs::create_dir_all(place())?;
    fs::write(&path, text(&measurement))?;
    Ok(path)
}

fn place() -> Utf8PathBuf {
    repository().join("benchmarks/history")
}

fn read_below(directory: &Utf8Path) -> Result<Vec<Measurement>, ChoreError> {
    let mut measurements = Vec::new();
    for entry in directory.read_dir_utf8()? {
        let path = entry?.into_path();
        let text = fs::read_to_string(&path)?;
        let measurement: Measurement = serde_json::from_str(&text)
            .map_err(|source| ChoreError::Found(format!("`{path}` is no measurement: {source}")))?;
        measurements.push((measurement, path));
    }
    // A date sorts before the same date with a time.
    measurements.sort_by(|(a, at), (b, other)| (&a.date, at).cmp(&(&b.date, other)));
    Ok(measurements.into_iter().map(|(it, _)| it).collect())
}

fn row(measured: &Measured) -> Row {
    let figure = &measured.figure;
    let (a, b) = (&figure.a, &figure.b);
    let heaps = a.heap.as_ref().zip(b.heap.as_ref());
    let heaps = heaps.map(|(a, b)| [a, b]);
    Row {
        name: measured.name.clone(),
        ratio: short(figure.ratio),
        quartiles: Some(figure.quartiles.map(short)),
        wall_ratio: short(figure.wall_ratio),
        a_a: [a.a_a, b.a_a].map(short),
        aim: measured.must,
        allocations: heaps.map(|heaps| heaps.map(|heap| short(heap.allocs_per_batch))),
        bytes: heaps.map(|heaps| heaps.map(|heap| heap.bytes_per_batch.round())),
    }
}

/// Four digits behind the point, which is more than a ratio is good for.
fn short(figure: f64) -> f64 {
    (figure * 10_000.0).round() / 10_000.0
}

/// A line for each row, so that a difference shows the rows that differ.
fn text(measurement: &Measurement) -> String {
    let value = serde_json::to_value(measurement).expect("a measurement is JSON");
    let fields = value.as_object().expect("a struct is an object");
    let lines = fields.iter().map(|(name, value)| match value {
        Value::Array(rows) if rows.iter().all(Value::is_object) => {
            let rows: Vec<_> = rows.iter().map(|row| format!("    {row}")).collect();
            format!("  \"{name}\": [\n{}\n  ]", rows.join(",\n"))
        }
        value => format!("  \"{name}\": {value}"),
    });
    format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(row: &Row) -> Count {
        Count {
            name: row.name.clone(),
            instructions: row.ratio.to_bits(),
        }
    }

    fn measurement() -> impl Strategy<Value = Measurement> {
        let figure = || (0_u32..1_000_000).prop_map(|number| short(f64::from(number) / 1000.0));
        let two = move || [figure(), figure()];
        let row = (
            "[a-z`\", 0-9]{1,20}",
            figure(),
            proptest::option::of(two()),
            two(),
            proptest::option::of(figure()),
            proptest::option::of(two()),
        )
            .prop_map(|(name, ratio, quartiles, a_a, aim, allocations)| Row {
                name,
                ratio,
                quartiles,
                wall_ratio: ratio,
                a_a,
                aim,
                allocations,
                bytes: quartiles,
            });
        let machine = Machine::sample();
        let rows = proptest::collection::vec(row, 1..5);
        (rows, two(), "[0-9]{4}-[0-9]{2}-[0-9]{2}", 1_usize..99).prop_map(
            move |(rows, load, date, rounds)| Measurement {
                date,
                version: "0.1.0".to_owned(),
                commit: None,
                machine: machine.clone(),
                load,
                rounds,
                instructions: rows.iter().map(count).collect(),
                rows,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_in_order_of_time(
            kept in proptest::collection::vec(measurement(), 0..4)
        ) {
            let directory = tempfile::tempdir()?;
            let directory = Utf8Path::from_path(directory.path()).expect("UTF-8");
            for (index, measurement) in kept.iter().enumerate() {
                fs::write(directory.join(format!("{index}.json")), text(measurement))?;
            }
            let mut expected = kept;
            expected.sort_by(|a, b| a.date.cmp(&b.date));
            let read = read_below(directory).expect("what was written is a history");
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_date_comes_before_its_times() {
        assert!("2026-11-28" < "2026-11-28T00:00:00Z" && "2026-11-28T23" < "2026-11-29");
    }

    #[test]
    fn the_files_of_this_repository_are_as_they_would_be_written() {
        for entry in place().read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            let written = fs::read_to_string(&path).unwrap();
            let measurement = serde_json::from_str(&written).unwrap();
            assert_eq!(text(&measurement), written, "{path}");
        }
    }
}
