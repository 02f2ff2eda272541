//! Values that cross the FFI boundary: borrowed slices, owned buffers, errors, contexts, telemetry.
//!
//! In: nothing. Out: `#[repr(C)]` structs. Invariant: a [`Slice`] lives as long as the call; a
//! [`Buffer`] until its `release`.

use std::ffi::c_void;
use std::mem::offset_of;

/// Bytes that belong to the other side and may be read during the call that gave them. A null with
/// a length breaks the contract, and so does a length above `LONGEST_DATA`, or above `LONGEST_TEXT`
/// for a text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// First byte; null only if `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: u64,
}

/// Bytes that now belong to the receiver, who gives them back with `release`. Limits as for
/// [`Slice`].
#[repr(C)]
#[derive(Debug)]
pub struct Buffer {
    /// First byte; null only if `len` is 0.
    pub ptr: *mut u8,
    /// Number of bytes.
    pub len: u64,
    /// Passed to `release` as it is.
    pub owner: *mut c_void,
    /// Frees the bytes; null when there is nothing to free, because they live as long as the
    /// process. Called at most once, from any thread.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void, ptr: *mut u8, len: u64)>,
}

/// What went wrong. The caller fills `struct_size` and zeroes the rest; the callee fills it when it
/// returns a negative status.
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
    /// The encoded telemetry (`FORMAT_OTLP`), its rows (`FORMAT_TABLE`), or the table of [`Field`]s
    /// that says how it lies (`FORMAT_VIEW`), the same in every call and as long as the process.
    pub bytes: Slice,
    /// Address of Go's telemetry (`FORMAT_VIEW`): of the export request. What it leads to may be
    /// read during the call only, and nothing may be written. Of a table (`FORMAT_TABLE`), which
    /// only `Host::send` is given, the address of the [`Slice`] of its text.
    pub root: u64,
}

/// One row of the table that says how telemetry lies in Go's memory: a field of a struct, or a
/// variant. Numbers are native-endian.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// `MESSAGE_…` of the struct.
    pub message: u32,
    /// Number of the field in OTLP. 0 for `FIELD_ONEOF`, and for a field that the host does not
    /// know: a component that does not find it zero has not read everything.
    pub number: u32,
    /// `FIELD_…`.
    pub kind: u32,
    /// From the start of the struct, in bytes; of a variant, from where its address leads.
    pub offset: u32,
    /// `MESSAGE_…` of what lies there, if it is messages.
    pub of: u32,
    /// Bytes of one element, where the kind says so.
    pub size: u32,
    /// Type word of a variant, or bits of `FIELD_SET`; 0 for all else. A type word that is in no
    /// row cannot be read.
    pub word: u64,
}

/// What `consume` gives back with `OUTCOME_REPLACED` or `OUTCOME_EDITS`.
#[repr(C)]
#[derive(Debug)]
pub struct Output {
    /// Size of the struct that the caller allocated, in bytes.
    pub struct_size: u32,
    /// `FORMAT_…` of `data`.
    pub format: u32,
    /// The new telemetry, as OTLP or as a table of [`Row`]s, or the edit list: rows of [`Edit`].
    /// Rows are aligned to eight bytes.
    pub data: Buffer,
    /// The text that rows refer to; else empty.
    pub text: Buffer,
    /// Memory of the caller's, aligned to eight bytes and written before: `data` and `text` may lie
    /// in it, without a `release`. Null where there is none. Since 1.2.
    pub room: *mut u8,
    /// Bytes of it. Since 1.2.
    pub room_len: u64,
}

/// One row of an edit list: what is to become of the telemetry that the component was given.
///
/// Resources, scopes, metrics, records and points are named by their ordinals from 0 in the batch
/// as it came; dropping one changes no ordinal. The places rise from row to row: a resource before
/// its scopes, a scope before its records, a metric before its points, and what is dropped has one
/// row. `index` of an attribute is its place in the list as the rows before left it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// `EDIT_…`.
    pub kind: u8,
    /// `LEVEL_…`: what the row is about; 0 in a row that names a place.
    pub level: u8,
    /// `VALUE_…`.
    pub value: u8,
    /// Fills the gap before the ordinal.
    pub reserved: u8,
    /// Ordinal of what is named, of the record or of the point; else 0.
    pub item: u32,
    /// Of an attribute, or the number of a field.
    pub index: u32,
    /// First byte of the key in the text.
    pub key: u32,
    /// Bytes of the key.
    pub key_len: u32,
    /// Bytes of the value, if it lies in the text.
    pub value_len: u32,
    /// The value, or its first byte in the text.
    pub bits: u64,
}

/// One row of a table: a part of new telemetry (`FORMAT_TABLE`).
///
/// The rows are the content of the export request, each message in the place where it is met. Field
/// numbers are those of OTLP. Fields may come in any order, each at most once in a message; of
/// those that exclude each other the last one counts. Texts are UTF-8.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// `ROW_…`.
    pub kind: u8,
    /// `VALUE_…` of a value or of an attribute; else 0.
    pub value: u8,
    /// Number of the field in OTLP; 0 for what is no field.
    pub number: u16,
    /// First byte of an attribute's key in the text.
    pub key: u32,
    /// Bytes of the key.
    pub key_len: u32,
    /// How many there are of what the kind says, or bytes of the value, if it lies in the text.
    pub len: u32,
    /// The number or the value, or its first byte in the text.
    pub bits: u64,
}

const _: () = assert!(size_of::<Slice>() == 16);
const _: () = assert!(size_of::<Buffer>() == 32);
const _: () = assert!(size_of::<Error>() == 96);
const _: () = assert!(size_of::<Context>() == 72);
const _: () = assert!(size_of::<Data>() == 40);
const _: () = assert!(size_of::<Output>() == 88);
const _: () = assert!(size_of::<Edit>() == 32);
const _: () = assert!(size_of::<Field>() == 32);
const _: () = assert!(size_of::<Row>() == 24);
const _: () = assert!(offset_of!(Buffer, release) == 24);
const _: () = assert!(offset_of!(Error, flags) == 8);
const _: () = assert!(offset_of!(Error, http_status) == 24);
const _: () = assert!(offset_of!(Error, message) == 32);
const _: () = assert!(offset_of!(Error, retry_data) == 64);
const _: () = assert!(offset_of!(Context, deadline_unix_ns) == 8);
const _: () = assert!(offset_of!(Context, span_id) == 32);
const _: () = assert!(offset_of!(Context, cancelled) == 48);
const _: () = assert!(offset_of!(Context, metadata) == 56);
const _: () = assert!(offset_of!(Data, format) == 8);
const _: () = assert!(offset_of!(Data, bytes) == 16);
const _: () = assert!(offset_of!(Data, root) == 32);
const _: () = assert!(offset_of!(Output, data) == 8);
const _: () = assert!(offset_of!(Output, room) == 72);
const _: () = assert!(offset_of!(Field, of) == 16);
const _: () = assert!(offset_of!(Field, word) == 24);
