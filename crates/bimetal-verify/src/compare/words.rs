//! The words of a mismatch: its one sentence and the labelled lines below it.
//!
//! In: a [`Mismatch`]. Out: text for people. Invariant: every renderer takes its words from here,
//! so table, log, JSON and SARIF say the same; texts of others are escaped and capped.

use std::fmt::Write as _;

use bimetal_terminal::escape::field;

use super::mismatch::{Check, Mismatch, NAMES_LIMIT};
use super::pairs::Conflict;

/// What loading would lead to.
pub const ON_LOAD: &str = "on load";
/// What to do about it.
pub const HELP: &str = "help";

impl Mismatch {
    /// What differs, without what follows from it. It is the same in every output.
    pub fn sentence(&self) -> String {
        let mut text = self.check.words();
        if !self.subject.is_empty() {
            let _ = write!(text, " `{}`", field(&self.subject));
        }
        match (&self.main, &self.plugin) {
            (Some(main), Some(plugin)) => {
                let (main, plugin) = (field(main), field(plugin));
                let _ = write!(text, ": main `{main}`, plugin `{plugin}`");
            }
            (Some(main), None) => {
                let _ = write!(text, ": main `{}`, plugin has none", field(main));
            }
            (None, Some(plugin)) => {
                let _ = write!(text, ": plugin `{}`", field(plugin));
            }
            (None, None) => {}
        }
        text
    }

    /// What follows the sentence: a label and a text for each line.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let mut lines = self.listed();
        if !self.required_by.is_empty() {
            let chain = self.required_by.join(" <- ");
            lines.push(("brought by", field(&chain).into_owned()));
        }
        let on_load = format!("{}: {}", self.outcome.words(), self.on_load);
        lines.push((ON_LOAD, field(&on_load).into_owned()));
        lines.push((HELP, field(&self.help).into_owned()));
        lines
    }

    /// A few names stand in one line; many, which were asked for, one in each. The items of an
    /// environment are sentences, and each has a line.
    fn listed(&self) -> Vec<(&'static str, String)> {
        let environment = self.check == Check::HermeticEnvironment;
        let label = if environment { "differs" } else { "touches" };
        let line = |name: &String| (label, field(name).into_owned());
        let more = self.count.saturating_sub(self.names.len());
        let more = (more > 0).then(|| format!("and {more} more, which `--names all` lists"));
        if self.names.is_empty() {
            Vec::new()
        } else if environment || self.names.len() > NAMES_LIMIT {
            let more = more.map(|more| (label, more));
            self.names.iter().map(line).chain(more).collect()
        } else {
            let names = self.names.join(", ");
            let text = more.map_or_else(|| names.clone(), |more| format!("{names} {more}"));
            vec![(label, field(&text).into_owned())]
        }
    }
}

impl Conflict {
    /// What is wrong with the two files, without what follows from it.
    pub fn sentence(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|file| field(file)).collect();
        format!("{} cannot be used together", files.join(" and "))
    }

    /// What follows the sentence: a label and a text for each line.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if !self.packages.is_empty() {
            let mut names = self.packages.join(", ");
            let more = self.count.saturating_sub(self.packages.len());
            if more > 0 {
                let _ = write!(names, " and {more} more");
            }
            lines.push(("touches", field(&names).into_owned()));
        }
        let path = self.plugin_path.as_deref();
        lines.extend(path.map(|path| ("both are", field(path).into_owned())));
        lines.push((ON_LOAD, self.on_load.clone()));
        lines.push((HELP, self.help.clone()));
        lines
    }
}

/// `label: text` lines as one text, for outputs without lines.
pub fn joined(sentence: &str, details: &[(&'static str, String)]) -> String {
    let mut text = sentence.to_owned();
    for (label, line) in details {
        let _ = write!(text, ". {label}: {line}");
    }
    text
}
