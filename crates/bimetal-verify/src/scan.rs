//! The plugin files of a directory, by name.
//!
//! In: a directory. Out: [`Scan`]: its `.so` files in file-name order, each with what tells a
//! changed file from an unchanged one. Invariant: reads names and metadata only.

use std::borrow::Cow;
use std::io;
use std::os::fd::AsFd;

use bimetal_manifest::schema::Kind;
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, CWD, Stat, fstat, statat};

/// Most files that a plugin directory may have.
pub const ENTRIES_LIMIT: usize = 4096;

/// End of the names of plugin files.
const EXTENSION: &str = "so";

/// The plugin files of a directory.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The directory.
    pub directory: Utf8PathBuf,
    /// Sorted by file name.
    pub entries: Vec<Entry>,
}

/// One name that a plugin could have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name in the directory; what is not UTF-8 in it is replaced.
    pub file: String,
    /// Where it lies; nothing if its name is not UTF-8.
    pub path: Option<Utf8PathBuf>,
    /// As it was when the directory was scanned; nothing if that cannot be read.
    pub stamp: Option<Stamp>,
}

/// What tells a file from every other, and from itself after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    /// In bytes.
    pub size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Why a directory cannot be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("the plugin directory `{path}` does not exist")]
    Missing { path: Utf8PathBuf },
    #[error("`{path}` is not a directory")]
    NotADirectory { path: Utf8PathBuf },
    #[error("cannot read the plugin directory `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the plugin directory `{path}` has more than {ENTRIES_LIMIT} plugin files")]
    TooMany { path: Utf8PathBuf },
}

impl Hint for ScanError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Missing { .. } | Self::NotADirectory { .. } => {
                "create it, or name another one with `--plugins-dir` or `OTELCOL_PLUGINS_DIR`"
            }
            Self::Read { .. } => "check that this user may read the directory",
            Self::TooMany { .. } => "keep only plugins of this Collector in the directory",
        };
        Some(hint.into())
    }
}

impl Scan {
    /// Lists the plugin files of `directory`.
    pub fn of(directory: &Utf8Path) -> Result<Self, ScanError> {
        let path = || directory.to_owned();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ScanError::Missing { path: path() },
            io::ErrorKind::NotADirectory => ScanError::NotADirectory { path: path() },
            _ => ScanError::Read {
                path: path(),
                source,
            },
        };
        let mut entries = Vec::new();
        for entry in fs_err::read_dir(directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if !is_plugin_name(name.as_encoded_bytes()) {
                continue;
            }
            if entries.len() == ENTRIES_LIMIT {
                return Err(ScanError::TooMany { path: path() });
            }
            entries.push(match name.into_string() {
                Ok(name) => Entry::at(&directory.join(name)),
                Err(name) => Entry {
                    file: name.to_string_lossy().into_owned(),
                    path: None,
                    stamp: None,
                },
            });
        }
        entries.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(Self {
            directory: path(),
            entries,
        })
    }

    /// The file `name`.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.file == name)
    }
}

impl Entry {
    /// The file at `path`, wherever it lies. A link is looked at itself.
    pub fn at(path: &Utf8Path) -> Self {
        Self {
            file: path.file_name().unwrap_or(path.as_str()).to_owned(),
            path: Some(path.to_owned()),
            stamp: statat(CWD, path.as_std_path(), AtFlags::SYMLINK_NOFOLLOW)
                .ok()
                .map(|stat| Stamp::from_stat(&stat)),
        }
    }

    /// Whether the file has the name that the builder gives to the plugin of that component.
    pub fn is_named_after(&self, kind: Kind, type_name: &str) -> bool {
        let stem = Utf8Path::new(&self.file).file_stem().unwrap_or_default();
        stem.strip_prefix(kind.as_str())
            .and_then(|rest| rest.strip_prefix('-'))
            == Some(type_name)
    }
}

impl Stamp {
    /// Stamp of an open file.
    pub fn of(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::from_stat(&fstat(file)?))
    }

    /// Stamp of what was looked at.
    pub fn from_stat(stat: &Stat) -> Self {
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

/// Hidden files are those of tools that copy, until they are complete.
fn is_plugin_name(name: &[u8]) -> bool {
    let end = name.rsplit(|&byte| byte == b'.').next();
    !name.starts_with(b".") && name.contains(&b'.') && end == Some(EXTENSION.as_bytes())
}
