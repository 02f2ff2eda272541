//! Checks that the sources are laid out as `ARCHITECTURE.md` and `STYLE.md` say.
//!
//! In: the directory of the repository. Out: every [`Finding`], and a [`Summary`] of what was
//! looked at. Invariant: changes nothing and does not stop at the first finding.

mod arrows;
mod document;
mod hints;
mod modules;
mod sources;
#[cfg(test)]
mod tests;
mod texts;
mod words;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package, TargetKind};

use modules::ModulesError;

/// One place that differs from what the documents say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// File, relative to the repository.
    file: PathBuf,
    /// Line, where one line is to blame.
    line: Option<usize>,
    /// What is wrong, and what would be right.
    text: String,
}

/// Why a part of the check could not be made.
#[derive(Debug, thiserror::Error)]
enum StructureError {
    #[error("cannot read the sources: {0}")]
    Read(#[from] io::Error),
    #[error("cannot ask cargo for the crates of the workspace: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    #[error("`ARCHITECTURE.md` has no code block below `## Arrows, and no others`")]
    NoArrows,
    #[error("cannot read the arrow `{text}` of `ARCHITECTURE.md`")]
    Arrow { text: String },
    #[error("cannot follow the modules of `{name}`")]
    Modules { name: String, source: ModulesError },
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    crates: usize,
    crate_arrows: usize,
    directories: usize,
    directory_arrows: usize,
    files: usize,
    file_arrows: usize,
    circles: usize,
}

/// Every difference between the sources below `root` and the documents. What cannot be checked is a
/// finding too.
pub(crate) fn check(root: impl AsRef<Path>) -> (Vec<Finding>, Summary) {
    let root = root.as_ref();
    let mut summary = Summary::default();
    let mut findings = Vec::new();
    let unchecked = |error: &StructureError| {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Finding::new(".", None, text)
    };
    if let Err(error) = layout(root, &mut findings, &mut summary) {
        findings.push(unchecked(&error));
    }
    match sources::check(root) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unchecked(&error)),
    }
    match texts::check(root) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unchecked(&error)),
    }
    match hints::check(root) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unchecked(&error)),
    }
    findings.sort();
    (findings, summary)
}

/// Arrows and circles of crates, directories and files.
fn layout(
    root: &Path,
    findings: &mut Vec<Finding>,
    summary: &mut Summary,
) -> Result<(), StructureError> {
    let document = fs_err::read_to_string(root.join("ARCHITECTURE.md"))?;
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let packages = metadata.workspace_packages();
    let (found, seen) = arrows::check(root, &packages, &document::between_crates(&document)?);
    findings.extend(found);
    summary.crates = packages.len();
    summary.crate_arrows = seen;
    let inside = document::inside_crates(&document)?;
    for package in packages {
        let name = short_name(package);
        for file in roots(package) {
            let report = modules::check(root, package, &file, inside.get(name));
            let report = report.map_err(|source| StructureError::Modules {
                name: package.name.to_string(),
                source,
            })?;
            summary.directories += report.directories;
            summary.directory_arrows += report.directory_arrows;
            summary.files += report.files;
            summary.file_arrows += report.file_arrows;
            summary.circles += report.circles.len();
            findings.extend(report.unlisted);
            findings.extend(report.circles);
        }
    }
    Ok(())
}

/// The name of a crate in the document.
fn short_name(package: &Package) -> &str {
    let name = package.name.as_str();
    name.strip_prefix("bimetal-").unwrap_or(name)
}

/// Every Markdown file below `root`, relative to it.
pub(crate) fn markdown_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = texts::texts(root)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "md"));
    Ok(files)
}

/// The files from which the modules of a package are reached: its library and its programs.
fn roots(package: &Package) -> Vec<PathBuf> {
    let library_or_program = [
        TargetKind::Lib,
        TargetKind::RLib,
        TargetKind::CDyLib,
        TargetKind::StaticLib,
        TargetKind::Bin,
    ];
    let targets = package.targets.iter();
    targets
        .filter(|target| {
            let mut kinds = target.kind.iter();
            kinds.any(|kind| library_or_program.contains(kind))
        })
        .map(|target| target.src_path.clone().into_std_path_buf())
        .collect()
}

impl Finding {
    fn new(file: impl Into<PathBuf>, line: Option<usize>, text: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line,
            text: text.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}", self.text)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} crates, {} directories, {} files",
            self.crates, self.directories, self.files
        )?;
        writeln!(
            formatter,
            "{} arrows between crates, {} between directories, {} between files",
            self.crate_arrows, self.directory_arrows, self.file_arrows
        )?;
        write!(formatter, "{} circles", self.circles)
    }
}
