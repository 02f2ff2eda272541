//! Ranges of a file.
//!
//! In: an open file. Out: bytes of a range. Invariant: a range is checked against a limit and the
//! file's size before memory is taken.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::error::ReadError;

/// A file whose size was taken once.
#[derive(Debug)]
pub(super) struct Bytes<'f> {
    file: &'f File,
    size: u64,
}

impl<'f> Bytes<'f> {
    pub(super) fn new(file: &'f File) -> Result<Self, ReadError> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ReadError::NotRegular);
        }
        Ok(Self {
            file,
            size: metadata.len(),
        })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The first bytes; fewer if the file is shorter.
    pub(super) fn start(&self, length: u64) -> Result<Vec<u8>, ReadError> {
        let length = length.min(self.size);
        self.range(0, length, "the start", length)
    }

    /// `length` bytes from `offset` on; `what` names them in an error.
    pub(super) fn range(
        &self,
        offset: u64,
        length: u64,
        what: &'static str,
        limit: u64,
    ) -> Result<Vec<u8>, ReadError> {
        if length > limit {
            return Err(ReadError::Limit {
                what,
                found: length,
                limit,
            });
        }
        self.check(offset, length, what)?;
        let count = usize::try_from(length).map_err(|_| ReadError::Limit {
            what,
            found: length,
            limit,
        })?;
        let mut bytes = vec![0; count];
        match self.file.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes),
            // The file got shorter since its size was taken.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(ReadError::Truncated {
                    what,
                    end: offset + length,
                    size: self.size,
                })
            }
            Err(source) => Err(ReadError::Io { source }),
        }
    }

    /// Whether the range lies inside the file.
    pub(super) fn check(
        &self,
        offset: u64,
        length: u64,
        what: &'static str,
    ) -> Result<(), ReadError> {
        let end = offset
            .checked_add(length)
            .ok_or(ReadError::Malformed { what })?;
        if end > self.size {
            Err(ReadError::Truncated {
                what,
                end,
                size: self.size,
            })
        } else {
            Ok(())
        }
    }
}
