//! The reports for people.
//!
//! In: documents. Out: lines. Invariant: says the same as the JSON, shorter; every difference is shown with both values, what would
//! happen, and what repairs it.

use bimetal_manifest::catalog::{Duplicate, Problem};
use bimetal_manifest::compat::{Class, Conflict, Mismatch, NAMES_LIMIT};
use bimetal_manifest::digest::Digest;

use crate::document::{DirectoryDocument, PluginDocument, Status, ValidateDocument};
use crate::escape::field;
use crate::output::{Output, Tone};
use crate::table::{self, Cell};
use crate::trial::{LoadReport, Outcome};

const SHORT_DIGEST: usize = 12;

/// `list`: one row for each file, and the first reason of each bad one.
pub(crate) fn list(document: &DirectoryDocument, out: &mut Output) {
    if !document.plugins.is_empty() {
        let headings = [
            "FILE",
            "KIND",
            "TYPE",
            "FORM",
            "VERSION",
            "TOOLCHAIN",
            "SHA256",
            "STATUS",
        ];
        let rows: Vec<_> = document.plugins.iter().map(row).collect();
        table::rows(&headings, &rows, out);
    }
    for plugin in &document.plugins {
        if let Some(reason) = short_reason(plugin) {
            let line = format!("{}: {reason}", field(&plugin.file));
            let line = out.paint(&line, tone(plugin.status));
            out.data(&line);
        }
    }
    set(document, out);
}

/// `check`: every difference of every file, then what is wrong with the set.
pub(crate) fn check(document: &DirectoryDocument, out: &mut Output) {
    for plugin in &document.plugins {
        self::plugin(plugin, out);
    }
    set(document, out);
    let summary = summary(document);
    let tone = if document.ok { Tone::Good } else { Tone::Bad };
    let line = out.paint(&summary, tone);
    out.data(&line);
}

/// `validate`: every difference of every file.
pub(crate) fn validate(document: &ValidateDocument, out: &mut Output) {
    for plugin in &document.plugins {
        self::plugin(plugin, out);
    }
}

fn row(plugin: &PluginDocument) -> Vec<Cell> {
    vec![
        Cell::new(&plugin.file),
        Cell::maybe(plugin.kind.map(bimetal_manifest::schema::Kind::as_str)),
        Cell::maybe(plugin.type_name.as_deref()),
        Cell::maybe(plugin.form.map(bimetal_manifest::object::Form::as_str)),
        Cell::short(
            plugin
                .module
                .as_deref()
                .and_then(|module| module.rsplit_once(' '))
                .map(|(_, version)| version),
        ),
        Cell::short(plugin.toolchain_version.as_deref()),
        Cell::maybe(plugin.sha256.as_ref().map(short)),
        Cell::toned(plugin.status.as_str(), tone(plugin.status)),
    ]
}

fn plugin(plugin: &PluginDocument, out: &mut Output) {
    let count = plugin.mismatches.len();
    let status = out.paint(plugin.status.as_str(), tone(plugin.status));
    let counted = match count {
        0 => String::new(),
        1 => ", 1 difference".to_owned(),
        _ => format!(", {count} differences"),
    };
    out.data(&format!("{}: {status}{counted}", field(&plugin.file)));
    let identity = plugin
        .kind
        .zip(plugin.type_name.as_deref())
        .map(|(kind, name)| format!("{} {name}", kind.as_str()));
    let built = plugin
        .toolchain_version
        .as_deref()
        .zip(plugin.target.as_deref());
    let mut facts = Vec::new();
    facts.extend(identity.map(|identity| ("component", Cell::new(identity))));
    facts.extend(
        plugin
            .module
            .as_deref()
            .map(|module| ("from", Cell::new(module))),
    );
    facts.extend(plugin.form.map(|form| ("form", Cell::new(form.as_str()))));
    facts.extend(
        built.map(|(version, target)| ("built", Cell::new(format!("{version} for {target}")))),
    );
    facts.extend(
        plugin
            .sha256
            .as_ref()
            .map(|digest| ("sha256", Cell::new(digest.to_string()))),
    );
    facts.extend(plugin.lock.map(|lock| ("lock", Cell::new(lock.as_str()))));
    table::pairs(&facts, 2, out);
    if let Some(problem) = &plugin.problem {
        self::problem(problem, out);
    }
    for mismatch in &plugin.mismatches {
        self::mismatch(mismatch, out);
    }
    for question in &plugin.open_questions {
        out.data(&format!(
            "  not decidable from the file: {}",
            field(question)
        ));
    }
    if let Some(load) = &plugin.load {
        self::load(load, out);
    }
}

pub(crate) fn problem(problem: &Problem, out: &mut Output) {
    let message = out.paint(&field(&problem.message), Tone::Bad);
    out.data(&format!("  {message}"));
    if let Some(hint) = &problem.hint {
        out.data(&format!("    repair    {}", field(hint)));
    }
}

fn mismatch(mismatch: &Mismatch, out: &mut Output) {
    let tone = if mismatch.class == Class::Refused {
        Tone::Warning
    } else {
        Tone::Bad
    };
    let what = mismatch.what.as_str().replace('_', " ");
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
            mismatch.class.as_str(),
            mismatch.consequence
        )),
    ));
    lines.push(("repair", Cell::new(&mismatch.remedy)));
    table::pairs(&lines, 4, out);
}

fn load(load: &LoadReport, out: &mut Output) {
    let tone = match load.outcome {
        Outcome::Loaded => Tone::Good,
        Outcome::NotTried => Tone::Quiet,
        _ => Tone::Bad,
    };
    let sentence = out.paint(&field(&load.sentence()), tone);
    out.data(&format!("  {sentence}"));
    if load.outcome != Outcome::Loaded
        && let Some(phase) = load.phase
    {
        out.data(&format!("    came to   {}", phase.as_str()));
    }
    for line in load
        .error
        .iter()
        .flat_map(|error| error.lines())
        .filter(|line| !line.trim().is_empty())
    {
        out.data(&format!("    said      {}", field(line)));
    }
    for line in &load.stderr {
        out.data(&format!("    stderr    {}", field(line)));
    }
}

/// What is wrong with the files together, or with their directory.
fn set(document: &DirectoryDocument, out: &mut Output) {
    if document.plugins.is_empty() {
        out.data(&format!(
            "no plugins in {}",
            field(document.directory.as_str())
        ));
    }
    for mismatch in &document.mismatches {
        self::mismatch(mismatch, out);
    }
    for Duplicate {
        kind,
        type_name,
        files,
    } in &document.duplicates
    {
        let line = format!(
            "duplicate: {} {} is in {}",
            kind.as_str(),
            field(type_name),
            list_of(files)
        );
        let line = out.paint(&line, Tone::Bad);
        out.data(&line);
        out.data("    repair    keep one of them in the plugin directory");
    }
    for conflict in &document.conflicts {
        self::conflict(conflict, out);
    }
    for file in &document.lock.missing {
        let line = format!(
            "missing: {} is in plugins.lock and not in the directory",
            field(file)
        );
        let line = out.paint(&line, Tone::Warning);
        out.data(&line);
    }
    if let Some(problem) = &document.lock.problem {
        let line = out.paint(
            "plugins.lock cannot be used, so the Collector takes no plugin",
            Tone::Bad,
        );
        out.data(&line);
        self::problem(problem, out);
    }
    if document.lock.required && !document.lock.present {
        let line = out.paint(
            "no plugins.lock in the directory, so no plugin is pinned",
            Tone::Bad,
        );
        out.data(&line);
    }
}

fn conflict(conflict: &Conflict, out: &mut Output) {
    let line = format!(
        "conflict: {} cannot be used together",
        list_of(&conflict.files)
    );
    let line = out.paint(&line, Tone::Bad);
    out.data(&line);
    let mut lines = Vec::new();
    if !conflict.packages.is_empty() {
        lines.push((
            "touches",
            Cell::new(some_of(&conflict.packages, conflict.count)),
        ));
    }
    lines.extend(
        conflict
            .plugin_path
            .as_deref()
            .map(|path| ("both are", Cell::new(path))),
    );
    lines.push(("on load", Cell::new(&conflict.consequence)));
    lines.push(("repair", Cell::new(&conflict.remedy)));
    table::pairs(&lines, 4, out);
}

fn summary(document: &DirectoryDocument) -> String {
    let good = document
        .plugins
        .iter()
        .filter(|plugin| plugin.status.may_be_loaded())
        .count();
    let all = document.plugins.len();
    let mut parts = vec![format!("{good} of {all} plugins fit")];
    let mut count = |number: usize, one: &str, many: &str| match number {
        0 => {}
        1 => parts.push(format!("1 {one}")),
        _ => parts.push(format!("{number} {many}")),
    };
    count(
        document.duplicates.len(),
        "component twice",
        "components twice",
    );
    count(
        document.conflicts.len(),
        "pair that cannot be used together",
        "pairs that cannot be used together",
    );
    count(
        document.lock.missing.len(),
        "locked file missing",
        "locked files missing",
    );
    parts.join(", ")
}

/// Why a file is not good, in the words of its first finding.
fn short_reason(plugin: &PluginDocument) -> Option<String> {
    if matches!(
        plugin.status,
        Status::Ok | Status::Unpinned | Status::NotCompared
    ) {
        return None;
    }
    if let Some(problem) = &plugin.problem {
        return Some(field(&problem.message).into_owned());
    }
    let Some(first) = plugin.mismatches.first() else {
        return plugin
            .open_questions
            .first()
            .map(|question| field(question).into_owned());
    };
    let what = first.what.as_str().replace('_', " ");
    let sides = match (&first.main, &first.plugin) {
        (Some(main), Some(plugin)) => format!(": main {}, plugin {}", field(main), field(plugin)),
        (Some(main), None) => format!(": main {}", field(main)),
        (None, Some(plugin)) => format!(": plugin {}", field(plugin)),
        (None, None) => String::new(),
    };
    let more = match plugin.mismatches.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(
        format!("{what} {}{sides}{more}", quoted(&first.subject))
            .trim_end()
            .to_owned(),
    )
}

pub(crate) fn tone(status: Status) -> Tone {
    match status {
        Status::Ok => Tone::Good,
        Status::Unpinned | Status::Undecidable => Tone::Warning,
        Status::NotCompared => Tone::Plain,
        Status::Refused | Status::Changed | Status::LoadFailed | Status::Unreadable => Tone::Bad,
    }
}

fn short(digest: &Digest) -> String {
    let mut text = digest.to_string();
    text.truncate(SHORT_DIGEST);
    text
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{}`", field(text))
    }
}

/// A few names stand in one line; many, which somebody asked for, one in each.
fn touched(mismatch: &Mismatch) -> Vec<(&'static str, Cell)> {
    let Mismatch { names, count, .. } = mismatch;
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

fn some_of(names: &[String], count: usize) -> String {
    let more = count.saturating_sub(names.len());
    let listed = names.join(", ");
    if more == 0 {
        listed
    } else {
        format!("{listed} and {more} more")
    }
}

fn list_of(files: &[String]) -> String {
    files
        .iter()
        .map(|file| field(file))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use bimetal_manifest::compat::What;

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
        mismatch(
            difference,
            &mut Output::to_writers(kept.clone(), io::sink(), None),
        );
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn who_brings_a_dependency_in_and_every_name_that_was_asked_for_are_shown() {
        let mut difference = Mismatch {
            class: Class::WouldRunWrongCode,
            what: What::Dependency,
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
