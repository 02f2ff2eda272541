//! Who could have written or exchanged a plugin.
//!
//! In: an open file, a directory. Out: nothing, or [`RightsError`]: the first thing that keeps main
//! from taking it. Invariant: one rule for what is predicted and for what is loaded, and it is
//! verified for the user who asks: only root and that user may write the file, its directory, and
//! every directory on the way there, links' own directories included. A second name of a file (a
//! hard link) is allowed: owner and mode belong to the file, and who may put names into the
//! directory is checked there.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use crate::access_list::has_list;
use crate::compare::{Check, Mismatch, Outcome};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};

use crate::private_group::is_private;

const WRITABLE_BY_OTHERS: u32 = 0o022;
const WRITABLE_BY_ANYBODY: u32 = 0o002;
const STICKY: u32 = 0o1000;
const SET_GROUP: u32 = 0o2000;
/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

/// Why main does not take a file or a directory.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// The last part of a plugin's path is a link.
    #[error("`{path}` is a symbolic link")]
    Link { path: Utf8PathBuf },
    /// A plugin is not a file.
    #[error("`{path}` is not a regular file")]
    NotRegular { path: Utf8PathBuf },
    /// A part of the way is not a directory.
    #[error("`{path}` is not a directory")]
    NotADirectory { path: Utf8PathBuf },
    /// Another user owns it.
    #[error(
        "`{path}` belongs to user {owner}, who is neither root nor the Collector's user {user}"
    )]
    Owner {
        path: Utf8PathBuf,
        owner: u32,
        user: u32,
    },
    /// Another user may write it.
    #[error("`{path}` can be written by its group or by others (mode {mode:03o})")]
    Writable { path: Utf8PathBuf, mode: u32 },
    /// A list lets other users in, although the group is the user's own.
    #[error("`{path}` has an access control list by which others may write it (mode {mode:03o})")]
    AccessList { path: Utf8PathBuf, mode: u32 },
    /// The group of a volume may write it, as platforms arrange that which share volumes by group.
    #[error(
        "`{path}` can be written by group {group}, to which a set-gid directory gives all that is \
         made in it (mode {mode:04o})"
    )]
    GroupVolume {
        path: Utf8PathBuf,
        mode: u32,
        group: u32,
    },
    /// Everybody may put entries into a directory on the way, and the next part of the way is
    /// another user's entry.
    #[error(
        "everybody may put entries into `{path}` (mode {mode:04o}), and `{entry}` in it belongs to \
         user {owner}"
    )]
    Shared {
        path: Utf8PathBuf,
        mode: u32,
        entry: Utf8PathBuf,
        owner: u32,
    },
    /// The way never ends.
    #[error("`{path}` leads through more than {MOST_LINKS} symbolic links")]
    Endless { path: Utf8PathBuf },
    /// A part of the way cannot be looked at.
    #[error("cannot look at `{path}`")]
    Look {
        path: Utf8PathBuf,
        source: io::Error,
    },
}

/// A directory that no plugin is taken from, because others could exchange what is in it.
#[derive(Debug)]
pub struct UnsafeDirectory {
    /// As it was named.
    pub path: Utf8PathBuf,
    /// What is wrong with it, or on the way to it.
    pub error: RightsError,
}

impl UnsafeDirectory {
    /// Checks the directory at `path`; nothing if it is safe.
    pub fn of(path: &Utf8Path) -> Option<Self> {
        let error = check_directory(path).err()?;
        Some(Self {
            path: path.to_owned(),
            error,
        })
    }

    /// The same as a line of a report.
    pub fn mismatch(&self) -> Mismatch {
        self.error.mismatch(self.path.as_str())
    }
}

impl Hint for RightsError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Link { .. } => {
                "put the file itself into the plugin directory, or name the directory that the \
                 link leads to with `--plugins-dir`"
            }
            Self::NotRegular { .. } => "put the file itself into the plugin directory",
            Self::NotADirectory { .. } | Self::Endless { .. } => {
                "name the directory that holds the plugins with `--plugins-dir`"
            }
            Self::Owner { .. } => {
                "make sure where it came from, then `chown` it to root or to the Collector's user"
            }
            Self::Writable { .. } => {
                "make sure where it came from, then take the right to write away: `chmod go-w`"
            }
            Self::AccessList { .. } => {
                "make sure where it came from, then remove the list: `setfacl --remove-all`"
            }
            Self::GroupVolume { .. } => {
                "`chmod g-w` lasts until the volume is mounted again, where a platform sets the \
                 group; mount it read-only, take the plugins from an image, or pin them: \
                 `--plugins-trust lock=FILE`"
            }
            Self::Shared { .. } => {
                "keep plugins in a directory that only root or the Collector's user may write"
            }
            Self::Look { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "the Collector's user needs the right to enter every directory on the way"
            }
            Self::Look { .. } => return None,
        };
        Some(hint.into())
    }
}

impl RightsError {
    /// It is about who may write a file or directory that belongs to the right user. A digest that
    /// is pinned stands in for that.
    pub fn is_about_modes(&self) -> bool {
        matches!(
            self,
            Self::Writable { .. } | Self::GroupVolume { .. } | Self::AccessList { .. }
        )
    }

    /// The same as a line of a report; `name` is what the file or directory is called there.
    pub fn mismatch(&self, name: &str) -> Mismatch {
        let (wanted, found) = self.values();
        Mismatch {
            outcome: Outcome::Refused,
            check: Check::File,
            subject: name.to_owned(),
            main: Some(wanted),
            plugin: Some(found),
            count: 1,
            names: Vec::new(),
            required_by: Vec::new(),
            on_load:
                "the Collector loads nothing that another user could have written or exchanged"
                    .to_owned(),
            help: self
                .hint()
                .unwrap_or("make sure that the directory can be read".into())
                .into_owned(),
        }
    }

    fn values(&self) -> (String, String) {
        let (wanted, found) = match self {
            Self::Link { .. } => (
                "a file or directory of its own",
                "a symbolic link".to_owned(),
            ),
            Self::NotRegular { .. } => ("a regular file", "something else".to_owned()),
            Self::NotADirectory { path } => ("a directory", format!("`{path}` is none")),
            Self::Owner { path, owner, user } => {
                let wanted = if *user == 0 {
                    "owned by root".to_owned()
                } else {
                    format!("owned by root or by user {user}")
                };
                return (wanted, format!("`{path}` is owned by user {owner}"));
            }
            Self::Writable { path, mode } => (
                "writable by its owner only",
                format!("`{path}` has mode {mode:03o}"),
            ),
            Self::AccessList { .. } | Self::GroupVolume { .. } | Self::Shared { .. } => {
                ("out of the reach of other users", self.to_string())
            }
            Self::Endless { .. } | Self::Look { .. } => ("a way to it", self.to_string()),
        };
        (wanted.to_owned(), found)
    }
}

/// Checks a plugin's file; `metadata` is that of the open file, or of the last part of the path
/// without following it.
pub fn check_file(path: &Utf8Path, metadata: &Metadata) -> Result<(), RightsError> {
    let path = path.to_owned();
    if metadata.is_symlink() {
        return Err(RightsError::Link { path });
    }
    if !metadata.is_file() {
        return Err(RightsError::NotRegular { path });
    }
    private(path.as_std_path(), metadata)
}

/// Checks a directory that code is loaded from, and every directory on the way there. The way may
/// lead through links; what they lead to is verified from the root on, and so is where they lie.
pub fn check_directory(path: &Utf8Path) -> Result<(), RightsError> {
    let absolute = std::path::absolute(path).map_err(|source| look(path.as_std_path(), source))?;
    let (mut pending, mut links) = (names(&absolute), 0);
    // Always without links and without `..`: what is appended was looked at, and is no link.
    let mut real = PathBuf::from("/");
    while let Some(name) = pending.pop_front() {
        if name == ".." {
            real.pop();
            continue;
        }
        let entry = real.join(&name);
        let metadata = metadata_of(&entry)?;
        check_step(&real, &entry, &metadata)?;
        if !metadata.is_symlink() {
            real = entry;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(RightsError::Endless {
                path: path.to_owned(),
            });
        }
        let target = fs_err::read_link(&entry).map_err(|source| look(&entry, source))?;
        if target.is_absolute() {
            real = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            pending.push_front(name);
        }
    }
    let metadata = metadata_of(&real)?;
    if !metadata.is_dir() {
        return Err(RightsError::NotADirectory { path: shown(&real) });
    }
    private(&real, &metadata)
}

/// Whether `directory` keeps others from exchanging its `entry`. In a directory with the sticky
/// bit, such as `/tmp`, everybody may make entries, and each is safe from all but its owner. A
/// user's own group is the user.
fn check_step(directory: &Path, entry: &Path, metadata: &Metadata) -> Result<(), RightsError> {
    let holder = metadata_of(directory)?;
    if !holder.is_dir() {
        return Err(RightsError::NotADirectory {
            path: shown(directory),
        });
    }
    let is_own_group =
        || holder.mode() & WRITABLE_BY_ANYBODY == 0 && is_private(user(), holder.gid());
    match private(directory, &holder) {
        Err(error) if error.is_about_modes() && is_own_group() => {
            if has_list(directory) {
                return Err(RightsError::AccessList {
                    path: shown(directory),
                    mode: holder.mode() & 0o777,
                });
            }
            Ok(())
        }
        Err(error) if error.is_about_modes() && holder.mode() & STICKY != 0 => {
            if is_trusted(metadata.uid()) {
                return Ok(());
            }
            Err(RightsError::Shared {
                path: shown(directory),
                mode: holder.mode() & 0o7777,
                entry: shown(entry),
                owner: metadata.uid(),
            })
        }
        result => result,
    }
}

fn private(path: &Path, metadata: &Metadata) -> Result<(), RightsError> {
    if !is_trusted(metadata.uid()) {
        return Err(RightsError::Owner {
            path: shown(path),
            owner: metadata.uid(),
            user: user(),
        });
    }
    // An access control list that lets others write shows in the group's bits, which are its mask.
    if metadata.mode() & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    if is_of_a_group_volume(path, metadata) {
        return Err(RightsError::GroupVolume {
            path: shown(path),
            mode: metadata.mode() & 0o7777,
            group: metadata.gid(),
        });
    }
    Err(RightsError::Writable {
        path: shown(path),
        mode: metadata.mode() & 0o777,
    })
}

/// Whether a set-gid directory explains that the group may write: the directory itself, or the one
/// that a file lies in.
fn is_of_a_group_volume(path: &Path, metadata: &Metadata) -> bool {
    let is_shared = |metadata: &Metadata| {
        metadata.is_dir()
            && metadata.mode() & SET_GROUP != 0
            && metadata.mode() & WRITABLE_BY_ANYBODY == 0
    };
    if metadata.is_dir() || metadata.mode() & WRITABLE_BY_ANYBODY != 0 {
        return is_shared(metadata);
    }
    path.parent()
        .and_then(|directory| metadata_of(directory).ok())
        .is_some_and(|directory| is_shared(&directory) && directory.gid() == metadata.gid())
}

fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == user()
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

fn metadata_of(path: &Path) -> Result<Metadata, RightsError> {
    fs_err::symlink_metadata(path).map_err(|source| look(path, source))
}

fn look(path: &Path, source: io::Error) -> RightsError {
    RightsError::Look {
        path: shown(path),
        source,
    }
}

fn shown(path: &Path) -> Utf8PathBuf {
    Utf8PathBuf::from(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
