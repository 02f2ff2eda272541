//! The reports for people.
//!
//! In: documents. Out: lines. Invariant: says the same as the JSON, shorter; every difference is
//! shown with its sentence, what loading would do, and help.

use bimetal_files::Digest;
use bimetal_verify::compare::{Conflict, Mismatch, Outcome, PAIRS_LIMIT};
use bimetal_verify::{DirectoryVerdict, Problem, Status, Verdict};

use crate::document::{DirectoryDocument, ValidateDocument};
use crate::environment;
use crate::trial::{LoadOutcome, LoadReport};
use bimetal_terminal::escape::field;
use bimetal_terminal::table::{self, Cell};
use bimetal_terminal::{Printer, Tone};

const SHORT_DIGEST: usize = 12;

/// `list`: one row for each file, and the first reason of each bad one.
pub(crate) fn list(document: &DirectoryDocument, out: &Printer) {
    let plugins = &document.verdict.plugins;
    if !plugins.is_empty() {
        let (headings, rows) = columns(plugins);
        table::rows(&headings, &rows, out);
    }
    for plugin in plugins {
        if let Some(reason) = short_reason(plugin) {
            let line = format!("{}: {reason}", field(&plugin.file));
            let line = out.paint(&line, tone(plugin.status));
            out.data(&line);
        }
    }
    set(&document.verdict, out);
}

/// `check`: every difference of every file, then what is wrong with the set.
pub(crate) fn check(document: &DirectoryDocument, out: &Printer) {
    directory(&document.verdict, out);
}

/// The same of what was decided without the command.
pub fn directory(verdict: &DirectoryVerdict, out: &Printer) {
    // Copies stand in one line.
    for plugin in verdict.plugins.iter().filter(|one| one.copy_of.is_none()) {
        self::plugin(plugin, None, out);
    }
    set(verdict, out);
    let tone = if verdict.is_good() {
        Tone::Good
    } else {
        Tone::Bad
    };
    let line = out.paint(&summary(verdict), tone);
    out.data(&line);
}

/// `validate`: every difference of every file.
pub(crate) fn validate(document: &ValidateDocument, out: &Printer) {
    for plugin in &document.plugins {
        self::plugin(&plugin.verdict, plugin.load.as_ref(), out);
    }
    if let Some(together) = &document.together {
        let tone = match together.failed {
            None => Tone::Good,
            Some(_) => Tone::Bad,
        };
        out.data(&out.paint(&format!("together: {}", together.sentence()), tone));
        if together.failed.is_some() {
            load(&together.load, out);
        }
    }
}

/// Environments have a column where a file has one: else it would say nothing.
fn columns(plugins: &[Verdict]) -> (Vec<&'static str>, Vec<Vec<Cell>>) {
    let mut headings = vec![
        "FILE",
        "KIND",
        "TYPE",
        "FORM",
        "VERSION",
        "TOOLCHAIN",
        "SHA256",
        "STATUS",
    ];
    let mut rows: Vec<_> = plugins.iter().map(row).collect();
    if plugins
        .iter()
        .any(|plugin| plugin.hermetic_environment.is_some())
    {
        let place = headings.len() - 1;
        headings.insert(place, "ENVIRONMENT");
        for (row, plugin) in rows.iter_mut().zip(plugins) {
            let hash = plugin.hermetic_environment.as_deref();
            row.insert(place, Cell::maybe(hash.map(environment::short)));
        }
    }
    (headings, rows)
}

fn row(plugin: &Verdict) -> Vec<Cell> {
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
        Cell::toned(plugin.status.words(), tone(plugin.status)),
    ]
}

fn plugin(plugin: &Verdict, load: Option<&LoadReport>, out: &Printer) {
    let count = plugin.mismatches.len();
    let status = out.paint(&plugin.status.words(), tone(plugin.status));
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
    let environment = plugin.hermetic_environment.as_deref();
    facts.extend(environment.map(|hash| ("environment", Cell::new(hash))));
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
    if let Some(load) = load {
        self::load(load, out);
    }
}

pub(crate) fn problem(problem: &Problem, out: &Printer) {
    let message = out.paint(&field(&problem.message), Tone::Bad);
    out.data(&format!("  {message}"));
    details(&problem.details(), out);
}

fn load(load: &LoadReport, out: &Printer) {
    let tone = match load.outcome {
        LoadOutcome::Loaded => Tone::Good,
        LoadOutcome::NotTried => Tone::Quiet,
        _ => Tone::Bad,
    };
    let sentence = out.paint(&field(&load.sentence()), tone);
    out.data(&format!("  {sentence}"));
    if load.outcome != LoadOutcome::Loaded
        && let Some(phase) = load.phase
    {
        out.data(&format!("    came to: {}", phase.as_str()));
    }
    for line in load
        .error
        .iter()
        .flat_map(|error| error.lines())
        .filter(|line| !line.trim().is_empty())
    {
        out.data(&format!("    said: {}", field(line)));
    }
    for line in &load.stderr {
        out.data(&format!("    stderr: {}", field(line)));
    }
    for change in &load.changes {
        let line = format!("    changes the process: {}", field(change));
        out.data(&out.paint(&line, Tone::Warning));
    }
}

/// What is wrong with the files together, or with their directory.
fn set(document: &DirectoryVerdict, out: &Printer) {
    if document.plugins.is_empty() {
        out.data(&format!(
            "no plugins in {}",
            field(document.directory.as_str())
        ));
    }
    for mismatch in &document.mismatches {
        self::mismatch(mismatch, out);
    }
    for duplicate in &document.duplicates {
        let line = format!("duplicate: {}", duplicate.sentence());
        out.data(&out.paint(&line, Tone::Bad));
        details(&duplicate.details(), out);
    }
    for conflict in &document.conflicts {
        self::conflict(conflict, out);
    }
    if document.more_conflicts {
        let line = format!("there are more than {PAIRS_LIMIT} conflicts; the list ends here");
        out.data(&out.paint(&line, Tone::Bad));
    }
    for (used, copies) in document.copies() {
        let line = format!(
            "{} with the bytes of {}, which is used: ",
            many(copies.len()),
            field(used)
        );
        let names: Vec<_> = copies.iter().map(|file| field(file)).collect();
        out.data(&format!("{line}{}", names.join(", ")));
    }
    for sentence in document.lock.missing_sentences() {
        let line = format!("missing: {sentence}");
        out.data(&out.paint(&line, Tone::Warning));
    }
    if let Some(problem) = &document.lock.problem {
        let line = out.paint(
            "plugins.lock cannot be used, so the Collector takes no plugin",
            Tone::Bad,
        );
        out.data(&line);
        self::problem(problem, out);
    }
    if let Some(sentence) = document.lock.absence() {
        out.data(&out.paint(sentence, Tone::Bad));
    }
}

fn many(files: usize) -> String {
    if files == 1 {
        "1 more file".to_owned()
    } else {
        format!("{files} more files")
    }
}

fn conflict(conflict: &Conflict, out: &Printer) {
    let line = format!("conflict: {}", conflict.sentence());
    out.data(&out.paint(&line, Tone::Bad));
    details(&conflict.details(), out);
}

fn mismatch(mismatch: &Mismatch, out: &Printer) {
    let tone = if mismatch.outcome == Outcome::Refused {
        Tone::Warning
    } else {
        Tone::Bad
    };
    out.data(&format!("  {}", out.paint(&mismatch.sentence(), tone)));
    details(&mismatch.details(), out);
}

fn details(lines: &[(&'static str, String)], out: &Printer) {
    for (label, text) in lines {
        out.data(&format!("    {label}: {text}"));
    }
}

fn summary(document: &DirectoryVerdict) -> String {
    let good = document
        .plugins
        .iter()
        .filter(|plugin| plugin.status.may_be_loaded())
        .count();
    let copies = document.copies().values().map(Vec::len).sum();
    let all = document.plugins.len() - copies;
    let mut parts = vec![format!("{good} of {all} plugins fit")];
    let mut count = |number: usize, one: &str, many: &str| match number {
        0 => {}
        1 => parts.push(format!("1 {one}")),
        _ => parts.push(format!("{number} {many}")),
    };
    count(copies, "copy", "copies");
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
fn short_reason(plugin: &Verdict) -> Option<String> {
    if matches!(
        plugin.status,
        Status::Ok | Status::Unpinned | Status::NotCompared | Status::Copy
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
    let more = match plugin.mismatches.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("{}{more}", first.sentence()))
}

pub(crate) fn tone(status: Status) -> Tone {
    match status {
        Status::Ok => Tone::Good,
        Status::Unpinned | Status::Undecidable => Tone::Warning,
        Status::NotCompared | Status::Copy => Tone::Plain,
        Status::Refused | Status::Changed | Status::LoadFailed | Status::Unreadable => Tone::Bad,
    }
}

fn short(digest: &Digest) -> String {
    let mut text = digest.to_string();
    text.truncate(SHORT_DIGEST);
    text
}
