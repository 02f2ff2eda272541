//! Maps, lists and enum variants of a section.
//!
//! In: a JSON container and its node. Out: its members, each with its path. Invariant: a null field
//! does not occur at all.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use super::Node;
use crate::config::decode::{DecodeError, Path};

/// Entries of a map, or of a struct when its fields are known.
pub(super) struct Entries<'de, 'p> {
    map: serde_json::map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
    fields: Option<&'static [&'static str]>,
    node: Node<'de, 'p>,
}

/// Items of a list.
pub(super) struct Items<'de, 'p> {
    rest: std::slice::Iter<'de, Value>,
    index: usize,
    node: Node<'de, 'p>,
}

/// One variant of an enum with its content.
pub(super) struct Variant<'de, 'p> {
    name: &'de str,
    value: &'de Value,
    node: Node<'de, 'p>,
}

impl<'de, 'p> Entries<'de, 'p> {
    pub(super) fn new(
        map: &'de Map<String, Value>,
        fields: Option<&'static [&'static str]>,
        node: Node<'de, 'p>,
    ) -> Self {
        Self {
            map: map.iter(),
            current: None,
            fields,
            node,
        }
    }
}

impl<'de, 'p> Items<'de, 'p> {
    pub(super) fn new(items: &'de [Value], node: Node<'de, 'p>) -> Self {
        Self {
            rest: items.iter(),
            index: 0,
            node,
        }
    }
}

impl<'de, 'p> Variant<'de, 'p> {
    pub(super) fn new(name: &'de str, value: &'de Value, node: Node<'de, 'p>) -> Self {
        Self { name, value, node }
    }

    /// Runs `read` on the content, one step further down.
    fn content<T>(
        &self,
        read: impl FnOnce(Node<'de, '_>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let path = Path::Key(&self.node.path, self.name);
        read(Node {
            value: self.value,
            path,
            siblings: None,
            unknown: self.node.unknown,
        })
        .map_err(|error| error.at(path))
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        for (key, value) in self.map.by_ref() {
            let is_field = self
                .fields
                .is_some_and(|fields| fields.contains(&key.as_str()));
            // A null keeps the default, which serde fills in for a field that does not occur.
            if is_field && value.is_null() {
                continue;
            }
            self.current = Some((key, value));
            return seed.deserialize(StrDeserializer::new(key)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let (key, value) = self
            .current
            .take()
            .ok_or_else(|| de::Error::custom("value without a key"))?;
        let path = Path::Key(&self.node.path, key);
        seed.deserialize(Node {
            value,
            path,
            siblings: self.fields,
            unknown: self.node.unknown,
        })
        .map_err(|error| error.at(path))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.map.len())
    }
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let path = Path::Index(&self.node.path, self.index);
        self.index += 1;
        seed.deserialize(Node {
            value,
            path,
            siblings: None,
            unknown: self.node.unknown,
        })
        .map(Some)
        .map_err(|error| error.at(path))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        self.content(|node| serde::Deserialize::deserialize(node))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        self.content(|node| seed.deserialize(node))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.content(|node| node.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.content(|node| node.deserialize_struct("", fields, visitor))
    }
}
