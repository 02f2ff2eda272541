//! The two tables: what the host offers to a component, what a component offers to the host.
//!
//! In: nothing. Out: `#[repr(C)]` tables of functions. Invariant: a field is used only if
//! `struct_size` reaches past it and it is not null.

use std::ffi::c_void;
use std::mem::offset_of;

use crate::value::{Buffer, Context, Data, Error, Output, Slice};

/// What the host offers. Lives as long as the process.
#[repr(C)]
#[derive(Debug)]
pub struct Host {
    /// Size of the struct that the host was built with, in bytes.
    pub struct_size: u32,
    /// `ABI_MAJOR` of the host.
    pub abi_major: u32,
    /// `ABI_MINOR` of the host.
    pub abi_minor: u32,
    /// Fills the gap before the feature bits.
    pub reserved: u32,
    /// `FEATURE_…` bits.
    pub features: u64,
    /// Writes one record to the component's logger. `fields` is a JSON object, or empty.
    pub log:
        Option<unsafe extern "C" fn(component: u64, level: i32, message: Slice, fields: Slice)>,
    /// Non-zero when a record of this level would be written.
    pub log_enabled: Option<unsafe extern "C" fn(component: u64, level: i32) -> i32>,
    /// Gives telemetry of a receiver to its pipelines, as OTLP or as a table, and waits for their
    /// answer. May be called from any thread from the beginning of `start` to the end of
    /// `shutdown`. `next` is of `Create::next`.
    pub send: Option<
        unsafe extern "C" fn(
            next: u64,
            context: *const Context,
            data: *const Data,
            error: *mut Error,
        ) -> i32,
    >,
    /// Ends a `consume` that answered `OUTCOME_PENDING`; a null error means success. Reserved.
    pub complete: Option<unsafe extern "C" fn(token: u64, error: *const Error)>,
    /// Reports the component's status: `COMPONENT_…`, and for an error what is wrong. May be
    /// called between the beginning of `start` and `destroy`. Since 1.3.
    pub report_status: Option<unsafe extern "C" fn(component: u64, status: i32, message: Slice)>,
    /// Declares one thing that the instance measures, within `create` only. Answers its number, or
    /// a negative status. `Instrument::cells` are the host's from then on, also after an error.
    /// Since 1.3.
    pub declare: Option<
        unsafe extern "C" fn(
            component: u64,
            instrument: *const Instrument,
            error: *mut Error,
        ) -> i32,
    >,
    /// Records values of the histogram `instrument` under its set of attributes `set`: words of 64
    /// bits, as in `Instrument::cells`. Since 1.3.
    pub record:
        Option<unsafe extern "C" fn(component: u64, instrument: u32, set: u32, values: Slice)>,
}

/// One thing that an instance measures (`Host::declare`). Texts may be read during the call only.
#[repr(C)]
#[derive(Debug)]
pub struct Instrument {
    /// Size of the struct that the component was built with, in bytes.
    pub struct_size: u32,
    /// `INSTRUMENT_…`.
    pub kind: u32,
    /// Non-zero: values are floating-point numbers, else whole ones with a sign.
    pub floating: u32,
    /// Fills the gap before the name.
    pub reserved: u32,
    /// A letter, then letters, digits and `_.-/`, at most 255; once in an instance.
    pub name: Slice,
    /// Such as `By` or `{records}`; may be empty.
    pub unit: Slice,
    /// Text for people.
    pub description: Slice,
    /// A JSON array of objects, each a set of attributes; the place of a set is its number. Empty:
    /// one set without attributes.
    pub attributes: Slice,
    /// Of a histogram: a JSON array of the upper bounds of its buckets, rising. Empty: the
    /// Collector's.
    pub bounds: Slice,
    /// Values as words of 64 bits, native-endian and aligned to eight, which the component writes
    /// and the host reads atomically until it gives them back. For each set one word, the total;
    /// of a gauge two, the first of which is 0 until there is a value; of a histogram none.
    pub cells: Buffer,
    /// Called before the host reads the values, with the `owner` of `cells`: brings them up to
    /// date, and records what was held back. Called from one thread at a time until `cells` are
    /// given back; null if there is nothing to do.
    pub refresh: Option<unsafe extern "C" fn(owner: *mut c_void)>,
}

/// What `Factory::create` is given. Everything it points to may be read during the call only,
/// `host` excepted.
#[repr(C)]
#[derive(Debug)]
pub struct Create {
    /// Size of the struct that the host was built with, in bytes.
    pub struct_size: u32,
    /// `SIGNAL_…` that this instance is for, of a connector the one that it takes; 0 for
    /// extensions.
    pub signal: u32,
    /// Names the instance in calls to the host.
    pub component: u64,
    /// The host's table; lives as long as the process.
    pub host: *const Host,
    /// `type/name`, as in the Collector's configuration.
    pub id: Slice,
    /// The resolved section as JSON, defaults not merged in, without the host's keys.
    pub config: Slice,
    /// Resource attributes of the Collector's own telemetry, as a JSON object.
    pub resource: Slice,
    /// Where the telemetry of a receiver goes (`Host::send`): one number.
    pub next: *const u64,
    /// Number of next consumers.
    pub next_len: u64,
    /// `SIGNAL_…` that a connector makes; 0 for the other kinds.
    pub output: u32,
    /// The least `LOG_…` that the instance's logger writes, for as long as it lives; one more than
    /// `LOG_ERROR` where it writes none. Since 1.3.
    pub log_level: i32,
    /// What the Collector calls itself, as a JSON object: `{command, description, version}`. Since
    /// 1.3.
    pub build: Slice,
}

/// What a component offers. Lives as long as the process; the same table whether linked in or
/// loaded.
#[repr(C)]
#[derive(Debug)]
pub struct Factory {
    /// Size of the struct that the component was built with, in bytes.
    pub struct_size: u32,
    /// `KIND_…`.
    pub kind: u32,
    /// `1 << SIGNAL_…` of every signal that `create` takes; 0 for extensions.
    pub signals: u64,
    /// `FEATURE_…` bits.
    pub features: u64,
    /// The component's type as in the Collector's configuration; lives as long as the process.
    pub type_name: Slice,
    /// Identity as JSON: `{kind, type, signals: {logs: "beta"}, default_config, config_schema,
    /// host_keys}`. `host_keys` are those keys of the section that the host acts on and takes out
    /// of it: of an exporter `timeout`, `sending_queue`, `retry_on_failure`. It is given its own
    /// table.
    pub describe: Option<
        unsafe extern "C" fn(factory: *const Factory, out: *mut Buffer, error: *mut Error) -> i32,
    >,
    /// Checks a section as `create` would, without creating anything.
    pub validate: Option<unsafe extern "C" fn(config: Slice, error: *mut Error) -> i32>,
    /// Makes one instance for one signal. Has no side effects: no thread, no socket, no file.
    pub create: Option<
        unsafe extern "C" fn(
            create: *const Create,
            out: *mut *mut c_void,
            error: *mut Error,
        ) -> i32,
    >,
    /// Starts the instance; called at most once, and alone.
    pub start: Option<unsafe extern "C" fn(instance: *mut c_void, error: *mut Error) -> i32>,
    /// Gives telemetry to the instance; may be called from many threads at once, but only after
    /// `start` has succeeded and before `shutdown` begins. Answers `OUTCOME_…` or a negative
    /// status.
    pub consume: Option<
        unsafe extern "C" fn(
            instance: *mut c_void,
            context: *const Context,
            data: *const Data,
            token: u64,
            output: *mut Output,
            error: *mut Error,
        ) -> i32,
    >,
    /// The caller of a pending `consume` no longer waits. Reserved.
    pub cancel: Option<unsafe extern "C" fn(instance: *mut c_void, token: u64) -> i32>,
    /// Stops the instance; may be called without `start`, and more than once, always alone: the
    /// host waits for every `consume` first. 0 means no deadline.
    pub shutdown: Option<
        unsafe extern "C" fn(
            instance: *mut c_void,
            deadline_unix_ns: u64,
            error: *mut Error,
        ) -> i32,
    >,
    /// Frees the instance; called last and alone. What was started was shut down before.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    /// `STABILITY_…` of every signal, four bits each: `STABILITY_BETA << (4 * SIGNAL_LOGS)`. The
    /// lowest four are an extension's.
    pub stability: u64,
    /// Says what happened around an extension: `EVENT_…`, with a text. Called for what `features`
    /// asks for, under the rules of `consume`. Since 1.2.
    pub notify: Option<
        unsafe extern "C" fn(
            instance: *mut c_void,
            event: u32,
            text: Slice,
            error: *mut Error,
        ) -> i32,
    >,
    /// Of a connector: the pairs of signals that `create` takes, as `STABILITY_…`, four bits each:
    /// `STABILITY_BETA << (16 * (from - 1) + 4 * (to - 1))`. Zero is no pair. Since 1.2.
    pub pairs: u64,
}

impl Host {
    /// Size of the first version of the table. What comes behind it may be missing.
    pub const LEAST_SIZE: usize = offset_of!(Self, declare);
}

impl Create {
    /// Size of the first version of the record. What comes behind it may be missing.
    pub const LEAST_SIZE: usize = offset_of!(Self, output);
}

impl Factory {
    /// Size of the first version of the table. What comes behind it may be missing.
    pub const LEAST_SIZE: usize = offset_of!(Self, notify);
}

// SAFETY: a factory is immutable after construction, and its slices point to data that lives as
// long as the process.
unsafe impl Sync for Factory {}
// SAFETY: as above; moving it to another thread moves plain numbers and addresses.
unsafe impl Send for Factory {}

/// Type of the one function that a Rust plugin exports, named `otelcol_<kind>_new_factory`. Answers
/// a status.
pub type NewFactory =
    unsafe extern "C" fn(host: *const Host, out: *mut *const Factory, error: *mut Error) -> i32;

const _: () = assert!(size_of::<Host>() == 80);
const _: () = assert!(size_of::<Create>() == 112);
const _: () = assert!(size_of::<Factory>() == 128);
const _: () = assert!(offset_of!(Host, abi_minor) == 8);
const _: () = assert!(offset_of!(Host, features) == 16);
const _: () = assert!(offset_of!(Host, log) == 24);
const _: () = assert!(offset_of!(Host, log_enabled) == 32);
const _: () = assert!(offset_of!(Host, send) == 40);
const _: () = assert!(offset_of!(Host, complete) == 48);
const _: () = assert!(offset_of!(Host, report_status) == 56);
const _: () = assert!(offset_of!(Host, declare) == 64);
const _: () = assert!(offset_of!(Host, record) == 72);
const _: () = assert!(size_of::<Instrument>() == 136);
const _: () = assert!(offset_of!(Instrument, name) == 16);
const _: () = assert!(offset_of!(Instrument, attributes) == 64);
const _: () = assert!(offset_of!(Instrument, cells) == 96);
const _: () = assert!(offset_of!(Instrument, refresh) == 128);
const _: () = assert!(offset_of!(Create, component) == 8);
const _: () = assert!(offset_of!(Create, host) == 16);
const _: () = assert!(offset_of!(Create, id) == 24);
const _: () = assert!(offset_of!(Create, config) == 40);
const _: () = assert!(offset_of!(Create, resource) == 56);
const _: () = assert!(offset_of!(Create, next) == 72);
const _: () = assert!(offset_of!(Create, output) == 88);
const _: () = assert!(offset_of!(Factory, signals) == 8);
const _: () = assert!(offset_of!(Factory, features) == 16);
const _: () = assert!(offset_of!(Factory, type_name) == 24);
const _: () = assert!(offset_of!(Factory, describe) == 40);
const _: () = assert!(offset_of!(Factory, validate) == 48);
const _: () = assert!(offset_of!(Factory, create) == 56);
const _: () = assert!(offset_of!(Factory, start) == 64);
const _: () = assert!(offset_of!(Factory, consume) == 72);
const _: () = assert!(offset_of!(Factory, cancel) == 80);
const _: () = assert!(offset_of!(Factory, shutdown) == 88);
const _: () = assert!(offset_of!(Factory, destroy) == 96);
const _: () = assert!(offset_of!(Factory, stability) == 104);
const _: () = assert!(offset_of!(Factory, notify) == 112);
const _: () = assert!(offset_of!(Factory, pairs) == 120);
