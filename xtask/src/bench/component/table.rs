//! Figures as lines and Markdown tables.
//!
//! In: rows that were measured. Out: text. Invariant: pure.

use std::fmt::Write as _;

use super::{Figure, Group, Measured, Side};

/// One row for the person who waits.
pub(crate) fn line(figure: &Figure) -> String {
    let side = |side: &Side| {
        format!(
            "{:.0} ns, {:.0} allocs, {:.0} B (A/A {:.3})",
            side.ns_per_batch, side.allocs_per_batch, side.bytes_per_batch, side.a_a
        )
    };
    format!(
        "{:.3} [{:.3}, {:.3}] wall {:.3}; {} / {}",
        figure.ratio,
        figure.quartiles[0],
        figure.quartiles[1],
        figure.wall_ratio,
        side(&figure.a),
        side(&figure.b)
    )
}

/// The tables of `BENCHMARKS.md`.
pub(crate) fn tables(rows: &[Measured]) -> String {
    let mut text = String::new();
    for (group, title) in [
        (
            Group::Contrib,
            "Rust `attributes` / contrib's Go `attributes`, both linked in",
        ),
        (
            Group::WithoutView,
            "The same with reading in place turned off",
        ),
        (Group::Plugin, "A plugin / the same component linked in"),
        (
            Group::New,
            "New log records from a Rust processor / `UnmarshalLogs` of the same",
        ),
        (
            Group::Crossing,
            "An empty batch through a Rust processor / a bare cgo call",
        ),
    ] {
        let rows: Vec<_> = rows.iter().filter(|row| row.group == group).collect();
        if !rows.is_empty() {
            table(&mut text, title, &rows);
        }
    }
    text
}

fn table(text: &mut String, title: &str, rows: &[&Measured]) {
    let mut add = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    add(format!(
        "| {title} | A / B | quartiles | A/A of A | A/A of B | must reach \
         | allocations a batch, A; B | bytes a batch, A; B |"
    ));
    add("|---|---|---|---|---|---|---|---|".to_owned());
    for row in rows {
        let Figure {
            ratio,
            quartiles: [low, high],
            a,
            b,
            ..
        } = &row.figure;
        let must = row
            .must
            .map_or("within A/A".to_owned(), |must| format!("<= {must}"));
        let mut line = format!("| {} | **{ratio:.3}** | {low:.3} to {high:.3} ", row.name);
        let _ = write!(line, "| {:.3} | {:.3} | {must} ", a.a_a, b.a_a);
        let _ = write!(
            line,
            "| {:.0}; {:.0} ",
            a.allocs_per_batch, b.allocs_per_batch
        );
        let _ = write!(
            line,
            "| {:.0}; {:.0} |",
            a.bytes_per_batch, b.bytes_per_batch
        );
        add(line);
    }
    add(String::new());
}
