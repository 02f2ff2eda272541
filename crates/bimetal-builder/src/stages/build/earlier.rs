//! What an earlier build made, where the linker looks for it.
//!
//! In: the output directory, an artifact's place and its path in the work directory. Out: a copy in
//! the work directory. Invariant: only bytes that the record names; the artifact itself is not
//! touched.

use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::copy_file;
use camino::Utf8Path;
use fs_err as fs;

use super::error::BuildError;
use crate::owned::Ours;
use crate::toolchain::interrupt;

/// Go links nothing again when the file of before is there. Artifacts lie in their places alone,
/// so it is copied back: a link would let a write to one change the other.
pub(super) fn bring_back(
    out: &Utf8Path,
    placed: &Utf8Path,
    built: &Utf8Path,
) -> Result<(), BuildError> {
    let from = out.join(placed);
    let is_file = |path: &Utf8Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if is_file(built) || !is_file(&from) {
        return Ok(());
    }
    let ours = Ours::load(out)?;
    let Some(recorded) = ours.artifacts.get(placed.as_str()) else {
        return Ok(());
    };
    let mode = fs::metadata(&from).map_or(0o755, |found| found.permissions().mode() & 0o777);
    // What cannot be copied is made again.
    let copied = copy_file(&from, built, mode, interrupt::requested);
    if copied.is_ok_and(|digest| digest.tagged() == *recorded) {
        return Ok(());
    }
    bimetal_files::remove_if_present(built)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bimetal_files::Digest;

    use super::*;

    #[test]
    fn only_what_the_record_names_is_copied_back_and_a_later_write_changes_one_alone() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        let built = out.join(".bimetal/build/otelcol");
        fs::write(out.join("otelcol"), "main").unwrap();
        bring_back(out, "otelcol".as_ref(), &built).unwrap();
        assert!(!built.exists(), "not ours");

        let mut ours = Ours::default();
        let digest = Digest::of("main").tagged();
        ours.artifacts.insert("otelcol".to_owned(), digest);
        ours.save(out).unwrap();
        bring_back(out, "otelcol".as_ref(), &built).unwrap();
        assert_eq!(fs::read_to_string(&built).unwrap(), "main");

        fs::write(out.join("otelcol"), "a user's").unwrap();
        assert_eq!(fs::read_to_string(&built).unwrap(), "main");
        fs::remove_file(&built).unwrap();
        bring_back(out, "otelcol".as_ref(), &built).unwrap();
        assert!(!built.exists(), "changed since");
    }
}
