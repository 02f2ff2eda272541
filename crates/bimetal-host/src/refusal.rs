//! Why a plugin is not loaded, in full.
//!
//! In: errors and mismatches. Out: [`Refusal`], as data and as text. Invariant: nothing of the
//! plugin reaches a terminal unescaped.

use std::fmt::Write as _;

use bimetal_terminal::escape;
use bimetal_verify::compare::NAMES_LIMIT;
use bimetal_verify::{Key, Problem, Verdict};

/// Characters of a reason: it is an attribute of a metric.
const REASON_LIMIT: usize = 200;

/// Why one plugin file is not loaded.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// What was decided about the file. Kind and type are those that were asked for where the file
    /// does not say them.
    pub(crate) verdict: Verdict,
    /// There is no such component: neither linked in nor, as far as can be known, in any file.
    pub(crate) is_nowhere: bool,
}

impl From<Verdict> for Refusal {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            is_nowhere: false,
        }
    }
}

impl Refusal {
    /// A file that is not taken whatever is in it, for the component that was `asked` for.
    pub(crate) fn of(file: &str, problem: Problem, asked: &Key) -> Self {
        Self::from(Verdict::refused_for(file, problem)).asked(asked)
    }

    /// The same refusal; where the file says no component, or answers to the name as its older one,
    /// it is the one that was asked for.
    pub(crate) fn asked(mut self, key: &Key) -> Self {
        let verdict = &mut self.verdict;
        verdict.kind = verdict.kind.or(Some(key.0));
        if verdict.type_name.is_none() || verdict.aliases.contains(&key.1) {
            verdict.type_name = Some(key.1.clone());
        }
        self
    }

    /// The first reason, on one line and of bounded length.
    pub(crate) fn reason(&self) -> String {
        let reason = match (&self.verdict.problem, self.verdict.mismatches.first()) {
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
        let verdict = &self.verdict;
        let mut text = format!("plugin `{}`", escape(&verdict.file));
        if let (Some(kind), Some(type_name)) = (verdict.kind, &verdict.type_name) {
            let _ = write!(text, " ({} `{}`)", kind.as_str(), escape(type_name));
        }
        text.push_str(" is refused:");
        if let Some(problem) = &verdict.problem {
            let _ = write!(text, "\n  - {}", problem.message);
            append(&problem.details(), &mut text);
        }
        for mismatch in &verdict.mismatches {
            let mut shown = mismatch.clone();
            shown.shorten(NAMES_LIMIT);
            let _ = write!(text, "\n  - {}", shown.sentence());
            append(&shown.details(), &mut text);
        }
        text
    }
}

fn append(details: &[(&'static str, String)], text: &mut String) {
    for (label, line) in details {
        let _ = write!(text, "\n      {label}: {line}");
    }
}

#[cfg(test)]
mod tests {
    use bimetal_manifest::schema::Kind;
    use bimetal_verify::Mismatch;
    use bimetal_verify::compare::{Check, Outcome};

    use super::*;

    #[test]
    fn a_refusal_names_every_reason_what_would_happen_and_what_to_do() {
        let problem = Problem::new("its manifest is missing", "build it again");
        let key = (Kind::Processor, "redactor".to_owned());
        let mut refusal = Refusal::of("processor-redactor.so", problem, &key);
        refusal.verdict.mismatches.push(Mismatch {
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
          - its manifest is missing
              help: build it again
          - package hash `standard library`: main `go1.26.8`, plugin `go1.26.7`
              touches: runtime, os and 1 more, which `--names all` lists
              on load: would abort: the process would end
              help: use one toolchain
        ");
    }

    #[test]
    fn nothing_of_a_plugin_reaches_a_terminal_unescaped() {
        let error = std::io::Error::other("a \u{7}bell");
        let key = (Kind::Processor, "\u{1b}[2J".to_owned());
        let text = Refusal::of("\u{1b}]0;x", Problem::of(&error, crate::HINTS), &key).text();
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{text:?}"
        );
    }
}
