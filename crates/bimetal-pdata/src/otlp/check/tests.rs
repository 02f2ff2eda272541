use super::*;
use crate::log::LOG_RECORD;
use crate::point::{BUCKETS, HISTOGRAM_POINT};

fn wrong_type(message: &'static str, field: &'static str, at: usize, wire_type: u8) -> ParseError {
    ParseError::FieldType {
        message,
        field,
        at,
        wire_type,
    }
}

#[test]
fn names_what_is_wrong_in_a_record_and_where() {
    let id = ParseError::IdLength {
        message: "LogRecord",
        field: "trace_id",
        at: 2,
        len: 1,
        expected: 16,
    };
    let cases: [(&[u8], ParseError); 12] = [
        (&[0x10, 1, 0x09, 1], ParseError::Truncated { at: 2 }),
        (&[0x10, 1, 0x45, 1], ParseError::Truncated { at: 2 }),
        (&[0x10, 0x80], ParseError::Truncated { at: 1 }),
        (&[0x10, 1, 0x1a, 1], ParseError::Truncated { at: 2 }),
        (&[0x10, 1, 0x32, 1], ParseError::Truncated { at: 2 }),
        (
            &[0x10, 1, 0x18, 1],
            wrong_type("LogRecord", "severity_text", 2, 0),
        ),
        (&[0x10, 1, 0x4a, 1, 9], id),
        // In an attribute: its key, its value, what its value holds, and the same beside a field
        // that stands in no table.
        (
            &[0x10, 1, 0x32, 2, 0x08, 1],
            wrong_type("KeyValue", "key", 4, 0),
        ),
        (
            &[0x32, 5, 0x0a, 1, b'k', 0x10, 1],
            wrong_type("KeyValue", "value", 5, 0),
        ),
        (
            &[0x32, 7, 0x0a, 1, b'k', 0x12, 2, 0x08, 1],
            wrong_type("AnyValue", "string_value", 7, 0),
        ),
        (
            &[0x32, 9, 0x0a, 1, b'k', 0x48, 1, 0x12, 2, 0x08, 1],
            wrong_type("AnyValue", "string_value", 9, 0),
        ),
        (
            &[0x32, 7, 0x0a, 1, b'k', 0x12, 2, 0x0a, 1],
            ParseError::Truncated { at: 7 },
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(check(&LOG_RECORD, bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn a_field_is_found_wrong_however_its_tag_is_written() {
    let short = [0x18, 1];
    let long = [0x98, 0x80, 0, 1];
    let error = wrong_type("LogRecord", "severity_text", 0, 0);
    assert_eq!(check(&LOG_RECORD, &short), Err(error.clone()));
    assert_eq!(check(&LOG_RECORD, &long), Err(error));
}

#[test]
fn numbers_may_be_packed_or_not() {
    for bytes in [&[0x12, 2, 1, 2][..], &[0x10, 1, 0x10, 2], &[0x10, 0x80, 1]] {
        assert_eq!(check(&BUCKETS, bytes), Ok(()), "{bytes:?}");
    }
    let single = [0x31, 1, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(check(&HISTOGRAM_POINT, &single), Ok(()));
    let error = wrong_type("HistogramDataPoint", "bucket_counts", 0, 0);
    assert_eq!(check(&HISTOGRAM_POINT, &[0x30, 1]), Err(error));
}
