use super::*;

fn fields(bytes: &[u8]) -> Result<Vec<(u32, Payload<'_>)>, ParseError> {
    let mut reader = Reader::new(bytes);
    let mut found = Vec::new();
    while let Some(field) = reader.next_field().map_err(|fault| *fault)? {
        found.push((field.number, field.payload));
    }
    Ok(found)
}

#[test]
fn reads_every_wire_type() {
    let bytes = [
        0x08, 0x96, 0x01, // 1: varint 150
        0x11, 1, 0, 0, 0, 0, 0, 0, 0, // 2: fixed64
        0x1a, 2, b'h', b'i', // 3: bytes
        0x23, 0x08, 0x01, 0x24, // 4: group
        0x2d, 7, 0, 0, 0, // 5: fixed32
    ];
    assert_eq!(
        fields(&bytes).unwrap(),
        [
            (1, Payload::Varint(150)),
            (2, Payload::Fixed64(1)),
            (3, Payload::Len(b"hi")),
            (4, Payload::Group),
            (5, Payload::Fixed32(7)),
        ]
    );
}

#[test]
fn keeps_the_raw_range_of_a_group() {
    let bytes = [0x23, 0x2b, 0x08, 0x01, 0x2c, 0x24, 0x08, 0x05];
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.next_field().unwrap().unwrap().raw, &bytes[..6]);
}

#[test]
fn names_what_is_wrong_and_where() {
    let too_long = [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2];
    let cases: [(&[u8], ParseError); 10] = [
        (&[0x08], ParseError::Truncated { at: 1 }),
        (&[0x08, 0x80], ParseError::Truncated { at: 1 }),
        (&[0x08, 1, 0x0a, 5, 1], ParseError::Truncated { at: 2 }),
        (&[0x09, 1, 2, 3], ParseError::Truncated { at: 0 }),
        (&[0x0d, 1, 2, 3], ParseError::Truncated { at: 0 }),
        (&too_long, ParseError::NumberTooLong { at: 1 }),
        (&[0x00, 1], ParseError::FieldNumber { at: 0 }),
        (&[0x0c], ParseError::GroupEnd { at: 0 }),
        (&[0x0b, 0x14], ParseError::GroupEnd { at: 1 }),
        (
            &[0x0f],
            ParseError::WireType {
                at: 0,
                wire_type: 7,
            },
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(fields(bytes).unwrap_err(), error, "{bytes:?}");
    }
}

#[test]
fn refuses_lengths_beyond_the_address_space() {
    let bytes = [0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert_eq!(fields(&bytes).unwrap_err(), ParseError::Truncated { at: 0 });
}

#[test]
fn refuses_groups_that_are_nested_too_deep() {
    let bytes = vec![0x0b; 100_000];
    assert_eq!(
        fields(&bytes).unwrap_err(),
        ParseError::TooDeep {
            at: 100,
            limit: 100
        }
    );
}
