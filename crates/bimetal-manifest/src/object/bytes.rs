//! Ranges of a file.
//!
//! In: an open file. Out: bytes of a range. Invariant: a range is checked against a limit and the
//! file's size before memory is taken. Small ranges that follow each other cost one read together.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::error::ReadError;

/// What is read where less is asked for.
const AHEAD: usize = 16 << 10;
/// The longest range that more is read for.
const SMALL: usize = 1 << 10;

/// A file whose size was taken once.
#[derive(Debug)]
pub(super) struct Bytes<'f> {
    file: &'f File,
    size: u64,
    /// Where the bytes begin that were read last for a small range, and these.
    window: RefCell<(u64, Vec<u8>)>,
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
            window: RefCell::default(),
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
        let read = if count <= SMALL {
            self.small(offset, count)
        } else {
            self.read(offset, count)
        };
        read.map_err(|error| self.failed(error, offset + length, what))
    }

    /// Fills a buffer with the bytes from `offset` on.
    pub(super) fn fill(
        &self,
        offset: u64,
        buffer: &mut [u8],
        what: &'static str,
    ) -> Result<(), ReadError> {
        let length = buffer.len() as u64;
        self.check(offset, length, what)?;
        let read = self.file.read_exact_at(buffer, offset);
        read.map_err(|error| self.failed(error, offset + length, what))
    }

    fn failed(&self, error: io::Error, end: u64, what: &'static str) -> ReadError {
        match error.kind() {
            // The file got shorter since its size was taken.
            io::ErrorKind::UnexpectedEof => ReadError::Truncated {
                what,
                end,
                size: self.size,
            },
            _ => ReadError::Io { source: error },
        }
    }

    fn small(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut window = self.window.borrow_mut();
        let inside = |window: &(u64, Vec<u8>)| {
            let start = usize::try_from(offset.checked_sub(window.0)?).ok()?;
            let part = window.1.get(start..)?.get(..count)?;
            Some(part.to_vec())
        };
        if let Some(part) = inside(&window) {
            return Ok(part);
        }
        let rest = usize::try_from(self.size - offset).unwrap_or(usize::MAX);
        let (start, bytes) = &mut *window;
        // Nothing is known of it where reading fails.
        *start = u64::MAX;
        bytes.resize(rest.min(AHEAD), 0);
        self.file.read_exact_at(bytes, offset)?;
        *start = offset;
        Ok(bytes[..count].to_vec())
    }

    fn read(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
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
