//! The plugin directory as it was when the process started.
//!
//! In: a directory. Out: [`Snapshot`]: its `.so` files in file-name order, each with what tells a
//! changed file from an unchanged one. Invariant: reads names and metadata only; what was not there
//! at start is never used.

use std::io;
use std::os::fd::AsFd;

use bimetal_manifest::schema::Kind;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, CWD, Stat, fstat, statat};

use crate::settings::{Directory, Origin};

/// A directory with more files than this is not a plugin directory.
const MOST_FILES: usize = 4096;

/// What tells a file from every other, and from itself after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    /// In bytes.
    pub(crate) size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// One file that was in the directory at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    /// Name without the directory.
    pub(crate) name: String,
    /// Directory and name.
    pub(crate) path: Utf8PathBuf,
    /// As it was at start.
    pub(crate) stamp: Stamp,
}

/// The directory at start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// In file-name order.
    pub(crate) files: Vec<FoundFile>,
    /// Names that are left out, with the reason.
    pub(crate) left_out: Vec<(String, &'static str)>,
    /// Whether there is no such directory.
    pub(crate) is_missing: bool,
}

/// The directory cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoverError {
    #[error("cannot read the plugin directory `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the plugin directory `{path}` has more than {MOST_FILES} files")]
    TooMany { path: Utf8PathBuf },
}

impl DiscoverError {
    /// The next action for a person.
    #[expect(clippy::unnecessary_wraps, reason = "the form that every hint has")]
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read { source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Some("create it, or name another one with `--plugins-dir` or `OTELCOL_PLUGINS_DIR`")
            }
            Self::Read { .. } => Some("the Collector's user needs the right to list it"),
            Self::TooMany { .. } => {
                Some("name the directory that holds the plugins and nothing else")
            }
        }
    }
}

impl Stamp {
    /// Stamp of an open file.
    pub(crate) fn of(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::from_stat(&fstat(file)?))
    }

    pub(crate) fn from_stat(stat: &Stat) -> Self {
        #[expect(
            clippy::useless_conversion,
            reason = "the widths differ between targets"
        )]
        Self {
            device: stat.st_dev.into(),
            inode: stat.st_ino.into(),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (
                stat.st_mtime.into(),
                i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
            ),
            changed: (
                stat.st_ctime.into(),
                i64::try_from(stat.st_ctime_nsec).unwrap_or(0),
            ),
        }
    }
}

impl Snapshot {
    /// Lists the directory. One that was only built in may be absent: a distribution without
    /// plugins need not have it.
    pub(crate) fn take(directory: &Directory) -> Result<Self, DiscoverError> {
        let path = &directory.path;
        let entries = match path.as_std_path().read_dir() {
            Ok(entries) => entries,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && directory.origin == Origin::Manifest =>
            {
                return Ok(Self {
                    is_missing: true,
                    ..Self::default()
                });
            }
            Err(source) => {
                return Err(DiscoverError::Read {
                    path: path.clone(),
                    source,
                });
            }
        };
        let mut snapshot = Self::default();
        for entry in entries {
            let entry = entry.map_err(|source| DiscoverError::Read {
                path: path.clone(),
                source,
            })?;
            if snapshot.files.len() + snapshot.left_out.len() >= MOST_FILES {
                return Err(DiscoverError::TooMany { path: path.clone() });
            }
            match entry.file_name().into_string() {
                Ok(name) => snapshot.add(&name, path),
                Err(name) => snapshot.leave_out(&name.to_string_lossy(), "its name is not UTF-8"),
            }
        }
        snapshot
            .files
            .sort_by(|left, right| left.name.cmp(&right.name));
        snapshot.left_out.sort();
        Ok(snapshot)
    }

    /// The file that is left out and has the name of that component's plugin, with the reason.
    pub(crate) fn left_out_plugin(
        &self,
        kind: Kind,
        type_name: &str,
    ) -> Option<(&str, &'static str)> {
        self.left_out
            .iter()
            .map(|(name, why)| (name.as_str(), *why))
            .find(|(name, _)| is_named_after(name, kind, type_name))
    }

    /// The file of that name, if it was there at start.
    pub(crate) fn file(&self, name: &str) -> Option<&FoundFile> {
        self.files.iter().find(|file| file.name == name)
    }

    fn add(&mut self, name: &str, directory: &Utf8Path) {
        let path = directory.join(name);
        let Ok(stat) = statat(CWD, path.as_std_path(), AtFlags::SYMLINK_NOFOLLOW) else {
            return self.leave_out(name, "its metadata cannot be read");
        };
        match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
            rustix::fs::FileType::RegularFile if is_candidate(name) => {
                self.files.push(FoundFile {
                    name: name.to_owned(),
                    path,
                    stamp: Stamp::from_stat(&stat),
                });
            }
            rustix::fs::FileType::RegularFile => {}
            rustix::fs::FileType::Symlink => self.leave_out(name, "it is a symbolic link"),
            _ => self.leave_out(name, "it is not a regular file"),
        }
    }

    fn leave_out(&mut self, name: &str, why: &'static str) {
        if is_candidate(name) {
            self.left_out.push((name.to_owned(), why));
        }
    }
}

/// Whether a file has the name that the builder gives to the plugin of that component.
pub(crate) fn is_named_after(file: &str, kind: Kind, type_name: &str) -> bool {
    let stem = Utf8Path::new(file).file_stem().unwrap_or_default();
    stem.strip_prefix(kind.as_str())
        .and_then(|rest| rest.strip_prefix('-'))
        == Some(type_name)
}

/// Whether the name is that of a plugin. Hidden files are those of tools that copy, until they are
/// complete.
fn is_candidate(name: &str) -> bool {
    Utf8Path::new(name).extension() == Some("so") && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &Utf8Path, origin: Origin) -> Directory {
        Directory {
            path: path.to_owned(),
            origin,
        }
    }

    #[test]
    fn lists_regular_so_files_in_name_order_and_says_what_it_leaves_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        for name in ["b.so", "a.so", "plugins.lock", ".hidden.so"] {
            fs_err::write(path.join(name), "x").unwrap();
        }
        fs_err::os::unix::fs::symlink(path.join("a.so"), path.join("link.so")).unwrap();
        fs_err::create_dir(path.join("directory.so")).unwrap();
        let snapshot = Snapshot::take(&named(path, Origin::Flag)).unwrap();
        let names: Vec<_> = snapshot
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        assert_eq!(names, ["a.so", "b.so"]);
        let left_out: Vec<_> = snapshot
            .left_out
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(left_out, ["directory.so", "link.so"]);
    }

    #[test]
    fn what_is_left_out_is_found_by_the_name_that_a_plugin_would_have() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::os::unix::fs::symlink("elsewhere.so", path.join("processor-a.so")).unwrap();
        fs_err::create_dir(path.join("exporter-b.so")).unwrap();
        let snapshot = Snapshot::take(&named(path, Origin::Flag)).unwrap();
        assert_eq!(
            snapshot.left_out_plugin(Kind::Processor, "a"),
            Some(("processor-a.so", "it is a symbolic link"))
        );
        assert_eq!(
            snapshot.left_out_plugin(Kind::Exporter, "b"),
            Some(("exporter-b.so", "it is not a regular file"))
        );
        assert_eq!(snapshot.left_out_plugin(Kind::Receiver, "a"), None);
    }

    #[test]
    fn a_missing_directory_is_an_error_only_if_somebody_named_it() {
        let missing = Utf8Path::new("/nowhere/plugins");
        let built_in = Snapshot::take(&named(missing, Origin::Manifest)).unwrap();
        assert!(built_in.is_missing && built_in.files.is_empty());
        let error = Snapshot::take(&named(missing, Origin::Environment)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the plugin directory `/nowhere/plugins`"
        );
        assert!(error.hint().unwrap().contains("--plugins-dir"));
    }

    #[test]
    fn a_rewritten_file_has_another_stamp() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("a.so");
        fs_err::write(&path, "one").unwrap();
        let before = Stamp::of(fs_err::File::open(&path).unwrap()).unwrap();
        assert_eq!(
            before,
            Stamp::of(fs_err::File::open(&path).unwrap()).unwrap()
        );
        fs_err::write(&path, "three").unwrap();
        assert_ne!(
            before,
            Stamp::of(fs_err::File::open(&path).unwrap()).unwrap()
        );
    }
}
