//! The data path: one record in C memory per call, filled by Go, answered by Rust.
//!
//! In: a [`Call`] and the telemetry. Out: an outcome, with the record's output or error filled.
//! Invariant: nothing is copied and nothing is allocated on this side; a record that nothing was
//! answered into needs no second call.
#![expect(unsafe_code, reason = "functions that Go calls")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use bimetal_abi::{Context, Data, Error, Output, STATUS_INVALID, STATUS_PANIC, Slice, struct_size};

use super::factory::instance;
use crate::component::{release, release_error};

/// One call of `consume`.
#[repr(C)]
#[derive(Debug)]
pub struct Call {
    /// Filled by Go, `struct_size` and `cancelled` excepted.
    pub context: Context,
    /// Set by Go to something other than 0 when the caller no longer waits.
    pub cancelled: u32,
    /// `SIGNAL_…`, filled by Go.
    pub signal: u32,
    /// `FORMAT_…`, filled by Go, which chooses it.
    pub format: u32,
    /// Fills the gap before the address.
    pub reserved: u32,
    /// Address of the telemetry in Go's memory (`FORMAT_VIEW`), filled by Go.
    pub root: u64,
    /// Filled by the component.
    pub output: Output,
    /// Filled by the component.
    pub error: Error,
    /// Where short answers lie: the edits of about twenty records.
    pub room: [u64; ROOM],
}

/// Words of room for answers.
const ROOM: usize = 128;

const _: () = assert!(size_of::<Call>() == 72 + 16 + 8 + 88 + 96 + 8 * ROOM);

/// A record for calls of `consume`, one at a time.
#[unsafe(no_mangle)]
pub extern "C" fn bimetal_call_new() -> *mut Call {
    let call = Call {
        context: Context::EMPTY,
        cancelled: 0,
        signal: 0,
        format: 0,
        reserved: 0,
        root: 0,
        output: Output::EMPTY,
        error: Error::EMPTY,
        room: [0; ROOM],
    };
    let call = Box::into_raw(Box::new(call));
    // SAFETY: the record was just made, and nothing else uses it.
    let place = unsafe { &raw mut (*call).room };
    // SAFETY: as above.
    let output = unsafe { &mut (*call).output };
    output.room = place.cast();
    output.room_len = size_of_val(&[0_u64; ROOM]) as u64;
    call
}

/// Gives telemetry to an instance. Answers `OUTCOME_…` or a negative status.
///
/// # Safety
/// `component` is a living instance; `call` is the address of a record in no other call whose
/// answers were reset; `data` and `len` name telemetry that does not change during the call, or, in
/// the format `FORMAT_VIEW`, the table of how it lies at `root`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_component_consume(
    component: usize,
    call: usize,
    data: *const u8,
    len: u64,
) -> i32 {
    let call = std::ptr::with_exposed_provenance_mut::<Call>(call);
    if call.is_null() || !call.is_aligned() {
        return STATUS_INVALID;
    }
    // SAFETY: the caller promises a living instance.
    let Ok(component) = (unsafe { instance(component) }) else {
        return STATUS_INVALID;
    };
    // Go may set `cancelled` at any time during the call, so no reference covers it: the fields are
    // borrowed one by one. SAFETY: the record is alive, and nothing else uses this field during the
    // call.
    let context = unsafe { &mut (*call).context };
    // SAFETY: as above.
    let output = unsafe { &mut (*call).output };
    // SAFETY: as above.
    let error = unsafe { &mut (*call).error };
    // SAFETY: the record is alive; the address is taken without reading.
    context.cancelled = unsafe { &raw const (*call).cancelled };
    let data = Data {
        struct_size: struct_size::<Data>(),
        // SAFETY: the record is alive, and nothing writes this field during the call.
        signal: unsafe { (*call).signal },
        // SAFETY: as above.
        format: unsafe { (*call).format },
        reserved: 0,
        bytes: Slice { ptr: data, len },
        // SAFETY: as above.
        root: unsafe { (*call).root },
    };
    catch_unwind(AssertUnwindSafe(|| {
        component.consume(context, &data, output, error)
    }))
    .unwrap_or(STATUS_PANIC)
}

/// Gives the answers of a record back, so that it can be used again.
///
/// # Safety
/// `call` is a record that is in no call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_call_reset(call: *mut Call) {
    // SAFETY: the caller promises a record that nothing else uses.
    if let Some(call) = unsafe { call.as_mut() } {
        let _ = catch_unwind(AssertUnwindSafe(|| reset(call)));
    }
}

/// Frees a record.
///
/// # Safety
/// `call` is null, or a record that is in no call and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_call_free(call: *mut Call) {
    if call.is_null() {
        return;
    }
    // SAFETY: the record came out of a box, and nothing else uses it.
    let mut call = unsafe { Box::from_raw(call) };
    let _ = catch_unwind(AssertUnwindSafe(|| reset(&mut call)));
}

fn reset(call: &mut Call) {
    release(&mut call.output.data);
    release(&mut call.output.text);
    release_error(&mut call.error);
    call.output = Output {
        room: call.output.room,
        room_len: call.output.room_len,
        ..Output::EMPTY
    };
    call.error = Error::EMPTY;
    call.context = Context::EMPTY;
    call.cancelled = 0;
    call.root = 0;
}
