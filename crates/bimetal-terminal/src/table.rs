//! Lays rows out for a terminal.
//!
//! In: cells whose text is safe to show. Out: lines. Invariant: readable without colour; where a
//! row does not fit the width, each row becomes a block of lines, so that nothing is cut off.

use unicode_width::UnicodeWidthStr;

use crate::escape;
use crate::printer::{Printer, Tone};

const GAP: usize = 2;

/// Longest text of a column that a manifest fills, in characters.
const COLUMN_LIMIT: usize = 60;

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// What it shows.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Text that came out of a file: escaped and capped here.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::toned(text, Tone::Plain)
    }

    pub fn toned(text: impl AsRef<str>, tone: Tone) -> Self {
        Self {
            text: escape::field(text.as_ref()).into_owned(),
            tone,
        }
    }

    /// Like [`Self::maybe`], for a column: what one bad file says must not move the columns of the
    /// others far apart.
    pub fn short(text: Option<impl AsRef<str>>) -> Self {
        Self::maybe(text.map(|text| escape::capped(text.as_ref(), COLUMN_LIMIT).into_owned()))
    }

    /// What stands where nothing is known.
    pub fn maybe(text: Option<impl AsRef<str>>) -> Self {
        text.map_or_else(|| Self::toned("-", Tone::Quiet), Self::new)
    }
}

/// Columns under headings, or blocks where the columns are wider than the terminal.
pub fn rows(headings: &[&str], rows: &[Vec<Cell>], out: &Printer) {
    let mut widths: Vec<_> = headings.iter().map(|heading| heading.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    let needed = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    if out.width().is_some_and(|available| needed > available) {
        return blocks(headings, rows, out);
    }
    let heading = headings
        .iter()
        .map(|heading| Cell::toned(heading, Tone::Strong))
        .collect();
    for row in std::iter::once(&heading).chain(rows) {
        let line = columns(row, &widths, out);
        out.data(&line);
    }
}

/// Names and values, one pair a line.
pub fn pairs(pairs: &[(&str, Cell)], indent: usize, out: &Printer) {
    let width = pairs
        .iter()
        .map(|(name, _)| name.width())
        .max()
        .unwrap_or(0);
    for (name, cell) in pairs {
        let space = " ".repeat(width - name.width() + GAP);
        let line = format!(
            "{:indent$}{name}{space}{}",
            "",
            out.paint(&cell.text, cell.tone)
        );
        out.data(&line);
    }
}

fn columns(row: &[Cell], widths: &[usize], out: &Printer) -> String {
    let mut line = String::new();
    for (position, (cell, width)) in row.iter().zip(widths).enumerate() {
        line.push_str(&out.paint(&cell.text, cell.tone));
        if position + 1 < row.len() {
            line.push_str(&" ".repeat(width - cell.text.width() + GAP));
        }
    }
    line
}

fn blocks(headings: &[&str], rows: &[Vec<Cell>], out: &Printer) {
    for row in rows {
        let Some((title, rest)) = row.split_first() else {
            continue;
        };
        let title = out.paint(&title.text, Tone::Strong);
        out.data(&title);
        let named: Vec<_> = headings
            .iter()
            .skip(1)
            .copied()
            .zip(rest.iter().cloned())
            .collect();
        pairs(&named, GAP, out);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{self, Write};
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(width: Option<usize>, colour: bool) -> String {
        let kept = Kept::default();
        let out = Printer::to_writers(kept.clone(), io::sink(), width).with_colour(colour);
        let row = |file: &str, status, tone| {
            vec![
                Cell::new(file),
                Cell::maybe(None::<&str>),
                Cell::toned(status, tone),
            ]
        };
        let table = [
            row("ż日本.so", "ok", Tone::Good),
            row("a-longer-name.so", "refused", Tone::Bad),
        ];
        rows(&["FILE", "KIND", "STATUS"], &table, &out);
        let bytes = kept.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn columns_line_up_by_what_a_terminal_shows() {
        insta::assert_snapshot!(shown(None, false), @r"
        FILE              KIND  STATUS
        ż日本.so          -     ok
        a-longer-name.so  -     refused
        ");
        assert_eq!(shown(Some(31), false), shown(None, false));
    }

    #[test]
    fn a_text_without_measure_leaves_the_columns_together() {
        let cell = Cell::short(Some("9".repeat(900_000)));
        assert_eq!(cell.text, format!("{}… (900000 bytes)", "9".repeat(60)));
        assert_eq!(Cell::short(Some("go1.26.8")).text, "go1.26.8");
        assert_eq!(Cell::short(None::<&str>).text, "-");
    }

    #[test]
    fn a_row_that_does_not_fit_becomes_a_block() {
        insta::assert_snapshot!(shown(Some(30), false), @r"
        ż日本.so
          KIND    -
          STATUS  ok
        a-longer-name.so
          KIND    -
          STATUS  refused
        ");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = shown(None, true);
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut is_escape = false;
        for character in coloured.chars() {
            is_escape |= character == '\u{1b}';
            if !is_escape {
                plain.push(character);
            }
            is_escape &= character != 'm';
        }
        assert_eq!(plain, shown(None, false));
    }
}
