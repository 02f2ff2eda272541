//! Values that cross the border: borrowed slices, owned buffers, errors, contexts, telemetry.
//!
//! In: nothing. Out: `#[repr(C)]` structs. Invariant: a [`Slice`] lives as long as the call; a [`Buffer`] until its `release`.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

/// Bytes that belong to somebody else and may be read during the call that gave them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// First byte; null only if `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: u64,
}

/// Bytes that now belong to the receiver, who gives them back with `release`.
#[repr(C)]
#[derive(Debug)]
pub struct Buffer {
    /// First byte; null only if `len` is 0.
    pub ptr: *mut u8,
    /// Number of bytes.
    pub len: u64,
    /// Passed to `release` as it is.
    pub owner: *mut c_void,
    /// Frees the bytes; null when there is nothing to free. Called at most once, from any thread.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void, ptr: *mut u8, len: u64)>,
}

/// What went wrong. The caller fills `struct_size` and zeroes the rest; the callee fills it when it returns a negative status.
#[repr(C)]
#[derive(Debug)]
pub struct Error {
    /// Size of the struct that the caller allocated, in bytes.
    pub struct_size: u32,
    /// Gives the signal of `retry_data`.
    pub signal: u32,
    /// `ERROR_…` bits.
    pub flags: u64,
    /// Delay before the next attempt, in nanoseconds.
    pub retry_after_ns: u64,
    /// HTTP status of the far end.
    pub http_status: i32,
    /// gRPC code of the far end.
    pub grpc_code: i32,
    /// Text for people, UTF-8.
    pub message: Buffer,
    /// The part that may be sent again, as OTLP.
    pub retry_data: Buffer,
}

/// What travels beside the data: deadline, cancellation, span, client metadata.
#[repr(C)]
#[derive(Debug)]
pub struct Context {
    /// Size of the struct that the caller allocated, in bytes.
    pub struct_size: u32,
    /// `CONTEXT_…` bits.
    pub flags: u32,
    /// Deadline in nanoseconds since 1970.
    pub deadline_unix_ns: u64,
    /// W3C trace id; zero when there is no span.
    pub trace_id: [u8; 16],
    /// W3C span id.
    pub span_id: [u8; 8],
    /// W3C trace flags.
    pub trace_flags: u32,
    /// Fills the gap before the pointer.
    pub reserved: u32,
    /// One word that becomes non-zero when the caller no longer waits; null when it never does.
    pub cancelled: *const u32,
    /// Collector's `RequestContext` protobuf; empty unless the factory has `FEATURE_METADATA`.
    pub metadata: Slice,
}

/// Telemetry on its way into a component.
#[repr(C)]
#[derive(Debug)]
pub struct Data {
    /// Size of the struct that the caller allocated, in bytes.
    pub struct_size: u32,
    /// `SIGNAL_…`.
    pub signal: u32,
    /// `FORMAT_…`: says which of the fields below is filled.
    pub format: u32,
    /// Fills the gap before the slice.
    pub reserved: u32,
    /// The encoded telemetry (`FORMAT_OTLP`).
    pub bytes: Slice,
    /// Address of Go's telemetry (`FORMAT_VIEW`).
    pub root: u64,
}

/// What `consume` gives back with `OUTCOME_REPLACED` or `OUTCOME_EDITS`.
#[repr(C)]
#[derive(Debug)]
pub struct Output {
    /// Size of the struct that the caller allocated, in bytes.
    pub struct_size: u32,
    /// `FORMAT_…` of `data`.
    pub format: u32,
    /// The new telemetry or the edit list.
    pub data: Buffer,
}

impl Slice {
    /// A slice of no bytes.
    pub const EMPTY: Self = Self { ptr: null(), len: 0 };

    /// Borrows `bytes` for a call.
    pub const fn from_bytes(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() as u64 }
    }
}

impl Buffer {
    /// A buffer of no bytes that needs no release.
    pub const EMPTY: Self = Self { ptr: null_mut(), len: 0, owner: null_mut(), release: None };
}

impl Error {
    /// An error record that says nothing yet, as a caller hands it over.
    pub const EMPTY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        signal: 0,
        flags: 0,
        retry_after_ns: 0,
        http_status: 0,
        grpc_code: 0,
        message: Buffer::EMPTY,
        retry_data: Buffer::EMPTY,
    };
}

impl Output {
    /// An output that holds nothing yet, as a caller hands it over.
    pub const EMPTY: Self =
        Self { struct_size: size_of::<Self>() as u32, format: 0, data: Buffer::EMPTY };
}

const _: () = assert!(size_of::<Slice>() == 16);
const _: () = assert!(size_of::<Buffer>() == 32);
const _: () = assert!(size_of::<Error>() == 96);
const _: () = assert!(size_of::<Context>() == 72);
const _: () = assert!(size_of::<Data>() == 40);
const _: () = assert!(size_of::<Output>() == 40);
