//! What a component says of its section: defaults and schema, with the keys that the host takes.
//!
//! In: the author's type, and keys of the host. Out: two JSON values. Invariant: secrets are
//! hidden; no key belongs to both.

use serde_json::{Map, Value};

use super::{Section, schema};
use crate::error::Error;

/// A key of the section that the host takes out of it and acts on by itself.
#[derive(Debug)]
pub(crate) struct HostKey {
    pub(crate) name: &'static str,
    pub(crate) default: Value,
    pub(crate) schema: Value,
}

/// The defaults and the JSON Schema of the section.
pub(crate) fn described<T: Section>(host_keys: Vec<HostKey>) -> Result<(Value, Value), Error> {
    let mut defaults = serde_json::to_value(T::default())?;
    let mut schema = schemars::schema_for!(T).to_value();
    for HostKey {
        name,
        default,
        schema: of,
    } in host_keys
    {
        let of = properties(&mut schema)?.insert(name.to_owned(), of);
        let default = keys(&mut defaults)?.insert(name.to_owned(), default);
        if of.or(default).is_some() {
            return Err(Error::new(format_args!(
                "`{name}` is a key of the component's configuration and one that the Collector \
                 takes for itself"
            )));
        }
    }
    let schema = schema::agree(schema, &defaults);
    Ok((defaults, schema))
}

fn properties(schema: &mut Value) -> Result<&mut Map<String, Value>, Error> {
    let properties = keys(schema)?.entry("properties");
    keys(properties.or_insert_with(|| Value::Object(Map::new())))
}

fn keys(of: &mut Value) -> Result<&mut Map<String, Value>, Error> {
    of.as_object_mut()
        .ok_or_else(|| Error::new("a component's configuration is a struct with named fields"))
}
