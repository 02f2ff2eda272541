//! What a host may do wrong, and the exported function of a plugin.
#![expect(unsafe_code, reason = "these tests are the other side of the C ABI")]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use bimetal_sdk::abi;

use crate::component::{RECORD, component};

mod plugin {
    bimetal_sdk::export_plugin!(processor, crate::component::component);
}

mod greedy {
    #![expect(
        unsafe_code,
        reason = "stands for the exported function of a second plugin"
    )]
    pub(super) fn new_factory(host: &super::abi::Host) -> (i32, String) {
        super::call(|error| {
            let mut out = std::ptr::null();
            // SAFETY: all arguments live during the call.
            unsafe {
                bimetal_sdk::export::new_factory(
                    bimetal_sdk::Kind::Processor,
                    crate::component::reader,
                    host,
                    &raw mut out,
                    error,
                )
            }
        })
    }
}

static HOST: abi::Host = host(
    abi::ABI_MAJOR,
    abi::ABI_MINOR,
    abi::struct_size::<abi::Host>(),
    0,
);

const fn host(abi_major: u32, abi_minor: u32, struct_size: u32, features: u64) -> abi::Host {
    abi::Host {
        struct_size,
        abi_major,
        abi_minor,
        reserved: 0,
        features,
        log: None,
        log_enabled: None,
        send: None,
        complete: None,
        report_status: None,
        declare: None,
        record: None,
    }
}

fn call(call: impl FnOnce(*mut abi::Error) -> i32) -> (i32, String) {
    let mut error = abi::Error::EMPTY;
    let status = call(&raw mut error);
    let buffer = error.message;
    // SAFETY: a buffer is readable until it is released.
    let bytes = unsafe { buffer.bytes(abi::LONGEST_TEXT) }.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    if let Some(release) = buffer.release {
        // SAFETY: the buffer goes back as it came, once.
        unsafe { release(buffer.owner, buffer.ptr, buffer.len) };
    }
    (status, text)
}

fn enter(host: *const abi::Host) -> (i32, String, *const abi::Factory) {
    let mut out = null();
    // SAFETY: all arguments live during the call.
    let (status, text) =
        call(|error| unsafe { plugin::otelcol_processor_new_factory(host, &raw mut out, error) });
    (status, text, out)
}

/// A valid create record; what is in it lives for ever.
fn create_record(host: *const abi::Host) -> abi::Create {
    abi::Create {
        struct_size: abi::struct_size::<abi::Create>(),
        signal: abi::SIGNAL_LOGS,
        component: 1,
        host,
        id: abi::Slice::from_bytes(b"obedient/1"),
        config: abi::Slice::EMPTY,
        resource: abi::Slice::EMPTY,
        next: null(),
        next_len: 0,
        output: 0,
        log_level: abi::LOG_DEBUG,
        build: abi::Slice::EMPTY,
    }
}

fn create(record: *const abi::Create) -> (i32, String, *mut c_void) {
    let create = component().factory().create.unwrap();
    let mut instance = null_mut();
    // SAFETY: all arguments live during the call.
    let (status, text) = call(|error| unsafe { create(record, &raw mut instance, error) });
    (status, text, instance)
}

#[test]
fn the_exported_function_gives_the_table_that_a_linked_component_has() {
    let (status, text, factory) = enter(&raw const HOST);
    assert_eq!((status, text.as_str()), (abi::STATUS_OK, ""));
    assert!(std::ptr::eq(factory, component().factory()));
}

#[test]
fn refuses_a_host_of_another_major_version_and_names_both() {
    for other in [host(2, 7, 999, 0), host(2, 7, 16, 0)] {
        let (status, text, factory) = enter(&raw const other);
        assert_eq!(status, abi::STATUS_UNSUPPORTED);
        assert_eq!(
            text,
            format!(
                "the Collector speaks version 2.7 of the component ABI, this component 1.{}; \
                 build the component with the SDK of that Collector",
                abi::ABI_MINOR
            )
        );
        assert!(factory.is_null());
    }
}

#[test]
fn takes_a_host_of_another_minor_version() {
    let other = host(
        abi::ABI_MAJOR,
        abi::ABI_MINOR + 3,
        abi::struct_size::<abi::Host>(),
        0,
    );
    assert_eq!(enter(&raw const other).0, abi::STATUS_OK);
}

#[test]
fn refuses_a_host_record_that_is_null_or_too_short() {
    assert_eq!(enter(null()).0, abi::STATUS_INVALID);
    assert_eq!(
        enter(&raw const *Box::leak(Box::new(host(1, 0, 8, 0)))).0,
        abi::STATUS_INVALID
    );
    let short = host(1, 0, 40, 0);
    let (status, text, _) = enter(&raw const short);
    assert_eq!(status, abi::STATUS_INVALID);
    assert_eq!(
        text,
        format!(
            "the host broke the contract: the host record has 40 bytes, at least {} are needed",
            size_of::<abi::Host>()
        )
    );
}

unsafe extern "C" fn beyond(_: u64, _: *const abi::Instrument, _: *mut abi::Error) -> i32 {
    abi::STATUS_ERROR
}

#[test]
fn takes_an_earlier_host_and_reads_nothing_behind_what_it_has() {
    let least = u32::try_from(abi::Host::LEAST_SIZE).unwrap();
    // Both records are longer than they say.
    let earlier: &abi::Host = Box::leak(Box::new(abi::Host {
        declare: Some(beyond),
        ..host(1, 2, least, 0)
    }));
    assert_eq!(enter(earlier).0, abi::STATUS_OK);
    let record = abi::Create {
        struct_size: u32::try_from(abi::Create::LEAST_SIZE).unwrap(),
        signal: 0,
        build: abi::Slice::from_bytes(b"no JSON"),
        ..create_record(earlier)
    };
    for _ in 0..2 {
        let factory = crate::metrics::component().factory();
        let mut instance = null_mut();
        // SAFETY: all arguments live during the call.
        let (status, text) = call(|error| unsafe {
            factory.create.unwrap()(&raw const record, &raw mut instance, error)
        });
        assert_eq!((status, text.as_str()), (abi::STATUS_OK, ""));
        // SAFETY: the instance is given up.
        unsafe { factory.destroy.unwrap()(instance) };
    }
}

#[test]
fn refuses_a_host_without_a_feature_that_the_component_needs() {
    let (status, text) = greedy::new_factory(&HOST);
    assert_eq!(status, abi::STATUS_UNSUPPORTED);
    assert_eq!(
        text,
        format!(
            "the component needs features 0x10 of the Collector, which has 0x0 (ABI 1.{0} there, \
             1.{0} here)",
            abi::ABI_MINOR
        )
    );
    let able = host(1, 0, abi::struct_size::<abi::Host>(), abi::FEATURE_METADATA);
    assert_eq!(greedy::new_factory(&able).0, abi::STATUS_OK);
}

#[test]
fn without_an_error_record_of_full_size_there_is_only_a_status() {
    let mut out = null();
    // SAFETY: all arguments are valid or null.
    let status =
        unsafe { plugin::otelcol_processor_new_factory(&raw const HOST, &raw mut out, null_mut()) };
    assert_eq!(status, abi::STATUS_INVALID);
    let mut short = abi::Error {
        struct_size: 8,
        ..abi::Error::EMPTY
    };
    // SAFETY: all arguments are valid.
    let status = unsafe {
        plugin::otelcol_processor_new_factory(&raw const HOST, &raw mut out, &raw mut short)
    };
    assert_eq!(status, abi::STATUS_INVALID);
    assert!(out.is_null() && short.message.ptr.is_null());
}

#[test]
fn create_refuses_what_breaks_the_contract() {
    let good = create_record(&raw const HOST);
    let text = |record: abi::Create| {
        let (status, text, instance) = create(&raw const record);
        assert!(instance.is_null());
        (status, text)
    };
    assert_eq!(create(null()).0, abi::STATUS_INVALID);
    assert_eq!(
        text(abi::Create {
            struct_size: 16,
            ..create_record(&raw const HOST)
        })
        .0,
        abi::STATUS_INVALID
    );
    assert_eq!(
        text(create_record(null())).1,
        "the host broke the contract: no host record"
    );
    assert_eq!(
        text(abi::Create {
            id: abi::Slice::from_bytes(b"\xff"),
            ..create_record(&raw const HOST)
        })
        .1,
        "the host broke the contract: the id is not UTF-8"
    );
    assert_eq!(
        text(abi::Create {
            config: abi::Slice {
                ptr: null(),
                len: 5
            },
            ..create_record(&raw const HOST)
        })
        .1,
        "the host broke the contract: a null pointer to 5 bytes"
    );
    assert_eq!(
        text(abi::Create {
            signal: 77,
            ..create_record(&raw const HOST)
        }),
        (abi::STATUS_UNSUPPORTED, "signal 77 is not known".to_owned())
    );
    let make = component().factory().create.unwrap();
    // SAFETY: all arguments are valid or null.
    let (status, _) = call(|error| unsafe { make(&raw const good, null_mut(), error) });
    assert_eq!(status, abi::STATUS_INVALID);
}

#[test]
fn consume_refuses_what_breaks_the_contract() {
    let record = create_record(&raw const HOST);
    let (status, _, instance) = create(&raw const record);
    assert_eq!(status, abi::STATUS_OK);
    let factory = component().factory();
    let start = factory.start.unwrap();
    // SAFETY: the instance was just made.
    let (status, _) = call(|error| unsafe { start(instance, error) });
    assert_eq!(status, abi::STATUS_OK);
    let context = abi::Context::EMPTY;
    let data = |signal, format, struct_size| abi::Data {
        struct_size,
        signal,
        format,
        reserved: 0,
        bytes: abi::Slice::from_bytes(&RECORD),
        root: 0,
    };
    let size = abi::struct_size::<abi::Data>();
    let mut output = abi::Output::EMPTY;
    let mut give = |instance, context: *const abi::Context, data: *const abi::Data| {
        // SAFETY: all arguments are valid or null.
        call(|error| unsafe {
            factory.consume.unwrap()(instance, context, data, 0, &raw mut output, error)
        })
        .0
    };
    let good = data(abi::SIGNAL_LOGS, abi::FORMAT_OTLP, size);
    assert_eq!(
        give(instance, &raw const context, &raw const good),
        abi::OUTCOME_PASS_THROUGH
    );
    assert_eq!(
        give(null_mut(), &raw const context, &raw const good),
        abi::STATUS_INVALID
    );
    assert_eq!(give(instance, null(), &raw const good), abi::STATUS_INVALID);
    assert_eq!(
        give(instance, &raw const context, null()),
        abi::STATUS_INVALID
    );
    let short = data(abi::SIGNAL_LOGS, abi::FORMAT_OTLP, 8);
    assert_eq!(
        give(instance, &raw const context, &raw const short),
        abi::STATUS_INVALID
    );
    let edits = data(abi::SIGNAL_LOGS, abi::FORMAT_EDITS, size);
    assert_eq!(
        give(instance, &raw const context, &raw const edits),
        abi::STATUS_UNSUPPORTED
    );
    // Telemetry of a layout that is none is asked for in another format; its root is not touched.
    let view = data(abi::SIGNAL_LOGS, abi::FORMAT_VIEW, size);
    assert_eq!(
        give(instance, &raw const context, &raw const view),
        abi::OUTCOME_UNREAD
    );
    let traces = data(abi::SIGNAL_TRACES, abi::FORMAT_OTLP, size);
    assert_eq!(
        give(instance, &raw const context, &raw const traces),
        abi::STATUS_INVALID
    );
    let destroy = factory.destroy.unwrap();
    // SAFETY: the instance is not used any more.
    unsafe { destroy(instance) };
    // SAFETY: null is allowed.
    unsafe { destroy(null_mut()) };
}

/// What an instance with this configuration answers a host with these features.
fn answer(host: &'static abi::Host, config: &[u8]) -> (i32, u32, Vec<u8>, Vec<u8>) {
    answer_into(abi::Output::EMPTY, host, config)
}

fn answer_into(
    mut output: abi::Output,
    host: &'static abi::Host,
    config: &[u8],
) -> (i32, u32, Vec<u8>, Vec<u8>) {
    let record = abi::Create {
        config: abi::Slice::from_bytes(config),
        ..create_record(&raw const *host)
    };
    let (status, text, instance) = create(&raw const record);
    assert_eq!((status, text.as_str()), (abi::STATUS_OK, ""));
    let factory = component().factory();
    // SAFETY: the instance was just made.
    let (status, _) = call(|error| unsafe { factory.start.unwrap()(instance, error) });
    assert_eq!(status, abi::STATUS_OK);
    let context = abi::Context::EMPTY;
    let data = abi::Data {
        struct_size: abi::struct_size::<abi::Data>(),
        signal: abi::SIGNAL_LOGS,
        format: abi::FORMAT_OTLP,
        reserved: 0,
        bytes: abi::Slice::from_bytes(&RECORD),
        root: 0,
    };
    let consume = factory.consume.unwrap();
    let (outcome, _) = call(|error| {
        // SAFETY: all arguments live during the call.
        unsafe {
            consume(
                instance,
                &raw const context,
                &raw const data,
                0,
                &raw mut output,
                error,
            )
        }
    });
    assert_eq!(output.data.ptr.align_offset(align_of::<abi::Edit>()), 0);
    // SAFETY: the buffer is readable until it is released.
    let rows = unsafe { output.data.bytes(abi::LONGEST_DATA) }.unwrap();
    // SAFETY: as above.
    let text = unsafe { output.text.bytes(abi::LONGEST_DATA) }.unwrap();
    let (format, rows, text) = (output.format, rows.to_vec(), text.to_vec());
    for buffer in [output.data, output.text] {
        if let Some(release) = buffer.release {
            // SAFETY: each goes back as it came, once.
            unsafe { release(buffer.owner, buffer.ptr, buffer.len) };
        }
    }
    // SAFETY: the instance is not used any more.
    unsafe { factory.destroy.unwrap()(instance) };
    (outcome, format, rows, text)
}

const fn host_with(features: u64) -> abi::Host {
    host(
        abi::ABI_MAJOR,
        abi::ABI_MINOR,
        abi::struct_size::<abi::Host>(),
        features,
    )
}

#[test]
fn a_short_answer_lies_in_the_room_of_a_host_that_has_one_and_says_so() {
    static TAKES_EDITS: abi::Host = host_with(abi::FEATURE_EDITS);
    const UNTOUCHED: u64 = 7;
    let expected = answer(&TAKES_EDITS, br#"{"task":"mark"}"#);
    for (struct_size, is_used) in [
        (abi::struct_size::<abi::Output>(), true),
        (u32::try_from(abi::Output::LEAST_SIZE).unwrap(), false),
    ] {
        let mut room = [UNTOUCHED; 64];
        let output = abi::Output {
            struct_size,
            room: room.as_mut_ptr().cast(),
            room_len: size_of_val(&room) as u64,
            ..abi::Output::EMPTY
        };
        let given = answer_into(output, &TAKES_EDITS, br#"{"task":"mark"}"#);
        assert_eq!(given, expected);
        assert_eq!(room != [UNTOUCHED; 64], is_used);
    }
}

#[test]
fn a_host_that_takes_edits_gets_rows_and_their_text() {
    static TAKES_EDITS: abi::Host = host_with(abi::FEATURE_EDITS);
    let (outcome, format, rows, text) = answer(&TAKES_EDITS, br#"{"task":"mark"}"#);
    assert_eq!((outcome, format), (abi::OUTCOME_EDITS, abi::FORMAT_EDITS));
    assert_eq!(rows.len(), 3 * size_of::<abi::Edit>());
    let kinds: Vec<_> = rows
        .chunks(size_of::<abi::Edit>())
        .map(|row| row[0])
        .collect();
    assert_eq!(kinds, [abi::EDIT_RESOURCE, abi::EDIT_SCOPE, abi::EDIT_PUT]);
    assert_eq!(text, b"marked");
}

#[test]
fn a_host_that_takes_tables_gets_new_telemetry_as_rows_and_their_text() {
    static TAKES_TABLES: abi::Host = host_with(abi::FEATURE_EDITS | abi::FEATURE_TABLE);
    let (outcome, format, rows, text) = answer(&TAKES_TABLES, br#"{"task":"replace"}"#);
    assert_eq!(
        (outcome, format),
        (abi::OUTCOME_REPLACED, abi::FORMAT_TABLE)
    );
    let kinds: Vec<_> = rows
        .chunks(size_of::<abi::Row>())
        .map(|row| row[0])
        .collect();
    let head = [abi::ROW_ITEM, abi::ROW_MESSAGE, abi::ROW_END, abi::ROW_LIST];
    let record = [abi::ROW_ITEM, abi::ROW_VALUE, abi::ROW_END];
    let ends = [abi::ROW_END; 2];
    let all = [&[abi::ROW_LIST], &head[..], &head, &record, &ends].concat();
    assert_eq!(kinds, all);
    assert_eq!(text, b"made");
    // Its edits are still edits.
    let (outcome, ..) = answer(&TAKES_TABLES, br#"{"task":"mark"}"#);
    assert_eq!(outcome, abi::OUTCOME_EDITS);
}
