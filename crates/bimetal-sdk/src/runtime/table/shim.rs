//! The table of functions made from a component, whatever its kind.
//!
//! In: calls from the host. Out: statuses, outcomes, error records. Invariant: every function is
//! one `answer` around safe code.
#![expect(
    unsafe_code,
    reason = "one of the SDK's rooms where the C ABI is touched"
)]

use std::ffi::c_void;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bimetal_abi as abi;
use bimetal_abi::{Format, Signal};
use bimetal_pdata::{Batch, EditAnswer, EditList};
use serde::de::DeserializeOwned;

use super::{Consume, Life, Watch};
use crate::config;
use crate::consumer::Next;
use crate::error::Error;
use crate::logger::Logger;
use crate::runtime::batch::{Consumed, Given, Wanted, format_of};
use crate::runtime::event::Event;
use crate::runtime::guard::guard;
use crate::runtime::host::HostCalls;
use crate::runtime::instance::{Answer, Failure, Instance};
use crate::runtime::metrics::Meter;
use crate::runtime::scope::Scope;
use crate::runtime::shim::{self, answer, answer_or, host_table};
use crate::settings::Settings;
use crate::status::StatusReporter;

/// The table of a component that is given no telemetry.
pub(crate) const fn factory<L: Life>(
    type_name: &'static str,
    signals: u64,
    stability: u64,
) -> abi::Factory {
    abi::Factory {
        struct_size: abi::struct_size::<abi::Factory>(),
        kind: L::KIND.number(),
        signals,
        features: L::FEATURES,
        type_name: abi::Slice::from_bytes(type_name.as_bytes()),
        describe: Some(describe::<L>),
        validate: Some(validate::<L>),
        create: Some(create::<L>),
        start: Some(start::<L>),
        consume: None,
        cancel: None,
        shutdown: Some(shutdown::<L>),
        destroy: Some(destroy::<L>),
        stability,
        notify: None,
        pairs: 0,
    }
}

/// The table of a component that is given telemetry.
pub(crate) const fn consuming<C: Consume>(
    type_name: &'static str,
    signals: u64,
    stability: u64,
) -> abi::Factory {
    abi::Factory {
        consume: Some(consume::<C>),
        ..factory::<C>(type_name, signals, stability)
    }
}

/// The table of a component that hears what happens around it.
pub(crate) const fn watching<W: Watch>(type_name: &'static str, stability: u64) -> abi::Factory {
    abi::Factory {
        notify: Some(notify::<W>),
        ..factory::<W>(type_name, 0, stability)
    }
}

/// # Safety
/// `factory` is the table that this function is in; `out` is null or valid for one write; `error`
/// as in `answer`.
unsafe extern "C" fn describe<L: Life>(
    factory: *const abi::Factory,
    out: *mut abi::Buffer,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the caller gives the table that this function is in.
        let factory = unsafe { shim::record(factory)? };
        // SAFETY: the type's name lives as long as the process.
        let identity_of = unsafe { shim::identity(factory)? };
        let text = L::identity(&identity_of)?.to_string();
        // SAFETY: the caller gave an `out` that is valid for one write.
        unsafe { shim::put(out, shim::buffer(text.into_bytes()))? };
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// `config` is readable during the call; `error` as in `answer`.
unsafe extern "C" fn validate<L: Life>(config: abi::Slice, error: *mut abi::Error) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the slice.
        let section = unsafe { shim::bytes(config)? };
        config::from_json::<L::Config>(section).map_err(Error::permanent)?;
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// `create` and what it points to are readable during the call, its host as long as the process;
/// `out` is null or valid for one write; `error` as in `answer`.
unsafe extern "C" fn create<L: Life>(
    create: *const abi::Create,
    out: *mut *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the record.
        let create = unsafe { shim::created(create)? };
        // SAFETY: the caller vouches for what the record points to.
        let settings = unsafe { settings(&create)? };
        // SAFETY: as above.
        let section = unsafe { shim::bytes(create.config)? };
        if out.is_null() {
            return Err(Failure::Invalid("no place for the instance".to_owned()).into());
        }
        let config = config::from_json::<L::Config>(section).map_err(Error::permanent)?;
        // SAFETY: the caller vouches for the host's table.
        let answer = Answer::to_host(unsafe { host_table(create.host)? }.features);
        let host = settings.logger.host();
        #[cfg(feature = "tracing")]
        crate::runtime::events::forward(host);
        let _scope = Scope::enter(host);
        let component = L::new(&settings, config)?;
        let instance = Box::new(Instance::new(component, settings.signal, answer, host));
        // SAFETY: the caller gave an `out` that is valid for one write.
        unsafe { shim::put(out, Box::into_raw(instance).cast())? };
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// `instance` came from `create` and was not destroyed; `error` as in `answer`.
unsafe extern "C" fn start<L: Life>(instance: *mut c_void, error: *mut abi::Error) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the instance.
        let instance = unsafe { instance_of::<L>(instance)? };
        let _scope = instance.scope();
        instance.start(L::start)?;
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// `instance` came from `create` and was not destroyed; `context` and `data` and what they
/// point to are readable during the call; `output` is ours during the call; `error` as in `answer`.
unsafe extern "C" fn consume<C: Consume>(
    instance: *mut c_void,
    context: *const abi::Context,
    data: *const abi::Data,
    _token: u64,
    output: *mut abi::Output,
    error: *mut abi::Error,
) -> i32 {
    // SAFETY: the caller vouches for the instance.
    let instance = unsafe { instance.cast::<Instance<C>>().as_ref() };
    let body = || {
        let instance = instance.ok_or_else(no_instance)?;
        let _scope = instance.scope();
        let component = instance.started()?;
        // SAFETY: the caller vouches for the record.
        let context = unsafe { shim::record(context)? };
        // SAFETY: the caller vouches for what the record points to.
        let context = unsafe { shim::context(context)? };
        // SAFETY: the caller vouches for the record.
        let data = unsafe { shim::record(data)? };
        // SAFETY: the caller vouches for the slice.
        let bytes = unsafe { shim::data(data.bytes)? };
        let mut own = None;
        // SAFETY: the caller says that the record is ours.
        let filled = unsafe { shim::output(output, &mut own)? };
        let format = format_of(data.format)?;
        let signal = instance
            .signal
            .filter(|signal| *signal as u32 == data.signal);
        let signal = signal.ok_or_else(|| wrong_signal(data.signal, instance.signal))?;
        let batch;
        let given = match format {
            Format::View => {
                let Some(layout) = instance.layout(signal, bytes) else {
                    return Ok(abi::OUTCOME_UNREAD);
                };
                // SAFETY: the caller vouches for what the table and the root say, during the call.
                let found = unsafe { Batch::new(layout, data.root) };
                batch = found.ok_or_else(no_root)?;
                Given::InPlace(&batch)
            }
            Format::Otlp | Format::Edits | Format::Table => Given::Otlp(bytes),
        };
        // SAFETY: the caller says that the room of the record is ours.
        let room = unsafe { filled.room() };
        let wanted = Wanted {
            answer: instance.answer,
            room,
        };
        let consumed = component.consume(signal, &context, given, wanted)?;
        let outcome = answered(consumed, filled)?;
        if let Some(own) = &own {
            // SAFETY: it stands for this record.
            unsafe { shim::give_back(own, output) };
        }
        Ok(outcome)
    };
    let panicked = || instance.into_iter().for_each(Instance::poison);
    // SAFETY: the caller vouches for the error record.
    unsafe { answer_or(error, panicked, body) }
}

/// What became of a batch, as an outcome and in the record for it.
#[inline]
fn answered(consumed: Consumed, output: &mut abi::Output) -> Result<i32, Box<Failure>> {
    Ok(match consumed {
        Consumed::Unread => abi::OUTCOME_UNREAD,
        Consumed::Taken => abi::OUTCOME_OK,
        Consumed::PassThrough => abi::OUTCOME_PASS_THROUGH,
        Consumed::Dropped => abi::OUTCOME_DROPPED,
        Consumed::Replaced(answer) if is_too_long(&answer) => {
            let text = format_args!("the changed telemetry has {} bytes", answer.len());
            return Err(Error::permanent(text).into());
        }
        Consumed::Edited(EditAnswer::InRoom { rows, text }) => {
            output.format = abi::FORMAT_EDITS;
            output.data = in_room(output, 0, rows);
            output.text = in_room(output, rows, text);
            abi::OUTCOME_EDITS
        }
        Consumed::Edited(EditAnswer::List(EditList { rows, text }))
            if is_too_long(&rows) || is_too_long(&text) =>
        {
            let (rows, bytes) = (rows.len(), text.len());
            let text = format_args!("the edits have {rows} rows and {bytes} bytes");
            return Err(Error::permanent(text).into());
        }
        Consumed::Edited(EditAnswer::List(edits)) => {
            output.format = abi::FORMAT_EDITS;
            output.data = shim::buffer(edits.rows);
            output.text = shim::buffer(edits.text);
            abi::OUTCOME_EDITS
        }
        Consumed::Made(table) if is_too_long(&table.rows) || is_too_long(&table.text) => {
            let text = format_args!(
                "the new telemetry has {} rows and {} bytes",
                table.rows.len(),
                table.text.len()
            );
            return Err(Error::permanent(text).into());
        }
        Consumed::Made(table) => {
            output.format = abi::FORMAT_TABLE;
            output.data = shim::buffer(table.rows);
            output.text = shim::buffer(table.text);
            abi::OUTCOME_REPLACED
        }
        Consumed::Replaced(answer) => {
            output.format = abi::FORMAT_OTLP;
            output.data = shim::buffer(answer);
            abi::OUTCOME_REPLACED
        }
    })
}

/// # Safety
/// As for `start`; `text` is readable during the call.
unsafe extern "C" fn notify<W: Watch>(
    instance: *mut c_void,
    event: u32,
    text: abi::Slice,
    error: *mut abi::Error,
) -> i32 {
    // SAFETY: the caller vouches for the instance.
    let instance = unsafe { instance.cast::<Instance<W>>().as_ref() };
    let body = || {
        let instance = instance.ok_or_else(no_instance)?;
        let _scope = instance.scope();
        // SAFETY: the caller vouches for the slice.
        let event = Event::of(event, unsafe { shim::bytes(text)? })?;
        instance.started()?.notify(event)?;
        Ok(abi::STATUS_OK)
    };
    let panicked = || instance.into_iter().for_each(Instance::poison);
    // SAFETY: the caller vouches for the error record.
    unsafe { answer_or(error, panicked, body) }
}

/// # Safety
/// As for `start`.
unsafe extern "C" fn shutdown<L: Life>(
    instance: *mut c_void,
    deadline_unix_ns: u64,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the caller vouches for the instance.
        let instance = unsafe { instance_of::<L>(instance)? };
        let _scope = instance.scope();
        instance.shutdown(|component| component.shutdown(moment(deadline_unix_ns)))?;
        Ok(abi::STATUS_OK)
    };
    // SAFETY: the caller vouches for the error record.
    unsafe { answer(error, body) }
}

/// # Safety
/// `instance` is null, or came from `create`, was not destroyed, and is not used any more.
unsafe extern "C" fn destroy<L: Life>(instance: *mut c_void) {
    if instance.is_null() {
        return;
    }
    // SAFETY: `create` made it from a box of this type, and the caller gives it up.
    let instance = unsafe { Box::from_raw(instance.cast::<Instance<L>>()) };
    let _scope = instance.scope();
    // A panic in an author's `drop` has no caller left to report to.
    let _ = guard(|| drop(instance));
}

/// # Safety
/// `instance` is null, or came from `create` and lives during `'a`.
unsafe fn instance_of<'a, L: Life>(instance: *mut c_void) -> Result<&'a Instance<L>, Failure> {
    // SAFETY: the caller vouches for type and life of what is not null.
    unsafe { instance.cast::<Instance<L>>().as_ref() }.ok_or_else(no_instance)
}

#[cold]
fn no_instance() -> Failure {
    Failure::Invalid("no instance".to_owned())
}

#[cold]
fn no_root() -> Failure {
    Failure::Invalid("no root".to_owned())
}

/// # Safety
/// What `create` points to is readable, its host as long as the process.
unsafe fn settings(create: &abi::Create) -> Result<Settings, Failure> {
    // SAFETY: the caller vouches for the host's table.
    let host = unsafe { host_table(create.host)? };
    // SAFETY: the caller vouches for the slice.
    let id = unsafe { shim::text(create.id, "the id")? };
    // SAFETY: as above.
    let resource = unsafe { shim::bytes(create.resource)? };
    // SAFETY: as above.
    let build = unsafe { shim::bytes(create.build)? };
    let (signal, output) = (signal_of(create.signal)?, signal_of(create.output)?);
    let calls = HostCalls::new(host, create.component, create.log_level);
    // SAFETY: the caller vouches for the numbers.
    let next = unsafe { Next::of(host, create) };
    Ok(Settings {
        id: id.to_owned(),
        signal,
        output,
        resource: object(resource, "the resource")?,
        build: object(build, "the build information")?,
        next,
        logger: Logger::new(calls),
        status: StatusReporter::new(calls),
        meter: Meter::new(calls),
    })
}

fn signal_of(number: u32) -> Result<Option<Signal>, Failure> {
    if number == 0 {
        return Ok(None);
    }
    let unknown = || Failure::Unsupported(format!("signal {number} is not known"));
    Signal::from_number(number).ok_or_else(unknown).map(Some)
}

/// A JSON object of the host's; nothing stands for an empty one.
fn object<T: DeserializeOwned + Default>(text: &[u8], name: &str) -> Result<T, Failure> {
    if text.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(text)
        .map_err(|error| Failure::Invalid(format!("{name} is not a JSON object: {error}")))
}

#[cold]
fn wrong_signal(given: u32, taken: Option<Signal>) -> Failure {
    let taken = taken.map_or("no telemetry", Signal::as_str);
    Failure::Invalid(format!("signal {given} for an instance that takes {taken}"))
}

/// A part of the host's room, which the host does not give back.
fn in_room(output: &abi::Output, start: usize, len: usize) -> abi::Buffer {
    abi::Buffer {
        ptr: output.room.wrapping_add(start),
        len: len as u64,
        ..abi::Buffer::EMPTY
    }
}

fn is_too_long<T>(items: &[T]) -> bool {
    size_of_val(items) as u64 > abi::LONGEST_DATA
}

fn moment(unix_ns: u64) -> Option<SystemTime> {
    (unix_ns != 0).then(|| UNIX_EPOCH + Duration::from_nanos(unix_ns))
}
