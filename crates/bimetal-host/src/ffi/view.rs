//! What Rust reads of telemetry in place, so that Go can prove it before the first batch.
//!
//! In: the table of the layout, and a sample in Go's memory. Out: the sample as OTLP. Invariant:
//! whatever cannot be read has no encoding.
#![expect(unsafe_code, reason = "a function that Go calls")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use bimetal_abi::{Buffer, LONGEST_TEXT, STATUS_ERROR, STATUS_OK, Signal, Slice};
use bimetal_pdata::{Batch, Layout, Logs, Metrics, Signal as Of, Telemetry, Traces, table_of};

use super::reply::buffer;

/// Encodes the telemetry at `root`, which lies as the table says. Answers 0, or a negative status
/// and writes nothing.
///
/// # Safety
/// `table` and `len` name bytes that are readable during the call; `root` leads to telemetry of the
/// signal, which lies as the table says and does not change during the call; `out` is null or valid
/// for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_view_encode(
    signal: u32,
    table: *const u8,
    len: u64,
    root: u64,
    out: *mut Buffer,
) -> i32 {
    // SAFETY: what the caller vouches for here is what it has to vouch for there.
    let encoded = unsafe { read_whole(signal, (table, len), root, encode, encode, encode) };
    match encoded {
        Some(encoded) if !out.is_null() && out.is_aligned() => {
            // SAFETY: the caller promises that `out` may be written if it is not null.
            unsafe { out.write(buffer(encoded)) };
            STATUS_OK
        }
        _ => STATUS_ERROR,
    }
}

/// The telemetry at `root` as a table. Answers 0, or a negative status and writes nothing.
///
/// # Safety
/// As for [`bimetal_view_encode`]; `rows` and `text` are each null or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_view_table(
    signal: u32,
    table: *const u8,
    len: u64,
    root: u64,
    rows: *mut Buffer,
    text: *mut Buffer,
) -> i32 {
    // SAFETY: what the caller vouches for here is what it has to vouch for there.
    let written =
        unsafe { read_whole(signal, (table, len), root, table_of, table_of, table_of) }.flatten();
    let places = [rows, text];
    match written {
        Some(written) if places.iter().all(|out| !out.is_null() && out.is_aligned()) => {
            // SAFETY: the caller promises that `rows` may be written if it is not null.
            unsafe { rows.write(buffer(written.rows)) };
            // SAFETY: as above, of `text`.
            unsafe { text.write(buffer(written.text)) };
            STATUS_OK
        }
        _ => STATUS_ERROR,
    }
}

/// A method names one lifetime of its batch, this takes any.
fn encode<S: Of>(batch: &Telemetry<'_, S>) -> Vec<u8> {
    batch.encode()
}

/// What one of the three reads of the telemetry at `root`, if all of that can be read.
///
/// # Safety
/// As for [`bimetal_view_encode`], without `out`.
unsafe fn read_whole<R>(
    signal: u32,
    (table, len): (*const u8, u64),
    root: u64,
    logs: fn(&Logs<'_>) -> R,
    traces: fn(&Traces<'_>) -> R,
    metrics: fn(&Metrics<'_>) -> R,
) -> Option<R> {
    let run = || {
        // SAFETY: the caller keeps the table readable for this call.
        let table = unsafe { Slice { ptr: table, len }.bytes(LONGEST_TEXT) }.ok()?;
        let signal = Signal::from_number(signal)?;
        let layout = Layout::of(signal, table)?;
        // SAFETY: the caller vouches for what the table and the root say, during the call.
        let batch = unsafe { Batch::new(&layout, root) }?;
        let read = match signal {
            Signal::Logs => logs(&Logs::in_place(&batch)),
            Signal::Traces => traces(&Traces::in_place(&batch)),
            Signal::Metrics => metrics(&Metrics::in_place(&batch)),
            Signal::Profiles => return None,
        };
        (!batch.unread()).then_some(read)
    };
    catch_unwind(AssertUnwindSafe(run)).ok().flatten()
}
