//! Why a plugin is not loaded, in full.
//!
//! In: errors and mismatches. Out: [`Refusal`], as data and as text. Invariant: nothing of the
//! plugin reaches a terminal unescaped.

use std::error::Error;
use std::fmt::Write as _;

use bimetal_manifest::Artifact;
use bimetal_manifest::schema::{Component, Kind, Language};
use bimetal_terminal::escape;
use bimetal_verify::Mismatch;
use bimetal_verify::catalog::Problem;
use bimetal_verify::compare::{HELP, NAMES_LIMIT};
use serde::Serialize;

/// Characters of a reason: it is an attribute of a metric.
const REASON_LIMIT: usize = 200;

/// Why one plugin file is not loaded.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Refusal {
    /// The file's name.
    pub(crate) file: String,
    /// Kind of its component, or of the one that was asked for.
    pub(crate) kind: Option<Kind>,
    /// Type of its component, or of the one that was asked for.
    #[serde(rename = "type")]
    pub(crate) type_name: Option<String>,
    /// Its language, if it says so.
    pub(crate) language: Option<Language>,
    /// There is no such component: neither linked in nor, as far as can be told, in any file.
    pub(crate) is_nowhere: bool,
    /// What keeps it from being judged or used.
    pub(crate) problems: Vec<Problem>,
    /// What does not fit.
    pub(crate) mismatches: Vec<Mismatch>,
}

impl Refusal {
    /// A refusal without reasons yet.
    pub(crate) fn new(file: &str, component: Option<&Component>) -> Self {
        Self {
            file: file.to_owned(),
            kind: component.map(|component| component.kind),
            type_name: component.map(|component| escape(&component.type_name).into_owned()),
            language: None,
            is_nowhere: false,
            problems: Vec::new(),
            mismatches: Vec::new(),
        }
    }

    /// A refusal without reasons yet of a file that could be read.
    pub(crate) fn of(file: &str, artifact: &Artifact) -> Self {
        Self {
            language: artifact.first_manifest().map(|manifest| manifest.language),
            ..Self::new(file, artifact.component())
        }
    }

    /// The same refusal with one more problem.
    pub(crate) fn because(mut self, message: impl Into<String>, help: Option<&str>) -> Self {
        self.problems.push(Problem {
            message: message.into(),
            help: help.map(str::to_owned),
        });
        self
    }

    /// The first reason, on one line and of bounded length.
    pub(crate) fn reason(&self) -> String {
        let reason = match (self.problems.first(), self.mismatches.first()) {
            (Some(problem), _) => problem.message.clone(),
            (None, Some(mismatch)) => mismatch.sentence(),
            (None, None) => String::new(),
        };
        let line = reason.lines().next().unwrap_or_default();
        match line.char_indices().nth(REASON_LIMIT) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        }
    }

    /// Several lines for people: what, why, what would happen, what to do.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("plugin `{}`", escape(&self.file));
        if let (Some(kind), Some(type_name)) = (self.kind, &self.type_name) {
            let _ = write!(text, " ({} `{type_name}`)", kind.as_str());
        }
        text.push_str(" is refused:");
        for problem in &self.problems {
            let _ = write!(text, "\n  - {}", problem.message);
            if let Some(help) = &problem.help {
                let _ = write!(text, "\n      {HELP}: {help}");
            }
        }
        for mismatch in &self.mismatches {
            let mut shown = mismatch.clone();
            shown.shorten(NAMES_LIMIT);
            let _ = write!(text, "\n  - {}", shown.sentence());
            for (label, line) in shown.details() {
                let _ = write!(text, "\n      {label}: {line}");
            }
        }
        text
    }
}

/// An error with its causes on one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    escape(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use bimetal_verify::compare::{Check, Outcome};

    use super::*;

    #[test]
    fn a_refusal_names_every_reason_what_would_happen_and_what_to_do() {
        let component = serde_json::json!({"kind": "processor", "type": "redactor", "module": "m"});
        let component: Component = serde_json::from_value(component).unwrap();
        let mut refusal = Refusal::new("processor-redactor.so", Some(&component))
            .because("`plugins.lock` does not list it", Some("build it again"))
            .because("a problem without advice", None);
        refusal.mismatches.push(Mismatch {
            outcome: Outcome::WouldAbort,
            check: Check::PackageHash,
            subject: "standard library".to_owned(),
            main: Some("go1.26.8".to_owned()),
            plugin: Some("go1.26.7".to_owned()),
            count: 3,
            names: vec!["runtime".to_owned(), "os".to_owned()],
            required_by: Vec::new(),
            on_load: "the process would end".to_owned(),
            help: "use one toolchain".to_owned(),
        });
        insta::assert_snapshot!(refusal.text(), @r"
        plugin `processor-redactor.so` (processor `redactor`) is refused:
          - `plugins.lock` does not list it
              help: build it again
          - a problem without advice
          - package hash `standard library`: main `go1.26.8`, plugin `go1.26.7`
              touches: runtime, os and 1 more, which `--names all` lists
              on load: would abort: the process would end
              help: use one toolchain
        ");
    }

    #[test]
    fn nothing_of_a_plugin_reaches_a_terminal_unescaped() {
        let component =
            serde_json::json!({"kind": "processor", "type": "\u{1b}[2J", "module": "m"});
        let component: Component = serde_json::from_value(component).unwrap();
        let error = std::io::Error::other("a \u{7}bell");
        let text = Refusal::new("\u{1b}]0;x", Some(&component))
            .because(chain(&error), None)
            .text();
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{text:?}"
        );
    }
}
