//! Raw records of the C ABI <-> safe values.
//!
//! In: pointers from the host. Out: checked references and owned bytes, and the other way round.
//! Invariant: a null, a record that is too short, a length that cannot be meant and text that is
//! not UTF-8 are refused, never followed; memory is freed by the side that made it.
//!
//! What each call passes is `#[inline]`: an author's crate holds the code of the table, and without
//! it each of these steps would be a call with a large result in memory. What refuses is `#[cold]`.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of};
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};

use bimetal_abi as abi;

use crate::context::{Context, SpanContext};
use crate::describe::Identity;
use crate::error::{Class, Error};
use crate::runtime::guard::guard;
use crate::runtime::host::shortened;
use crate::runtime::instance::Failure;

/// A record of the C ABI that begins with its own size.
pub(crate) trait Record {
    /// What the record is called in messages.
    const NAME: &'static str;
}

macro_rules! records {
    ($($type:ident $name:literal)*) => {$(
        impl Record for abi::$type {
            const NAME: &'static str = $name;
        }
    )*};
}

records! {
    Host "host" Create "create" Context "context" Data "data"
    Output "output" Error "error" Factory "factory" Instrument "instrument"
}

/// Borrows a record that the host filled.
///
/// # Safety
/// A `record` that is not null points to `struct_size` readable bytes, the first four of which are
/// `struct_size`, for `'a`.
pub(crate) unsafe fn record<'a, T: Record>(record: *const T) -> Result<&'a T, Failure> {
    // SAFETY: the caller vouches for the record.
    unsafe { check_size(record)? };
    // SAFETY: the record is as long as `T`, and the caller vouches for its content during `'a`.
    Ok(unsafe { &*record })
}

/// Borrows a record that the component fills.
///
/// # Safety
/// As for [`record`]; besides, nothing else uses it during `'a`.
pub(crate) unsafe fn record_mut<'a, T: Record>(record: *mut T) -> Result<&'a mut T, Failure> {
    // SAFETY: the caller vouches for the record.
    unsafe { check_size(record.cast_const())? };
    // SAFETY: the record is as long as `T`, and the caller vouches that it is ours during `'a`.
    Ok(unsafe { &mut *record })
}

/// Borrows the record for an answer. One of an earlier host has no room, and is filled by
/// [`give_back`]; `own` stands for it until then.
///
/// # Safety
/// As for [`record_mut`].
pub(crate) unsafe fn output(
    record: *mut abi::Output,
    own: &mut Option<abi::Output>,
) -> Result<&mut abi::Output, Failure> {
    // SAFETY: the caller vouches for the record.
    let size = unsafe { size_at_least(record.cast_const(), abi::Output::LEAST_SIZE)? };
    if size < size_of::<abi::Output>() {
        return Ok(own.insert(abi::Output::EMPTY));
    }
    // SAFETY: the record is as long as this one, and the caller vouches that it is ours.
    Ok(unsafe { &mut *record })
}

/// Fills the record of an earlier host.
///
/// # Safety
/// `record` is the one that [`output`] found to be so long.
pub(crate) unsafe fn give_back(own: &abi::Output, record: *mut abi::Output) {
    // SAFETY: this field is in the first version of the record, which is the caller's.
    unsafe { (*record).format = own.format };
    let buffers = [
        // SAFETY: as above.
        (&own.data, unsafe { &raw mut (*record).data }),
        // SAFETY: as above.
        (&own.text, unsafe { &raw mut (*record).text }),
    ];
    for (buffer, place) in buffers {
        // SAFETY: as above; what `own` has is not released, and not used any more.
        unsafe { place.copy_from_nonoverlapping(buffer, 1) };
    }
}

/// # Safety
/// As for [`record`].
#[inline]
unsafe fn check_size<T: Record>(record: *const T) -> Result<(), Failure> {
    // SAFETY: the caller vouches for the record.
    unsafe { size_at_least(record, size_of::<T>()) }.map(drop)
}

/// # Safety
/// As for [`record`].
#[inline]
unsafe fn size_at_least<T: Record>(record: *const T, least: usize) -> Result<usize, Failure> {
    if record.is_null() {
        return Err(no_record(T::NAME));
    }
    if !record.is_aligned() {
        return Err(not_aligned(T::NAME));
    }
    // SAFETY: every record begins with its size, and the caller vouches for these bytes.
    let size = unsafe { record.cast::<u32>().read() };
    if (size as usize) < least {
        return Err(too_short(T::NAME, size, least));
    }
    Ok(size as usize)
}

#[cold]
fn no_record(name: &str) -> Failure {
    Failure::Invalid(format!("no {name} record"))
}

#[cold]
fn not_aligned(name: &str) -> Failure {
    Failure::Invalid(format!("the {name} record is not aligned"))
}

#[cold]
fn too_short(name: &str, size: u32, needed: usize) -> Failure {
    Failure::Invalid(format!(
        "the {name} record has {size} bytes, at least {needed} are needed"
    ))
}

/// Version of a host, read before the rest of its table is believed.
///
/// # Safety
/// A `host` that is not null points to a table of whatever version.
unsafe fn host_version(host: *const abi::Host) -> Result<(u32, u32), Failure> {
    if host.is_null() || !host.is_aligned() {
        return Err(Failure::Invalid("no host record".to_owned()));
    }
    // SAFETY: in every version a host's table begins with its size and its version.
    let [size, major, minor] = unsafe { host.cast::<[u32; 3]>().read() };
    if (size as usize) < offset_of!(abi::Host, reserved) {
        return Err(Failure::Invalid(format!(
            "the host record has {size} bytes, too few for a version"
        )));
    }
    Ok((major, minor))
}

/// Runs `body` and answers for it: its status, or a failure in the error record.
///
/// # Safety
/// `error` is null, or an error record with its `struct_size` filled that nothing else uses during
/// the call.
pub(crate) unsafe fn answer(
    error: *mut abi::Error,
    body: impl FnOnce() -> Result<i32, Box<Failure>>,
) -> i32 {
    // SAFETY: the caller vouches for the error record.
    unsafe { answer_or(error, || (), body) }
}

/// As [`answer`], with what is to be done after a panic, which must not panic itself. The data path
/// has this one guard, and none of its own around the author's code.
///
/// # Safety
/// As for [`answer`].
pub(crate) unsafe fn answer_or(
    error: *mut abi::Error,
    panicked: impl FnOnce(),
    body: impl FnOnce() -> Result<i32, Box<Failure>>,
) -> i32 {
    // SAFETY: the caller vouches for the error record.
    let Ok(error) = (unsafe { record_mut(error) }) else {
        return abi::STATUS_INVALID;
    };
    match guard(body) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => failed(failure, error),
        Err(panic) => {
            panicked();
            failed(Box::new(panic.into()), error)
        }
    }
}

#[cold]
fn failed(failure: Box<Failure>, error: &mut abi::Error) -> i32 {
    guard(|| fail(*failure, error)).unwrap_or(abi::STATUS_PANIC)
}

/// The host's table, if this component can work with it.
///
/// # Safety
/// `host` is null, or points to a host table that lives as long as the process.
pub(crate) unsafe fn host_table(host: *const abi::Host) -> Result<&'static abi::Host, Failure> {
    // SAFETY: the caller vouches for the table.
    let (major, minor) = unsafe { host_version(host)? };
    if major != abi::ABI_MAJOR {
        return Err(Failure::Unsupported(format!(
            "the Collector speaks version {major}.{minor} of the component ABI, this component \
             {}.{}; \
             build the component with the SDK of that Collector",
            abi::ABI_MAJOR,
            abi::ABI_MINOR
        )));
    }
    // SAFETY: as above.
    let size = unsafe { host.cast::<u32>().read() } as usize;
    if (abi::Host::LEAST_SIZE..size_of::<abi::Host>()).contains(&size) {
        // SAFETY: as above; the table has so many bytes.
        return Ok(unsafe { earlier_host(host, size) });
    }
    // SAFETY: as above, and its version is ours.
    unsafe { record(host) }
}

/// The table of a host that has less than this one, with nothing in the place of what it lacks.
///
/// # Safety
/// `size` bytes of the table are readable as long as the process.
#[cold]
unsafe fn earlier_host(host: *const abi::Host, size: usize) -> &'static abi::Host {
    static KNOWN: Mutex<Vec<(usize, &'static abi::Host)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, whole)) = known.iter().find(|(address, _)| *address == host.addr()) {
        return whole;
    }
    // SAFETY: the caller vouches for the bytes.
    let whole = Box::leak(Box::new(unsafe { extended(host, size) }));
    known.push((host.addr(), whole));
    whole
}

/// Copies what `create` is given; what an earlier host does not say is as if it said nothing.
///
/// # Safety
/// As for [`record`].
pub(crate) unsafe fn created(create: *const abi::Create) -> Result<abi::Create, Failure> {
    const LEAST: usize = abi::Create::LEAST_SIZE;
    // SAFETY: the caller vouches for the record.
    let size = unsafe { size_at_least(create, LEAST)? };
    // SAFETY: as above.
    let mut whole = unsafe { extended(create, size.min(size_of::<abi::Create>())) };
    if size < offset_of!(abi::Create, build) {
        whole.log_level = abi::LOG_DEBUG;
    }
    Ok(whole)
}

/// A record with zeroes behind its first bytes.
///
/// # Safety
/// `size` bytes of the record are readable, no more than it has here; zeroes are a value of it.
unsafe fn extended<T: Record>(record: *const T, size: usize) -> T {
    let mut whole = MaybeUninit::<T>::zeroed();
    let place = whole.as_mut_ptr().cast::<u8>();
    // SAFETY: the caller vouches for the bytes, and `whole` has room for them.
    unsafe { place.copy_from_nonoverlapping(record.cast(), size) };
    // SAFETY: the caller says that what was not copied may be zero.
    unsafe { whole.assume_init() }
}

/// What a factory table says about itself.
///
/// # Safety
/// The type's name is readable as long as `factory`.
pub(crate) unsafe fn identity(factory: &abi::Factory) -> Result<Identity<'_>, Failure> {
    // SAFETY: the caller vouches for the name.
    let type_name = unsafe { text(factory.type_name, "the type")? };
    Ok(Identity {
        kind: factory.kind,
        type_name,
        signals: factory.signals,
        stability: factory.stability,
        pairs: factory.pairs,
    })
}

/// Writes an answer to where the host wants it.
///
/// # Safety
/// `out` is null or valid for one write.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) -> Result<(), Failure> {
    if out.is_null() || !out.is_aligned() {
        return Err(Failure::Invalid("no place for the answer".to_owned()));
    }
    // SAFETY: the caller says that it is valid for one write.
    unsafe { out.write(value) };
    Ok(())
}

/// Borrows telemetry of the host.
///
/// # Safety
/// A pointer that is not null is readable for `len` bytes during `'a`.
#[inline]
pub(crate) unsafe fn data<'a>(slice: abi::Slice) -> Result<&'a [u8], Failure> {
    // SAFETY: the caller vouches for the bytes.
    unsafe { slice.bytes(abi::LONGEST_DATA) }.map_err(no_bytes)
}

/// Borrows the bytes of a text of the host.
///
/// # Safety
/// As for [`data`].
#[inline]
pub(crate) unsafe fn bytes<'a>(slice: abi::Slice) -> Result<&'a [u8], Failure> {
    // SAFETY: the caller vouches for the bytes.
    unsafe { slice.bytes(abi::LONGEST_TEXT) }.map_err(no_bytes)
}

#[cold]
fn no_bytes(error: abi::SliceError) -> Failure {
    Failure::Invalid(error.to_string())
}

/// Borrows text of the host.
///
/// # Safety
/// As for [`data`].
pub(crate) unsafe fn text<'a>(slice: abi::Slice, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller vouches for the slice.
    let bytes = unsafe { bytes(slice)? };
    std::str::from_utf8(bytes).map_err(|_| Failure::Invalid(format!("{name} is not UTF-8")))
}

/// Reads the context of a call.
///
/// # Safety
/// What the record points to is readable during `'a`; the cancellation word is only ever written
/// atomically.
#[inline]
pub(crate) unsafe fn context(record: &abi::Context) -> Result<Context<'_>, Failure> {
    // SAFETY: the caller vouches for the slice.
    let client = unsafe { bytes(record.metadata)? };
    let cancelled = if record.cancelled.is_null() {
        None
    } else {
        // SAFETY: the caller vouches that the word lives during `'a` and is written atomically
        // only.
        Some(unsafe { AtomicU32::from_ptr(record.cancelled.cast_mut()) })
    };
    let span = SpanContext {
        trace_id: record.trace_id,
        span_id: record.span_id,
        trace_flags: record.trace_flags.to_le_bytes()[0],
        is_remote: record.flags & abi::CONTEXT_REMOTE != 0,
    };
    Ok(Context {
        deadline_unix_ns: (record.flags & abi::CONTEXT_DEADLINE != 0)
            .then_some(record.deadline_unix_ns),
        cancelled,
        span: (record.trace_id != [0; 16]).then_some(span),
        client,
    })
}

/// Gives bytes, or rows of them, away; the receiver of the buffer calls `release`.
pub(crate) fn buffer<T: Copy>(items: Vec<T>) -> abi::Buffer {
    if items.capacity() == 0 {
        return abi::Buffer::EMPTY;
    }
    let mut items = Box::new(items);
    abi::Buffer {
        ptr: items.as_mut_ptr().cast(),
        len: size_of_val(items.as_slice()) as u64,
        owner: Box::into_raw(items).cast(),
        release: Some(release::<T>),
    }
}

/// Believes neither address nor length: only `owner` is followed.
///
/// # Safety
/// `owner` is that of a buffer made by [`buffer`] of this type that was not released yet.
unsafe extern "C" fn release<T>(owner: *mut c_void, _bytes: *mut u8, _len: u64) {
    // SAFETY: `buffer` took the owner out of a box of a vector, and the caller gives it back once.
    drop(unsafe { Box::from_raw(owner.cast::<Vec<T>>()) });
}

/// Fills the host's error record and answers the status that belongs to it.
fn fail(failure: Failure, record: &mut abi::Error) -> i32 {
    let (status, error) = match failure {
        Failure::Component(error) => (abi::STATUS_ERROR, error),
        Failure::Panicked(panic) => (abi::STATUS_PANIC, Error::permanent(panic)),
        Failure::Poisoned => (
            abi::STATUS_POISONED,
            Error::permanent("the component panicked earlier and is out of service"),
        ),
        Failure::Unsupported(text) => (abi::STATUS_UNSUPPORTED, Error::permanent(text)),
        Failure::Invalid(text) => (
            abi::STATUS_INVALID,
            Error::permanent(format_args!("the host broke the contract: {text}")),
        ),
    };
    write_error(error, record);
    status
}

fn write_error(error: Error, record: &mut abi::Error) {
    let error = *error.0;
    record.flags = match error.class {
        Class::Unknown => 0,
        Class::Permanent => abi::ERROR_PERMANENT,
        Class::Retryable => abi::ERROR_RETRYABLE,
    };
    if let Some(status) = error.http_status {
        record.flags |= abi::ERROR_HTTP;
        record.http_status = i32::from(status);
    }
    if let Some(code) = error.grpc_code {
        record.flags |= abi::ERROR_GRPC;
        record.grpc_code = i32::from(code);
    }
    if let Some(delay) = error.retry_after {
        record.flags |= abi::ERROR_RETRY_AFTER;
        record.retry_after_ns = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
    }
    let fits = |(_, otlp): &(_, Vec<u8>)| otlp.len() as u64 <= abi::LONGEST_DATA;
    if let Some((signal, otlp)) = error.retry_data.filter(fits) {
        record.flags |= abi::ERROR_RETRY_DATA;
        record.signal = signal as u32;
        record.retry_data = buffer(otlp);
    }
    record.message = buffer(shortened(&error.message).as_bytes().to_vec());
}
