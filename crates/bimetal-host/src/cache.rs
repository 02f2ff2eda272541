//! The private directory that Go plugins are loaded from.
//!
//! In: a flag, the environment. Out: [`Directory`], files named by their digest. Invariant: the
//! directory belongs to this user, no other user can enter it, and code may be executed from it. A
//! file that is already there is hashed again before it is believed.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bimetal_files::Digest;
use bimetal_terminal::Hint;
use bimetal_verify::chain;
use bimetal_verify::rights::{RightsError, check_directory};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{
    Access, AtFlags, CWD, Mode, OFlags, accessat, fchmod, fstat, openat, renameat, unlinkat,
};
use rustix::io::Errno;

use crate::place::{self, Unfit};
use crate::prune::{COPY, DRAFT, hold, prune};

/// Where private copies may go.
#[derive(Debug)]
pub(crate) struct Cache {
    candidates: Vec<Utf8PathBuf>,
    /// The user named it: no other one will do.
    is_named: bool,
    chosen: OnceLock<Result<Directory, Vec<Unfit>>>,
    instead: OnceLock<String>,
    is_said: AtomicBool,
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
    #[error("private copies have no place: {tried}")]
    NoDirectory { tried: String },
    #[error("{0}")]
    Rights(#[from] RightsError),
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
            Self::Rights(_) => return None,
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
        match named {
            Some(named) => {
                let named = camino::absolute_utf8(named).unwrap_or_else(|_| named.to_owned());
                Self::of(vec![named], true)
            }
            None => Self::of(default_directories(), false),
        }
    }

    fn of(candidates: Vec<Utf8PathBuf>, is_named: bool) -> Self {
        Self {
            candidates,
            is_named,
            chosen: OnceLock::new(),
            instead: OnceLock::new(),
            is_said: AtomicBool::new(false),
        }
    }

    /// The first candidate that fits, made if necessary.
    pub(crate) fn directory(&self) -> Result<&Directory, CacheError> {
        let chosen = self.chosen.get_or_init(|| self.choose());
        chosen.as_ref().map_err(|tried| {
            let tried: Vec<_> = tried.iter().map(|unfit| chain(unfit)).collect();
            CacheError::NoDirectory {
                tried: tried.join("; "),
            }
        })
    }

    /// Once: that another user took the directory, and which one is used.
    pub(crate) fn warning(&self) -> Option<&str> {
        let instead = self.instead.get()?;
        (!self.is_said.swap(true, Ordering::Relaxed)).then_some(instead)
    }

    fn choose(&self) -> Result<Directory, Vec<Unfit>> {
        let mut tried = Vec::new();
        for path in &self.candidates {
            match place::prepare(path) {
                Ok(()) => {
                    prune(path);
                    return Ok(Directory(path.clone()));
                }
                Err(unfit) => tried.push(unfit),
            }
        }
        let taken = self.candidates.iter().zip(&tried);
        let found = taken
            .filter(|(_, unfit)| unfit.is_taken() && !self.is_named)
            .find_map(|(path, unfit)| Some((unfit, place::beside(path)?)));
        let Some((unfit, path)) = found else {
            return Err(tried);
        };
        let _ = self.instead.set(format!(
            "{unfit}: private copies of plugins go to `{path}`; `--plugins-cache-dir` names a \
             place that no other user can take"
        ));
        prune(&path);
        Ok(Directory(path))
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

    /// The private copies that have this many bytes, open, and where they lie.
    pub(crate) fn of_size(&self, size: u64) -> impl Iterator<Item = (File, Utf8PathBuf)> {
        let entries = self.0.read_dir_utf8().into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let is_copy = entry.file_name().ends_with(COPY);
            let path = entry.path();
            let has_size = is_copy && entry.metadata().is_ok_and(|found| found.len() == size);
            has_size.then(|| Some((private(path)?, path.to_owned())))?
        })
    }

    /// Whether `file` is the copy with this content, which was read from it, and its path leads to
    /// it.
    pub(crate) fn is_copy(&self, file: &File, path: &Utf8Path, digest: Digest) -> bool {
        path == self.copy(digest) && self.leads_to(path, file).is_ok()
    }

    /// Gives the draft the name of its content, or finds that content there already.
    pub(crate) fn keep(
        &self,
        draft: &Draft,
        digest: Digest,
    ) -> Result<(File, Utf8PathBuf), CacheError> {
        let path = self.copy(digest);
        let file = match existing(&path, digest) {
            Some(file) => file,
            None => self.rename(draft, &path, digest)?,
        };
        self.leads_to(&path, &file)?;
        Ok((file, path))
    }

    /// Where the copy with this content lies, if there is one.
    pub(crate) fn copy(&self, digest: Digest) -> Utf8PathBuf {
        self.0.join(format!("{digest}{COPY}"))
    }

    /// Go's loader is given a path. It leads to the verified bytes as long as no other user can
    /// exchange a part of it, so that is checked when the bytes are there.
    fn leads_to(&self, path: &Utf8Path, file: &File) -> Result<(), CacheError> {
        check_directory(&self.0)?;
        let same = open(path).and_then(|found| Ok((fstat(&found)?, fstat(file)?)));
        match same {
            Ok((found, kept)) if (found.st_dev, found.st_ino) == (kept.st_dev, kept.st_ino) => {
                Ok(())
            }
            _ => Err(CacheError::Spoiled {
                path: path.to_owned(),
            }),
        }
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
    let file = private(path)?;
    (Digest::of_file(&file).ok()? == digest).then_some(file)
}

/// A file that is private and cannot be written through a name.
fn private(path: &Utf8Path) -> Option<File> {
    let file = open(path).ok()?;
    hold(&file);
    let stat = fstat(&file).ok()?;
    let is_private = stat.st_uid == rustix::process::geteuid().as_raw()
        && stat.st_mode & 0o777 == 0o400
        && stat.st_nlink > 0;
    is_private.then_some(file)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    /// A user that this machine has no use for.
    const STRANGER: u32 = 47_113;

    #[test]
    fn a_directory_that_another_user_took_is_named_with_its_owner_and_a_fresh_one_is_used() {
        let directory = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(directory.path()).unwrap();
        let taken = top.join("bimetal-0");
        fs_err::create_dir(&taken).unwrap();
        chown(&taken, Some(STRANGER), None).expect("giving files away needs root");
        let says = format!("`{taken}` belongs to user {STRANGER}");

        let cache = Cache::of(vec![taken.clone()], false);
        let fresh = cache.directory().unwrap().path().to_owned();
        assert!(fresh.as_str().starts_with(&format!("{taken}-")), "{fresh}");
        let mode = fs_err::metadata(&fresh).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        let warning = cache.warning().unwrap().to_owned();
        assert!(warning.contains(&says), "{warning}");
        assert!(warning.contains(fresh.as_str()), "{warning}");
        assert_eq!(cache.warning(), None, "it is said once");

        // The next start finds the copies that this one left; not those of another user.
        let next = |taken: &Utf8Path| {
            let cache = Cache::of(vec![taken.to_owned()], false);
            cache.directory().unwrap().path().to_owned()
        };
        assert_eq!(next(&taken), fresh);
        chown(&fresh, Some(STRANGER), None).unwrap();
        assert_ne!(next(&taken), fresh);

        // What the operator named is used or refused.
        let error = Cache::of(vec![taken], true).directory().unwrap_err();
        assert!(error.to_string().contains(&says), "{error}");
    }

    #[test]
    fn a_copy_whose_directory_can_be_exchanged_by_then_is_not_handed_to_the_loader() {
        let directory = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(directory.path()).unwrap();
        let cache = Cache::of(vec![top.join("cache")], true);
        let place = cache.directory().unwrap();
        let keep = || {
            let draft = place.draft().unwrap();
            place.keep(&draft, Digest::of(b"")).map(|(_, path)| path)
        };
        keep().unwrap();
        fs_err::set_permissions(top, std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = keep().unwrap_err();
        assert!(matches!(error, CacheError::Rights(_)), "{error:?}");
    }

    /// An account that every Debian has, with a group of its own.
    const DAEMON: u32 = 1;

    /// Runs `work` as another user, in a thread that ends afterwards.
    fn as_user<T: Send>(user: u32, work: impl FnOnce() -> T + Send) -> T {
        use rustix::process::{Gid, Uid};
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
                set_thread_groups(&[]).expect("changing the user needs root");
                set_thread_res_gid(group, group, group).unwrap();
                set_thread_res_uid(user, user, user).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }

    /// Lets the stranger write, as `setfacl -m u:47113:rwx` does.
    fn let_the_stranger_in(path: &Utf8Path) {
        const UNNAMED: u32 = u32::MAX;
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, user) in [
            (1_u16, 7_u16, UNNAMED),
            (2, 7, STRANGER),
            (4, 5, UNNAMED),
            (16, 7, UNNAMED),
            (32, 5, UNNAMED),
        ] {
            list.extend(tag.to_le_bytes());
            list.extend(rights.to_le_bytes());
            list.extend(user.to_le_bytes());
        }
        let name = "system.posix_acl_access";
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(path.as_std_path(), name, &list, flags).unwrap();
    }

    /// Puts a file of the stranger's where the loader would look, as often as that works.
    fn exchange(parent: &Utf8Path, name: &str, done: &AtomicBool) -> usize {
        let mut times = 0;
        while !done.load(Ordering::Relaxed) {
            let away = parent.join(format!("away-{times}"));
            if fs_err::rename(parent.join("cache"), away).is_ok() {
                fs_err::create_dir(parent.join("cache")).unwrap();
                fs_err::write(parent.join("cache").join(name), "the stranger's").unwrap();
                times += 1;
            }
        }
        times
    }

    #[test]
    fn who_races_for_the_directory_by_an_access_control_list_gets_nothing_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(directory.path()).unwrap();
        let parent = top.join("parent");
        fs_err::create_dir(&parent).unwrap();
        chown(&parent, Some(DAEMON), Some(DAEMON)).unwrap();
        for (path, mode) in [(top, 0o755), (&*parent, 0o775)] {
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let cache = Cache::of(vec![parent.join("cache")], true);
        let digest = Digest::of(b"verified");
        let name = format!("{digest}.so");
        let race = || {
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let attack = scope.spawn(|| as_user(STRANGER, || exchange(&parent, &name, &done)));
                let kept = as_user(DAEMON, || {
                    let place = cache.directory().unwrap();
                    let keep = || {
                        let mut draft = place.draft()?;
                        std::io::Write::write_all(&mut draft.file, b"verified").unwrap();
                        let (_, path) = place.keep(&draft, digest)?;
                        Ok::<_, CacheError>(fs_err::read(path).unwrap())
                    };
                    (0..200).filter_map(|_| keep().ok()).collect::<Vec<_>>()
                });
                done.store(true, Ordering::Relaxed);
                (kept, attack.join().unwrap())
            })
        };
        // The group is the user's own, so a stranger can do nothing.
        let (kept, times) = race();
        assert_eq!((kept.len(), times), (200, 0));
        assert!(kept.iter().all(|bytes| bytes == b"verified"));
        // With the list he wins every race, and what he put there is not handed on.
        let_the_stranger_in(&parent);
        let (kept, _) = race();
        assert!(kept.is_empty(), "{} were handed on", kept.len());
    }
}
