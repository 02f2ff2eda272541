//! Tables of entries of one size.
//!
//! In: a place in the file. Out: entries. Invariant: a table has a limit, which is checked before
//! memory is taken.

use object::pod;

use crate::object::bytes::Bytes;
use crate::object::error::ReadError;

/// Entries that are read at a time.
const CHUNK: usize = 4096;

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

/// Shows `visit` the `count` entries of a table in the file, however long it is.
pub(super) fn each<T: pod::Pod>(
    bytes: &Bytes<'_>,
    offset: u64,
    count: u64,
    what: &'static str,
    mut visit: impl FnMut(u64, &T) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let size = size_of::<T>();
    let length = count.saturating_mul(size as u64);
    bytes.check(offset, length, what)?;
    let most = usize::try_from(count).map_or(CHUNK, |count| count.min(CHUNK));
    // One for all chunks: its zeros were a tenth of a pass.
    let mut chunk = vec![0; most * size];
    let mut done = 0;
    while done < count {
        let part = usize::try_from(count - done).map_or(most, |rest| rest.min(most));
        let buffer = &mut chunk[..part * size];
        bytes.fill(offset + done * size as u64, buffer, what)?;
        let entries = pod::slice_from_all_bytes::<T>(buffer);
        let entries = entries.map_err(|()| ReadError::Malformed { what })?;
        for (number, entry) in (done..).zip(entries) {
            visit(number, entry)?;
        }
        done += part as u64;
    }
    Ok(())
}

/// The file contradicts itself.
pub(super) fn damaged(what: &'static str) -> ReadError {
    ReadError::Malformed { what }
}
