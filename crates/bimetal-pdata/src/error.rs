//! What can be wrong with bytes that should be OTLP.
//!
//! In: nothing. Out: [`ParseError`]. Invariant: an error names the byte where it was found and
//! holds nothing of the telemetry itself.

/// Why bytes are not the OTLP message that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A field says that it goes on after the end of the message that holds it.
    #[error("field at byte `{at}` goes on after the end of its message")]
    Truncated {
        /// Where the field starts.
        at: usize,
    },
    /// A variable-length number has more than 64 bits.
    #[error("number at byte `{at}` has more than 64 bits")]
    NumberTooLong {
        /// Where the number starts.
        at: usize,
    },
    /// A field number is 0 or has more than 29 bits.
    #[error("field at byte `{at}` has no valid number")]
    FieldNumber {
        /// Where the field starts.
        at: usize,
    },
    /// Protocol buffers have no such wire type.
    #[error("field at byte `{at}` has the unknown wire type `{wire_type}`")]
    WireType {
        /// Where the field starts.
        at: usize,
        /// The number found.
        wire_type: u8,
    },
    /// A group ends that did not begin, or another one ends than began.
    #[error("group end at byte `{at}` has no beginning")]
    GroupEnd {
        /// Where the end was found.
        at: usize,
    },
    /// A known field is not encoded as its type demands.
    #[error("field `{message}.{field}` at byte `{at}` has the wrong wire type `{wire_type}`")]
    FieldType {
        /// Name of the message in the OTLP definition.
        message: &'static str,
        /// Name of the field in it.
        field: &'static str,
        /// Where the field starts.
        at: usize,
        /// The number found.
        wire_type: u8,
    },
    /// A trace or span id has the wrong length.
    #[error("field `{message}.{field}` at byte `{at}` has `{len}` bytes instead of `{expected}`")]
    IdLength {
        /// Name of the message in the OTLP definition.
        message: &'static str,
        /// Name of the field in it.
        field: &'static str,
        /// Where the field starts.
        at: usize,
        /// The length found.
        len: usize,
        /// The length that an id has when it is set.
        expected: usize,
    },
    /// Groups are nested very deeply; no encoder of OTLP writes any.
    #[error("groups at byte `{at}` are nested more than `{limit}` deep")]
    TooDeep {
        /// Where the limit was passed.
        at: usize,
        /// The limit.
        limit: usize,
    },
}

impl ParseError {
    /// The next action for a person, printed below the error as `hint: ...`.
    pub fn hint(&self) -> Option<&'static str> {
        Some("the bytes are not an OTLP protobuf request of this signal, or were cut on their way")
    }
}
