//! What the view does not know, and what ordinary encoders do not write, survives an edit beside
//! it.

use bimetal_abi as abi;
use bimetal_pdata::{Logs, Metrics, Traces};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use proptest::prelude::*;
use prost::Message;

use crate::model;

/// `number` with wire type 2.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut len = content.len();
    while len >= 0x80 {
        bytes.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    bytes.push(u8::try_from(len).unwrap());
    bytes.extend_from_slice(content);
    bytes
}

fn attribute(key: &str, value: &str) -> Vec<u8> {
    [
        field(1, key.as_bytes()),
        field(2, &field(1, value.as_bytes())),
    ]
    .concat()
}

/// Field 15 as a varint, a 64-bit, a 32-bit number and a group: nothing that OTLP has.
const UNKNOWN: &[u8] = &[
    0x78, 0x2a, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4, 0x7b, 0x08, 0x01, 0x7c,
];

fn logs_with(record: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, record)))
}

#[test]
fn unknown_fields_survive_at_every_level() {
    let entry = [attribute("a", "1"), UNKNOWN.to_vec()].concat();
    let record = [UNKNOWN, &field(6, &entry), UNKNOWN].concat();
    let scope = [UNKNOWN, &field(2, &record), UNKNOWN].concat();
    let resource = [UNKNOWN, &field(2, &scope), UNKNOWN].concat();
    let bytes = [UNKNOWN, &field(1, &resource), UNKNOWN].concat();
    let mut logs = Logs::parse(&bytes).unwrap();
    logs.records_mut().for_each(|mut record| {
        record.attributes_mut().upsert("a", "2");
    });

    let entry = [&field(1, b"a"), UNKNOWN, &field(2, &field(1, b"2"))].concat();
    let record = [UNKNOWN, &field(6, &entry), UNKNOWN].concat();
    let scope = [UNKNOWN, &field(2, &record), UNKNOWN].concat();
    let resource = [UNKNOWN, &field(2, &scope), UNKNOWN].concat();
    assert_eq!(
        logs.encode(),
        [UNKNOWN, &field(1, &resource), UNKNOWN].concat()
    );
}

#[test]
fn untouched_neighbours_are_copied_byte_by_byte() {
    // The first record has its length and its severity encoded longer than needed.
    let odd = [0x12, 0x83, 0x00, 0x10, 0x85, 0x00];
    let scope = [&odd[..], &field(2, &field(6, &attribute("a", "1")))].concat();
    let bytes = field(1, &field(2, &scope));
    let mut logs = Logs::parse(&bytes).unwrap();
    assert!(
        logs.records_mut()
            .nth(1)
            .unwrap()
            .attributes_mut()
            .delete("a")
    );
    let scope = [&odd[..], &field(2, &[])].concat();
    assert_eq!(logs.encode(), field(1, &field(2, &scope)));
}

#[test]
fn a_new_list_stands_where_the_old_one_stood() {
    let record = [
        field(6, &attribute("a", "1")),
        field(3, b"INFO"),
        field(6, &attribute("b", "2")),
    ]
    .concat();
    let bytes = logs_with(&record);
    let mut logs = Logs::parse(&bytes).unwrap();
    logs.records_mut()
        .next()
        .unwrap()
        .attributes_mut()
        .insert("c", "3");
    let record = [
        field(6, &attribute("a", "1")),
        field(6, &attribute("b", "2")),
        field(6, &attribute("c", "3")),
        field(3, b"INFO"),
    ]
    .concat();
    assert_eq!(logs.encode(), logs_with(&record));
}

#[test]
fn a_resource_in_two_parts_is_one_resource() {
    let first = field(1, &field(1, &attribute("a", "1")));
    let second = field(1, &field(1, &attribute("b", "2")));
    let bytes = field(1, &[first.clone(), field(3, b"url"), second].concat());
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut resource = logs.resources_mut().next().unwrap();
    assert_eq!(resource.attributes().len(), 2);
    assert!(resource.attributes_mut().update("b", "3"));
    let whole = [
        field(1, &attribute("a", "1")),
        field(1, &attribute("b", "3")),
    ]
    .concat();
    assert_eq!(
        logs.encode(),
        field(1, &[field(1, &whole), field(3, b"url")].concat())
    );
}

#[test]
fn an_absent_resource_appears_with_its_first_attribute() {
    let bytes = field(1, &field(3, b"url"));
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut resource = logs.resources_mut().next().unwrap();
    assert!(!resource.attributes_mut().delete("a"));
    assert!(resource.attributes_mut().insert("a", true));
    let decoded = ExportLogsServiceRequest::decode(logs.encode().as_slice()).unwrap();
    let resource = &decoded.resource_logs[0];
    assert_eq!(resource.schema_url, "url");
    assert_eq!(resource.resource.as_ref().unwrap().attributes[0].key, "a");
}

#[test]
fn values_of_an_unknown_kind_are_empty_and_can_be_copied() {
    let value = [0x90, 0x01, 0x07]; // Field 18 of `AnyValue`, a varint.
    let entry = |key: &[u8]| [field(1, key), field(2, &value)].concat();
    let bytes = logs_with(&field(6, &entry(b"a")));
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut record = logs.records_mut().next().unwrap();
    assert!(record.attributes().get("a").unwrap().is_empty());
    assert!(
        record
            .attributes_mut()
            .copy(bimetal_pdata::Write::Insert, "b", "a")
    );
    let record = [field(6, &entry(b"a")), field(6, &entry(b"b"))].concat();
    assert_eq!(logs.encode(), logs_with(&record));
}

#[test]
fn text_that_is_not_utf8_passes_and_can_be_copied() {
    let entry = [field(1, b"a"), field(2, &field(1, &[0xff, 0xfe]))].concat();
    let bytes = logs_with(&field(6, &entry));
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut record = logs.records_mut().next().unwrap();
    let value = record.attributes().get("a").unwrap();
    assert_eq!(value.as_str(), None);
    assert_eq!(
        value,
        bimetal_pdata::Value::Str(bimetal_pdata::Text::from_bytes(&[0xff, 0xfe]))
    );
    assert!(
        record
            .attributes_mut()
            .copy(bimetal_pdata::Write::Upsert, "b", "a")
    );
    let copy = [field(1, b"b"), field(2, &field(1, &[0xff, 0xfe]))].concat();
    assert_eq!(
        logs.encode(),
        logs_with(&[field(6, &entry), field(6, &copy)].concat())
    );
}

#[test]
fn writing_the_value_that_is_there_changes_nothing() {
    let bytes = logs_with(&field(6, &attribute("a", "1")));
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut record = logs.records_mut().next().unwrap();
    let mut attributes = record.attributes_mut();
    assert!(!attributes.upsert("a", "1"));
    assert!(!attributes.update("b", "1"));
    assert!(!attributes.insert("a", "2"));
    assert!(!attributes.delete("b"));
    assert!(!attributes.copy(bimetal_pdata::Write::Upsert, "a", "a"));
    assert!(!attributes.copy(bimetal_pdata::Write::Upsert, "a", "b"));
    assert!(!attributes.retain(|_, _| true));
    assert!(!logs.changed());
}

#[test]
fn where_keys_repeat_the_first_one_counts() {
    let record = [
        field(6, &attribute("a", "1")),
        field(6, &attribute("a", "2")),
        field(6, &attribute("b", "3")),
    ]
    .concat();
    let bytes = logs_with(&record);
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut record = logs.records_mut().next().unwrap();
    let mut attributes = record.attributes_mut();
    assert_eq!(attributes.get("a").unwrap().as_str(), Some("1"));
    attributes.update("a", "9");
    let values = |attributes: &bimetal_pdata::AttributesMut<'_>| -> Vec<String> {
        attributes
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect()
    };
    assert_eq!(values(&attributes), ["a=9", "a=2", "b=3"]);
    attributes.delete("a");
    assert_eq!(values(&attributes), ["b=3", "a=2"]);
}

#[test]
fn removing_one_of_two_equal_records_removes_the_right_one() {
    let one = field(2, &field(3, b"INFO"));
    let changed = field(
        2,
        &[field(3, b"INFO"), field(6, &attribute("a", "1"))].concat(),
    );
    let bytes = field(
        1,
        &field(2, &[one.clone(), one.clone(), one.clone()].concat()),
    );
    let mut logs = Logs::parse(&bytes).unwrap();
    let mut index = 0;
    logs.retain_records(|record| {
        index += 1;
        if index == 3 {
            record.attributes_mut().insert("a", "1");
        }
        index != 2
    });
    assert_eq!(logs.encode(), field(1, &field(2, &[one, changed].concat())));
}

#[test]
fn of_several_kinds_of_data_the_last_one_counts_and_the_others_stay() {
    let gauge = field(5, &field(1, &field(7, &attribute("a", "1"))));
    let sum = field(7, &field(1, &field(7, &attribute("a", "2"))));
    let bytes = logs_with(&[gauge.clone(), sum].concat());
    let mut metrics = Metrics::parse(&bytes).unwrap();
    let mut metric = metrics.records_mut().next().unwrap();
    assert_eq!(
        metric.as_read().kind(),
        Some(bimetal_pdata::MetricKind::Sum)
    );
    for mut point in metric.data_points_mut() {
        point.attributes_mut().upsert("a", "3");
    }
    let sum = field(7, &field(1, &field(7, &attribute("a", "3"))));
    assert_eq!(metrics.encode(), logs_with(&[gauge, sum].concat()));
}

#[test]
fn edits_are_reported_as_data() {
    let list = |key: &str| {
        [
            field(6, &attribute(key, "1")),
            field(6, &attribute("b", "2")),
            field(6, &attribute("c", "3")),
        ]
        .concat()
    };
    let records = [field(2, &list("a")), field(2, &[]), field(2, &list("x"))].concat();
    let bytes = field(1, &field(2, &records));
    let mut logs = Logs::parse(&bytes).unwrap();
    logs.retain_records(|record| {
        let mut attributes = record.attributes_mut();
        attributes.delete("a");
        attributes.rename("b", "B");
        attributes.insert("d", "4");
        !record.attributes().contains("x")
    });
    let first = [
        field(6, &attribute("c", "3")),
        field(6, &attribute("B", "2")),
        field(6, &attribute("d", "4")),
    ];
    let second = field(6, &attribute("d", "4"));
    let records = [field(2, &first.concat()), field(2, &second)].concat();
    assert_eq!(logs.encode(), field(1, &field(2, &records)));
    let edits = logs.into_edits();
    let stated = edits.rows.iter().map(|row| (row.kind, row.item, row.index));
    assert_eq!(
        stated.collect::<Vec<_>>(),
        [
            (abi::EDIT_RESOURCE, 0, 0),
            (abi::EDIT_SCOPE, 0, 0),
            (abi::EDIT_DELETE, 0, 0),
            (abi::EDIT_RENAME, 0, 1),
            (abi::EDIT_PUT, 0, 0),
            (abi::EDIT_PUT, 1, 0),
            (abi::EDIT_DROP, 2, 0),
        ]
    );
    // The same key and the same value are written once.
    assert_eq!(edits.text, b"Bd4");
}

proptest! {
    #[test]
    fn unchanged_telemetry_is_the_same_bytes(
        logs in model::logs(),
        traces in model::traces(),
        metrics in model::metrics(),
    ) {
        let bytes = logs.encode_to_vec();
        let view = Logs::parse(&bytes).unwrap();
        prop_assert!(!view.changed());
        prop_assert_eq!(view.encode(), bytes);
        let bytes = traces.encode_to_vec();
        let view = Traces::parse(&bytes).unwrap();
        prop_assert!(!view.changed());
        prop_assert_eq!(view.encode(), bytes);
        let bytes = metrics.encode_to_vec();
        let view = Metrics::parse(&bytes).unwrap();
        prop_assert!(!view.changed());
        prop_assert_eq!(view.encode(), bytes);
    }
}
