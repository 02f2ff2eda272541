//! The view against OTLP: the same batch, read in place and decoded, says the same.
#![expect(unsafe_code, reason = "vouches for the memory that the test made")]

use bimetal_abi as abi;
use bimetal_pdata::{Batch, Layout, Logs, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use proptest::prelude::*;
use prost::Message;

use crate::image::{Image, KEY_STRINDEX, Lies, Node, ONEOF, node, plain, settled, word};
use crate::model::{self, Edit};

/// Lends the batch to `read`; gives its answer, if everything could be read.
fn lend<T>(image: &Image, read: impl FnOnce(&mut Logs<'_>) -> T) -> Option<T> {
    let layout = Layout::of(abi::Signal::Logs, &image.table()).unwrap();
    // SAFETY: the image lies as its table says, and lives longer than the batch.
    let batch = unsafe { Batch::new(&layout, image.root) }.unwrap();
    let answer = read(&mut Logs::in_place(&batch));
    (!batch.unread()).then_some(answer)
}

/// Everything that can be read.
fn said(logs: &Logs<'_>) -> Vec<String> {
    let mut said = Vec::new();
    for resource in logs.resources() {
        said.push(format!(
            "{:?} {} {:?}",
            resource.attributes(),
            resource.resource().dropped_attributes_count(),
            resource.schema_url()
        ));
        for scope in resource.scopes() {
            said.push(format!(
                "{:?} {:?} {:?} {} {:?} {}",
                scope.name(),
                scope.version(),
                scope.attributes(),
                scope.scope().dropped_attributes_count(),
                scope.schema_url(),
                scope.record_count(),
            ));
            for record in scope.records() {
                said.push(format!(
                    "{} {} {:?} {:?} {:?} {} {}",
                    record.time_unix_nano(),
                    record.severity_number(),
                    record.severity_text(),
                    record.body(),
                    record.attributes(),
                    record.dropped_attributes_count(),
                    record.flags(),
                ));
                said.push(format!(
                    "{:?} {:?} {} {:?} {} {:?}",
                    record.trace_id(),
                    record.span_id(),
                    record.observed_time_unix_nano(),
                    record.event_name(),
                    record.attributes().len(),
                    record.attributes().get("a"),
                ));
            }
        }
    }
    said
}

fn edit(logs: &mut Logs<'_>, edits: &[Edit]) -> bool {
    for mut resource in logs.resources_mut() {
        for edit in edits.iter().skip(1) {
            edit.apply(&mut resource.attributes_mut());
        }
        for mut record in resource
            .into_scopes()
            .flat_map(bimetal_pdata::ScopeItemsMut::into_records)
        {
            for edit in edits {
                edit.apply(&mut record.attributes_mut());
            }
        }
    }
    logs.retain_records(|record| record.severity_number() != 3);
    logs.changed()
}

fn decoded(bytes: &[u8]) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest::decode(bytes).unwrap()
}

proptest! {
    #[test]
    fn a_batch_in_place_says_what_its_encoding_says(model in model::logs(), seed in any::<u64>()) {
        let model = plain(model);
        let bytes = model.encode_to_vec();
        let image = Image::of(&model, seed);
        let otlp = said(&Logs::parse(&bytes).unwrap());
        prop_assert_eq!(lend(&image, |logs| said(logs)), Some(otlp));
        prop_assert_eq!(lend(&image, |logs| decoded(&logs.encode())), Some(model));
    }

    #[test]
    fn edits_of_a_batch_in_place_give_what_they_give_of_its_encoding(
        model in model::logs(), edits in model::edits(), seed in any::<u64>(),
    ) {
        let model = plain(model);
        let bytes = model.encode_to_vec();
        let mut otlp = Logs::parse(&bytes).unwrap();
        let changed = edit(&mut otlp, &edits);
        let in_place = lend(&Image::of(&model, seed), |logs| {
            (edit(logs, &edits), decoded(&logs.encode()))
        });
        prop_assert_eq!(in_place, Some((changed, decoded(&otlp.encode()))));
    }

    /// A key that is an index cannot be read; entities can be left alone, but not be written again.
    #[test]
    fn what_is_not_known_is_never_guessed(model in model::logs(), seed in any::<u64>()) {
        let model = settled(model);
        let image = Image::of(&model, seed);
        let encoded = lend(&image, |logs| decoded(&logs.encode()));
        prop_assert_eq!(encoded, (plain(model.clone()) == model).then_some(model.clone()));
        let is_readable = lend(&image, |logs| logs.is_readable());
        prop_assert_eq!(is_readable, (plain(model.clone()) == model).then_some(true));
        let keys = plain(model.clone()).resource_logs.iter().zip(&model.resource_logs).all(
            |(plain, model)| {
                let list = |one: &ResourceLogs| one.resource.clone().unwrap_or_default().attributes;
                list(plain) == list(model) && plain.scope_logs == model.scope_logs
            },
        );
        prop_assert_eq!(lend(&image, |logs| said(logs)).is_some(), keys);
    }
}

/// One record with this body.
fn with_body(body: Lies) -> Node {
    let body = node(abi::MESSAGE_ANY_VALUE, [(ONEOF, body)]);
    with_record(node(abi::MESSAGE_LOG_RECORD, [(5, Lies::Struct(body))]))
}

fn with_record(record: Node) -> Node {
    let scope = node(abi::MESSAGE_SCOPE_LOGS, [(2, Lies::Pointers(vec![record]))]);
    let resource = node(
        abi::MESSAGE_RESOURCE_LOGS,
        [(2, Lies::Pointers(vec![scope]))],
    );
    node(abi::MESSAGE_LOGS, [(1, Lies::Pointers(vec![resource]))])
}

fn first_body<'r>(logs: &'r Logs<'_>) -> Value<'r> {
    logs.records()
        .next()
        .map(|record| record.body())
        .unwrap_or_default()
}

#[test]
fn a_type_word_without_a_row_cannot_be_read() {
    let held = |word| Some((word, Box::new(Lies::Text(b"text".to_vec()))));
    let known = Image::of_node(&with_body(Lies::Oneof(held(word(1)))), 0);
    let read = lend(&known, |logs| first_body(logs).as_str() == Some("text"));
    assert_eq!(read, Some(true));
    // Of the index of a text, too, the table has no word.
    for word in [word(8), word(1) + 1, u64::MAX, 1] {
        let unknown = Image::of_node(&with_body(Lies::Oneof(held(word))), 0);
        assert_eq!(lend(&unknown, |logs| drop(said(logs))), None);
        assert_eq!(lend(&unknown, |logs| logs.encode()), None);
        // Who does not look at the value needs no other format.
        assert_eq!(lend(&unknown, |logs| logs.record_count()), Some(1));
    }
    // A variant without a value is none of Go's.
    let nothing = Image::of_node(&with_body(Lies::Words(vec![word(1), 0])), 0);
    assert_eq!(lend(&nothing, |logs| drop(said(logs))), None);
}

#[test]
fn lengths_and_addresses_that_cannot_be_are_not_followed() {
    let text = |words: [u64; 2]| {
        with_record(node(
            abi::MESSAGE_LOG_RECORD,
            [(3, Lies::Words(words.into()))],
        ))
    };
    let list = |words: [u64; 3]| {
        with_record(node(
            abi::MESSAGE_LOG_RECORD,
            [(6, Lies::Words(words.into()))],
        ))
    };
    let records = |words: [u64; 3]| {
        let scope = node(abi::MESSAGE_SCOPE_LOGS, [(2, Lies::Words(words.into()))]);
        let resource = node(
            abi::MESSAGE_RESOURCE_LOGS,
            [(2, Lies::Pointers(vec![scope]))],
        );
        node(abi::MESSAGE_LOGS, [(1, Lies::Pointers(vec![resource]))])
    };
    let nil = [0_u64];
    let nil = nil.as_ptr().expose_provenance() as u64;
    for batch in [
        text([0, 1]),
        text([8, u64::MAX]),
        text([8, 1 << 31]),
        list([0, 1, 1]),
        list([8, u64::MAX, 0]),
        list([8, u64::MAX / 32, 0]),
        records([0, 1, 1]),
        records([8, 1 << 61, 0]),
        records([nil, 1, 1]),
    ] {
        assert_eq!(
            lend(&Image::of_node(&batch, 3), |logs| drop(said(logs))),
            None
        );
    }
    let empty = lend(&Image::of_node(&list([0, 0, 0]), 3), |logs| {
        said(logs).len()
    });
    assert_eq!(empty, Some(4));
}

fn nested(levels: usize) -> ExportLogsServiceRequest {
    let mut body = AnyValue {
        value: Some(any_value::Value::StringValue("deep".to_owned())),
    };
    for _ in 0..levels {
        let values = vec![body];
        let list = ArrayValue { values };
        body = AnyValue {
            value: Some(any_value::Value::ArrayValue(list)),
        };
    }
    let record = LogRecord {
        body: Some(body),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    settled(ExportLogsServiceRequest { resource_logs })
}

#[test]
fn values_in_each_other_are_walked_as_deep_as_in_otlp_and_carried_deeper() {
    for levels in [63, 64, 65, 150] {
        let model = nested(levels);
        let bytes = Logs::parse(&model.encode_to_vec())
            .map(|logs| said(&logs))
            .unwrap();
        let image = Image::of(&model, 1);
        assert_eq!(lend(&image, |logs| said(logs)), Some(bytes), "{levels}");
        assert_eq!(
            lend(&image, |logs| logs.encode()),
            Some(model.encode_to_vec()),
            "{levels}"
        );
    }
    assert_eq!(
        lend(&Image::of(&nested(250), 1), |logs| logs.encode()),
        None
    );
}

#[test]
fn a_table_that_is_not_as_expected_is_none() {
    let request = ExportLogsServiceRequest::default();
    let whole = Image::of(&request, 7);
    assert!(Layout::of(abi::Signal::Logs, &whole.table()).is_some());
    assert!(Layout::of(abi::Signal::Logs, &whole.table()[1..]).is_none());
    assert!(Layout::of(abi::Signal::Logs, &[]).is_none());
    for index in 0..whole.table.len() {
        let changed = |change: fn(&mut Vec<abi::Field>, usize)| {
            let mut image = Image::of(&request, 7);
            change(&mut image.table, index);
            Layout::of(abi::Signal::Logs, &image.table()).is_some()
        };
        let row = whole.table[index];
        assert!(!changed(|table, at| table[at].kind = 99), "{row:?}");
        assert!(!changed(|table, at| table[at].message = 0), "{row:?}");
        assert!(!changed(|table, at| table[at].message = 11), "{row:?}");
        assert!(!changed(|table, at| table[at].number = 77), "{row:?}");
        assert!(!changed(|table, at| table[at].offset = 1 << 20), "{row:?}");
        if row.number != 0 || row.kind == abi::FIELD_ONEOF {
            assert!(
                !changed(|table, at| {
                    table.remove(at);
                }),
                "{row:?}"
            );
            assert!(!changed(|table, at| table.push(table[at])), "{row:?}");
        }
        if row.number != 0 {
            assert!(
                !changed(|table, at| {
                    table[at].word = u64::from(table[at].word == 0);
                }),
                "{row:?}"
            );
            if row.of != 0 {
                assert!(!changed(|table, at| table[at].of = 1), "{row:?}");
            }
        }
    }
}

#[test]
fn an_attribute_of_a_key_that_is_an_index_is_not_passed_over() {
    let entry = node(abi::MESSAGE_KEY_VALUE, [(KEY_STRINDEX, Lies::Int(1))]);
    let record = node(abi::MESSAGE_LOG_RECORD, [(6, Lies::Structs(vec![entry]))]);
    let image = Image::of_node(&with_record(record), 0);
    let found = lend(&image, |logs| {
        logs.records()
            .any(|record| record.attributes().contains("key"))
    });
    assert_eq!(found, None);
}
