//! Identity of components as JSON, for the builder and for hosts.
//!
//! In: factory tables. Out: `{kind, type, signals, default_config, config_schema, host_keys}`.
//! Invariant: static: makes no instance, reads nothing.

use bimetal_abi::{Kind, Signal, Stability};
use serde_json::{Map, Value, json};

use crate::config::{HostKey, Section, described};
use crate::error::Error;

/// What a factory table says about itself, in words.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) kind: u32,
    pub(crate) type_name: &'a str,
    pub(crate) signals: u64,
    pub(crate) stability: u64,
    pub(crate) pairs: u64,
}

/// The identity of one component with configuration `C`, of whose keys the host takes some.
pub(crate) fn identity<C: Section>(
    identity: &Identity<'_>,
    host_keys: Vec<HostKey>,
) -> Result<Value, Error> {
    let names: Vec<_> = host_keys.iter().map(|key| key.name).collect();
    let (defaults, schema) = described::<C>(host_keys)?;
    let mut said = json!({
        "kind": Kind::from_number(identity.kind).map(Kind::as_str),
        "type": identity.type_name,
        "signals": signals(identity),
        "default_config": defaults,
        "config_schema": schema,
    });
    if !names.is_empty() {
        said["host_keys"] = names.into();
    }
    Ok(said)
}

fn signals(identity: &Identity<'_>) -> Map<String, Value> {
    if identity.kind == Kind::Extension as u32 {
        let level = Stability::of(identity.stability, None);
        let word = Kind::Extension.as_str().to_owned();
        return std::iter::once((word, level.as_str().into())).collect();
    }
    if identity.kind == Kind::Connector as u32 {
        let pairs = Signal::pairs().filter_map(|(from, to)| {
            let level = Stability::of_pair(identity.pairs, from, to);
            let is_there = level != Stability::Undefined;
            is_there.then(|| (Kind::pair(from, to), level.as_str().into()))
        });
        return pairs.collect();
    }
    Signal::ALL
        .into_iter()
        .filter(|signal| identity.signals & signal.bit() != 0)
        .map(|signal| {
            let level = Stability::of(identity.stability, Some(signal));
            (signal.as_str().to_owned(), level.as_str().into())
        })
        .collect()
}
