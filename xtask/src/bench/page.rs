//! What a page says of the figures that were kept.
//!
//! In: measurements, and a page with markers. Out: the page with its tables. Invariant: pure; text
//! outside of markers is the author's and stays, and every table is on the page once.

use std::collections::{BTreeMap, BTreeSet};

use super::component::Machine;
use super::history::{Count, Measurement, Row};

/// Name of a table -> its text.
pub(super) type Tables = BTreeMap<&'static str, String>;

/// The table of the measurements that the others have their figures from.
const MEASUREMENTS: &str = "measurements";
const INSTRUCTIONS: &str = "instructions";
const NOTHING: &str = "Nothing is kept of these rows yet.\n";
const OPEN: &str = "<!-- bench:";
const OPENED: &str = " -->";
const CLOSE: &str = "<!-- /bench -->";

/// Why a page cannot take its tables.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum PageError {
    /// A marker names no table.
    #[error("line {line}: there is no table `{name}`")]
    Unknown { line: usize, name: String },
    /// A marker is followed by another one, or by none.
    #[error("line {line}: the table ends nowhere; it needs a line `{CLOSE}`")]
    Open { line: usize },
    /// A table stands on the page twice, or not at all.
    #[error("the page has {count} places for the table `{name}`; it needs one")]
    Places { name: &'static str, count: usize },
}

/// The page with these tables between its markers.
pub(super) fn filled(page: &str, tables: &Tables) -> Result<String, PageError> {
    let mut text = String::new();
    let mut places: BTreeMap<_, _> = tables.keys().map(|name| (*name, 0)).collect();
    let mut lines = (1..).zip(page.lines());
    while let Some((line, words)) = lines.next() {
        text += words;
        text += "\n";
        let Some(name) = opened(words) else {
            continue;
        };
        let unknown = || PageError::Unknown {
            line,
            name: name.to_owned(),
        };
        text += tables.get(name).ok_or_else(unknown)?;
        *places.get_mut(name).ok_or_else(unknown)? += 1;
        match lines.find(|(_, words)| *words == CLOSE || opened(words).is_some()) {
            Some((_, CLOSE)) => text += CLOSE,
            _ => return Err(PageError::Open { line }),
        }
        text += "\n";
    }
    match places.into_iter().find(|(_, count)| *count != 1) {
        Some((name, count)) => Err(PageError::Places { name, count }),
        None => Ok(text),
    }
}

/// Every table. A row has the figures of the newest measurement that has the row; `rows` are the
/// names of tables with those of their rows, `steps` those whose instructions are counted.
pub(super) fn tables(
    rows: &[(&'static str, Vec<String>)],
    steps: &[String],
    history: &[Measurement],
) -> Tables {
    let mut used = BTreeSet::new();
    let mut tables = Tables::new();
    for (table, names) in rows {
        let found = newest(history, names, |measurement, name| {
            measurement.rows.iter().find(|row| row.name == *name)
        });
        used.extend(found.iter().map(|(index, _)| *index));
        tables.insert(table, of_rows(&found));
    }
    let found = newest(history, steps, |measurement, name| {
        let mut counts = measurement.instructions.iter();
        counts.find(|count| count.name == *name)
    });
    used.extend(found.iter().map(|(index, _)| *index));
    tables.insert(INSTRUCTIONS, of_counts(&found));
    tables.insert(MEASUREMENTS, of_measurements(history, &used));
    tables
}

/// What the newest measurement has of each name, with the measurement's index.
fn newest<'a, T>(
    history: &'a [Measurement],
    names: &[String],
    find: impl Fn(&'a Measurement, &String) -> Option<&'a T>,
) -> Vec<(usize, &'a T)> {
    let newest = names.iter().filter_map(|name| {
        let mut measurements = history.iter().enumerate().rev();
        measurements.find_map(|(index, measurement)| Some((index, find(measurement, name)?)))
    });
    newest.collect()
}

fn of_rows(rows: &[(usize, &Row)]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let is_counted = rows.iter().any(|(_, row)| row.allocations.is_some());
    let lines = rows.iter().map(|(index, row)| {
        let aim = row
            .aim
            .map_or("within A/A".to_owned(), |aim| format!("{aim:?}"));
        let [of_a, of_b] = row.a_a;
        let allocations = match row.allocations {
            Some([a, b]) => format!(" {a:.0}; {b:.0} |"),
            None if is_counted => " |".to_owned(),
            None => String::new(),
        };
        let (name, ratio, wall) = (&row.name, row.ratio, row.wall_ratio);
        format!(
            "{name} | {ratio:.2} | {wall:.2} | {of_a:.2}, {of_b:.2} | {aim} |{allocations} {}",
            number(*index)
        )
    });
    let [row, ratio, wall, a_a, aim, measured] =
        ["Row", "Ratio", "Wall", "A/A of both", "Aim", "Measured"];
    if is_counted {
        let allocations = "Allocations a batch";
        return table([row, ratio, wall, a_a, aim, allocations, measured], lines);
    }
    table([row, ratio, wall, a_a, aim, measured], lines)
}

fn of_counts(counts: &[(usize, &Count)]) -> String {
    if counts.is_empty() {
        return NOTHING.to_owned();
    }
    let lines = counts.iter().map(|(index, count)| {
        let Count { name, instructions } = count;
        format!("{name} | {} | {}", digits(*instructions), number(*index))
    });
    table(["Step", "Instructions", "Measured"], lines)
}

fn of_measurements(history: &[Measurement], used: &BTreeSet<usize>) -> String {
    let lines = used.iter().map(|&index| {
        let measurement = &history[index];
        let Machine {
            cores,
            architecture,
            system,
            go,
            rustc,
            profile,
        } = &measurement.machine;
        let date = measurement.date.split('T').next().unwrap_or_default();
        let version = [Some(&measurement.version), measurement.commit.as_ref()];
        let version: Vec<_> = version.into_iter().flatten().cloned().collect();
        let mut load = measurement.load.map(|load| load.to_string()).to_vec();
        load.dedup();
        let rounds = match measurement.rounds {
            0 => "counts only".to_owned(),
            rounds => rounds.to_string(),
        };
        format!(
            "{} | {date} | {} | {rounds} | {} | {cores} cores, {architecture}, {system}, Go {go}, \
             rustc {rustc}, profile `{profile}`",
            number(index),
            version.join(", "),
            load.join(" to "),
        )
    });
    table(
        ["Measured", "On", "Version", "Rounds", "Load", "Machine"],
        lines,
    )
}

fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = String>,
) -> String {
    let rule = ["---"; COLUMNS].join("|");
    let rows: Vec<_> = rows.map(|row| format!("| {row} |\n")).collect();
    format!("| {} |\n|{rule}|\n{}", header.join(" | "), rows.concat())
}

/// Measurements are counted from one. A number stays, since new ones are later.
fn number(index: usize) -> usize {
    index + 1
}

/// `1234567` as `1,234,567`.
fn digits(number: u64) -> String {
    let text = number.to_string();
    let groups: Vec<_> = text.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// The name of the table that a line opens.
fn opened(line: &str) -> Option<&str> {
    line.strip_prefix(OPEN)?.strip_suffix(OPENED)
}

#[cfg(test)]
mod tests;
