//! What differs between two builds of one distribution.
//!
//! In: two folders, names of files. Out: every [`Difference`], told as far as a person needs to find its cause. Invariant: changes nothing, and
//! decides by all bytes: what cannot be explained still counts.

mod sections;

use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Serialize;

use sections::SectionDifference;

/// More sections do not help a person: what comes first is the cause, what comes after it the consequence.
const SECTIONS: usize = 4;
/// Of a line of text.
const SHOWN: usize = 160;

#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`")]
pub(crate) struct CompareError {
    path: Utf8PathBuf,
    source: io::Error,
}

/// One file that is not the same in both builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// Relative to the distribution.
    pub(crate) file: Utf8PathBuf,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// How it differs. `recorded` is the build that is checked, `rebuilt` the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum What {
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
        recorded_size: u64,
        rebuilt_size: u64,
    },
}

/// Compares `files` in the folders `recorded` and `rebuilt`.
pub(crate) fn compare<'a>(
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
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CompareError {
            path: path.to_owned(),
            source,
        }),
    }
}

fn difference(one: &[u8], other: &[u8]) -> Option<What> {
    if one == other {
        return None;
    }
    let found = sections::compare(one, other);
    if !found.is_empty() {
        return Some(What::Sections {
            count: found.len(),
            sections: found.into_iter().take(SECTIONS).collect(),
        });
    }
    Some(line(one, other).unwrap_or_else(|| What::Bytes {
        offset: first_difference(one, other) as u64,
        recorded_size: one.len() as u64,
        rebuilt_size: other.len() as u64,
    }))
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
    let (mut first, mut second) = (one.lines(), other.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (first.next(), second.next()) {
            (None, None) => return None,
            (one, other) if one != other => {
                return Some(What::Line {
                    line: number,
                    recorded: shown(one),
                    rebuilt: shown(other),
                });
            }
            _ => {}
        }
    }
}

fn shown(line: Option<&str>) -> String {
    line.map_or_else(
        || "the end".to_owned(),
        |line| line.trim().chars().take(SHOWN).collect(),
    )
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.what {
            What::Missing => write!(formatter, "{file}: is missing, and was built now"),
            What::NotRebuilt => write!(formatter, "{file}: is there, and was not built now"),
            What::Sections { sections, count } => {
                write!(formatter, "{file}: {count} sections differ, first")?;
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
                recorded_size,
                rebuilt_size,
            } => write!(
                formatter,
                "{file}: differs from byte {offset} on, outside of every section ({recorded_size} bytes, rebuilt {rebuilt_size})"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
