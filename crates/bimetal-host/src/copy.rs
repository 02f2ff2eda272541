//! Takes a plugin's bytes out of the reach of other users, before they are verified.
//!
//! In: a path. Out: [`Copy`]: the bytes that will be loaded, and their digest. Invariant: a file is
//! read once, through one descriptor, and nothing is written where a good copy is there already.
//! What is verified is the copy, and the copy cannot change: a sealed memory file for Rust, a
//! private file named by its content for Go.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use bimetal_files::{Action, Digest, copy_hashed};
use bimetal_manifest::ReadError;
use bimetal_manifest::object::check_plugin_size;
use bimetal_terminal::Hint;
use bimetal_verify::rights::{RightsError, check_directory, check_file};
use bimetal_verify::{Problem, Stamp, open_itself};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use crate::HINTS;
use crate::cache::{Cache, CacheError, Directory};

/// A plugin's file, open, and as safe as its owner and mode make it.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Where it lies.
    pub(crate) path: Utf8PathBuf,
    /// As it is now.
    pub(crate) stamp: Stamp,
    file: File,
}

/// What says that the bytes are the right ones, beside owner and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// Nothing.
    No,
    /// A digest that is compared with that of the copy.
    ByDigest,
}

/// Bytes that cannot change any more.
#[derive(Debug)]
pub(crate) struct Copy {
    /// The bytes, open for reading.
    pub(crate) file: File,
    /// Path that the loader opens; names the same bytes as `file`.
    pub(crate) path: Utf8PathBuf,
    /// Their digest.
    pub(crate) digest: Digest,
}

/// A plugin's bytes cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("cannot open `{path}`")]
    Open {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{0}")]
    Rights(#[from] RightsError),
    #[error("{0}")]
    TooLarge(#[source] ReadError),
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` changed while it was read")]
    Changed { path: Utf8PathBuf },
    #[error("the file is not the one that was there when the Collector started")]
    Replaced,
    #[error("the file has digest {found}; the one that was verified had {verified}")]
    NotTheVerified { verified: Digest, found: Digest },
    #[error("cannot make a memory file for `{path}`")]
    Memory {
        path: Utf8PathBuf,
        source: io::Error,
    },
    /// Neither memory nor a file.
    #[error(
        "the kernel or a sandbox refuses executable memory files (`memfd_create`: {refusal}), and \
         `{path}` cannot be copied into a private file either"
    )]
    Nowhere {
        path: Utf8PathBuf,
        refusal: Errno,
        source: CacheError,
    },
    #[error("cannot make a private copy of `{path}`")]
    Private {
        path: Utf8PathBuf,
        source: CacheError,
    },
}

impl Hint for CopyError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Replaced => {
                "restart needed: a running Collector keeps to the plugin directory as it was at \
                 its start"
            }
            Self::NotTheVerified { .. } => "validate it again when nothing writes it any more",
            Self::Changed { .. } => "copy plugins under another name and rename them into place",
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "the Collector's user needs the right to read it"
            }
            Self::Nowhere { .. } => {
                "allow memory files (`sysctl vm.memfd_noexec=0`, or `memfd_create` in the \
                 sandbox's filter), or name a directory of mode 0700 with `--plugins-cache-dir`"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl CopyError {
    /// The problem of a file that was exchanged.
    pub(crate) fn replaced() -> Problem {
        Problem::of(&Self::Replaced, HINTS)
    }
}

impl Opened {
    /// Opens a plugin's file and looks at its owner and, where no digest stands in for it, its
    /// mode.
    pub(crate) fn open(path: &Utf8Path, vouched: Vouched) -> Result<Self, CopyError> {
        let file = open_itself(path).map_err(|error| match error {
            Errno::LOOP => CopyError::Rights(RightsError::Link {
                path: path.to_owned(),
            }),
            error => CopyError::Open {
                path: path.to_owned(),
                source: error.into(),
            },
        })?;
        let failed = |source| CopyError::Open {
            path: path.to_owned(),
            source,
        };
        match check_file(path, &file.metadata().map_err(failed)?) {
            Err(error) if vouched == Vouched::ByDigest && error.is_about_modes() => {}
            checked => checked?,
        }
        let stamp = Stamp::of(&file).map_err(failed)?;
        check_plugin_size(stamp.size).map_err(CopyError::TooLarge)?;
        Ok(Self {
            path: path.to_owned(),
            stamp,
            file,
        })
    }

    /// Copies into a sealed memory file; where the system forbids those, into a private file.
    pub(crate) fn into_memory(self, cache: &Cache) -> Result<Copy, CopyError> {
        let name = self
            .path
            .file_name()
            .unwrap_or("plugin")
            .chars()
            .take(100)
            .collect::<String>();
        let memory = match memory_file(&name) {
            Ok(memory) => memory,
            Err(refusal @ (Errno::ACCESS | Errno::PERM | Errno::NOSYS)) => {
                return self.into_private(cache).map_err(|error| match error {
                    CopyError::Private { path, source } => CopyError::Nowhere {
                        path,
                        refusal,
                        source,
                    },
                    error => error,
                });
            }
            Err(error) => {
                return Err(CopyError::Memory {
                    path: self.path,
                    source: error.into(),
                });
            }
        };
        let mut memory = File::from(memory);
        let digest = self.copy_to(&mut memory, |path, source| CopyError::Memory {
            path,
            source,
        })?;
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fchmod(&memory, Mode::RUSR | Mode::XUSR)
            .and_then(|()| fcntl_add_seals(&memory, seals))
            .map_err(|error| CopyError::Memory {
                path: self.path,
                source: error.into(),
            })?;
        let path = Utf8PathBuf::from(format!("/proc/self/fd/{}", memory.as_fd().as_raw_fd()));
        Ok(Copy {
            file: memory,
            path,
            digest,
        })
    }

    /// Copies into a private file; where no directory fits, takes the file in place if this process
    /// could not write it.
    pub(crate) fn into_private(self, cache: &Cache) -> Result<Copy, CopyError> {
        let directory = match cache.directory() {
            Ok(directory) => directory,
            Err(reason) => return self.in_place(reason),
        };
        let private = |path: &Utf8Path, source| CopyError::Private {
            path: path.to_owned(),
            source,
        };
        // A start with warm copies writes nothing.
        if let Some(copy) = self.warm(directory) {
            return Ok(copy);
        }
        let mut draft = directory
            .draft()
            .map_err(|source| private(&self.path, source))?;
        let digest = self.copy_to(&mut draft.file, |path, source| CopyError::Private {
            path,
            source: CacheError::Write {
                path: directory.path().to_owned(),
                source,
            },
        })?;
        let (file, path) = directory
            .keep(&draft, digest)
            .map_err(|source| private(&self.path, source))?;
        Ok(Copy { file, path, digest })
    }

    /// The copy that is there already, if there is a good one. Both files are read once, side by
    /// side, and what they have in common is hashed once: hashing takes longer than all else.
    fn warm(&self, directory: &Directory) -> Option<Copy> {
        let mut copies: Vec<_> = directory.of_size(self.stamp.size).collect();
        if copies.len() > 1 {
            // Builds of one plugin differ in few bytes, which may lie far from the start.
            let wanted = directory.copy(self.digest().ok()?);
            copies.retain(|(_, path)| *path == wanted);
        }
        copies.into_iter().find_map(|(file, path)| {
            let failed = |path, source| CopyError::Read { path, source };
            let digest = self.copy_to(&mut Equal::to(&file), failed).ok()?;
            let is_it = directory.is_copy(&file, &path, digest);
            is_it.then_some(Copy { file, path, digest })
        })
    }

    fn in_place(self, reason: CacheError) -> Result<Copy, CopyError> {
        let directory = self.path.parent().unwrap_or(Utf8Path::new("/"));
        if check_directory(directory).is_err() || !crate::cache::is_out_of_reach(&self.path) {
            return Err(CopyError::Private {
                path: self.path,
                source: reason,
            });
        }
        let digest = self.digest()?;
        Ok(Copy {
            file: self.file,
            path: self.path,
            digest,
        })
    }

    fn digest(&self) -> Result<Digest, CopyError> {
        self.copy_to(&mut io::sink(), |path, source| CopyError::Read {
            path,
            source,
        })
    }

    fn copy_to(
        &self,
        target: &mut impl Write,
        failed: impl Fn(Utf8PathBuf, io::Error) -> CopyError,
    ) -> Result<Digest, CopyError> {
        let read = |source| CopyError::Read {
            path: self.path.clone(),
            source,
        };
        (&self.file).rewind().map_err(read)?;
        // One byte more than there was shows a file that grows.
        let mut source = (&self.file).take(self.stamp.size + 1);
        let copied =
            copy_hashed(&mut source, target, || false).map_err(|error| match error.action {
                Action::Read => read(error.source),
                Action::Write => failed(self.path.clone(), error.source),
            })?;
        let after = Stamp::of(&self.file).map_err(read)?;
        if copied.size != self.stamp.size || after != self.stamp {
            return Err(CopyError::Changed {
                path: self.path.clone(),
            });
        }
        Ok(copied.digest)
    }
}

/// Takes what a file has, in its order, and nothing else.
struct Equal<'f> {
    file: &'f File,
    chunk: Vec<u8>,
}

impl<'f> Equal<'f> {
    fn to(file: &'f File) -> Self {
        let chunk = Vec::new();
        Self { file, chunk }
    }
}

impl Write for Equal<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.resize(bytes.len(), 0);
        self.file.read_exact(&mut self.chunk)?;
        if self.chunk != bytes {
            return Err(io::Error::other("it differs"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn memory_file(name: &str) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(name, flags | MemfdFlags::EXEC) {
        // Kernels before 6.3 do not know `EXEC`, and make every memory file executable.
        Err(Errno::INVAL) => memfd_create(name, flags),
        result => result,
    }
}

#[cfg(test)]
mod tests;
