//! One file of a distribution, before it is in its place.
//!
//! In: nothing. Out: [`Entry`]. Invariant: values only.

use bimetal_files::Digest;
use camino::Utf8PathBuf;

/// Mode of main and plugins. Only the owner may write: main refuses plugins that others can
/// change.
const PROGRAM: u32 = 0o755;
const TEXT: u32 = 0o644;

/// One file of the distribution.
#[derive(Debug)]
pub struct Entry {
    /// Relative to the output directory.
    pub path: Utf8PathBuf,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    File { from: Utf8PathBuf, sha256: Digest },
    Text(Vec<u8>),
}

impl Content {
    pub(super) fn mode(&self) -> u32 {
        match self {
            Self::File { .. } => PROGRAM,
            Self::Text(_) => TEXT,
        }
    }

    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::File { sha256, .. } => *sha256,
            Self::Text(bytes) => Digest::of(bytes),
        }
    }
}
