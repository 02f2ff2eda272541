//! The directory of inputs: every file in it is recorded with its digest as it is written.
//!
//! In: bytes, files. Out: a directory, and path -> digest. Invariant: a file's digest is taken of
//! the bytes that were written, in the same pass; nothing stands in the directory that is not
//! recorded.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::{Digest, FileError, copy_file, create_directory, fresh_directory};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::error::FetchError;
use bimetal_builder::toolchain::interrupt;

/// Modes inside the container do not depend on the umask outside.
const FILE: u32 = 0o644;
const PROGRAM: u32 = 0o755;

/// A directory that is being filled.
#[derive(Debug)]
pub(super) struct Inputs {
    root: Utf8PathBuf,
    /// Path below the root -> digest of the file.
    digests: BTreeMap<Utf8PathBuf, Digest>,
}

impl Inputs {
    /// An empty directory at `root`; what stood there is removed.
    pub(super) fn start(root: Utf8PathBuf) -> Result<Self, FetchError> {
        fresh_directory(&root)?;
        Ok(Self {
            root,
            digests: BTreeMap::new(),
        })
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(super) fn digests(&self) -> &BTreeMap<Utf8PathBuf, Digest> {
        &self.digests
    }

    /// Writes a file.
    pub(super) fn write(
        &mut self,
        path: impl AsRef<Utf8Path>,
        bytes: &[u8],
    ) -> Result<(), FetchError> {
        let full = self.root.join(&path);
        if let Some(directory) = full.parent() {
            create_directory(directory)?;
        }
        bimetal_files::write(&full, bytes)?;
        fs::set_permissions(&full, Permissions::from_mode(FILE))
            .map_err(FileError::writing(&full))?;
        let digest = Digest::of(bytes);
        self.digests.insert(path.as_ref().to_owned(), digest);
        Ok(())
    }

    /// Copies a file and gives its digest.
    pub(super) fn copy(
        &mut self,
        path: impl AsRef<Utf8Path>,
        from: &Utf8Path,
    ) -> Result<Digest, FetchError> {
        self.copy_as(path.as_ref(), from, FILE)
    }

    /// Copies a file that must have this digest (`sha256:…`).
    pub(super) fn copy_expected(
        &mut self,
        path: impl AsRef<Utf8Path>,
        from: &Utf8Path,
        wanted: &str,
    ) -> Result<(), FetchError> {
        let found = self.copy(path, from)?.tagged();
        if found == wanted {
            return Ok(());
        }
        Err(FetchError::Changed {
            path: from.to_owned(),
            found,
            wanted: wanted.to_owned(),
        })
    }

    /// Copies a file that is run inside.
    pub(super) fn copy_program(
        &mut self,
        path: impl AsRef<Utf8Path>,
        from: &Utf8Path,
    ) -> Result<Digest, FetchError> {
        self.copy_as(path.as_ref(), from, PROGRAM)
    }

    /// Records a file that a tool has put below the root.
    pub(super) fn adopt(&mut self, path: Utf8PathBuf) -> Result<(), FetchError> {
        let full = self.root.join(&path);
        fs::set_permissions(&full, Permissions::from_mode(FILE))
            .map_err(FileError::reading(&full))?;
        self.digests.insert(path, Digest::of_path(&full)?);
        Ok(())
    }

    fn copy_as(
        &mut self,
        path: &Utf8Path,
        from: &Utf8Path,
        mode: u32,
    ) -> Result<Digest, FetchError> {
        let digest = copy_file(from, &self.root.join(path), mode, interrupt::requested)?;
        self.digests.insert(path.to_owned(), digest);
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_recorded_with_its_digest_and_an_old_directory_is_gone() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap().join("inputs");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("old"), "x").unwrap();
        let mut inputs = Inputs::start(root.clone()).unwrap();
        assert!(!root.join("old").exists());
        inputs.write("a/b", b"text").unwrap();
        let program = inputs.copy_program("c", &root.join("a/b")).unwrap();
        fs::write(root.join("d"), "tool").unwrap();
        inputs.adopt("d".into()).unwrap();
        assert_eq!(program, Digest::of(b"text"));
        let names: Vec<_> = inputs.digests().keys().map(|path| path.as_str()).collect();
        assert_eq!(names, ["a/b", "c", "d"]);
        let mode = |name| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a/b"), mode("c")), (0o644, 0o755));
    }
}
