//! What a page says of figures, by example and by property.
//!
//! In: measurements and pages of these tests. Out: verdicts. Invariant: no file is read.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn measurement(date: &str, rows: &[(&str, f64)]) -> Measurement {
    Measurement {
        date: date.to_owned(),
        version: "0.1.0".to_owned(),
        commit: date.contains('T').then(|| "1ab2c3d".to_owned()),
        machine: Machine::sample(),
        load: [5.0, if date.contains('T') { 6.5 } else { 5.0 }],
        rounds: 9,
        rows: rows
            .iter()
            .map(|(name, ratio)| Row {
                name: (*name).to_owned(),
                ratio: *ratio,
                quartiles: None,
                wall_ratio: ratio / 2.0,
                a_a: [0.994, 1.006],
                aim: name.starts_with("logs").then_some(1.0),
                allocations: (!name.starts_with("empty")).then_some([5.364, 8197.0]),
                bytes: None,
            })
            .collect(),
        instructions: rows
            .iter()
            .filter(|(name, _)| name.starts_with("step"))
            .map(|(name, count)| Count {
                name: (*name).to_owned(),
                instructions: count.to_bits() >> 40,
            })
            .collect(),
    }
}

fn steps() -> Vec<String> {
    ["step one", "step two"].map(str::to_owned).to_vec()
}

fn rows() -> Vec<(&'static str, Vec<String>)> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    vec![
        ("logs", names(&["logs, delete, 1", "logs, scan, 1"])),
        ("plugins", names(&["Rust `attributes`"])),
        ("crossing", names(&["empty crossing"])),
    ]
}

const PAGE: &str = "\
# Figures

<!-- bench:logs -->
<!-- /bench -->
The author's.
<!-- bench:plugins -->
| old |
<!-- /bench -->
<!-- bench:crossing -->
<!-- /bench -->
<!-- bench:instructions -->
<!-- /bench -->
<!-- bench:measurements -->
<!-- /bench -->
";

#[test]
fn a_row_has_its_newest_figure_and_says_where_from() {
    let history = [
        measurement("2026-10-01", &[("logs, gone, 1", 9.0)]),
        Measurement {
            rounds: 0,
            ..measurement("2026-10-02", &[("step one", 0.0), ("step two", 1.0)])
        },
        measurement(
            "2026-11-28",
            &[("logs, scan, 1", 2.25), ("logs, delete, 1", 3.584)],
        ),
        measurement(
            "2026-11-29T08:00:00Z",
            &[
                ("Rust `attributes`", 1.0),
                ("logs, scan, 1", 0.851),
                ("empty crossing", 2.0),
            ],
        ),
    ];
    assert_snapshot!(filled(PAGE, &tables(&rows(), &steps(), &history)).unwrap(), @"
    # Figures

    <!-- bench:logs -->
    | Row | Ratio | Wall | A/A of both | Aim | Allocations a batch | Measured |
    |---|---|---|---|---|---|---|
    | logs, delete, 1 | 3.58 | 1.79 | 0.99, 1.01 | 1.0 | 5; 8197 | 3 |
    | logs, scan, 1 | 0.85 | 0.43 | 0.99, 1.01 | 1.0 | 5; 8197 | 4 |
    <!-- /bench -->
    The author's.
    <!-- bench:plugins -->
    | Row | Ratio | Wall | A/A of both | Aim | Allocations a batch | Measured |
    |---|---|---|---|---|---|---|
    | Rust `attributes` | 1.00 | 0.50 | 0.99, 1.01 | within A/A | 5; 8197 | 4 |
    <!-- /bench -->
    <!-- bench:crossing -->
    | Row | Ratio | Wall | A/A of both | Aim | Measured |
    |---|---|---|---|---|---|
    | empty crossing | 2.00 | 1.00 | 0.99, 1.01 | within A/A | 4 |
    <!-- /bench -->
    <!-- bench:instructions -->
    | Step | Instructions | Measured |
    |---|---|---|
    | step one | 0 | 2 |
    | step two | 4,190,208 | 2 |
    <!-- /bench -->
    <!-- bench:measurements -->
    | Measured | On | Version | Rounds | Load | Machine |
    |---|---|---|---|---|---|
    | 2 | 2026-10-02 | 0.1.0 | counts only | 5 | 2 cores, x86_64, Debian GNU/Linux 12, Go 1.26.8, rustc 1.95.0, profile `release` |
    | 3 | 2026-11-28 | 0.1.0 | 9 | 5 | 2 cores, x86_64, Debian GNU/Linux 12, Go 1.26.8, rustc 1.95.0, profile `release` |
    | 4 | 2026-11-29 | 0.1.0, 1ab2c3d | 9 | 5 to 6.5 | 2 cores, x86_64, Debian GNU/Linux 12, Go 1.26.8, rustc 1.95.0, profile `release` |
    <!-- /bench -->
    ");
}

#[test]
fn a_page_that_cannot_take_its_tables_says_where() {
    let tables = tables(&rows(), &steps(), &[]);
    let wrong = |from: &str, to: &str| {
        let page = PAGE.replacen(from, to, 1);
        assert_ne!(page, PAGE);
        filled(&page, &tables).unwrap_err().to_string()
    };
    let texts = [
        wrong("bench:logs", "bench:spans"),
        wrong("<!-- /bench -->\nThe", "The"),
        wrong("<!-- bench:plugins -->\n", ""),
        wrong("bench:plugins", "bench:crossing"),
        wrong(
            "<!-- bench:measurements -->\n<!-- /bench -->\n",
            "<!-- bench:measurements -->\n",
        ),
    ];
    assert_snapshot!(texts.join("\n"), @"
    line 3: there is no table `spans`
    line 3: the table ends nowhere; it needs a line `<!-- /bench -->`
    the page has 0 places for the table `plugins`; it needs one
    the page has 2 places for the table `crossing`; it needs one
    line 13: the table ends nowhere; it needs a line `<!-- /bench -->`
    ");
}

proptest! {
    #[test]
    fn a_filled_page_is_left_as_it_is_and_text_around_tables_stays(
        figures in proptest::collection::vec(0.001_f64..1000.0, 0..4),
        texts in proptest::collection::vec("[A-Za-z|. -]{0,20}", 6),
    ) {
        let history: Vec<_> = (figures.iter().enumerate())
            .map(|(day, figure)| measurement(
                &format!("2026-11-{day:02}"),
                &[("logs, scan, 1", *figure)],
            ))
            .collect();
        let tables = tables(&rows(), &steps(), &history);
        let mut page = format!("{}\n", texts[0]);
        for (name, text) in tables.keys().zip(&texts[1..]) {
            page.extend([OPEN, name, OPENED, "\n", CLOSE, "\n", text.as_str(), "\n"]);
        }
        let once = filled(&page, &tables).unwrap();
        prop_assert_eq!(&filled(&once, &tables).unwrap(), &once);
        let newest = figures.last().map_or("Nothing".to_owned(), |figure| {
            format!("| logs, scan, 1 | {figure:.2} |")
        });
        prop_assert!(once.contains(&newest));
        let none = tables.keys().map(|name| (*name, String::new())).collect();
        prop_assert_eq!(filled(&once, &none).unwrap(), page);
    }
}
