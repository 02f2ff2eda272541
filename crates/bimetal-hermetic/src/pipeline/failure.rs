//! How a failure inside a container is reported outside of it.
//!
//! In: an error inside; lines of an engine outside. Out: marked lines; the [`Failure`] again.
//! Invariant: whatever an engine puts in front of a line, cuts, or prints in between, a failure is
//! either read whole or not at all.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bimetal_builder::pipeline::PipelineError;
use bimetal_terminal::hint::{hint, texts};
use serde::{Deserialize, Serialize};

use super::error::{Cause, HermeticError};

/// Engines put times and numbers in front of what is printed inside.
const MARK: &str = "bimetal-failure:";
const END: &str = "bimetal-failure-end";
/// Engines cut long lines.
const LINE: usize = 1000;
/// The end of what a compiler said is enough; engines limit what a step may print.
const TEXT: usize = 24 << 10;

/// An error as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// The step that failed.
    pub(super) step: String,
    /// The error and its causes.
    pub(super) causes: Vec<String>,
    pub(super) hint: Option<String>,
    pub(super) refused: bool,
}

impl Failure {
    pub(super) fn new(error: &PipelineError) -> Self {
        let texts = texts(error.as_error());
        Self {
            step: error.step.to_owned(),
            causes: texts.iter().map(|text| shortened(text)).collect(),
            hint: hint(error.as_error(), crate::HINTS).map(Cow::into_owned),
            refused: error.refused,
        }
    }

    /// The lines that report it.
    pub(super) fn to_lines(&self) -> String {
        let text = serde_json::to_vec(self).expect("texts are always JSON");
        let text = STANDARD.encode(text);
        let mut lines = String::new();
        for piece in text.as_bytes().chunks(LINE) {
            lines.push_str(MARK);
            lines.push_str(&String::from_utf8_lossy(piece));
            lines.push('\n');
        }
        lines.push_str(END);
        lines
    }

    /// The error that it was inside; `None` for a failure without a text.
    pub(super) fn into_error(self) -> Option<HermeticError> {
        let source = self
            .causes
            .into_iter()
            .rev()
            .fold(None, |source, text| Some(Box::new(Cause { text, source })));
        Some(HermeticError::Inside {
            step: self.step,
            source: *source?,
            hint: self.hint,
            refused: self.refused,
        })
    }

    /// Finds it among the lines of an engine.
    pub(super) fn find(output: &str) -> Option<Self> {
        let (before, _) = output.rsplit_once(END)?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let text: String = before
            .lines()
            .filter_map(|line| line.split_once(MARK))
            .map(|(_, piece)| {
                let end = piece.find(|c| !is_part(c)).unwrap_or(piece.len());
                &piece[..end]
            })
            .collect();
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    }
}

/// The beginning and the end of a long text.
fn shortened(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    let first = text.lines().next().unwrap_or_default();
    let mut start = text.len() - TEXT;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    format!("{first}\n…{}", &text[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_what_engines_do_to_lines() {
        let failure = Failure {
            step: "build".to_owned(),
            causes: vec![
                "failed to compile".to_owned(),
                "undefined: x \u{1b}[1m".repeat(300),
            ],
            hint: Some("read it".to_owned()),
            refused: false,
        };
        let lines = failure.to_lines();
        assert_eq!(Failure::find(&lines), Some(failure.clone()));
        let prefixed: Vec<String> = lines
            .lines()
            .enumerate()
            .flat_map(|(number, line)| [format!("#9 {number}.123 {line}\r"), "noise".to_owned()])
            .collect();
        assert_eq!(Failure::find(&prefixed.join("\n")), Some(failure));
    }

    #[test]
    fn a_failure_that_was_cut_is_none() {
        let failure = Failure {
            step: "build".to_owned(),
            causes: vec!["x".repeat(5000)],
            hint: None,
            refused: true,
        };
        let lines = failure.to_lines();
        let without_first = lines.split_once('\n').unwrap().1;
        assert_eq!(Failure::find(without_first), None);
        assert_eq!(Failure::find(lines.strip_suffix(END).unwrap()), None);
        assert_eq!(Failure::find(""), None);
    }

    #[test]
    fn a_long_text_keeps_its_first_line_and_its_end() {
        let text = format!("first\n{}last", "ä".repeat(TEXT));
        let short = shortened(&text);
        assert!(
            short.starts_with("first\n…") && short.ends_with("last") && short.len() < TEXT + 20
        );
    }
}
