//! The output directory, for one builder at a time.
//!
//! In: the directory. Out: its lock. Invariant: two builders in one directory would take each
//! other's files, so the second waits; what one that was killed left is removed first.

use camino::Utf8Path;
use fs_err as fs;

use super::error::{PipelineError, StartError};
use crate::owned::remove_leftovers;
use crate::toolchain::claim::wait;

/// Takes the directory, ours until the file is closed; calls `waiting` if another builder has it.
pub fn claim(out: &Utf8Path, waiting: impl FnOnce()) -> Result<fs::File, PipelineError> {
    let claimed = fs::File::open(out)
        .and_then(|directory| wait(directory.file(), waiting).map(|()| directory));
    let claimed = claimed.map_err(|source| StartError::Claim {
        path: out.to_owned(),
        source,
    })?;
    remove_leftovers(out).map_err(StartError::from)?;
    Ok(claimed)
}
