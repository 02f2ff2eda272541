//! The profile that guides Go's compiler, where the user gives one.
//!
//! In: `GOFLAGS` as Go sees it, `default.pgo` beside main. Out: [`Profile`]: a copy in the work
//! directory, and its digest. Invariant: main and every plugin are compiled by the same bytes,
//! whatever happens to the user's file meanwhile.

use std::io;

use bimetal_files::Digest;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::error::LockError;
use crate::model::Profile;
use crate::toolchain::{go_flags, work};

/// What `-pgo=auto` looks for in the directory of a main package.
const DEFAULT: &str = "default.pgo";

/// The profile that the user asks for with `flags`.
pub(super) fn fix(out: &Utf8Path, flags: &str) -> Result<Option<Profile>, LockError> {
    source(out, flags).map(|path| copy(out, &path)).transpose()
}

/// Where the user's profile stands. Like Go, the last `-pgo` counts, and a relative path starts
/// where Go is run.
fn source(out: &Utf8Path, flags: &str) -> Option<Utf8PathBuf> {
    let asked = go_flags(flags)
        .into_iter()
        .rev()
        .find(|flag| flag.name == "-pgo")
        .and_then(|flag| flag.value)
        .unwrap_or("auto");
    match asked {
        "" | "off" => None,
        "auto" => Some(out.join(DEFAULT)).filter(|path| path.is_file()),
        path => Some(out.join(path)),
    }
}

fn copy(out: &Utf8Path, path: &Utf8Path) -> Result<Profile, LockError> {
    let unreadable = |source| LockError::Profile {
        path: path.to_owned(),
        source,
    };
    let name = path
        .file_name()
        .ok_or_else(|| unreadable(io::ErrorKind::IsADirectory.into()))?;
    let bytes = fs::read(path).map_err(unreadable)?;
    let copy = work::profile(out).join(name);
    bimetal_files::write_if_changed(&copy, &bytes)?;
    Ok(Profile {
        digest: Digest::of(&bytes).tagged(),
        path: copy,
    })
}

#[cfg(test)]
mod tests {
    use bimetal_terminal::Hint as _;

    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        (keep, path)
    }

    #[test]
    fn a_profile_is_found_as_go_finds_it() {
        let (_keep, out) = directory();
        assert_eq!(source(&out, "-race"), None, "there is no default.pgo");
        assert_eq!(source(&out, "-pgo=/a/b.pgo"), Some("/a/b.pgo".into()));
        assert_eq!(
            source(&out, "-pgo=/a/b.pgo '--pgo=c d.pgo'"),
            Some(out.join("c d.pgo"))
        );
        fs::write(out.join(DEFAULT), "").unwrap();
        for flags in ["", "-pgo=auto", "-pgo=x.pgo -pgo=auto"] {
            assert_eq!(source(&out, flags), Some(out.join(DEFAULT)), "{flags}");
        }
        assert_eq!(source(&out, "-pgo=off"), None);
    }

    #[test]
    fn what_is_compiled_by_is_a_copy_with_the_digest_of_its_bytes() {
        let (_keep, out) = directory();
        let path = out.join("cpu.pgo");
        fs::write(&path, "one").unwrap();
        let first = copy(&out, &path).unwrap();
        assert_eq!(first.digest, Digest::of(b"one").tagged());
        assert_eq!(first.name(), "cpu.pgo");
        fs::write(&path, "two").unwrap();
        assert_eq!(fs::read(&first.path).unwrap(), b"one");
        assert_ne!(copy(&out, &path).unwrap().digest, first.digest);
    }

    #[test]
    fn a_profile_that_cannot_be_read_is_named() {
        let (_keep, out) = directory();
        let error = copy(&out, &out.join("gone.pgo")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot read the profile `{out}/gone.pgo` that guides Go's compiler")
        );
        assert!(error.hint().is_some());
    }
}
