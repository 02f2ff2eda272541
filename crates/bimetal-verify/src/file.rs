//! One plugin file, read once for one decision.
//!
//! In: an [`Entry`] of a scan, or an open copy. Out: [`PluginFile`]: digest, owner and mode, and
//! what stands in it. Invariant: everything about one file comes from one descriptor. A link is not
//! followed.

use std::fs::File;

use bimetal_files::Digest;
use bimetal_manifest::object::{self, Artifact, ReadError};
use camino::Utf8Path;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use crate::HINTS;
use crate::rights::{RightsError, check_file};
use crate::scan::{Entry, Stamp};
use crate::verdict::Problem;

/// A plugin file as it was read.
#[derive(Debug)]
pub struct PluginFile {
    /// Name in the directory.
    pub file: String,
    /// As it was when it was read.
    pub stamp: Option<Stamp>,
    /// Digest, where it was asked for and could be taken.
    pub sha256: Option<Digest>,
    /// Who else could have written it.
    pub rights: Option<RightsError>,
    /// What the file is, or why that cannot be known.
    pub artifact: Result<Artifact, Problem>,
}

/// Whether the digest of a file is taken when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// It decides together with the lock.
    Taken,
    /// The lock does not matter yet.
    LeftOut,
}

impl PluginFile {
    /// Reads the file of `entry`.
    pub fn read(entry: &Entry, digests: Digests) -> Self {
        let (mut read, file) = Self::open(entry);
        if digests == Digests::Taken {
            read.take_digest(file.as_ref());
        }
        read
    }

    /// Reads the file of `entry` without its digest, and leaves it open if it has one.
    pub fn open(entry: &Entry) -> (Self, Option<File>) {
        match Self::opened(entry) {
            Ok((path, file)) => Self::whole(path, file),
            Err(problem) => (Self::unreadable(entry.file.clone(), problem), None),
        }
    }

    /// Reads no more of the file of `entry` than its manifest. [`PluginFile::whole`] goes on with
    /// the open file. An error is a file that cannot be opened.
    pub fn outline(entry: &Entry) -> Result<(Self, &Utf8Path, File), Problem> {
        let (path, file) = Self::opened(entry)?;
        let outline = Self::of(path, &file, object::outline(&file));
        Ok((outline, path, file))
    }

    /// Same as [`PluginFile::open`], for a file that is open.
    pub fn whole(path: &Utf8Path, file: File) -> (Self, Option<File>) {
        let artifact = object::read_plugin(&file);
        let has_digest = !matches!(
            artifact,
            Err(ReadError::NotRegular | ReadError::TooLarge { .. } | ReadError::Io { .. })
        );
        let read = Self::of(path, &file, artifact);
        (read, has_digest.then_some(file))
    }

    fn opened(entry: &Entry) -> Result<(&Utf8Path, File), Problem> {
        let Some(path) = &entry.path else {
            let what = "a file whose name is not UTF-8";
            return Err(Problem::of(&ReadError::Unsupported { what }, HINTS));
        };
        Ok((path, open(path)?))
    }

    /// Takes the digest of `file`, which [`PluginFile::open`] left open.
    pub fn take_digest(&mut self, file: Option<&File>) {
        let Some(file) = file else { return };
        match Digest::of_file(file) {
            Ok(digest) => self.sha256 = Some(digest),
            Err(source) => self.artifact = Err(Problem::of(&ReadError::Io { source }, HINTS)),
        }
        self.stamp = Stamp::of(file).ok();
    }

    /// Reads every file of a scan.
    pub fn read_all(entries: &[Entry], digests: Digests) -> Vec<Self> {
        entries
            .iter()
            .map(|entry| Self::read(entry, digests))
            .collect()
    }

    /// A file of which `problem` is all that is known.
    pub fn unreadable(file: String, problem: Problem) -> Self {
        Self {
            file,
            stamp: None,
            sha256: None,
            rights: None,
            artifact: Err(problem),
        }
    }

    /// A copy of the file `file` that cannot change any more, and its digest.
    pub fn of_copy(file: &str, copy: &File, digest: Digest) -> Self {
        Self {
            file: file.to_owned(),
            stamp: None,
            sha256: Some(digest),
            rights: None,
            artifact: Artifact::read(copy).map_err(|error| Problem::of(&error, HINTS)),
        }
    }

    fn of(path: &Utf8Path, file: &File, artifact: Result<Artifact, ReadError>) -> Self {
        let rights = file
            .metadata()
            .ok()
            .and_then(|metadata| check_file(path, &metadata).err())
            // The reader says it.
            .filter(|error| !matches!(error, RightsError::NotRegular { .. }));
        Self {
            file: path.file_name().unwrap_or(path.as_str()).to_owned(),
            stamp: Stamp::of(file).ok(),
            sha256: None,
            rights,
            artifact: artifact.map_err(|error| Problem::of(&error, HINTS)),
        }
    }
}

/// Opens a plugin's file itself, without waiting for another program that writes to it.
pub fn open(path: &Utf8Path) -> Result<File, Problem> {
    open_itself(path).map_err(|error| match error {
        Errno::LOOP => {
            let error = RightsError::Link {
                path: path.to_owned(),
            };
            Problem::of(&error, HINTS)
        }
        error => {
            let source = error.into();
            Problem::of(&ReadError::Open { source }, HINTS)
        }
    })
}

/// Opens what has that name: a link is `ELOOP`, and no writer is waited for.
pub fn open_itself(path: &Utf8Path) -> Result<File, Errno> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    openat(CWD, path.as_std_path(), flags, Mode::empty()).map(File::from)
}
