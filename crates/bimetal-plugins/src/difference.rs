//! One difference between main and a plugin, for people.
//!
//! In: a [`Mismatch`]. Out: lines. Invariant: both values, what would happen and what repairs it
//! are always there; names are counted, and as many of them are listed as the document has.

use bimetal_verify::compare::{Check, Mismatch, NAMES_LIMIT, Outcome};

use bimetal_terminal::escape::field;
use bimetal_terminal::table::{self, Cell};
use bimetal_terminal::{Printer, Tone};

/// All lines of one difference.
pub(crate) fn print(mismatch: &Mismatch, out: &Printer) {
    let tone = if mismatch.outcome == Outcome::Refused {
        Tone::Warning
    } else {
        Tone::Bad
    };
    let what = mismatch.check.words();
    let title = out.paint(&format!("{what} {}", quoted(&mismatch.subject)), tone);
    out.data(&format!("  {}", title.trim_end()));
    let absent = || Cell::toned("-", Tone::Quiet);
    let mut lines = Vec::new();
    if mismatch.main.is_some() || mismatch.plugin.is_some() {
        lines.push((
            "main",
            mismatch.main.as_deref().map_or_else(absent, Cell::new),
        ));
        lines.push((
            "plugin",
            mismatch.plugin.as_deref().map_or_else(absent, Cell::new),
        ));
    }
    if !mismatch.names.is_empty() {
        lines.extend(touched(mismatch));
    }
    if !mismatch.required_by.is_empty() {
        lines.push(("brought by", Cell::new(mismatch.required_by.join(" <- "))));
    }
    lines.push((
        "on load",
        Cell::new(format!(
            "{}: {}",
            mismatch.outcome.words(),
            mismatch.consequence
        )),
    ));
    lines.push(("repair", Cell::new(&mismatch.remedy)));
    table::pairs(&lines, 4, out);
}

/// A few names stand in one line; many, which somebody asked for, one in each.
fn touched(mismatch: &Mismatch) -> Vec<(&'static str, Cell)> {
    let Mismatch { names, count, .. } = mismatch;
    if mismatch.check == Check::HermeticEnvironment {
        return differing(names, *count);
    }
    if names.len() > NAMES_LIMIT {
        let labels = std::iter::once("touches").chain(std::iter::repeat(""));
        return labels.zip(names.iter().map(Cell::new)).collect();
    }
    let text = some_of(names, *count);
    let hint = if *count > names.len() {
        ", which `--names all` lists"
    } else {
        ""
    };
    vec![("touches", Cell::new(format!("{text}{hint}")))]
}

/// The items of an environment are sentences: one in each line.
fn differing(items: &[String], count: usize) -> Vec<(&'static str, Cell)> {
    let labels = std::iter::once("differs").chain(std::iter::repeat(""));
    let mut lines: Vec<_> = labels.zip(items.iter().map(Cell::new)).collect();
    let more = count.saturating_sub(items.len());
    if more > 0 {
        lines.push((
            "",
            Cell::new(format!("and {more} more, which `--names all` lists")),
        ));
    }
    lines
}

/// The names that a document has, and how many more there are.
pub(crate) fn some_of(names: &[String], count: usize) -> String {
    let more = count.saturating_sub(names.len());
    let listed = names.join(", ");
    if more == 0 {
        listed
    } else {
        format!("{listed} and {more} more")
    }
}

/// Marked as somebody else's words, unless there are none.
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{}`", field(text))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(difference: &Mismatch) -> String {
        let kept = Kept::default();
        print(
            difference,
            &Printer::to_writers(kept.clone(), io::sink(), None),
        );
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn who_brings_a_dependency_in_and_every_name_that_was_asked_for_are_shown() {
        let mut difference = Mismatch {
            outcome: Outcome::WouldRunWrongCode,
            check: Check::Dependency,
            subject: "example.com/a".to_owned(),
            main: Some("h1:one".to_owned()),
            plugin: Some("h1:two".to_owned()),
            count: 3,
            names: vec!["example.com/a/x".to_owned(), "example.com/a/y".to_owned()],
            required_by: vec!["example.com/b".to_owned(), "example.com/c".to_owned()],
            consequence: "wrong code would run".to_owned(),
            remedy: "go get example.com/a@v1".to_owned(),
        };
        insta::assert_snapshot!(shown(&difference), @r"
          dependency `example.com/a`
            main        h1:one
            plugin      h1:two
            touches     example.com/a/x, example.com/a/y and 1 more, which `--names all` lists
            brought by  example.com/b <- example.com/c
            on load     would run wrong code: wrong code would run
            repair      go get example.com/a@v1
        ");
        difference.names = (0..21)
            .map(|number| format!("package{number:02}"))
            .collect();
        difference.count = 21;
        let text = shown(&difference);
        assert!(text.contains("    touches     package00\n"), "{text}");
        assert!(text.contains("                package20\n"), "{text}");
        assert!(!text.contains("--names all"), "{text}");
    }
}
