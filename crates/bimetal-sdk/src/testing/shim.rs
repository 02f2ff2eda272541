//! The host's side of the C ABI, for tests.
//!
//! In: safe values. Out: calls through a factory table. Invariant: keeps the host's part of the
//! contract; buffers go back to their owner.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use bimetal_abi as abi;
use bimetal_abi::Signal;
use bimetal_pdata::{EditList, Logs, Metrics, Traces, encode_table};

use crate::runtime::guard::guard;

use super::{Call, Consumed, Failure, log, metrics};

static HOST: abi::Host = host(abi::FEATURE_METADATA);
static HOST_WITH_EDITS: abi::Host = host(abi::FEATURE_METADATA | abi::FEATURE_EDITS);

const fn host(features: u64) -> abi::Host {
    abi::Host {
        struct_size: abi::struct_size::<abi::Host>(),
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        reserved: 0,
        features,
        log: Some(host_log),
        log_enabled: Some(host_log_enabled),
        send: Some(host_send),
        complete: None,
        report_status: Some(host_report_status),
        declare: Some(metrics::host_declare),
        record: Some(metrics::host_record),
    }
}

/// An instance behind a table.
#[derive(Debug)]
pub(super) struct Instance {
    factory: &'static abi::Factory,
    raw: *mut c_void,
    has_room: bool,
}

// SAFETY: the contract of the table lets any thread call it, `consume` from many at once.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

pub(super) fn describe(factory: &'static abi::Factory) -> Result<Vec<u8>, Failure> {
    let describe = factory.describe.ok_or_else(|| missing("describe"))?;
    let mut out = abi::Buffer::EMPTY;
    // SAFETY: the table, the buffer and the error record live during the call.
    checked(|error| unsafe { describe(factory, &raw mut out, error) })?;
    Ok(take(out))
}

pub(super) fn validate(factory: &abi::Factory, config: &[u8]) -> Result<(), Failure> {
    let validate = factory.validate.ok_or_else(|| missing("validate"))?;
    // SAFETY: the slice and the error record live during the call.
    checked(|error| unsafe { validate(abi::Slice::from_bytes(config), error) }).map(drop)
}

impl Instance {
    pub(super) fn create(
        factory: &'static abi::Factory,
        takes_edits: bool,
        [signal, output]: [u32; 2],
        (component, log_level): (u64, i32),
        config: &[u8],
        resource: &[u8],
        build: &[u8],
    ) -> Result<Self, Failure> {
        let create = factory.create.ok_or_else(|| missing("create"))?;
        let record = abi::Create {
            struct_size: abi::struct_size::<abi::Create>(),
            signal,
            component,
            host: if takes_edits {
                &raw const HOST_WITH_EDITS
            } else {
                &raw const HOST
            },
            id: factory.type_name,
            config: abi::Slice::from_bytes(config),
            resource: abi::Slice::from_bytes(resource),
            next: &raw const component,
            next_len: 1,
            output,
            log_level,
            build: abi::Slice::from_bytes(build),
        };
        let mut instance = null_mut();
        // SAFETY: everything that the record points to lives during the call, the host for ever.
        checked(|error| unsafe { create(&raw const record, &raw mut instance, error) })?;
        Ok(Self {
            factory,
            raw: instance,
            has_room: takes_edits,
        })
    }

    pub(super) fn start(&self) -> Result<(), Failure> {
        let start = self.factory.start.ok_or_else(|| missing("start"))?;
        // SAFETY: the instance lives as long as `self`.
        checked(|error| unsafe { start(self.raw, error) }).map(drop)
    }

    pub(super) fn consume(
        &self,
        call: &Call,
        signal: Signal,
        otlp: &[u8],
    ) -> Result<Consumed, Failure> {
        let consume = self.factory.consume.ok_or_else(|| missing("consume"))?;
        let context = context(call);
        let data = abi::Data {
            struct_size: abi::struct_size::<abi::Data>(),
            signal: signal as u32,
            format: abi::FORMAT_OTLP,
            reserved: 0,
            bytes: abi::Slice::from_bytes(otlp),
            root: 0,
        };
        // A host has room for a short answer, or has not.
        let mut room = [0_u64; 128];
        let mut output = abi::Output::EMPTY;
        if self.has_room {
            output.room = room.as_mut_ptr().cast();
            output.room_len = size_of_val(&room) as u64;
        }
        let outcome = checked(|error| {
            // SAFETY: the instance lives as long as `self`, the records and what they point to
            // during the call.
            unsafe {
                consume(
                    self.raw,
                    &raw const context,
                    &raw const data,
                    0,
                    &raw mut output,
                    error,
                )
            }
        })?;
        match outcome {
            abi::OUTCOME_OK => Ok(Consumed::Taken),
            abi::OUTCOME_DROPPED => Ok(Consumed::Dropped),
            abi::OUTCOME_PASS_THROUGH => Ok(Consumed::PassThrough),
            abi::OUTCOME_REPLACED if output.format == abi::FORMAT_OTLP => {
                Ok(Consumed::Replaced(take(output.data)))
            }
            abi::OUTCOME_EDITS if output.format == abi::FORMAT_EDITS => {
                edited(signal, otlp, output.data, output.text)
            }
            other => Err(Failure::broken(format!(
                "outcome {other} with format {}",
                output.format
            ))),
        }
    }

    pub(super) fn notify(&self, event: u32, text: &str) -> Result<(), Failure> {
        let notify = self.factory.notify.ok_or_else(|| missing("notify"))?;
        let text = abi::Slice::from_bytes(text.as_bytes());
        // SAFETY: the instance lives as long as `self`, the text during the call.
        checked(|error| unsafe { notify(self.raw, event, text, error) }).map(drop)
    }

    pub(super) fn shutdown(&self, deadline_unix_ns: u64) -> Result<(), Failure> {
        let shutdown = self.factory.shutdown.ok_or_else(|| missing("shutdown"))?;
        // SAFETY: the instance lives as long as `self`.
        checked(|error| unsafe { shutdown(self.raw, deadline_unix_ns, error) }).map(drop)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(destroy) = self.factory.destroy {
            // SAFETY: nothing can use the instance any more.
            unsafe { destroy(self.raw) };
        }
    }
}

fn context(call: &Call) -> abi::Context {
    abi::Context {
        cancelled: AtomicU32::as_ptr(&call.cancelled),
        metadata: abi::Slice::from_bytes(&call.request_context),
        ..crate::context::record(call.deadline, call.span)
    }
}

/// Makes a call with a fresh error record; a negative status becomes a failure.
fn checked(call: impl FnOnce(*mut abi::Error) -> i32) -> Result<i32, Failure> {
    let mut error = abi::Error::EMPTY;
    let status = call(&raw mut error);
    let abi::Error {
        signal,
        flags,
        retry_after_ns,
        http_status,
        grpc_code,
        message,
        retry_data,
        ..
    } = error;
    let message = String::from_utf8_lossy(&take(message)).into_owned();
    let retry_data = take(retry_data);
    if status >= 0 {
        return Ok(status);
    }
    let stated = |flag| flags & flag != 0;
    Err(Failure {
        status,
        message,
        flags,
        http_status: stated(abi::ERROR_HTTP).then_some(http_status),
        grpc_code: stated(abi::ERROR_GRPC).then_some(grpc_code),
        retry_after: stated(abi::ERROR_RETRY_AFTER).then(|| Duration::from_nanos(retry_after_ns)),
        retry_data: Signal::from_number(signal)
            .filter(|_| stated(abi::ERROR_RETRY_DATA))
            .map(|signal| (signal, retry_data)),
    })
}

/// Does to a batch what the rows say.
fn edited(
    signal: Signal,
    otlp: &[u8],
    rows: abi::Buffer,
    text: abi::Buffer,
) -> Result<Consumed, Failure> {
    let rows = take(rows);
    let (rows, rest) = rows.as_chunks::<{ size_of::<abi::Edit>() }>();
    if !rest.is_empty() {
        return Err(Failure::broken(
            "the edit list ends within a row".to_owned(),
        ));
    }
    let list = EditList {
        rows: rows.iter().map(row).collect(),
        text: take(text),
    };
    let edited = match signal {
        Signal::Logs => Logs::carry_out(otlp, list),
        Signal::Traces => Traces::carry_out(otlp, list),
        Signal::Metrics => Metrics::carry_out(otlp, list),
        Signal::Profiles => return Err(Failure::broken("profiles have no edits".to_owned())),
    };
    edited
        .map(Consumed::Replaced)
        .map_err(|error| Failure::broken(error.to_string()))
}

fn row(bytes: &[u8; size_of::<abi::Edit>()]) -> abi::Edit {
    // SAFETY: a row is numbers only, so that any bytes are one, wherever they lie.
    unsafe { bytes.as_ptr().cast::<abi::Edit>().read_unaligned() }
}

/// Copies a buffer and gives it back to its owner.
fn take(buffer: abi::Buffer) -> Vec<u8> {
    crate::runtime::host::take(buffer).expect("the SDK's own buffers are as long as they say")
}

fn missing(function: &str) -> Failure {
    Failure::broken(format!("the table has no `{function}`"))
}

/// # Safety
/// The slices are readable during the call.
unsafe extern "C" fn host_log(component: u64, level: i32, message: abi::Slice, fields: abi::Slice) {
    // SAFETY: the caller vouches for the slice.
    let Ok(message) = (unsafe { crate::runtime::shim::bytes(message) }) else {
        return;
    };
    // SAFETY: as above.
    let Ok(fields) = (unsafe { crate::runtime::shim::bytes(fields) }) else {
        return;
    };
    log::write(component, level, message, fields);
}

/// # Safety
/// As for `Host::send`.
unsafe extern "C" fn host_send(
    next: u64,
    _: *const abi::Context,
    data: *const abi::Data,
    error: *mut abi::Error,
) -> i32 {
    let take = || {
        // SAFETY: the caller vouches for the record.
        unsafe { given(data) }
            .map_err(permanent)
            .and_then(|sent| log::send(next, sent))
    };
    let taken = guard(take).unwrap_or_else(|panic| Err(permanent(panic.to_string())));
    let Err(refusal) = taken else {
        return abi::STATUS_OK;
    };
    // SAFETY: the caller says that the record is ours.
    if let Ok(error) = unsafe { crate::runtime::shim::record_mut(error) } {
        error.flags = refusal.flags;
        error.message = crate::runtime::shim::buffer(refusal.message.into_bytes());
    }
    abi::STATUS_ERROR
}

fn permanent(message: String) -> log::Refusal {
    log::Refusal {
        flags: abi::ERROR_PERMANENT,
        message,
    }
}

/// What a receiver gives, as OTLP.
///
/// # Safety
/// As for `Host::send`.
unsafe fn given(data: *const abi::Data) -> Result<log::Sent, String> {
    // SAFETY: the caller vouches for the record.
    let data = unsafe { crate::runtime::shim::record(data) };
    let data = data.map_err(|failure| format!("{failure:?}"))?;
    // SAFETY: as above, and for what it points to.
    let bytes = unsafe { data.bytes.bytes(abi::LONGEST_DATA) }.map_err(|e| e.to_string())?;
    let signal = Signal::from_number(data.signal).ok_or("a signal that is not known")?;
    let otlp = match data.format {
        abi::FORMAT_OTLP => bytes.to_vec(),
        abi::FORMAT_TABLE => {
            let text = usize::try_from(data.root).map_err(|error| error.to_string())?;
            let text = std::ptr::with_exposed_provenance::<abi::Slice>(text);
            if text.is_null() || !text.is_aligned() {
                return Err("a table without a text".to_owned());
            }
            // SAFETY: the format says that the text's slice is there.
            let text = unsafe { text.read() };
            // SAFETY: the caller vouches for the bytes.
            let text = unsafe { text.bytes(abi::LONGEST_DATA) }.map_err(|e| e.to_string())?;
            encode_table(signal, bytes, text).map_err(|error| error.to_string())?
        }
        other => return Err(format!("telemetry in format {other}")),
    };
    Ok(log::Sent { signal, otlp })
}

/// # Safety
/// None; unsafe only because the table says so.
unsafe extern "C" fn host_log_enabled(component: u64, level: i32) -> i32 {
    i32::from(log::enabled(component, level))
}

/// # Safety
/// The slice is readable during the call.
unsafe extern "C" fn host_report_status(component: u64, status: i32, message: abi::Slice) {
    // SAFETY: the caller vouches for the slice.
    if let Ok(message) = unsafe { crate::runtime::shim::bytes(message) } {
        log::report(component, status, message);
    }
}
