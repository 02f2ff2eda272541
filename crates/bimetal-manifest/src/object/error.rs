//! Why a file cannot be read as an artifact.
//!
//! In: nothing. Out: [`ReadError`]. Invariant: no text of the file stands in an error unescaped.

use std::borrow::Cow;
use std::io;

use bimetal_terminal::Hint;

/// Why a file cannot be read as an artifact.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot open the file")]
    Open { source: io::Error },
    #[error("cannot read the file")]
    Io {
        #[from]
        source: io::Error,
    },
    #[error("it is not a regular file")]
    NotRegular,
    #[error("the file is empty")]
    Empty,
    #[error("the file has {size} bytes, more than the {limit} that a plugin may have")]
    TooLarge { size: u64, limit: u64 },
    #[error("it is not an object file but {found}")]
    NotAnObject { found: &'static str },
    #[error("{what} cannot be read by this version")]
    Unsupported { what: &'static str },
    #[error("the file is truncated: {what} should reach to byte {end}, the file ends at {size}")]
    Truncated {
        what: &'static str,
        end: u64,
        size: u64,
    },
    #[error("{what}: {found}, the limit is {limit}")]
    Limit {
        what: &'static str,
        found: u64,
        limit: u64,
    },
    #[error("the object file is damaged: {what}")]
    Malformed { what: &'static str },
}

impl Hint for ReadError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Open { .. } | Self::Io { .. } => {
                "check that the file exists and that this user may read it"
            }
            Self::NotRegular | Self::NotAnObject { .. } => {
                "keep only plugins in the plugin directory"
            }
            Self::TooLarge { .. } => {
                "strip its debug information if it is a plugin, else keep it out of the plugin \
                 directory"
            }
            Self::Empty | Self::Truncated { .. } | Self::Malformed { .. } => {
                "copy the file again, under another name first, then rename it"
            }
            Self::Unsupported { .. } | Self::Limit { .. } => {
                "build the plugin with `bimetal` for the same target as the Collector"
            }
        };
        Some(hint.into())
    }
}

impl ReadError {
    /// The file could not be looked at, so nothing is known about it.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::Io { .. })
    }
}
