//! The host's functions for instruments, for tests.
//!
//! In: records of the C ABI. Out: owned descriptions, words to read, and an error record where they
//! are none. Invariant: words are read atomically, and given back once.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};

use bimetal_abi as abi;
use bimetal_abi::InstrumentKind;
use serde_json::{Value, json};

use super::Declared;
use crate::runtime::instance::Failure;
use crate::runtime::shim::{answer, bytes, record, text};
use crate::testing::log;

/// The words of an instrument.
#[derive(Debug)]
pub(in crate::testing) struct Cells {
    buffer: abi::Buffer,
    refresh: Option<unsafe extern "C" fn(owner: *mut c_void)>,
}

// SAFETY: the contract lets any thread read the words and give them back; `refresh` is called
// under a lock.
unsafe impl Send for Cells {}
// SAFETY: as above.
unsafe impl Sync for Cells {}

impl Cells {
    pub(super) fn refresh(&self) {
        if let Some(refresh) = self.refresh {
            // SAFETY: the owner is the one that came with the function, and not given back.
            unsafe { refresh(self.buffer.owner) };
        }
    }

    pub(super) fn word(&self, at: usize) -> u64 {
        assert!((at as u64) < self.buffer.len / 8, "a word for each set");
        #[expect(clippy::cast_ptr_alignment, reason = "the component aligned them")]
        let word = self.buffer.ptr.cast::<u64>().wrapping_add(at);
        // SAFETY: the component keeps the words, which are aligned, and writes atomically only.
        unsafe { AtomicU64::from_ptr(word) }.load(Ordering::Acquire)
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        let abi::Buffer {
            ptr,
            len,
            owner,
            release,
        } = self.buffer;
        if let Some(release) = release {
            // SAFETY: the buffer is given back as it came, once.
            unsafe { release(owner, ptr, len) };
        }
    }
}

/// # Safety
/// The record and what it points to are readable during the call, its cells until they are given
/// back; `error` as in `answer`.
pub(in crate::testing) unsafe extern "C" fn host_declare(
    component: u64,
    instrument: *const abi::Instrument,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the record.
        let instrument = unsafe { record(instrument)? };
        // SAFETY: the buffer is ours from now on, and the record is not used again.
        let buffer = unsafe { std::ptr::read(&raw const instrument.cells) };
        let cells = Cells {
            buffer,
            refresh: instrument.refresh,
        };
        // SAFETY: the caller vouches for the slice.
        let name = unsafe { text(instrument.name, "the name")? };
        // SAFETY: as above.
        let unit = unsafe { text(instrument.unit, "the unit")? };
        // SAFETY: as above.
        let attributes = unsafe { bytes(instrument.attributes)? };
        let no_kind = || Failure::Unsupported(format!("instrument {}", instrument.kind));
        let sets: Vec<Value> = if attributes.is_empty() {
            vec![json!({})]
        } else {
            serde_json::from_slice(attributes)
                .map_err(|error| Failure::Invalid(format!("attributes: {error}")))?
        };
        let declared = Declared {
            name: name.to_owned(),
            unit: unit.to_owned(),
            kind: InstrumentKind::from_number(instrument.kind).ok_or_else(no_kind)?,
            floating: instrument.floating != 0,
            sets,
            cells,
        };
        Ok(log::declare(component, declared))
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// The slice is readable during the call.
pub(in crate::testing) unsafe extern "C" fn host_record(
    component: u64,
    instrument: u32,
    set: u32,
    values: abi::Slice,
) {
    // SAFETY: the caller vouches for the slice.
    let Ok(bytes) = (unsafe { bytes(values) }) else {
        return;
    };
    let (words, _) = bytes.as_chunks::<8>();
    let words = words.iter().copied().map(u64::from_ne_bytes).collect();
    log::record(component, instrument, set, words);
}
