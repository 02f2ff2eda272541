//! Where the builder writes: data to standard output, everything else to standard error.
//!
//! In: text, also from tools and files. Out: bytes, coloured only on terminals that want it.
//! Invariant: no control character of somebody else reaches a terminal, and a reader that went away
//! is no error.
#![expect(clippy::unused_self, reason = "whoever prints holds the printer")]

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::builder::StyledStr;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const CAUSE: Style = Style::new().bold();
const HINT: Style = AnsiColor::Green.on_default().bold();

/// The two streams of the process.
#[derive(Debug)]
pub(super) struct Printer {
    terminal: bool,
}

impl Printer {
    pub(super) fn of_process() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Whether a person watches standard error.
    pub(super) fn is_watched(&self) -> bool {
        self.terminal
    }

    /// What was asked for.
    pub(super) fn data(&self, text: &str) -> io::Result<()> {
        match writeln!(anstream::stdout(), "{}", safe(text.trim_end())) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Help that was asked for.
    pub(super) fn styled_data(&self, text: &StyledStr) {
        let _ = write!(anstream::stdout(), "{}", text.ansi());
    }

    /// What clap has to say about wrong usage.
    pub(super) fn styled(&self, text: &StyledStr) {
        let _ = write!(anstream::stderr(), "{}", text.ansi());
    }

    pub(super) fn line(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{}", safe(text));
    }

    pub(super) fn warning(&self, text: &str) {
        labelled("", WARNING, "warning", text);
    }

    pub(super) fn note(&self, text: &str) {
        labelled("", CAUSE, "note", text);
    }

    /// The error, what caused it, and the next action.
    pub(super) fn error(&self, error: &dyn Error, hint: Option<&str>) {
        labelled("", ERROR, "error", &error.to_string());
        let mut cause = error.source();
        while let Some(source) = cause {
            labelled("  ", CAUSE, "caused by", &source.to_string());
            cause = source.source();
        }
        for line in hint.into_iter().flat_map(str::lines) {
            labelled("  ", HINT, "hint", line);
        }
    }
}

fn labelled(indent: &str, style: Style, label: &str, text: &str) {
    let _ = writeln!(
        anstream::stderr(),
        "{indent}{style}{label}:{style:#} {}",
        safe(text)
    );
}

/// Text without control characters other than line ends and tabs.
fn safe(text: &str) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .flat_map(|c| {
                if bad(c) {
                    c.escape_default().collect::<Vec<_>>()
                } else {
                    vec![c]
                }
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_others_do_not_reach_the_terminal() {
        assert_eq!(
            safe("a\u{1b}[31mb\tc\nd\u{9b}"),
            "a\\u{1b}[31mb\tc\nd\\u{9b}"
        );
    }
}
