//! What differs between two builds of one distribution.
//!
//! In: two directories, names of files. Out: every [`Difference`], shown as far as a person needs
//! to find its cause. Invariant: changes nothing, and decides by all bytes: what cannot be
//! explained still counts.

mod explain;
mod files;
mod headers;
mod sections;

use std::borrow::Cow;
use std::fmt;

use bimetal_builder::owned::OwnedError;
use bimetal_files::{FileError, unless_absent};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Serialize;

pub use explain::{Explanation, explain};
use sections::{SectionDifference, hex, or_dash};

/// More sections do not help a person: what comes first is the cause, what comes after it the
/// consequence.
const SECTIONS: usize = 4;
/// Characters of a line of text, and how many of them stand before the difference.
const SHOWN: usize = 160;
const BEFORE: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error("cannot read `{path}`: {reason}")]
    Files { path: Utf8PathBuf, reason: String },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("`{path}` is no regular file")]
    NoFile { path: Utf8PathBuf },
    #[error("{0}")]
    File(#[from] FileError),
}

impl Hint for CompareError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Owned(_) | Self::Files { .. } => {
                "restore it, or build the distribution once more"
            }
            Self::NoFile { .. } => "remove it, and build the distribution once more",
            Self::File(_) => "run it as a user who may read the distribution",
        };
        Some(hint.into())
    }
}

/// One file that is not the same in both builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Relative to the distribution.
    pub file: Utf8PathBuf,
    #[serde(flatten)]
    pub what: What,
}

/// How it differs. `recorded` is the build that is checked, `rebuilt` the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Only the new build has it.
    Missing,
    /// The new build has it not.
    NotRebuilt,
    /// Sections of an object file, in the order of the file; the first few.
    Sections {
        sections: Vec<SectionDifference>,
        /// How many differ.
        count: usize,
    },
    /// The first line that differs.
    Line {
        line: usize,
        recorded: String,
        rebuilt: String,
    },
    /// Bytes outside of every section, or of a file without sections.
    Bytes {
        offset: u64,
        /// What stands there in an ELF file: a header, a gap.
        #[serde(skip_serializing_if = "Option::is_none")]
        part: Option<String>,
        recorded_size: u64,
        rebuilt_size: u64,
        /// A few bytes from the difference on, in hexadecimal.
        recorded: String,
        rebuilt: String,
    },
}

/// What two builds of one distribution have, and what differs.
#[derive(Debug)]
pub struct Comparison {
    /// How many files were compared.
    pub files: usize,
    pub differences: Vec<Difference>,
}

/// Compares all files of the distributions in the directories `recorded` and `rebuilt`.
pub fn compare_distributions(
    recorded: &Utf8Path,
    rebuilt: &Utf8Path,
) -> Result<Comparison, CompareError> {
    let files = files::files([recorded, rebuilt])?;
    let names = files.iter().map(Utf8PathBuf::as_path);
    Ok(Comparison {
        files: files.len(),
        differences: compare(recorded, rebuilt, names)?,
    })
}

/// Compares `files` in the directories `recorded` and `rebuilt`.
pub fn compare<'a>(
    recorded: &Utf8Path,
    rebuilt: &Utf8Path,
    files: impl IntoIterator<Item = &'a Utf8Path>,
) -> Result<Vec<Difference>, CompareError> {
    let mut differences = Vec::new();
    for file in files {
        let (one, other) = (read(&recorded.join(file))?, read(&rebuilt.join(file))?);
        let what = match (one, other) {
            (None, None) => None,
            (None, Some(_)) => Some(What::Missing),
            (Some(_), None) => Some(What::NotRebuilt),
            (Some(one), Some(other)) => difference(&one, &other),
        };
        differences.extend(what.map(|what| Difference {
            file: file.to_owned(),
            what,
        }));
    }
    Ok(differences)
}

fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, CompareError> {
    match unless_absent(fs::metadata(path)).map_err(FileError::reading(path))? {
        None => Ok(None),
        // Opening anything else could wait for ever.
        Some(metadata) if !metadata.is_file() => Err(CompareError::NoFile {
            path: path.to_owned(),
        }),
        Some(_) => Ok(Some(bimetal_files::read(path)?)),
    }
}

fn difference(one: &[u8], other: &[u8]) -> Option<What> {
    if one == other {
        return None;
    }
    let (sections, count) = sections::compare(one, other, SECTIONS);
    if count > 0 {
        return Some(What::Sections { sections, count });
    }
    Some(line(one, other).unwrap_or_else(|| bytes(one, other)))
}

fn bytes(one: &[u8], other: &[u8]) -> What {
    let offset = first_difference(one, other);
    What::Bytes {
        offset: offset as u64,
        part: headers::part(one, offset),
        recorded_size: one.len() as u64,
        rebuilt_size: other.len() as u64,
        recorded: hex(one, offset),
        rebuilt: hex(other, offset),
    }
}

/// The first offset at which two texts differ, or the end of the shorter one.
fn first_difference(one: &[u8], other: &[u8]) -> usize {
    let length = one.len().min(other.len());
    one.iter()
        .zip(other)
        .position(|(one, other)| one != other)
        .unwrap_or(length)
}

fn line(one: &[u8], other: &[u8]) -> Option<What> {
    let (one, other) = (
        std::str::from_utf8(one).ok()?,
        std::str::from_utf8(other).ok()?,
    );
    // Not `lines`: another line end is a difference too.
    let (mut first, mut second) = (one.split('\n'), other.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (first.next(), second.next()) {
            (None, None) => return None,
            (one, other) if one != other => {
                let (recorded, rebuilt) = shown(one, other);
                return Some(What::Line {
                    line: number,
                    recorded,
                    rebuilt,
                });
            }
            _ => {}
        }
    }
}

/// Two lines around the place where they differ; without the indentation that they share.
fn shown(one: Option<&str>, other: Option<&str>) -> (String, String) {
    let both = || {
        one.unwrap_or_default()
            .chars()
            .zip(other.unwrap_or_default().chars())
            .take_while(|(one, other)| one == other)
    };
    let indented = both().take_while(|(one, _)| one.is_whitespace()).count();
    let skipped = indented.max(both().count().saturating_sub(BEFORE));
    let cut = |line: Option<&str>| {
        line.map_or_else(
            || "the end".to_owned(),
            |line| {
                let mark = if skipped > indented { "…" } else { "" };
                let part: String = line.chars().skip(skipped).take(SHOWN).collect();
                format!("{mark}{}", bimetal_terminal::escape(&part))
            },
        )
    };
    (cut(one), cut(other))
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.what {
            What::Missing => write!(formatter, "{file}: is missing, and was built now"),
            What::NotRebuilt => write!(formatter, "{file}: is there, and was not built now"),
            What::Sections { sections, count } => {
                match count {
                    1 => write!(formatter, "{file}: one section differs")?,
                    _ => write!(formatter, "{file}: {count} sections differ, first")?,
                }
                sections
                    .iter()
                    .try_for_each(|section| write!(formatter, "\n  {section}"))
            }
            What::Line {
                line,
                recorded,
                rebuilt,
            } => write!(
                formatter,
                "{file}: line {line} differs\n  recorded  {recorded}\n  rebuilt   {rebuilt}"
            ),
            What::Bytes {
                offset,
                part,
                recorded_size,
                rebuilt_size,
                recorded,
                rebuilt,
            } => {
                write!(formatter, "{file}: differs from byte {offset} on")?;
                if let Some(part) = part {
                    write!(formatter, ", in {part}")?;
                }
                write!(
                    formatter,
                    "\n  recorded  {} of {recorded_size} bytes\n  rebuilt   {} of \
                     {rebuilt_size} bytes",
                    or_dash(recorded),
                    or_dash(rebuilt),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
