//! One message of a batch, wherever the batch lies.
//!
//! In: what a backend gives. Out: [`Message`], a handle by value, and its fields by number.
//! Invariant: this is all that the accessors know of a backend. A backend over other memory is one
//! more variant here and a directory beside `otlp/`; no accessor and no component changes.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::edits::{Below, Edits, Place, Written};
use crate::goview;
use crate::otlp;
use crate::otlp::wire::Payload;
use crate::text::{Text, is_equal};

/// A message: a few words, copied freely.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message<'a> {
    Otlp(otlp::Message<'a>),
    View(goview::Message<'a>),
}

/// Repeated numbers; those of fixed length as their bits.
#[derive(Debug, Clone)]
pub struct Numbers<'a>(Repeated<'a>);

#[derive(Debug, Clone)]
enum Repeated<'a> {
    Otlp(otlp::Numbers<'a>),
    View(goview::Numbers<'a>),
}

/// The occurrences of a repeated message.
#[derive(Debug, Clone)]
pub(crate) enum Messages<'a> {
    Otlp(otlp::Messages<'a>),
    View(goview::Messages<'a>),
}

impl<'a> Message<'a> {
    pub(crate) fn of_otlp(bytes: &'a [u8]) -> Self {
        Self::Otlp(otlp::Message::Whole(bytes))
    }

    /// Of all fields that `read` knows, the one that is set; the last one, should there be more.
    /// `read` is given number and content; of a field with a content of bytes also the message that
    /// it may be.
    #[inline]
    pub(crate) fn one_of<T>(self, read: impl Fn(u32, Payload<'a>, Self) -> Option<T>) -> Option<T> {
        match self {
            Self::Otlp(message) => message.one_of(|number, payload| {
                let content = payload.content().unwrap_or_default();
                read(number, payload, Self::of_otlp(content))
            }),
            Self::View(message) => {
                let (number, payload, below) = message.variant()?;
                read(number, payload, Self::View(below))
            }
        }
    }

    /// The message in a field; an empty one if there is none.
    #[inline]
    pub(crate) fn message(self, number: u32) -> Self {
        match self {
            Self::Otlp(message) => Self::Otlp(message.message(number)),
            Self::View(message) => Self::View(message.message(number)),
        }
    }

    /// Every occurrence of a message field.
    #[inline]
    pub(crate) fn messages(self, number: u32) -> Messages<'a> {
        match self {
            Self::Otlp(message) => Messages::Otlp(message.messages(number)),
            Self::View(message) => Messages::View(message.messages(number)),
        }
    }

    /// The numbers in a repeated field.
    pub(crate) fn numbers(self, number: u32, wire_type: u8) -> Numbers<'a> {
        match self {
            Self::Otlp(message) => Numbers(Repeated::Otlp(message.numbers(number, wire_type))),
            Self::View(message) => Numbers(Repeated::View(message.numbers(number))),
        }
    }

    /// Where in a list of `KeyValue`s the first `key` is.
    #[inline]
    pub(crate) fn position(&self, number: u32, key: &str) -> Option<usize> {
        match self {
            Self::Otlp(message) => Some(message.find(number, key.as_bytes())?.0),
            Self::View(message) => message.position(number, key.as_bytes()),
        }
    }

    /// The same, and its value.
    #[inline]
    pub(crate) fn find(&self, number: u32, key: &str) -> Option<(usize, Self)> {
        match self {
            Self::Otlp(message) => {
                let (index, value) = message.find(number, key.as_bytes())?;
                Some((index, Self::Otlp(value)))
            }
            Self::View(message) => {
                let index = message.position(number, key.as_bytes())?;
                Some((index, Self::View(message.value_at(number, index)?)))
            }
        }
    }

    /// Where in a list of `KeyValue`s the first `key` is, and whether its value is this one.
    #[inline]
    pub(crate) fn find_beside(
        &self,
        number: u32,
        key: &str,
        value: Written<'_>,
    ) -> Option<(usize, bool)> {
        match self {
            Self::Otlp(message) => {
                let (index, found) = message.find(number, key.as_bytes())?;
                Some((index, value.is_there(Self::Otlp(found))))
            }
            Self::View(message) => {
                let index = message.position(number, key.as_bytes())?;
                let read = || {
                    let found = message.value_at(number, index);
                    found.is_some_and(|found| value.is_read_as(Self::View(found)))
                };
                let held = message.holds_at(number, index, value);
                Some((index, held.unwrap_or_else(read)))
            }
        }
    }

    /// Whether this `AnyValue` is `value`, where the backend sees that without reading it whole.
    #[inline]
    pub(crate) fn holds(self, value: Written<'_>) -> Option<bool> {
        match (self, value) {
            (Self::Otlp(_), Written::Str(new)) => {
                let text = self.plain_text()?;
                Some(text.len() == new.len() && is_equal(text, new))
            }
            (Self::Otlp(_), _) => None,
            (Self::View(message), _) => message.holds(value),
        }
    }

    /// The text in this `AnyValue`, where the backend sees that without reading it whole.
    #[inline]
    pub(crate) fn plain_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Otlp(message) => message.plain_text(),
            Self::View(_) => None,
        }
    }

    /// The key and the value of a `KeyValue`.
    #[inline]
    pub(crate) fn key_value(self) -> (Text<'a>, Self) {
        match self {
            Self::Otlp(message) => {
                let (key, value) = message.key_value();
                (Text::from_bytes(key), Self::Otlp(value))
            }
            Self::View(message) => {
                let (key, value) = message.key_value();
                (Text::from_bytes(key), Self::View(value))
            }
        }
    }

    /// Has a batch in place be unread where it holds a field that is not known.
    pub(crate) fn require_known(self) {
        if let Self::View(message) = self {
            message.require_others_zero();
        }
    }

    /// Whether all of it can be read; OTLP was checked before it became a message.
    pub(crate) fn is_readable(self) -> bool {
        match self {
            Self::Otlp(_) => true,
            Self::View(message) => message.is_readable(),
        }
    }

    /// Its encoding; copied only if it does not lie in one place.
    pub(crate) fn encoded(self) -> Cow<'a, [u8]> {
        match self {
            Self::Otlp(message) => message.encoded(),
            Self::View(message) => message.encoded().into(),
        }
    }

    pub(crate) fn varint(self, number: u32) -> u64 {
        let content = self.last(number, |payload| match payload {
            Payload::Varint(content) => Some(content),
            _ => None,
        });
        content.unwrap_or_default()
    }

    /// An enum or 32-bit number; negative ones are encoded with 64 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as every decoder of protocol buffers does"
    )]
    pub(crate) fn int32(self, number: u32) -> i32 {
        self.varint(number) as i32
    }

    /// A number whose lowest bit is the sign.
    pub(crate) fn sint32(self, number: u32) -> i32 {
        let zigzag = self.uint32(number);
        (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()
    }

    pub(crate) fn uint32(self, number: u32) -> u32 {
        self.int32(number).cast_unsigned()
    }

    pub(crate) fn fixed64(self, number: u32) -> u64 {
        self.optional_fixed64(number).unwrap_or_default()
    }

    pub(crate) fn double(self, number: u32) -> f64 {
        f64::from_bits(self.fixed64(number))
    }

    pub(crate) fn optional_double(self, number: u32) -> Option<f64> {
        self.optional_fixed64(number).map(f64::from_bits)
    }

    pub(crate) fn fixed32(self, number: u32) -> u32 {
        let content = self.last(number, |payload| match payload {
            Payload::Fixed32(content) => Some(content),
            _ => None,
        });
        content.unwrap_or_default()
    }

    pub(crate) fn bytes(self, number: u32) -> Option<&'a [u8]> {
        self.last(number, |payload| payload.content())
    }

    pub(crate) fn text(self, number: u32) -> Text<'a> {
        Text::from_bytes(self.bytes(number).unwrap_or_default())
    }

    /// All zero when it is not set.
    pub(crate) fn trace_id(self, number: u32) -> &'a [u8; 16] {
        self.id(number).unwrap_or(&[0; 16])
    }

    /// All zero when it is not set.
    pub(crate) fn span_id(self, number: u32) -> &'a [u8; 8] {
        self.id(number).unwrap_or(&[0; 8])
    }

    fn id<const N: usize>(self, number: u32) -> Option<&'a [u8; N]> {
        self.bytes(number).and_then(|bytes| bytes.try_into().ok())
    }

    pub(crate) fn optional_fixed64(self, number: u32) -> Option<u64> {
        self.last(number, |payload| match payload {
            Payload::Fixed64(content) => Some(content),
            _ => None,
        })
    }

    fn last<T>(self, number: u32, content: impl Fn(Payload<'a>) -> Option<T>) -> Option<T> {
        match self {
            Self::Otlp(message) => message.last(number, content),
            Self::View(message) => message.payload(number).and_then(content),
        }
    }
}

impl Messages<'_> {
    /// Has what comes soon brought near.
    #[inline]
    fn fetch_ahead(&self) {
        if let Self::View(messages) = self {
            messages.fetch_ahead();
        }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        match self {
            Self::Otlp(messages) => messages.next().map(Message::Otlp),
            Self::View(messages) => messages.next().map(Message::View),
        }
    }

    fn count(self) -> usize {
        match self {
            Self::Otlp(messages) => messages.count(),
            Self::View(messages) => messages.count(),
        }
    }
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        match &mut self.0 {
            Repeated::Otlp(numbers) => numbers.next(),
            Repeated::View(numbers) => numbers.next(),
        }
    }
}

/// A message and its edits, to read.
#[derive(Debug, Clone, Copy)]
pub struct At<'r> {
    pub(crate) message: Message<'r>,
    pub(crate) edits: Option<&'r Edits>,
    pub(crate) place: Place,
}

/// A message and its edits, to edit. There is one for each message at a time.
#[derive(Debug)]
pub struct AtMut<'r> {
    pub(crate) message: Message<'r>,
    pub(crate) edits: &'r Edits,
    pub(crate) place: Place,
}

impl<'r> At<'r> {
    /// A message that cannot be edited.
    pub(crate) fn fixed(message: Message<'r>) -> Self {
        Self {
            message,
            edits: None,
            place: Place::default(),
        }
    }

    /// The messages in a field of it that were not dropped.
    #[inline]
    pub(crate) fn items<T>(self, number: u32) -> Items<'r, T> {
        Items {
            messages: self.message.messages(number),
            edits: self.edits,
            places: self.place.all_below(),
            handle: PhantomData,
        }
    }
}

impl<'r> AtMut<'r> {
    #[inline]
    pub(crate) fn as_read(&self) -> At<'_> {
        self.now()
    }

    #[inline]
    pub(crate) fn reborrow(&mut self) -> AtMut<'_> {
        AtMut { ..*self }
    }

    /// The messages in a field of it that were not dropped, to edit.
    #[inline]
    pub(crate) fn items<T>(self, number: u32) -> ItemsMut<'r, T> {
        ItemsMut {
            messages: self.message.messages(number),
            edits: self.edits,
            places: self.place.all_below(),
            handle: PhantomData,
        }
    }
}

/// Handles to read, in order.
#[derive(Debug, Clone)]
pub struct Items<'r, T> {
    messages: Messages<'r>,
    edits: Option<&'r Edits>,
    places: Below,
    handle: PhantomData<T>,
}

impl<'r, T: From<At<'r>>> Iterator for Items<'r, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            let (message, place) = (self.messages.next()?, self.places.step());
            let edits = self.edits;
            if !edits.is_some_and(|edits| edits.is_dropped(place)) {
                let at = At {
                    message,
                    edits,
                    place,
                };
                return Some(at.into());
            }
        }
    }
}

/// Handles to edit, in order.
#[derive(Debug)]
pub struct ItemsMut<'r, T> {
    messages: Messages<'r>,
    edits: &'r Edits,
    places: Below,
    handle: PhantomData<T>,
}

impl<'r, T: From<AtMut<'r>>> Iterator for ItemsMut<'r, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            let (message, place) = (self.messages.next()?, self.places.step());
            let edits = self.edits;
            let is_dropped = edits.changed() && {
                self.messages.fetch_ahead();
                edits.is_dropped(place)
            };
            if !is_dropped {
                let at = AtMut {
                    message,
                    edits,
                    place,
                };
                return Some(at.into());
            }
        }
    }
}

/// Leaves out the messages for which `keep` does not say so.
pub(crate) fn retain<'r>(items: ItemsMut<'r, AtMut<'r>>, mut keep: impl FnMut(AtMut<'_>) -> bool) {
    for mut at in items {
        if !keep(at.reborrow()) {
            at.edits.drop_message(at.place);
        }
    }
}
