//! Takes a plugin's bytes out of the reach of everybody else, before they are judged.
//!
//! In: a path. Out: [`Copy`]: the bytes that will be loaded, and their digest.
//! Invariant: a file is read once, through one descriptor. What is judged is the copy, and the copy cannot change: a sealed memory
//! file for Rust, a private file named by its content for Go.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use bimetal_manifest::Digest;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{
    CWD, MemfdFlags, Mode, OFlags, SealFlags, fchmod, fcntl_add_seals, fstat, memfd_create, openat,
};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::cache::{Cache, CacheError};
use crate::discover::Stamp;

/// Plugins are tens of megabytes; anything much larger is a mistake or an attack.
pub(crate) const LARGEST_FILE: u64 = 512 << 20;
const CHUNK: usize = 256 << 10;

/// A plugin's file, open, and as safe as its owner and mode make it.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Where it lies.
    pub(crate) path: Utf8PathBuf,
    /// As it is now.
    pub(crate) stamp: Stamp,
    file: File,
}

/// Bytes that nobody can change any more.
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
    #[error("`{path}` is a symbolic link")]
    Link { path: Utf8PathBuf },
    #[error("`{path}` is not a regular file")]
    NotRegular { path: Utf8PathBuf },
    #[error("`{path}` belongs to user {owner}, who is neither root nor the Collector's user")]
    Owner { path: Utf8PathBuf, owner: u32 },
    #[error("`{path}` can be written by its group or by others (mode {mode:03o})")]
    Writable { path: Utf8PathBuf, mode: u32 },
    #[error("`{path}` has {size} bytes, more than the {LARGEST_FILE} that a plugin may have")]
    TooLarge { path: Utf8PathBuf, size: u64 },
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` changed while it was read")]
    Changed { path: Utf8PathBuf },
    #[error("cannot make a memory file for `{path}`")]
    Memory {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot make a private copy of `{path}`")]
    Private {
        path: Utf8PathBuf,
        source: CacheError,
    },
}

impl CopyError {
    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Link { .. } => Some("put the file itself into the plugin directory"),
            Self::Owner { .. } => Some(
                "`chown` it to root or to the Collector's user, after making sure where it came from",
            ),
            Self::Writable { .. } => Some("take the right to write away: `chmod go-w`"),
            Self::Changed { .. } => {
                Some("copy plugins under another name and rename them into place")
            }
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("the Collector's user needs the right to read it")
            }
            Self::Private { source, .. } => source.hint(),
            _ => None,
        }
    }
}

impl Opened {
    /// Opens a plugin's file and looks at its owner and mode.
    pub(crate) fn open(path: &Utf8Path) -> Result<Self, CopyError> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let descriptor =
            openat(CWD, path.as_std_path(), flags, Mode::empty()).map_err(|error| match error {
                Errno::LOOP => CopyError::Link {
                    path: path.to_owned(),
                },
                error => CopyError::Open {
                    path: path.to_owned(),
                    source: error.into(),
                },
            })?;
        let stat = fstat(&descriptor).map_err(|error| CopyError::Open {
            path: path.to_owned(),
            source: error.into(),
        })?;
        if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile {
            return Err(CopyError::NotRegular {
                path: path.to_owned(),
            });
        }
        check_rights(path, stat.st_uid, stat.st_mode)?;
        let stamp = Stamp::of(&descriptor).map_err(|source| CopyError::Open {
            path: path.to_owned(),
            source,
        })?;
        if stamp.size > LARGEST_FILE {
            return Err(CopyError::TooLarge {
                path: path.to_owned(),
                size: stamp.size,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            stamp,
            file: File::from(descriptor),
        })
    }

    /// The file itself, for reading what only decides what to do with it: nothing that is read here is loaded.
    pub(crate) fn peek(&self) -> &File {
        &self.file
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
            Err(Errno::ACCESS | Errno::PERM | Errno::NOSYS) => return self.into_private(cache),
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

    /// Copies into a private file; where no folder fits, takes the file in place if this process could not write it.
    pub(crate) fn into_private(self, cache: &Cache) -> Result<Copy, CopyError> {
        let folder = match cache.folder() {
            Ok(folder) => folder,
            Err(reason) => return self.in_place(reason),
        };
        let private = |path: &Utf8Path, source| CopyError::Private {
            path: path.to_owned(),
            source,
        };
        let mut draft = folder
            .draft()
            .map_err(|source| private(&self.path, source))?;
        let digest = self.copy_to(&mut draft.file, |path, source| CopyError::Private {
            path,
            source: CacheError::Write {
                path: folder.path().to_owned(),
                source,
            },
        })?;
        let (file, path) = folder
            .keep(&draft, digest)
            .map_err(|source| private(&self.path, source))?;
        Ok(Copy { file, path, digest })
    }

    fn in_place(self, reason: CacheError) -> Result<Copy, CopyError> {
        if !crate::cache::is_out_of_reach(&self.path) {
            return Err(CopyError::Private {
                path: self.path,
                source: reason,
            });
        }
        let digest = self.copy_to(&mut io::sink(), |path, source| CopyError::Read {
            path,
            source,
        })?;
        Ok(Copy {
            file: self.file,
            path: self.path,
            digest,
        })
    }

    fn copy_to(
        &self,
        target: &mut impl Write,
        failed: impl Fn(Utf8PathBuf, io::Error) -> CopyError,
    ) -> Result<Digest, CopyError> {
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        let mut source = (&self.file).take(self.stamp.size + 1);
        let mut copied = 0;
        loop {
            let count = match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    return Err(CopyError::Read {
                        path: self.path.clone(),
                        source,
                    });
                }
            };
            hasher.update(&chunk[..count]);
            target
                .write_all(&chunk[..count])
                .map_err(|source| failed(self.path.clone(), source))?;
            copied += count as u64;
        }
        target
            .flush()
            .map_err(|source| failed(self.path.clone(), source))?;
        let after = Stamp::of(&self.file).map_err(|source| CopyError::Read {
            path: self.path.clone(),
            source,
        })?;
        if copied != self.stamp.size || after != self.stamp {
            return Err(CopyError::Changed {
                path: self.path.clone(),
            });
        }
        Ok(Digest(hasher.finalize().into()))
    }
}

/// Looks at owner and mode of a directory: whoever may write it may exchange the files in it.
pub(crate) fn check_directory(path: &Utf8Path) -> Result<(), CopyError> {
    let stat = rustix::fs::stat(path.as_std_path()).map_err(|error| CopyError::Open {
        path: path.to_owned(),
        source: error.into(),
    })?;
    check_rights(path, stat.st_uid, stat.st_mode)
}

fn check_rights(path: &Utf8Path, owner: u32, mode: u32) -> Result<(), CopyError> {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(CopyError::Owner {
            path: path.to_owned(),
            owner,
        });
    }
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(CopyError::Writable {
            path: path.to_owned(),
            mode: mode & 0o777,
        });
    }
    Ok(())
}

fn memory_file(name: &str) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(name, flags | MemfdFlags::EXEC) {
        // Kernels before 6.3 do not know `EXEC`, and make every memory file executable.
        Err(Errno::INVAL) => memfd_create(name, flags),
        result => result,
    }
}
