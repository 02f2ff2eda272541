//! The plugins as they will ship, in a directory of the work directory.
//!
//! In: plugins that fit main. Out: `OUT/.bimetal/stage/plugins`: final names, final modes,
//! `plugins.lock`. Invariant: what main is asked to load is named, placed and locked like what the
//! user gets, and has the bytes that were compared.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

use bimetal_files::{FileError, copy_file, remove_directory};
use bimetal_manifest::lock::{FILE_NAME, Lock, LockedPlugin};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::CheckedPlugin;
use super::error::VerifyError;
use crate::toolchain::{interrupt, work};

/// Like in the finished distribution: main refuses what others can write.
const MODE: u32 = 0o755;
/// The private copies that main makes go here.
const PRIVATE: u32 = 0o700;

/// The directory; it is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Stage {
    root: Utf8PathBuf,
    /// Paths in it, in the order of the plugins.
    pub(super) plugins: Vec<Utf8PathBuf>,
}

impl Stage {
    /// Links or copies `plugins` into a fresh directory below `out`.
    pub(super) fn make(out: &Utf8Path, plugins: &[CheckedPlugin]) -> Result<Self, VerifyError> {
        let root = work::directory(out).join("stage");
        remove_directory(&root)?;
        let mut stage = Self {
            root,
            plugins: Vec::new(),
        };
        for (directory, mode) in [(stage.directory(), MODE), (stage.temporary(), PRIVATE)] {
            make_directory(&directory, mode).map_err(FileError::writing(&directory))?;
        }
        for plugin in plugins {
            let path = stage.directory().join(plugin.built.file_name());
            let from = &plugin.checked.path;
            // Its bytes are compared with the lock before it is loaded, like those of a copy.
            let is_linked = has_mode(from) && fs::hard_link(from, &path).is_ok();
            if !is_linked
                && copy_file(from, &path, MODE, interrupt::requested)? != plugin.checked.sha256
            {
                return Err(VerifyError::Changed { path: from.clone() });
            }
            stage.plugins.push(path);
        }
        let path = stage.directory().join(FILE_NAME);
        bimetal_files::write(&path, lock(plugins)?.to_text())?;
        Ok(stage)
    }

    /// The plugin directory.
    pub(super) fn directory(&self) -> Utf8PathBuf {
        self.root.join("plugins")
    }

    /// A temporary directory on the same file system, where programs may be executed.
    pub(super) fn temporary(&self) -> Utf8PathBuf {
        self.root.join("tmp")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It is in the work directory: the next run removes what is left.
        let _left = remove_directory(&self.root);
    }
}

/// The lock of `plugins`, as it ships.
pub fn lock(plugins: &[CheckedPlugin]) -> Result<Lock, VerifyError> {
    let locked = plugins.iter().map(|plugin| LockedPlugin {
        file: plugin.built.file_name(),
        sha256: plugin.checked.sha256,
        size: plugin.checked.size,
        kind: plugin.built.component.kind,
        type_name: plugin.built.component.type_name.clone(),
    });
    Lock::new(locked.collect()).map_err(|source| VerifyError::Lock { source })
}

/// Whether a link to the file would have the mode that it has in the finished distribution.
fn has_mode(path: &Utf8Path) -> bool {
    let found = path.symlink_metadata();
    found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o7777 == MODE)
}

/// The mode holds whatever the user's mask is.
fn make_directory(directory: &Utf8Path, mode: u32) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(mode).create(directory)?;
    fs::set_permissions(directory, std::fs::Permissions::from_mode(mode))
}
