//! Telemetry on its way out of a component.
//!
//! In: rows and text, or OTLP. Out: the host's answer. Invariant: everything that is given lives
//! during the call, and the host's buffers go back to it.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::time::Duration;

use bimetal_abi as abi;
use bimetal_abi::{Format, Signal};
use bimetal_pdata::Table;

use super::Delivery;
use crate::context;
use crate::error::Error;

/// A next consumer, by the host's number for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    host: &'static abi::Host,
    number: u64,
}

impl Next {
    /// # Safety
    /// `create.next` is null, or `create.next_len` numbers that are readable.
    pub(crate) unsafe fn of(host: &'static abi::Host, create: &abi::Create) -> Option<Self> {
        if create.next.is_null() || create.next_len == 0 {
            return None;
        }
        // SAFETY: the caller vouches for at least one number.
        let number = unsafe { create.next.read_unaligned() };
        Some(Self { host, number })
    }

    pub(super) fn otlp(
        self,
        signal: Signal,
        delivery: &Delivery,
        otlp: &[u8],
    ) -> Result<(), Error> {
        self.send(signal, delivery, Format::Otlp, otlp, None)
    }

    pub(super) fn table(
        self,
        signal: Signal,
        delivery: &Delivery,
        table: &Table,
    ) -> Result<(), Error> {
        let rows = table.rows.as_slice();
        let text = abi::Slice::from_bytes(&table.text);
        // SAFETY: rows are numbers, every byte of which is set, and live as long as the table.
        let bytes = unsafe { rows.align_to::<u8>() }.1;
        self.send(signal, delivery, Format::Table, bytes, Some(&text))
    }

    fn send(
        self,
        signal: Signal,
        delivery: &Delivery,
        format: Format,
        bytes: &[u8],
        text: Option<&abi::Slice>,
    ) -> Result<(), Error> {
        let none = || Error::permanent("this Collector takes no telemetry from components");
        let send = self.host.send.ok_or_else(none)?;
        let lengths = [bytes.len() as u64, text.map_or(0, |text| text.len)];
        if lengths.into_iter().any(|len| len > abi::LONGEST_DATA) {
            return Err(Error::permanent(format_args!(
                "the telemetry has {} and {} bytes",
                lengths[0], lengths[1]
            )));
        }
        let context = context::record(delivery.deadline, delivery.span);
        let data = abi::Data {
            struct_size: abi::struct_size::<abi::Data>(),
            signal: signal.number(),
            format: format.number(),
            reserved: 0,
            bytes: abi::Slice::from_bytes(bytes),
            root: text.map_or(0, |text| {
                std::ptr::from_ref(text).expose_provenance() as u64
            }),
        };
        let mut error = abi::Error::EMPTY;
        // SAFETY: the host's functions may be called from any thread while the process lives, and
        // all records and what they point to live during the call.
        let status = unsafe {
            send(
                self.number,
                &raw const context,
                &raw const data,
                &raw mut error,
            )
        };
        answered(status, error)
    }
}

/// What the pipelines said.
fn answered(status: i32, record: abi::Error) -> Result<(), Error> {
    // SAFETY: a buffer of the host is readable until it is given back.
    let message = unsafe { record.message.take(abi::LONGEST_TEXT) };
    // SAFETY: as above.
    let _ = unsafe { record.retry_data.take(abi::LONGEST_DATA) };
    if status >= 0 {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&message.unwrap_or_default()).into_owned();
    let stated = |flag| record.flags & flag != 0;
    let mut error = if stated(abi::ERROR_PERMANENT) {
        Error::permanent(message)
    } else if stated(abi::ERROR_RETRYABLE) {
        Error::retryable(message)
    } else {
        Error::new(message)
    };
    if let (true, Ok(status)) = (stated(abi::ERROR_HTTP), record.http_status.try_into()) {
        error = error.with_http_status(status);
    }
    if let (true, Ok(code)) = (stated(abi::ERROR_GRPC), record.grpc_code.try_into()) {
        error = error.with_grpc_code(code);
    }
    if stated(abi::ERROR_RETRY_AFTER) {
        error = error.with_retry_after(Duration::from_nanos(record.retry_after_ns));
    }
    Err(error)
}
