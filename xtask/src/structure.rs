//! Checks that the house is built as `ARCHITECTURE.md` and `STYLE.md` say.
//!
//! In: the directory of the repository. Out: every [`Finding`]. Invariant: changes nothing and does
//! not stop at the first finding.

mod arrows;
mod sources;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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
    #[error("has no code block below `## Arrows`")]
    NoArrows,
    #[error("cannot read the arrow `{text}`")]
    Arrow { text: String },
}

/// Every difference between the sources below `root` and the documents. What cannot be checked is a
/// finding too.
pub(crate) fn check(root: impl AsRef<Path>) -> Vec<Finding> {
    let root = root.as_ref();
    let unchecked =
        |file: &str, error: &StructureError| vec![Finding::new(file, None, error.to_string())];
    let mut findings =
        arrows::check(root).unwrap_or_else(|error| unchecked("ARCHITECTURE.md", &error));
    findings.extend(sources::check(root).unwrap_or_else(|error| unchecked(".", &error)));
    findings.sort();
    findings
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
