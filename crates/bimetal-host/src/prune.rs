//! Takes away private copies that are no longer needed.
//!
//! In: the directory of private copies. Out: the same directory without copies and drafts that no
//! process has used for a week. Invariant: a file that some process holds (it has a shared lock on
//! it from the moment it found it) is never removed, and neither is anything with a name that this
//! crate does not give. What fails is left for the next start.

use std::fs::File;
use std::time::{Duration, SystemTime};

use bimetal_files::Digest;
use camino::Utf8Path;
use rustix::fs::{
    CWD, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens, openat,
};

/// Long enough for a Collector that is started every weekend.
const KEPT: Duration = Duration::from_hours(7 * 24);
pub(crate) const COPY: &str = ".so";
pub(crate) const DRAFT: &str = ".draft-";

/// Marks a private copy as used, now and for as long as the file stays open. Where the file system
/// knows no locks, nothing is removed either.
pub(crate) fn hold(file: &File) {
    let _ = file.lock_shared();
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let unchanged = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_OMIT,
    };
    let times = Timestamps {
        last_access: unchanged,
        last_modification: now,
    };
    let _ = futimens(file, &times);
}

/// Removes what no process has used for a week.
pub(crate) fn prune(directory: &Utf8Path) {
    let Ok(entries) = directory.read_dir_utf8() else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if is_ours(entry.file_name()) {
            let _ = remove_unused(entry.path());
        }
    }
}

/// The lock is held while the name is removed: a process that finds the file later waits for it,
/// and sees that it has no name any more.
fn remove_unused(path: &Utf8Path) -> Option<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = openat(CWD, path.as_std_path(), flags, Mode::empty()).ok()?;
    let file = File::from(file);
    file.try_lock().ok()?;
    let metadata = file.metadata().ok()?;
    let age = SystemTime::now().duration_since(metadata.modified().ok()?);
    if metadata.is_file() && age.ok()? > KEPT {
        fs_err::remove_file(path).ok()?;
    }
    Some(())
}

fn is_ours(name: &str) -> bool {
    let is_copy = name
        .strip_suffix(COPY)
        .is_some_and(|digest| digest.parse::<Digest>().is_ok());
    is_copy || name.starts_with(DRAFT)
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    struct Place {
        directory: tempfile::TempDir,
    }

    impl Place {
        fn file(&self, name: &str, age: Duration) -> Utf8PathBuf {
            let path = Utf8Path::from_path(self.directory.path())
                .unwrap()
                .join(name);
            let file = fs_err::File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
            path
        }

        fn pruned(&self) {
            prune(Utf8Path::from_path(self.directory.path()).unwrap());
        }
    }

    #[test]
    fn copies_and_drafts_that_are_old_and_unused_go_and_everything_else_stays() {
        let place = Place {
            directory: tempfile::tempdir().unwrap(),
        };
        let (old, young) = (KEPT + Duration::from_mins(1), Duration::from_mins(1));
        let name = |content: &[u8]| format!("{}.so", Digest::of(content));
        let gone = [
            place.file(&name(b"old"), old),
            place.file(".draft-1-0", old),
        ];
        let used = place.file(&name(b"used"), old);
        let found = place.file(&name(b"found"), old);
        let kept = [
            used.clone(),
            found.clone(),
            place.file(&name(b"young"), young),
            place.file(".draft-2-0", young),
            place.file("notes.so", old),
            place.file("notes", old),
        ];
        let in_use = fs_err::File::open(&used).unwrap();
        in_use.file().lock_shared().unwrap();
        // A process that has ended meanwhile leaves the time of its use.
        hold(fs_err::File::open(&found).unwrap().file());
        place.pruned();
        assert_eq!(gone.map(|path| path.exists()), [false; 2]);
        for path in kept {
            assert!(path.exists(), "{path}");
        }
        // Not only closed: what another test is about to start has our open files until its `exec`,
        // and with them the lock.
        in_use.file().unlock().unwrap();
        drop(in_use);
        place.pruned();
        assert!(!used.exists(), "its process has ended");
    }
}
