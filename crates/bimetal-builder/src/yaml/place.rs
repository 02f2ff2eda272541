//! Where in the configuration something stands.
//!
//! In: a file's name, and line and column if they are known. Out: `file:line:column`. Invariant:
//! lines and columns count from 1, as editors do.

use std::fmt;

/// A file with a line and a column, both from 1; or only the file (or the environment) when there
/// is no better place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it, `environment`, or `default configuration`.
    pub file: String,
    pub position: Option<(usize, usize)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}
