//! The writes of [`super::package`].
//!
//! In: contents and where they belong. Out: files, `.bimetal.json`. Invariant: everything is
//! checked and copied before the first rename; what was there before stays whole when anything
//! fails before that.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::{Digest, FileError, RelativePath};
use camino::Utf8Path;
use fs_err as fs;

use super::copied::Copied;
use super::entry::{Content, Entry};
use super::error::PackageError;
use crate::model::documents::DOCUMENTS;
use crate::owned::{Ours, remove_leftovers};

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Puts every entry into place, the last one last, and removes ours that are not among them.
pub fn put(out: &Utf8Path, entries: &[Entry]) -> Result<(), PackageError> {
    let mut ours = Ours::load(out)?;
    check_directories(out, entries)?;
    let changed = changed(out, entries, &ours)?;

    // Copied first: a full disk shows here, where nothing has been replaced yet.
    let copied = Copied::all(out, &changed)?;
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let gone: Vec<String> = ours
        .artifacts
        .keys()
        .filter(|name| !names.contains(name.as_str()))
        .cloned()
        .collect();
    for entry in entries {
        ours.artifacts
            .insert(entry.path.to_string(), entry.content.digest().tagged());
    }
    // Recorded before the renames: a run that is cut short leaves only files that the next one
    // knows.
    ours.save(out)?;
    copied.rename()?;

    for name in gone {
        retire(out, &name, &mut ours)?;
    }
    ours.save(out)?;
    // Copies of a builder that was killed before it recorded them.
    Ok(remove_leftovers(out)?)
}

/// The directories that exist really lie in `out`, whatever links are there, and those of programs
/// belong to their owner alone.
fn check_directories(out: &Utf8Path, entries: &[Entry]) -> Result<(), PackageError> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let path = out.join(&entry.path);
        let Some(directory) = path
            .parent()
            .filter(|directory| *directory != out && seen.insert(directory.to_path_buf()))
        else {
            continue;
        };
        if !leads_inside(out, directory)? {
            return Err(PackageError::Escapes {
                path: directory.to_owned(),
            });
        }
        if let (Content::File { .. }, Ok(metadata)) = (&entry.content, fs::metadata(directory)) {
            let mode = metadata.permissions().mode() & 0o777;
            if metadata.is_dir() && mode & WRITABLE_BY_OTHERS != 0 {
                return Err(PackageError::OpenDirectory {
                    path: directory.to_owned(),
                    mode,
                });
            }
        }
    }
    Ok(())
}

/// Whether `directory`, as far as it exists, is below `out` after all links are followed.
fn leads_inside(out: &Utf8Path, directory: &Utf8Path) -> Result<bool, PackageError> {
    let real = |path: &Utf8Path| path.canonicalize_utf8().map_err(FileError::reading(path));
    match directory
        .ancestors()
        .find(|directory| directory.symlink_metadata().is_ok())
    {
        Some(existing) => Ok(real(existing)?.starts_with(real(out)?)),
        None => Ok(true),
    }
}

/// The entries that are not in place yet; an error when one would take the place of something that
/// is not ours.
fn changed<'a>(
    out: &Utf8Path,
    entries: &'a [Entry],
    ours: &Ours,
) -> Result<Vec<&'a Entry>, PackageError> {
    let (mut changed, mut foreign) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = out.join(&entry.path);
        match state(&path, entry)? {
            State::Equal => {}
            State::Absent => changed.push(entry),
            State::Other if ours.artifacts.contains_key(entry.path.as_str()) => changed.push(entry),
            State::Other | State::NoFile => foreign.push(path),
        }
    }
    if foreign.is_empty() {
        Ok(changed)
    } else {
        Err(PackageError::NotOurs { paths: foreign })
    }
}

/// What stands where an entry belongs.
enum State {
    Absent,
    /// The entry's bytes and mode.
    Equal,
    /// Another file or a link; a rename replaces it.
    Other,
    /// A directory or a device.
    NoFile,
}

fn state(path: &Utf8Path, entry: &Entry) -> Result<State, PackageError> {
    let failed = FileError::reading(path);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Absent),
        // A file stands where one of its directories belongs.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(State::NoFile),
        Err(source) => return Err(failed(source).into()),
    };
    if metadata.is_symlink() {
        return Ok(State::Other);
    }
    if !metadata.is_file() {
        return Ok(State::NoFile);
    }
    if metadata.permissions().mode() & 0o777 != entry.content.mode() {
        return Ok(State::Other);
    }
    // What was verified where it stands is not read once more.
    if matches!(&entry.content, Content::File { from, .. } if from == path) {
        return Ok(State::Equal);
    }
    let digest = Digest::of_path(path)?;
    Ok(if digest == entry.content.digest() {
        State::Equal
    } else {
        State::Other
    })
}

/// Removes a plugin, a sidecar or a text about a hermetic build that an earlier build left, unless
/// something else was put into its place. A main under another name stays.
fn retire(out: &Utf8Path, name: &str, ours: &mut Ours) -> Result<(), PackageError> {
    let directory = Utf8Path::new(name).parent().unwrap_or(Utf8Path::new(""));
    if directory.as_str().is_empty() && !DOCUMENTS.contains(&name) {
        return Ok(());
    }
    let path = out.join(name);
    // The record is a file that anybody can edit: a path in it never leads out of the directory.
    if RelativePath::parse(name).is_ok()
        && leads_inside(out, &out.join(directory))?
        && ours.artifacts.get(name) == digest(&path).as_ref()
    {
        bimetal_files::remove_if_present(&path)?;
        // A directory that is not empty stays.
        for directory in path
            .ancestors()
            .skip(1)
            .take_while(|directory| *directory != out)
        {
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }
    ours.artifacts.remove(name);
    Ok(())
}

/// As the record has it; `None` for what is no regular file or cannot be read.
fn digest(path: &Utf8Path) -> Option<String> {
    // Opening anything else could wait for ever.
    fs::symlink_metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    Digest::of_path(path).ok().map(|digest| digest.tagged())
}
