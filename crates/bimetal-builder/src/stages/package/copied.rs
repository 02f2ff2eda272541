//! Complete files under temporary names, and the directories that were made for them.
//!
//! In: entries. Out: files beside their final names, then under them. Invariant: what was not
//! renamed leaves no trace: neither a temporary file nor a directory that was made for it.

use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::{FileError, copy_file};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::entry::{Content, Entry};
use super::error::PackageError;
use crate::toolchain::interrupt;

/// Only the owner may write: main refuses plugins from a directory that others can change.
const DIRECTORY: u32 = 0o755;

/// Removes what is left when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Temporary name and final name.
    files: VecDeque<(Utf8PathBuf, Utf8PathBuf)>,
    directories: Vec<Utf8PathBuf>,
}

impl Copied {
    /// Copies every entry beside its place below `out`.
    pub(super) fn all(out: &Utf8Path, entries: &[&Entry]) -> Result<Self, PackageError> {
        let mut copied = Self::default();
        for entry in entries {
            let path = out.join(&entry.path);
            copied.make_directories(path.parent().unwrap_or(out))?;
            let temporary = bimetal_files::beside(&path);
            copied.files.push_back((temporary.clone(), path));
            copy(&entry.content, &temporary)?;
        }
        Ok(copied)
    }

    /// Gives the files their names, in the order of the entries.
    pub(super) fn rename(mut self) -> Result<(), PackageError> {
        interrupt::check()?;
        while let Some((temporary, path)) = self.files.front() {
            fs::rename(temporary, path).map_err(FileError::writing(path))?;
            self.files.pop_front();
        }
        Ok(())
    }

    fn make_directories(&mut self, directory: &Utf8Path) -> Result<(), PackageError> {
        let missing: Vec<&Utf8Path> = directory
            .ancestors()
            .take_while(|directory| !directory.exists())
            .collect();
        for directory in missing.into_iter().rev() {
            let failed = FileError::writing(directory);
            fs::create_dir(directory).map_err(failed)?;
            self.directories.push(directory.to_owned());
            fs::set_permissions(directory, std::fs::Permissions::from_mode(DIRECTORY))
                .map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // The error that led here is the one to tell; a directory with something in it stays.
        for (temporary, _) in &self.files {
            let _gone = fs::remove_file(temporary);
        }
        for directory in self.directories.iter().rev() {
            let _in_use = fs::remove_dir(directory);
        }
    }
}

/// Writes through to the disk, and compares what was read with what was verified.
fn copy(content: &Content, to: &Utf8Path) -> Result<(), PackageError> {
    match content {
        Content::Text(bytes) => {
            bimetal_files::write(to, bytes)?;
            fs::set_permissions(to, std::fs::Permissions::from_mode(content.mode()))
                .map_err(FileError::writing(to))?;
        }
        Content::File { from, sha256 } => {
            if copy_file(from, to, content.mode(), interrupt::requested)? != *sha256 {
                return Err(PackageError::Changed { path: from.clone() });
            }
        }
    }
    let file = bimetal_files::open(to)?;
    Ok(file.sync_all().map_err(FileError::writing(to))?)
}
