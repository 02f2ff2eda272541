//! Tables of entries of one size.
//!
//! In: a place in the file. Out: entries. Invariant: a table has a limit, which is checked before
//! memory is taken.

use object::pod;

use crate::object::bytes::Bytes;
use crate::object::error::ReadError;

/// Most dynamic symbols that a file may have.
pub(super) const SYMBOLS_LIMIT: u64 = 1 << 20;

/// `count` entries of a table in the file.
pub(super) fn table<T: pod::Pod + Clone>(
    bytes: &Bytes<'_>,
    offset: u64,
    count: u64,
    what: &'static str,
    limit: u64,
) -> Result<Vec<T>, ReadError> {
    if count > limit {
        return Err(ReadError::Limit {
            what,
            found: count,
            limit,
        });
    }
    let length = count.saturating_mul(size_of::<T>() as u64);
    let data = bytes.range(offset, length, what, length)?;
    pod::slice_from_all_bytes(&data)
        .map(<[T]>::to_vec)
        .map_err(|()| ReadError::Malformed { what })
}

/// The file contradicts itself.
pub(super) fn damaged(what: &'static str) -> ReadError {
    ReadError::Malformed { what }
}
