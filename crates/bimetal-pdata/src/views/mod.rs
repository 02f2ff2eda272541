//! The read traits of the crate `otel-arrow-dfe-pdata-views`, so that code written against them
//! runs over our batches.
//!
//! In: our handles. Out: their traits. Invariant: nothing but names and options differs from the
//! handles; what OTLP takes as not set, zero or empty, is `None` where a trait has an option.

mod metrics;
mod records;

use otel_arrow_dfe_pdata_views::views::common::{
    AnyValueView, AttributeView, InstrumentationScopeView, Str, ValueType,
};
use otel_arrow_dfe_pdata_views::views::metrics::AggregationTemporality;
use otel_arrow_dfe_pdata_views::views::resource::ResourceView;

use crate::attributes::{Attributes, AttributesIter};
use crate::telemetry::{Resource, Scope};
use crate::text::Text;
use crate::value::{ArrayIter, MapIter, Value};

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'r> {
    key: Text<'r>,
    value: Value<'r>,
}

type OfPair<'r> = fn((Text<'r>, Value<'r>)) -> Pair<'r>;
type Pairs<'r> = std::iter::Map<AttributesIter<'r>, OfPair<'r>>;

fn pair<'r>((key, value): (Text<'r>, Value<'r>)) -> Pair<'r> {
    Pair { key, value }
}

fn pairs(attributes: Attributes<'_>) -> Pairs<'_> {
    attributes.iter().map(pair)
}

/// What OTLP takes as set.
fn set<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

fn set_text(text: Text<'_>) -> Option<Str<'_>> {
    set(text.as_bytes())
}

fn set_id<const N: usize>(id: &[u8; N]) -> Option<&[u8; N]> {
    (id != &[0; N]).then_some(id)
}

fn bytes(text: Text<'_>) -> Str<'_> {
    text.as_bytes()
}

#[expect(
    clippy::cast_sign_loss,
    reason = "a number that the trait does not know is unspecified, negative or not"
)]
fn temporality(number: i32) -> AggregationTemporality {
    (number as u32).into()
}

/// Associated types, each with a lifetime of its own.
macro_rules! types {
    ($x:lifetime; $($name:ident = $type:ty;)*) => {
        $(type $name<$x> = $type where Self: $x;)*
    };
}
use types;

/// The attributes of a handle, with the name that the trait has for its iterator.
macro_rules! attributes {
    ($iter:ident) => {
        types!('x;
            Attribute = $crate::views::Pair<'r>;
            $iter = $crate::views::Pairs<'r>;
        );
    };
    ($iter:ident attributes, dropped_attributes_count) => {
        $crate::views::attributes!($iter attributes);

        fn dropped_attributes_count(&self) -> u32 {
            Self::dropped_attributes_count(self)
        }
    };
    ($iter:ident $name:ident) => {
        $crate::views::attributes!($iter);

        fn $name(&self) -> $crate::views::Pairs<'r> {
            $crate::views::pairs(Self::$name(self))
        }
    };
}
use attributes;

/// Methods that give what the handle gives: as it is, or `None` where it is not set.
macro_rules! same {
    ($($name:ident: $gives:ty $(, $set:ident)?;)*) => {
        $(
            fn $name(&self) -> $gives {
                $crate::views::same!(@ Self::$name(self) $(, $set)?)
            }
        )*
    };
    (@ $value:expr) => { $value };
    (@ $value:expr, $set:ident) => { $crate::views::$set($value) };
}
use same;

/// A repeated message: its type, the name of its iterator, its name.
macro_rules! list {
    ($item:ident = $type:ident, $iter:ident $name:ident) => {
        types!('x;
            $item = $type<'r>;
            $iter = Items<'r, $type<'r>>;
        );

        fn $name(&self) -> Items<'r, $type<'r>> {
            Self::$name(self)
        }
    };
}
use list;

impl AttributeView for Pair<'_> {
    types!('x; Val = Value<'x>;);

    fn key(&self) -> Str<'_> {
        self.key.as_bytes()
    }

    fn value(&self) -> Option<Value<'_>> {
        (!self.value.is_empty()).then_some(self.value)
    }
}

impl<'r> AnyValueView<'r> for Value<'r> {
    type KeyValue = Pair<'r>;
    types!('x;
        ArrayIter = ArrayIter<'r>;
        KeyValueIter = std::iter::Map<MapIter<'r>, OfPair<'r>>;
    );

    fn value_type(&self) -> ValueType {
        match self {
            // Those who read views know of no other values.
            Value::Empty | Value::Opaque(_) => ValueType::Empty,
            Value::Str(_) => ValueType::String,
            Value::Bool(_) => ValueType::Bool,
            Value::Int(_) => ValueType::Int64,
            Value::Double(_) => ValueType::Double,
            Value::Bytes(_) => ValueType::Bytes,
            Value::Array(_) => ValueType::Array,
            Value::Map(_) => ValueType::KeyValueList,
        }
    }

    fn as_string(&self) -> Option<Str<'_>> {
        match self {
            Value::Str(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    fn as_int64(&self) -> Option<i64> {
        self.as_int()
    }

    fn as_array(&self) -> Option<ArrayIter<'r>> {
        Value::as_array(self).map(|array| array.iter())
    }

    fn as_kvlist(&self) -> Option<Self::KeyValueIter<'_>> {
        self.as_map().map(|map| map.iter().map(pair as OfPair<'r>))
    }

    same! {
        as_bool: Option<bool>;
        as_double: Option<f64>;
        as_bytes: Option<&[u8]>;
    }
}

impl<'r> ResourceView for Resource<'r> {
    attributes!(AttributesIter attributes, dropped_attributes_count);
}

impl<'r> InstrumentationScopeView for Scope<'r> {
    attributes!(AttributeIter attributes, dropped_attributes_count);
    same! {
        name: Option<Str<'_>>, set_text;
        version: Option<Str<'_>>, set_text;
    }
}
