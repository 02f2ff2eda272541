//! The fields of a message as edits leave them.
//!
//! In: a message, its edits, the number of a field. Out: what the field holds now, or a row that
//! sets it. Invariant: as long as no field of the batch was set, a read asks for nothing but that.

use crate::edits::Written;
use crate::message::{At, AtMut, Message};
use crate::otlp;
use crate::otlp::sink::{Encode as _, encodes_as};
use crate::schema::Schema;
use crate::text::Text;
use crate::value::Value;

/// Fields that are numbers: where one was set, its bits.
macro_rules! numbers {
    ($($kind:ident: $type:ty = $of:expr;)*) => {
        $(
            #[inline]
            pub(crate) fn $kind(self, number: u32) -> $type {
                match self.bits(number) {
                    Some(bits) => $of(bits),
                    None => self.message.$kind(number),
                }
            }
        )*
    };
}

/// Fields that no edit sets.
macro_rules! fixed {
    ($($kind:ident: $type:ty;)*) => {
        $(
            #[inline]
            pub(crate) fn $kind(self, number: u32) -> $type {
                self.message.$kind(number)
            }
        )*
    };
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "they were written with so many bits"
)]
impl<'r> At<'r> {
    /// The same; a handle to edit gives it, too.
    #[inline]
    pub(crate) fn now(self) -> Self {
        self
    }

    numbers! {
        fixed64: u64 = |bits| bits;
        fixed32: u32 = |bits| bits as u32;
        uint32: u32 = |bits| bits as u32;
        int32: i32 = |bits: u64| bits as i32;
    }

    fixed! {
        double: f64;
        optional_double: Option<f64>;
        sint32: i32;
    }

    #[inline]
    pub(crate) fn text(self, number: u32) -> Text<'r> {
        match self.bytes(number) {
            Some(bytes) => Text::from_bytes(bytes),
            None => self.message.text(number),
        }
    }

    /// All zero when it is not set.
    #[inline]
    pub(crate) fn trace_id(self, number: u32) -> &'r [u8; 16] {
        let set = self.bytes(number).and_then(|bytes| bytes.try_into().ok());
        set.unwrap_or_else(|| self.message.trace_id(number))
    }

    /// All zero when it is not set.
    #[inline]
    pub(crate) fn span_id(self, number: u32) -> &'r [u8; 8] {
        let set = self.bytes(number).and_then(|bytes| bytes.try_into().ok());
        set.unwrap_or_else(|| self.message.span_id(number))
    }

    /// The `AnyValue` in a field; an empty one if there is none.
    #[inline]
    pub(crate) fn any_value(self, number: u32) -> Message<'r> {
        match self.last_set(&[number]) {
            Some((_, value)) => self.encoded(|out| value.encode(out)),
            None => self.message.message(number),
        }
    }

    /// The message of this kind in a field; an empty one if there is none.
    #[inline]
    pub(crate) fn submessage(self, number: u32, schema: &Schema) -> Message<'r> {
        let came = self.message.message(number);
        match self.all_set(number) {
            Some(set) => self.encoded(|out| otlp::merged(schema, &came.encoded(), &set, out)),
            None => came,
        }
    }

    /// Of the fields with these numbers the one that was set last, and its value.
    pub(crate) fn last_set(self, numbers: &[u32]) -> Option<(u32, Written<'r>)> {
        let edits = self.edits.filter(|edits| edits.has_fields())?;
        edits.field(self.place, numbers)
    }

    /// All values that a field was given, in that order; `None` where it was not set.
    #[inline]
    fn all_set(self, number: u32) -> Option<Vec<Written<'r>>> {
        let edits = self.edits.filter(|edits| edits.has_fields())?;
        let set = edits.values(self.place, number);
        (!set.is_empty()).then_some(set)
    }

    /// A message that is written now and lives as long as the edits.
    fn encoded(self, write: impl FnOnce(&mut Vec<u8>)) -> Message<'r> {
        let mut encoded = Vec::new();
        write(&mut encoded);
        Message::of_otlp(self.edits.map_or(&[], |edits| edits.keep(&encoded)))
    }

    #[inline]
    fn bits(self, number: u32) -> Option<u64> {
        Some(self.last_set(&[number])?.1.bits())
    }

    #[inline]
    fn bytes(self, number: u32) -> Option<&'r [u8]> {
        match self.last_set(&[number])?.1 {
            Written::Str(bytes) | Written::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<'r> AtMut<'r> {
    /// The message as it now is.
    #[inline]
    pub(crate) fn now(&self) -> At<'r> {
        At {
            message: self.message,
            edits: Some(self.edits),
            place: self.place,
        }
    }

    /// Sets a field, and says that it did.
    pub(crate) fn set<'v>(&mut self, number: u32, new: impl Into<Written<'v>>) -> bool {
        self.edits.set_field(self.place, number, new.into());
        true
    }

    /// Sets a field that holds an `AnyValue`, and says whether that changed anything.
    pub(crate) fn set_value(&mut self, number: u32, value: Value<'_>) -> bool {
        let now = self.now().any_value(number);
        value.with_written(|new| !new.is_there(now) && self.set(number, new))
    }
}

impl Written<'_> {
    /// Of a number; 0 of anything else.
    pub(crate) fn bits(self) -> u64 {
        match self {
            Self::Int(int) => int.cast_unsigned(),
            Self::Double(double) => double.to_bits(),
            _ => 0,
        }
    }

    /// Whether it is the value that is there already.
    #[inline]
    pub(crate) fn is_there(self, found: Message<'_>) -> bool {
        let held = found.holds(self);
        held.unwrap_or_else(|| self.is_read_as(found))
    }

    #[inline(never)]
    pub(crate) fn is_read_as(self, found: Message<'_>) -> bool {
        match (self, Value::of(found)) {
            (Self::Str(new), Value::Str(old)) => new == old.as_bytes(),
            (Self::Bool(new), Value::Bool(old)) => new == old,
            (Self::Int(new), Value::Int(old)) => new == old,
            (Self::Double(new), Value::Double(old)) => new.to_bits() == old.to_bits(),
            (Self::Bytes(new), Value::Bytes(old)) => new == old,
            // What is alike is encoded alike.
            _ => encodes_as(&self, &found.encoded()),
        }
    }
}

impl Value<'_> {
    /// Lets `write` see the value in the form that a row has it in.
    #[inline]
    pub(crate) fn with_written<T>(self, write: impl FnOnce(Written<'_>) -> T) -> T {
        match self.scalar() {
            Some(value) => write(value),
            None if self.is_empty() => write(Written::Empty),
            None => {
                let mut encoded = Vec::new();
                self.encode(&mut encoded);
                write(Written::Otlp(&encoded))
            }
        }
    }
}

macro_rules! written {
    ($($type:ty: $given:ident => $written:expr;)*) => {
        $(
            impl<'v> From<$type> for Written<'v> {
                #[inline]
                fn from($given: $type) -> Self {
                    $written
                }
            }
        )*
    };
}

written! {
    u64: number => Self::Int(number.cast_signed());
    u32: number => Self::Int(number.into());
    i32: number => Self::Int(number.into());
    i64: number => Self::Int(number);
    f64: number => Self::Double(number);
    &'v str: text => Self::Str(text.as_bytes());
    &'v [u8; 16]: id => Self::Bytes(id);
    &'v [u8; 8]: id => Self::Bytes(id);
}
