//! What the author of a local module tests it with, and what counts for nothing in a build of
//! another module: `replace`, `exclude`, `godebug`, `toolchain`, `vendor/`, a `go.work` around it.
//!
//! In: the modules that come from directories, what the configuration replaces and excludes. Out:
//! one warning with every such line and what does the same. Invariant: reads only; what the
//! configuration decides itself is not mentioned.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};

use super::error::ResolveError;
use crate::model::paths::{absolute, in_go_mod, is_directory, relative_or_absolute};
use crate::model::{GoModule, GoTool};
use crate::toolchain::{GoMod, Invocation, ModuleVersion, Replace, Runner, Setting};

const OPENING: &str = "Go follows some lines only while it builds the module that they are \
    written for, so the distribution is built without these, which the module's own tests follow:";

/// What the configuration says.
pub(super) struct Given<'a> {
    pub(super) out: &'a Utf8Path,
    pub(super) go: &'a GoTool,
    pub(super) absolute_replaces: bool,
    pub(super) modules: Vec<&'a GoModule>,
    pub(super) replaces: &'a [String],
    pub(super) excludes: &'a [String],
}

/// One line without effect, and what to do about it.
struct Finding {
    file: Utf8PathBuf,
    line: String,
    cure: String,
}

/// The warning, if anything has no effect.
pub(super) fn warning(
    given: &Given<'_>,
    runner: &Runner<'_>,
) -> Result<Option<String>, ResolveError> {
    let mut search = Search {
        given,
        runner,
        seen: BTreeSet::new(),
        followed: BTreeSet::new(),
        findings: Vec::new(),
    };
    let of_entries = given.modules.iter().filter_map(|one| one.replace.as_ref());
    for directory in of_entries {
        search.module(&absolute(given.out, directory))?;
    }
    let of_lines = given.replaces.iter().filter_map(|line| split(line));
    for (_, new) in of_lines.filter(|(_, new)| is_directory(new)) {
        let directory = absolute(given.out, new);
        // The lines of what a module is tested with count in its tests no more than here.
        if !search.followed.contains(&directory) {
            search.module(&directory)?;
        }
    }
    if search.findings.is_empty() {
        return Ok(None);
    }
    let mut text = OPENING.to_owned();
    for Finding { file, line, cure } in search.findings {
        let _ = write!(text, "\n  `{file}`: {line}\n    {cure}");
    }
    Ok(Some(text))
}

struct Search<'a> {
    given: &'a Given<'a>,
    runner: &'a Runner<'a>,
    /// Files that were looked at.
    seen: BTreeSet<Utf8PathBuf>,
    /// Directories that lines lead to.
    followed: BTreeSet<Utf8PathBuf>,
    findings: Vec<Finding>,
}

impl Search<'_> {
    fn module(&mut self, directory: &Utf8Path) -> Result<(), ResolveError> {
        self.file(&directory.join("go.mod"), "mod")?;
        let work = directory.ancestors().map(|above| above.join("go.work"));
        let Some(work) = work.into_iter().find(|path| path.is_file()) else {
            return Ok(());
        };
        let lines = self.read(&work, "work")?;
        // Go refuses to work in a module that its workspace does not name.
        let place = canonical(directory);
        let is_used = used(&work, &lines).any(|used| canonical(&used) == place);
        if is_used {
            self.uses(&work, &lines)?;
            self.file(&work, "work")?;
        }
        Ok(())
    }

    /// Modules of a workspace, which take the place of their versions there.
    fn uses(&mut self, work: &Utf8Path, lines: &GoMod) -> Result<(), ResolveError> {
        if self.seen.contains(work) {
            return Ok(());
        }
        for directory in used(work, lines) {
            let module = self.read(&directory.join("go.mod"), "mod")?.module;
            let Some(module) = module else { continue };
            self.followed.insert(directory.clone());
            if !self.is_replaced(&module) {
                let line = format!("use {}", from(work, &directory));
                let target = self.target(&directory);
                self.add(work, line, in_replaces(&module.path, &target));
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Utf8Path, kind: &str) -> Result<(), ResolveError> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let lines = self.read(path, kind)?;
        for Replace { old, new } in lines.replace {
            let line = format!("replace {} => {}", old.text(), new.text());
            let mut cure = in_replaces(&old.text(), &new.text());
            if is_directory(&new.path) {
                let directory = absolute(parent(path), &new.path);
                cure = if directory.is_dir() {
                    in_replaces(&old.text(), &self.target(&directory))
                } else {
                    format!("there is no directory `{directory}`")
                };
                self.followed.insert(directory);
            }
            if !self.is_replaced(&old) {
                self.add(path, line, cure);
            }
        }
        for excluded in lines.exclude {
            let name = excluded.text();
            if !self.given.excludes.iter().any(|one| words(one) == name) {
                let cure = format!("to follow it, write `{name}` into `excludes`");
                self.add(path, format!("exclude {name}"), cure);
            }
        }
        for Setting { key, value } in lines.settings {
            let cure = match key.as_str() {
                "default" => "no setting of the configuration does the same".to_owned(),
                _ => format!(
                    "to follow it, start the Collector with the variable `GODEBUG={key}={value}`"
                ),
            };
            self.add(path, format!("godebug {key}={value}"), cure);
        }
        let used = &self.given.go.version;
        if let Some(toolchain) = lines.toolchain.filter(|named| named != used) {
            let cure = format!("{used} is used; `dist.go` names another Go");
            self.add(path, format!("toolchain {toolchain}"), cure);
        }
        let vendored = parent(path).join("vendor");
        if vendored.join("modules.txt").is_file() && self.seen.insert(vendored.clone()) {
            let cure = "the versions that go.mod selects are used; a changed copy becomes a module \
                with a go.mod of its own, which `replaces` can name";
            self.add(&vendored, "copies of modules".to_owned(), cure.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, file: &Utf8Path, line: String, cure: String) {
        self.findings.push(Finding {
            file: file.to_owned(),
            line,
            cure,
        });
    }

    /// Nothing where there is no such file, or none that Go reads: the build then says so.
    fn read(&self, path: &Utf8Path, kind: &str) -> Result<GoMod, ResolveError> {
        if !path.is_file() {
            return Ok(GoMod::default());
        }
        let invocation = Invocation::go(&self.given.go.program, "/", false);
        let invocation = invocation.args([kind, "edit", "-json", path.as_str()]);
        match self.runner.read("go-edit-json", &invocation) {
            Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap_or_default()),
            Err(error) if is_interrupt(&error) => Err(ResolveError::Tool(error)),
            Err(_) => Ok(GoMod::default()),
        }
    }

    /// Whether the configuration says itself what takes the place of `old`.
    fn is_replaced(&self, old: &ModuleVersion) -> bool {
        let mut entries = self.given.modules.iter();
        let mut lines = self.given.replaces.iter().filter_map(|line| split(line));
        entries.any(|one| one.replace.is_some() && one.spec.path == old.path)
            || lines.any(|(left, _)| left == old.path || left == old.text())
    }

    /// A directory as a line of `replaces` names it.
    fn target(&self, directory: &Utf8Path) -> String {
        in_go_mod(&relative_or_absolute(
            self.given.out,
            directory,
            self.given.absolute_replaces,
        ))
    }
}

fn used<'a>(work: &'a Utf8Path, lines: &'a GoMod) -> impl Iterator<Item = Utf8PathBuf> + 'a {
    let used = lines.used.iter();
    used.map(|used| absolute(parent(work), &used.disk_path))
}

fn in_replaces(old: &str, new: &str) -> String {
    format!("to follow it, write `{old} => {new}` into `replaces`")
}

/// Both sides of a line of `replaces`.
fn split(line: &str) -> Option<(String, &str)> {
    let (old, new) = line.split_once("=>")?;
    Some((words(old), new.trim().trim_matches(['"', '`'])))
}

/// Words with one blank between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from(file: &Utf8Path, directory: &Utf8Path) -> Utf8PathBuf {
    relative_or_absolute(parent(file), directory, false).into()
}

fn parent(file: &Utf8Path) -> &Utf8Path {
    file.parent().unwrap_or(file)
}

fn canonical(directory: &Utf8Path) -> Utf8PathBuf {
    let found = directory.canonicalize_utf8();
    found.unwrap_or_else(|_| directory.to_owned())
}
