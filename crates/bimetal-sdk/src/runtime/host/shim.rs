//! The host's table, as one instance calls it.
//!
//! In: safe values. Out: calls through the table, and copies of what they answer. Invariant: what
//! is too long for the C ABI is cut, and what the host gives is given back.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::mem;

use bimetal_abi as abi;

/// What the host offers to one component.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostCalls {
    host: &'static abi::Host,
    component: u64,
    /// The least level that is written.
    log_level: i32,
}

impl HostCalls {
    pub(crate) fn new(host: &'static abi::Host, component: u64, log_level: i32) -> Self {
        Self {
            host,
            component,
            log_level,
        }
    }

    /// Asks nothing of the host: the level is fixed.
    #[inline]
    pub(crate) fn enabled(&self, level: i32) -> bool {
        level >= self.log_level && self.host.log.is_some()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn log_level(&self) -> i32 {
        self.log_level
    }

    pub(crate) fn write(&self, level: i32, message: &str, fields: &str) {
        let Some(log) = self.host.log else { return };
        let message = abi::Slice::from_bytes(shortened(message).as_bytes());
        let fields = abi::Slice::from_bytes(shortened(fields).as_bytes());
        // SAFETY: the host's functions may be called from any thread while the process lives; the
        // slices live during the call.
        unsafe { log(self.component, level, message, fields) };
    }

    pub(crate) fn report_status(&self, status: i32, message: &str) {
        let Some(report) = self.host.report_status else {
            return;
        };
        let message = abi::Slice::from_bytes(shortened(message).as_bytes());
        // SAFETY: as above; the slice lives during the call.
        unsafe { report(self.component, status, message) };
    }

    /// Declares an instrument, whose cells are given up. The answer is its number, or what is wrong
    /// with it. A host that takes none gives them all number 0.
    pub(crate) fn declare(&self, instrument: &mut abi::Instrument) -> Result<u32, String> {
        let Some(declare) = self.host.declare else {
            drop(take(mem::replace(
                &mut instrument.cells,
                abi::Buffer::EMPTY,
            )));
            return Ok(0);
        };
        let mut error = abi::Error::EMPTY;
        // SAFETY: as above; the records live during the call.
        let answer = unsafe { declare(self.component, instrument, &raw mut error) };
        let message = take(error.message).unwrap_or_default();
        drop(take(error.retry_data));
        u32::try_from(answer).map_err(|_| String::from_utf8_lossy(&message).into_owned())
    }

    /// Records values of a histogram.
    pub(crate) fn record(&self, instrument: u32, set: u32, values: &[u64]) {
        let Some(record) = self.host.record else {
            return;
        };
        let values = abi::Slice {
            ptr: values.as_ptr().cast(),
            len: size_of_val(values) as u64,
        };
        // SAFETY: as above; the values live during the call.
        unsafe { record(self.component, instrument, set, values) };
    }
}

/// Copies a buffer of the other side and gives it back.
pub(crate) fn take(buffer: abi::Buffer) -> Result<Vec<u8>, abi::SliceError> {
    // SAFETY: a buffer is readable until it is released.
    unsafe { buffer.take(abi::LONGEST_DATA) }
}

/// As much of a text as may cross the FFI boundary.
pub(crate) fn shortened(text: &str) -> &str {
    let limit = usize::try_from(abi::LONGEST_TEXT).unwrap_or(usize::MAX);
    &text[..text.floor_char_boundary(limit)]
}
