//! The private directory that Go plugins are loaded from.
//!
//! In: a flag, the environment. Out: [`Directory`], files named by their digest. Invariant: the
//! directory belongs to this user, no other user can enter it, and code may be executed from it. A
//! file that is already there is hashed again before it is believed.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bimetal_files::Digest;
use bimetal_terminal::Hint;
use bimetal_verify::rights::check_directory;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{
    Access, AtFlags, CWD, Mode, OFlags, StatVfsMountFlags, accessat, fchmod, fstat, mkdirat,
    openat, renameat, statvfs, unlinkat,
};
use rustix::io::Errno;

use crate::prune::{DRAFT, hold, prune};

const RIGHTS_OF_OTHERS: u32 = 0o077;

/// Where private copies may go.
#[derive(Debug)]
pub(crate) struct Cache {
    candidates: Vec<Utf8PathBuf>,
    chosen: OnceLock<Option<Directory>>,
}

/// A directory that private copies are in.
#[derive(Clone, Debug)]
pub(crate) struct Directory(Utf8PathBuf);

/// A copy that is not complete yet.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Open for writing.
    pub(crate) file: File,
    path: Utf8PathBuf,
}

/// There is no place for private copies, or it cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("none of {} is a directory of this user alone that code may be executed from and that \
        no other user can exchange", list(.tried))]
    NoDirectory { tried: Vec<Utf8PathBuf> },
    #[error("cannot write in `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` was exchanged while it was written")]
    Spoiled { path: Utf8PathBuf },
}

impl Hint for CacheError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoDirectory { .. } => {
                "name a directory with `--plugins-cache-dir`; it needs mode 0700, parents that \
                 no other user may write, and a file system mounted without `noexec`"
            }
            Self::Write { .. } => {
                "free some space, or name another directory with `--plugins-cache-dir`"
            }
            Self::Spoiled { .. } => {
                "start again; if it happens again, find out who else writes there"
            }
        };
        Some(hint.into())
    }
}

impl Cache {
    /// The directory that the user named, else the user's runtime and temporary directories. A
    /// set-id program ignores the environment.
    pub(crate) fn new(named: Option<&Utf8Path>) -> Self {
        let candidates = match named {
            Some(named) => vec![camino::absolute_utf8(named).unwrap_or_else(|_| named.to_owned())],
            None => default_directories(),
        };
        Self {
            candidates,
            chosen: OnceLock::new(),
        }
    }

    /// The first candidate that fits, made if necessary.
    pub(crate) fn directory(&self) -> Result<&Directory, CacheError> {
        let chosen = self.chosen.get_or_init(|| {
            self.candidates
                .iter()
                .find(|path| fits(path))
                .cloned()
                .inspect(|path| prune(path))
                .map(Directory)
        });
        chosen.as_ref().ok_or_else(|| CacheError::NoDirectory {
            tried: self.candidates.clone(),
        })
    }
}

impl Directory {
    /// Where it lies.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// Opens a new file. A name that is taken is left alone: a process of another container may
    /// have our number.
    pub(crate) fn draft(&self) -> Result<Draft, CacheError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{DRAFT}{}-{number}", std::process::id());
            let path = self.0.join(name);
            match openat(CWD, path.as_std_path(), flags, Mode::RUSR | Mode::WUSR) {
                Ok(descriptor) => {
                    let file = File::from(descriptor);
                    hold(&file);
                    return Ok(Draft { file, path });
                }
                Err(Errno::EXIST) => {}
                Err(error) => {
                    return Err(CacheError::Write {
                        path: self.0.clone(),
                        source: error.into(),
                    });
                }
            }
        }
    }

    /// Gives the draft the name of its content, or finds that content there already.
    pub(crate) fn keep(
        &self,
        draft: &Draft,
        digest: Digest,
    ) -> Result<(File, Utf8PathBuf), CacheError> {
        let path = self.0.join(format!("{digest}.so"));
        if let Some(file) = existing(&path, digest) {
            return Ok((file, path));
        }
        self.rename(draft, &path, digest).map(|file| (file, path))
    }

    /// Processes that have an older file of that name loaded keep it: a rename does not touch its
    /// bytes.
    fn rename(&self, draft: &Draft, path: &Utf8Path, digest: Digest) -> Result<File, CacheError> {
        let failed = |error: Errno| CacheError::Write {
            path: self.0.clone(),
            source: error.into(),
        };
        fchmod(&draft.file, Mode::RUSR)
            .and_then(|()| renameat(CWD, draft.path.as_std_path(), CWD, path.as_std_path()))
            .map_err(failed)?;
        let file = open(path).map_err(failed)?;
        let (ours, theirs) = (
            fstat(&draft.file).map_err(failed)?,
            fstat(&file).map_err(failed)?,
        );
        if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino) {
            hold(&file);
            return Ok(file);
        }
        // Another process put the same content there in the meantime, or another user something
        // different.
        existing(path, digest).ok_or_else(|| CacheError::Spoiled {
            path: path.to_owned(),
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What was kept has another name by now.
        let _ = unlinkat(CWD, self.path.as_std_path(), AtFlags::empty());
    }
}

/// A file that is private, cannot be written through a name, and holds what its name says.
fn existing(path: &Utf8Path, digest: Digest) -> Option<File> {
    let file = open(path).ok()?;
    hold(&file);
    let stat = fstat(&file).ok()?;
    let is_private = stat.st_uid == rustix::process::geteuid().as_raw()
        && stat.st_mode & 0o777 == 0o400
        && stat.st_nlink > 0;
    (is_private && Digest::of_file(&file).ok()? == digest).then_some(file)
}

fn open(path: &Utf8Path) -> Result<File, Errno> {
    openat(
        CWD,
        path.as_std_path(),
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map(File::from)
}

/// Whether this process can neither write the file, nor exchange it, nor any directory above it.
pub(crate) fn is_out_of_reach(path: &Utf8Path) -> bool {
    let Ok(path) = path.canonicalize_utf8() else {
        return false;
    };
    path.ancestors().all(|part| {
        let writable = accessat(CWD, part.as_std_path(), Access::WRITE_OK, AtFlags::EACCESS);
        matches!(writable, Err(Errno::ACCESS | Errno::ROFS | Errno::PERM))
    })
}

fn default_directories() -> Vec<Utf8PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let mut directories = Vec::new();
    if !bimetal_verify::variables::runs_with_borrowed_rights() {
        let variable = |name| {
            std::env::var(name)
                .ok()
                .filter(|value: &String| value.starts_with('/'))
                .map(Utf8PathBuf::from)
        };
        directories.extend(variable("XDG_RUNTIME_DIR").map(|path| path.join("bimetal")));
        directories.extend(variable("TMPDIR").map(|path| path.join(format!("bimetal-{user}"))));
    }
    directories.push(Utf8PathBuf::from(format!("/tmp/bimetal-{user}")));
    directories.dedup();
    directories
}

/// A directory is as private as the way to it: who may exchange a directory above it may exchange
/// what the loader opens.
fn fits(path: &Utf8Path) -> bool {
    match mkdirat(CWD, path.as_std_path(), Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(_) => return false,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(directory) = openat(CWD, path.as_std_path(), flags, Mode::empty()) else {
        return false;
    };
    let Ok(stat) = fstat(&directory) else {
        return false;
    };
    let is_private =
        stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & RIGHTS_OF_OTHERS == 0;
    let executes = statvfs(path.as_std_path())
        .is_ok_and(|mount| !mount.f_flag.contains(StatVfsMountFlags::NOEXEC));
    is_private
        && executes
        && check_directory(path).is_ok()
        && accessat(CWD, path.as_std_path(), Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

fn list(paths: &[Utf8PathBuf]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    quoted.join(", ")
}
