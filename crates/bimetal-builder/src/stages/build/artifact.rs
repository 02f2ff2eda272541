//! One `go build`, unless what it would make stands in its place.
//!
//! In: the command, the place, the digest of everything that decides. Out: where the artifact is.
//! Invariant: the note of an artifact is removed before Go is run, and written when Go ended well
//! and its inputs are what they were.

use bimetal_files::Digest;
use camino::{Utf8Path, Utf8PathBuf};

use super::error::BuildError;
use super::{earlier, made};
use crate::toolchain::{Invocation, InvocationError, Runner, work};

/// An artifact of Go.
pub(super) struct Artifact<'a> {
    /// Of its log and of its note.
    pub(super) name: &'a str,
    /// Where it is put in the end, relative to the output directory.
    pub(super) placed: Option<Utf8PathBuf>,
    /// Where Go puts it.
    pub(super) built: Utf8PathBuf,
    pub(super) command: &'a Invocation,
    /// What decides about it; none where that cannot be compared.
    pub(super) inputs: &'a dyn Fn(&Invocation) -> Option<Digest>,
}

impl Artifact<'_> {
    /// Builds it, unless the one in its place came of equal inputs; gives where it is.
    pub(super) fn make(
        &self,
        out: &Utf8Path,
        failed: impl FnOnce(InvocationError) -> BuildError,
        runner: &Runner<'_>,
    ) -> Result<Utf8PathBuf, BuildError> {
        let note = work::built(out).join(format!("{}.json", self.name));
        let inputs = (self.inputs)(self.command);
        if let Some(placed) = &self.placed {
            let path = out.join(placed);
            let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
            if is_file && inputs.is_some_and(|inputs| made::is_current(&path, &note, &inputs)) {
                return Ok(path);
            }
            earlier::bring_back(out, placed, &self.built)?;
        }
        bimetal_files::remove_if_present(&note)?;
        let name = format!("go-build-{}", self.name);
        runner.run(&name, self.command).map_err(failed)?;
        // A source may have changed while Go read it.
        let inputs = inputs.filter(|inputs| (self.inputs)(self.command) == Some(*inputs));
        if let Some(inputs) = inputs {
            made::note(&self.built, &note, inputs)?;
        }
        Ok(self.built.clone())
    }
}
