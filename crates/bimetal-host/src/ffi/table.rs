//! A component's table as OTLP, where Go does not build telemetry from it.
//!
//! In: rows and text. Out: an export request, or what is wrong. Invariant: what is no table has no
//! encoding.
#![expect(unsafe_code, reason = "a function that Go calls")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use bimetal_abi::{Buffer, LONGEST_DATA, STATUS_ERROR, STATUS_OK, Signal, Slice};
use bimetal_pdata::encode_table;

use super::reply::buffer;

/// Encodes a table of the signal. Answers 0 and its OTLP, or a negative status and a text.
///
/// # Safety
/// `rows` and `text`, each with its length, name bytes that are readable during the call; `out` is
/// null or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_table_encode(
    signal: u32,
    rows: *const u8,
    rows_len: u64,
    text: *const u8,
    text_len: u64,
    out: *mut Buffer,
) -> i32 {
    let slice = |ptr, len| {
        // SAFETY: the caller keeps the bytes readable for this call.
        let bytes = unsafe { Slice { ptr, len }.bytes(LONGEST_DATA) };
        bytes.map_err(|error| error.to_string())
    };
    let run = || {
        let (rows, text) = (slice(rows, rows_len)?, slice(text, text_len)?);
        let signal = Signal::from_number(signal).ok_or("a signal that is not known")?;
        encode_table(signal, rows, text).map_err(|error| error.to_string())
    };
    let encoded = catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err("a table that cannot be encoded".to_owned()));
    let (status, bytes) = match encoded {
        Ok(encoded) => (STATUS_OK, encoded),
        Err(problem) => (STATUS_ERROR, problem.into_bytes()),
    };
    if out.is_null() || !out.is_aligned() {
        return STATUS_ERROR;
    }
    // SAFETY: the caller promises that `out` may be written if it is not null.
    unsafe { out.write(buffer(bytes)) };
    status
}
