//! Which directory is fit for private copies, and what is wrong with one that is not.
//!
//! In: paths. Out: a directory that is made if necessary, or [`Unfit`]. Invariant: a directory that
//! fits belongs to this user, no other user can enter it or exchange it or one above it, and code
//! may be executed from it.

use std::hash::{BuildHasher as _, RandomState};
use std::io;

use bimetal_verify::rights::{RightsError, check_directory};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{
    Access, AtFlags, CWD, Mode, OFlags, StatVfsMountFlags, accessat, fstat, mkdirat, openat,
    statvfs,
};
use rustix::io::Errno;

const RIGHTS_OF_OTHERS: u32 = 0o077;
/// A name is taken once in 2^64 tries, or by a user who knew it.
const TRIES: usize = 3;

/// Why private copies cannot go into a directory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("cannot make `{path}`")]
    Make {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` is not a directory itself")]
    NoDirectory { path: Utf8PathBuf },
    #[error("`{path}` belongs to user {owner}, and not to the Collector's user {user}")]
    Taken {
        path: Utf8PathBuf,
        owner: u32,
        user: u32,
    },
    #[error("others may enter `{path}` (mode {mode:03o})")]
    Open { path: Utf8PathBuf, mode: u32 },
    #[error("`{path}` lies on a file system that is mounted `noexec`")]
    NoExecution { path: Utf8PathBuf },
    #[error("`{path}` cannot be written")]
    ReadOnly {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{0}")]
    Rights(#[from] RightsError),
}

impl Unfit {
    /// Another user made what has that name, or could have: another name helps.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Taken { .. } | Self::NoDirectory { .. })
    }
}

/// A directory is as private as the way to it: who may exchange a directory above it may exchange
/// what the loader opens.
pub(crate) fn prepare(path: &Utf8Path) -> Result<(), Unfit> {
    let owned = || path.to_owned();
    let make = |error: Errno| Unfit::Make {
        path: owned(),
        source: error.into(),
    };
    match mkdirat(CWD, path.as_std_path(), Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(make(error)),
    }
    // Without a right to read it, which a directory of another user may not give.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match openat(CWD, path.as_std_path(), flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(Unfit::NoDirectory { path: owned() }),
        Err(error) => return Err(make(error)),
    };
    let stat = fstat(&directory).map_err(make)?;
    let user = rustix::process::geteuid().as_raw();
    if stat.st_uid != user {
        return Err(Unfit::Taken {
            path: owned(),
            owner: stat.st_uid,
            user,
        });
    }
    if stat.st_mode & RIGHTS_OF_OTHERS != 0 {
        return Err(Unfit::Open {
            path: owned(),
            mode: stat.st_mode & 0o777,
        });
    }
    let mount = statvfs(path.as_std_path()).map_err(make)?;
    if mount.f_flag.contains(StatVfsMountFlags::NOEXEC) {
        return Err(Unfit::NoExecution { path: owned() });
    }
    check_directory(path)?;
    accessat(CWD, path.as_std_path(), Access::WRITE_OK, AtFlags::EACCESS).map_err(|error| {
        Unfit::ReadOnly {
            path: owned(),
            source: error.into(),
        }
    })
}

/// A directory beside `taken`, under a name that no other user could know: one that this user made
/// at an earlier start, or a new one.
pub(crate) fn beside(taken: &Utf8Path) -> Option<Utf8PathBuf> {
    let (parent, name) = (taken.parent()?, taken.file_name()?);
    let prefix = format!("{name}-");
    let earlier = parent.read_dir_utf8().ok()?.filter_map(Result::ok);
    let mut earlier = earlier.filter(|entry| entry.file_name().starts_with(&prefix));
    let fits = |path: &Utf8Path| prepare(path).is_ok();
    if let Some(found) = earlier.find(|entry| fits(entry.path())) {
        return Some(found.path().to_owned());
    }
    let fresh = |_| {
        parent.join(format!(
            "{prefix}{:016x}",
            RandomState::new().hash_one(name)
        ))
    };
    let made = |path: &Utf8PathBuf| mkdirat(CWD, path.as_std_path(), Mode::RWXU).is_ok();
    (0..TRIES).map(fresh).find(|path| made(path) && fits(path))
}
