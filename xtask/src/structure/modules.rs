//! Which directory and which file of a crate uses which.
//!
//! In: the crates of the workspace, and what `ARCHITECTURE.md` lists. Out: every arrow between
//! directories that is not listed, every circle between directories and between files, with the
//! lines that close it. Invariant: re-exports are followed to the definition, so that no circle
//! hides behind one.

mod circles;
mod directories;
mod names;
mod paths;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use cargo_metadata::Package;
use circles::Uses;
use tree::Tree;

use super::Finding;
use super::document::Arrows;

/// Why a crate could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ModulesError {
    #[error("cannot read a source")]
    Read(#[from] std::io::Error),
    #[error("`{path}` is not Rust, line {line}")]
    Syntax {
        path: PathBuf,
        line: usize,
        source: syn::Error,
    },
}

/// What was looked at, and what is wrong.
#[derive(Default)]
pub(super) struct Report {
    pub(super) directories: usize,
    pub(super) files: usize,
    pub(super) directory_arrows: usize,
    pub(super) file_arrows: usize,
    pub(super) circles: Vec<Finding>,
    pub(super) unlisted: Vec<Finding>,
}

/// Checks a crate from its root file on; `arrows` are the lines of the document for it.
pub(super) fn check(
    root: &Path,
    package: &Package,
    file: &Path,
    arrows: Option<&Arrows>,
) -> Result<Report, ModulesError> {
    let tree = Tree::read(&package.name, file)?;
    let name = super::short_name(package);
    let source = file.parent().unwrap_or(file);
    let files: Vec<_> = tree
        .files
        .iter()
        .map(|file| file.path.strip_prefix(source).unwrap_or(&file.path))
        .collect();
    let directories = directories::of_files(&files);
    let files: Vec<_> = files.into_iter().map(Path::to_owned).collect();
    let uses = uses(&tree);
    let place = |file: usize| {
        let path = &tree.files[file].path;
        path.strip_prefix(root).unwrap_or(path)
    };
    let cite = |arrow: &(usize, usize)| {
        let (from, to) = (place(arrow.0).display(), place(arrow.1).display());
        format!("\n    {from}:{} uses {to}", uses[arrow])
    };
    let circle = |kind: &str, parts: &[String], arrows: &[(usize, usize)]| {
        let mut text = format!("circle between {kind}: ");
        for part in parts {
            let _ = write!(text, "{part} -> ");
        }
        text.push_str(&parts[0]);
        text.extend(arrows.iter().map(cite));
        Finding::new(place(arrows[0].0), Some(uses[&arrows[0]]), text)
    };

    let mut report = Report {
        files: files.len(),
        file_arrows: uses.len(),
        ..Report::default()
    };
    let arrows_of_files: BTreeSet<_> = uses.keys().copied().collect();
    for (parts, between) in directories::in_circles(&files, &directories, &arrows_of_files) {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| part.display().to_string())
            .collect();
        report.circles.push(circle("directories", &parts, &between));
    }
    let mut between_files: Uses<usize> = Uses::new();
    for (from, to) in uses.keys() {
        between_files.entry(*from).or_default().insert(*to);
    }
    for parts in circles::find(&between_files) {
        let next = parts.iter().cycle().skip(1);
        let between: Vec<_> = parts.iter().copied().zip(next.copied()).collect();
        let parts: Vec<_> = parts
            .iter()
            .map(|file| files[*file].display().to_string())
            .collect();
        report.circles.push(circle("files", &parts, &between));
    }

    let mut pairs = BTreeMap::new();
    for arrow in uses.keys() {
        let pair = (directories[arrow.0].clone(), directories[arrow.1].clone());
        if pair.0 != pair.1 {
            pairs.entry(pair).or_insert(*arrow);
        }
    }
    report.directory_arrows = pairs.len();
    let known: BTreeSet<_> = directories.iter().map(PathBuf::as_path).collect();
    report.directories = known.len();
    if let Some(arrows) = arrows {
        for pair in directories::unlisted(arrows, &pairs.keys().collect()) {
            let arrow = pairs[pair];
            let text = format!(
                "`{}` uses `{}`, and `ARCHITECTURE.md` has no such arrow inside `{name}`{}",
                pair.0.display(),
                pair.1.display(),
                cite(&arrow)
            );
            let finding = Finding::new(place(arrow.0), Some(uses[&arrow]), text);
            report.unlisted.push(finding);
        }
        for directory in directories::unknown(arrows, &known) {
            let text = format!("`{name}` has no directory `{directory}`");
            report
                .unlisted
                .push(Finding::new("ARCHITECTURE.md", None, text));
        }
    }
    Ok(report)
}

/// Which file uses which, and the first line that says so.
fn uses(tree: &Tree) -> BTreeMap<(usize, usize), usize> {
    let mut uses = BTreeMap::new();
    for file in 0..tree.files.len() {
        for path in paths::written(tree, file) {
            for target in names::files_of(tree, path.module, &path.parts) {
                let hands_up = path.re_export
                    && tree.is_below(tree.files[target].module, tree.files[file].module);
                if target != file && !hands_up && !tree.are_parent_and_child(file, target) {
                    uses.entry((file, target)).or_insert(path.line);
                }
            }
        }
    }
    uses
}
