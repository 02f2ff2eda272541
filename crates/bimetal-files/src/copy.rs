//! Copies and hashes in one pass, so that a digest is that of the bytes that were written.
//!
//! In: a file, or anything that can be read. Out: the same bytes elsewhere and their digest.
//! Invariant: a failed read and a failed write have different errors; a caller can stop in between.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8Path;
use fs_err as fs;

use crate::{Action, Digest, FileError, Hasher, create_directory, open};

const CHUNK: usize = 256 << 10;

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Digest of all bytes.
    pub digest: Digest,
    /// How many there were.
    pub size: u64,
}

/// A copy that did not succeed; which file it was is known to the caller.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct CopyError {
    /// Which side failed.
    pub action: Action,
    /// What it answered.
    pub source: io::Error,
}

/// Copies everything. When `is_stopped` says so, the copy ends with [`io::ErrorKind::Interrupted`].
pub fn copy_hashed(
    from: &mut impl Read,
    to: &mut impl Write,
    is_stopped: fn() -> bool,
) -> Result<Copied, CopyError> {
    let failed = |action| move |source| CopyError { action, source };
    let (mut hasher, mut chunk, mut size) = (Hasher::default(), vec![0; CHUNK], 0);
    loop {
        if is_stopped() {
            return Err(failed(Action::Read)(io::ErrorKind::Interrupted.into()));
        }
        let count = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(Action::Read)(error)),
        };
        hasher.update(&chunk[..count]);
        to.write_all(&chunk[..count])
            .map_err(failed(Action::Write))?;
        size += count as u64;
    }
    to.flush().map_err(failed(Action::Write))?;
    Ok(Copied {
        digest: hasher.finish(),
        size,
    })
}

/// Copies the file `from` to `to`, which gets this mode whatever the user's mask is. Makes the
/// directories above it.
pub fn copy_file(
    from: &Utf8Path,
    to: &Utf8Path,
    mode: u32,
    is_stopped: fn() -> bool,
) -> Result<Digest, FileError> {
    let mut input = open(from)?;
    if let Some(directory) = to.parent() {
        create_directory(directory)?;
    }
    let written = FileError::writing(to);
    let mut output = fs::File::create(to.as_std_path()).map_err(written)?;
    let copied =
        copy_hashed(&mut input, &mut output, is_stopped).map_err(|error| match error.action {
            Action::Read => FileError::reading(from)(error.source),
            Action::Write => written(error.source),
        })?;
    output
        .set_permissions(std::fs::Permissions::from_mode(mode))
        .map_err(written)?;
    Ok(copied.digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_digest_of_its_bytes_and_the_mode_that_was_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let bytes = vec![7; CHUNK + 17];
        let (from, to) = (root.join("from"), root.join("a/b"));
        fs::write(&from, &bytes).unwrap();
        assert_eq!(
            copy_file(&from, &to, 0o751, || false).unwrap(),
            Digest::of(&bytes)
        );
        assert_eq!(fs::read(&to).unwrap(), bytes);
        let mode = fs::metadata(&to).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o751);
    }

    #[test]
    fn the_side_that_failed_is_named_and_a_stopped_copy_is_an_interrupt() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::TimedOut.into())
            }
        }
        let action = |result: Result<Copied, CopyError>| {
            let error = result.unwrap_err();
            (error.action, error.source.kind())
        };
        assert_eq!(
            action(copy_hashed(&mut Broken, &mut io::sink(), || false)),
            (Action::Read, io::ErrorKind::TimedOut)
        );
        assert_eq!(
            action(copy_hashed(&mut &b"x"[..], &mut &mut [][..], || false)),
            (Action::Write, io::ErrorKind::WriteZero)
        );
        assert_eq!(
            action(copy_hashed(&mut &b"x"[..], &mut io::sink(), || true)),
            (Action::Read, io::ErrorKind::Interrupted)
        );
    }
}
