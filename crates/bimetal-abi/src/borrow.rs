//! How a pointer and a length of the other side become bytes.
//!
//! In: a [`Slice`] or a [`Buffer`] as it came, and the most bytes that can be meant. Out: the
//! bytes, or a [`SliceError`]. Invariant: Rust only, and the only place of the Rust side that makes
//! a slice of a pointer; a null with a length and a length beyond the limit are never followed.

use std::mem::offset_of;

use crate::number::LONGEST_DATA;
use crate::value::{Buffer, Output, Slice};

/// Why a pointer and a length are no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceError {
    /// A length and no address.
    Null {
        /// The length given.
        len: u64,
    },
    /// More bytes than can be meant.
    TooLong {
        /// The length given.
        len: u64,
        /// The limit.
        limit: u64,
    },
}

impl std::fmt::Display for SliceError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null { len } => write!(formatter, "a null pointer to {len} bytes"),
            Self::TooLong { len, limit } => {
                write!(
                    formatter,
                    "a length of {len} bytes, at most {limit} are allowed"
                )
            }
        }
    }
}

impl std::error::Error for SliceError {}

impl Slice {
    /// The bytes, of which there are at most `limit`. A null of no bytes is empty.
    ///
    /// # Safety
    /// A pointer that is not null is readable for `len` bytes, which do not change during `'a`.
    #[inline]
    pub unsafe fn bytes<'a>(self, limit: u64) -> Result<&'a [u8], SliceError> {
        let Self { ptr, len } = self;
        let limit = limit.min(isize::MAX as u64);
        match usize::try_from(len) {
            Ok(0) => Ok(&[]),
            _ if ptr.is_null() => Err(SliceError::Null { len }),
            Ok(length) if len <= limit => {
                // SAFETY: not null, of a possible length, and the caller vouches for the bytes.
                Ok(unsafe { std::slice::from_raw_parts(ptr, length) })
            }
            _ => Err(SliceError::TooLong { len, limit }),
        }
    }
}

impl Buffer {
    /// The bytes, of which there are at most `limit`.
    ///
    /// # Safety
    /// As for [`Slice::bytes`]; besides, the buffer is not given back during `'a`.
    pub unsafe fn bytes<'a>(&self, limit: u64) -> Result<&'a [u8], SliceError> {
        let slice = Slice {
            ptr: self.ptr,
            len: self.len,
        };
        // SAFETY: the caller vouches for the bytes.
        unsafe { slice.bytes(limit) }
    }

    /// Copies the bytes, of which there are at most `limit`, and gives the buffer back, whatever
    /// is in it.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes).
    pub unsafe fn take(self, limit: u64) -> Result<Vec<u8>, SliceError> {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { self.bytes(limit) }.map(<[u8]>::to_vec);
        if let Some(release) = self.release {
            // SAFETY: the buffer goes back as it came, and nothing has it afterwards.
            unsafe { release(self.owner, self.ptr, self.len) };
        }
        bytes
    }
}

impl Output {
    /// Size of the first version of the record. What comes behind it may be missing.
    pub const LEAST_SIZE: usize = offset_of!(Self, room);

    /// The caller's memory for an answer; none if it has none.
    ///
    /// # Safety
    /// A room that is not null is as long as it says, was written, and is used by nothing else
    /// during `'a`.
    pub unsafe fn room<'a>(&self) -> &'a mut [u64] {
        let is_aligned = self.room.addr().is_multiple_of(align_of::<u64>());
        match usize::try_from(self.room_len) {
            Ok(len) if !self.room.is_null() && is_aligned && self.room_len <= LONGEST_DATA => {
                let words = len / size_of::<u64>();
                // SAFETY: not null, aligned, of a possible length, and the caller vouches for it.
                unsafe { std::slice::from_raw_parts_mut(self.room.cast(), words) }
            }
            _ => &mut [],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::null;

    use super::*;

    fn bytes(slice: Slice, limit: u64) -> Result<&'static [u8], SliceError> {
        // SAFETY: what is not null in these tests points to as many bytes as the limit lets pass.
        unsafe { slice.bytes(limit) }
    }

    #[test]
    fn a_room_that_cannot_be_is_none() {
        let mut memory = [7_u64; 2];
        let start: *mut u8 = memory.as_mut_ptr().cast();
        let rooms = [
            (start, 16, 2),
            (start, 15, 1),
            (start, u64::MAX, 0),
            (start.wrapping_add(1), 8, 0),
            (std::ptr::null_mut(), 16, 0),
        ];
        for (room, room_len, words) in rooms {
            let output = Output {
                room,
                room_len,
                ..Output::EMPTY
            };
            // SAFETY: the memory is ours, and only a length that it has gets through.
            assert_eq!(unsafe { output.room() }.len(), words);
        }
    }

    #[test]
    fn a_null_with_a_length_and_a_length_beyond_the_limit_are_no_bytes() {
        let five = Slice {
            ptr: null(),
            len: 5,
        };
        assert_eq!(bytes(five, 10), Err(SliceError::Null { len: 5 }));
        let text = Slice::from_bytes(b"hello");
        assert_eq!(bytes(text, 5), Ok(&b"hello"[..]));
        let refused = SliceError::TooLong { len: 5, limit: 4 };
        assert_eq!(bytes(text, 4), Err(refused));
        for len in [1 << 63, u64::MAX] {
            let slice = Slice { len, ..text };
            let limit = isize::MAX as u64;
            let refused = Err(SliceError::TooLong { len, limit });
            assert_eq!(bytes(slice, u64::MAX), refused);
        }
    }

    #[test]
    fn no_bytes_need_no_address() {
        assert_eq!(bytes(Slice::EMPTY, 0), Ok(&[][..]));
        let nowhere = Slice {
            ptr: std::ptr::dangling(),
            len: 0,
        };
        assert_eq!(bytes(nowhere, 0), Ok(&[][..]));
    }
}
