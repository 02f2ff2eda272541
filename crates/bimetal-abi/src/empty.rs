//! How a caller hands over records that the callee fills.
//!
//! In: nothing. Out: empty values of the C ABI's structs, and the one borrow. Invariant: Rust
//! only; the C header does not have them.

use std::ptr::{null, null_mut};

use crate::value::{Buffer, Context, Error, Output, Slice};

/// Size of a record of the C ABI, as its `struct_size` holds it.
///
/// ```
/// let data = bimetal_abi::struct_size::<bimetal_abi::Data>();
/// assert_eq!(data, 40);
/// ```
#[expect(
    clippy::cast_possible_truncation,
    reason = "records of the C ABI have at most some hundred bytes"
)]
pub const fn struct_size<T>() -> u32 {
    size_of::<T>() as u32
}

impl Slice {
    /// A slice of no bytes.
    pub const EMPTY: Self = Self {
        ptr: null(),
        len: 0,
    };

    /// Borrows `bytes` for a call.
    pub const fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len() as u64,
        }
    }
}

impl Buffer {
    /// A buffer of no bytes that needs no release.
    pub const EMPTY: Self = Self {
        ptr: null_mut(),
        len: 0,
        owner: null_mut(),
        release: None,
    };
}

impl Error {
    /// An error record that says nothing yet, as a caller hands it over.
    pub const EMPTY: Self = Self {
        struct_size: struct_size::<Self>(),
        signal: 0,
        flags: 0,
        retry_after_ns: 0,
        http_status: 0,
        grpc_code: 0,
        message: Buffer::EMPTY,
        retry_data: Buffer::EMPTY,
    };
}

impl Context {
    /// A context of which nothing is known: no deadline, no span, and a caller who waits.
    pub const EMPTY: Self = Self {
        struct_size: struct_size::<Self>(),
        flags: 0,
        deadline_unix_ns: 0,
        trace_id: [0; 16],
        span_id: [0; 8],
        trace_flags: 0,
        reserved: 0,
        cancelled: null(),
        metadata: Slice::EMPTY,
    };
}

impl Output {
    /// An output that holds nothing yet, as a caller hands it over.
    pub const EMPTY: Self = Self {
        struct_size: struct_size::<Self>(),
        format: 0,
        data: Buffer::EMPTY,
        text: Buffer::EMPTY,
        room: null_mut(),
        room_len: 0,
    };
}
