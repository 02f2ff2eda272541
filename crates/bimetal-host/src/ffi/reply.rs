//! Answers on the control path.
//!
//! In: a result. Out: a status and a JSON text in a buffer. Invariant: whatever happens in between,
//! Go gets well-formed JSON.
#![expect(unsafe_code, reason = "reads and writes memory that Go names")]

use std::any::Any;
use std::error::Error;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bimetal_abi::{
    Buffer, LONGEST_TEXT, STATUS_ERROR, STATUS_INVALID, STATUS_OK, STATUS_PANIC, Slice,
};
use serde::Serialize;

use super::message::HostFailure;
use crate::HINTS;
use bimetal_verify::Problem;

/// An error as Go gets it.
#[derive(Debug)]
pub(super) struct Failure {
    status: i32,
    text: HostFailure,
}

impl Failure {
    /// An error that is a sentence of a component, which may have several lines.
    pub(super) fn verbatim(message: String) -> Self {
        Self::without_help(STATUS_ERROR, message)
    }

    /// A component's panic, now or earlier.
    pub(super) fn panicked(message: String) -> Self {
        Self::without_help(STATUS_PANIC, message)
    }

    /// The caller broke the contract.
    pub(super) fn invalid(what: &str) -> Self {
        let message = format!("the Go side broke the contract: {what}");
        Self::without_help(STATUS_INVALID, message)
    }

    fn without_help(status: i32, message: String) -> Self {
        let text = HostFailure {
            message,
            help: None,
        };
        Self { status, text }
    }
}

/// An error of this side, with its causes and what to do about it.
impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let Problem { message, help } = Problem::of(&error, HINTS);
        Self {
            status: STATUS_ERROR,
            text: HostFailure { message, help },
        }
    }
}

/// Runs one function of the control path and writes its answer to `out`.
///
/// # Safety
/// `out` is null or valid for one write.
pub(super) unsafe fn reply<T: Serialize>(
    out: *mut Buffer,
    run: impl FnOnce() -> Result<T, Failure>,
) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let said = words(&*payload);
        Err(Failure::panicked(format!(
            "the plugin host panicked: {said}"
        )))
    });
    let (status, text) = match result {
        Ok(value) => (STATUS_OK, serde_json::to_vec(&value)),
        Err(failure) => (failure.status, serde_json::to_vec(&failure.text)),
    };
    let text =
        text.unwrap_or_else(|_| br#"{"message":"the answer cannot be written as JSON"}"#.to_vec());
    if !out.is_null() && out.is_aligned() {
        // SAFETY: the caller promises that `out` may be written if it is not null.
        unsafe { out.write(buffer(text)) };
    }
    status
}

/// The text that Go gave.
///
/// # Safety
/// `ptr` and `len` name bytes that do not change during `'a`, or `ptr` is null.
pub(super) unsafe fn text<'a>(ptr: *const u8, len: u64) -> Result<&'a str, Failure> {
    // SAFETY: the caller promises that these bytes can be read.
    let bytes = unsafe { Slice { ptr, len }.bytes(LONGEST_TEXT) };
    let bytes = bytes.map_err(|error| Failure::invalid(&error.to_string()))?;
    std::str::from_utf8(bytes).map_err(|_| Failure::invalid("text that is not UTF-8"))
}

/// What a panic said.
pub(super) fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    bimetal_terminal::escape(text.unwrap_or("no message")).into_owned()
}

/// Gives bytes, or rows of them, away until Go gives them back.
pub(super) fn buffer<T: Copy>(items: Vec<T>) -> Buffer {
    let mut items = Box::new(items);
    Buffer {
        ptr: items.as_mut_ptr().cast(),
        len: size_of_val(items.as_slice()) as u64,
        owner: Box::into_raw(items).cast(),
        release: Some(release::<T>),
    }
}

/// # Safety
/// `owner` comes from [`buffer`] of this type and is not used afterwards.
unsafe extern "C" fn release<T>(owner: *mut c_void, _ptr: *mut u8, _len: u64) {
    // SAFETY: the caller gives back what `buffer` took out of a box.
    drop(unsafe { Box::from_raw(owner.cast::<Vec<T>>()) });
}

/// Gives a buffer back to the side that made it.
///
/// # Safety
/// `buffer` is null or points to a buffer that Go was given and has not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_buffer_free(buffer: *mut Buffer) {
    // SAFETY: the caller promises that a buffer that is not null can be read and written.
    if let Some(buffer) = unsafe { buffer.as_mut() } {
        let _ = catch_unwind(AssertUnwindSafe(|| crate::component::release(buffer)));
    }
}
