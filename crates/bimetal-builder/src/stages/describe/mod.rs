//! Learns what every component is, without loading one.
//!
//! In: [`Locked`]. Out: [`Described`]: kind, type, signals; for Rust also defaults and schema.
//! Invariant: a plugin whose identity is not known is not built. Each Rust component is asked by a
//! small program over the same crates, Go components by their metadata.yaml.

mod error;
mod go;
mod rust;

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Component, Kind};

pub use error::DescribeError;

use super::lock::Locked;
use crate::model::Linkage;
use crate::toolchain::Runner;

/// A locked plan whose components are known.
#[derive(Debug)]
pub struct Described<'p> {
    pub locked: Locked<'p>,
    pub components: Components,
}

/// What the components are.
#[derive(Clone, Debug, Default)]
pub struct Components {
    /// Linked into main; without those whose identity is unknown.
    pub go_main: Vec<Component>,
    pub rust_main: Vec<Component>,
    /// By the plugin's name in the plan.
    pub plugins: BTreeMap<String, Component>,
}

/// Describes every component.
pub fn describe<'p>(
    locked: Locked<'p>,
    runner: &Runner<'_>,
) -> Result<Described<'p>, DescribeError> {
    let (plan, sources) = (locked.plan, &locked.sources);
    let mut components = Components::default();
    for component in &plan.go_components {
        components.go_main.extend(go::identity(
            component.kind,
            &component.module.spec,
            sources,
        )?);
    }
    for plugin in &plan.go_plugins {
        let identity =
            go::identity(plugin.kind, &plugin.module.spec, sources)?.ok_or_else(|| {
                DescribeError::Unknown {
                    entry: plugin.module.spec.gomod.clone(),
                    kind: plugin.kind.as_str(),
                }
            })?;
        components.plugins.insert(plugin.name.clone(), identity);
    }
    let rust = rust::identities(&locked, runner)?;
    for (component, identity) in plan.rust_components.iter().zip(rust) {
        match component.linkage {
            Linkage::Static => components.rust_main.push(identity),
            Linkage::Plugin => drop(components.plugins.insert(component.name.clone(), identity)),
        }
    }
    unique(&components)?;
    Ok(Described { locked, components })
}

/// Main refuses two components of one kind and type; better to say so before anything is built.
fn unique(components: &Components) -> Result<(), DescribeError> {
    let mut seen: BTreeMap<(Kind, &str), &str> = BTreeMap::new();
    let all = components
        .go_main
        .iter()
        .chain(&components.rust_main)
        .chain(components.plugins.values());
    for component in all {
        for name in component.names() {
            if let Some(first) = seen.insert((component.kind, name), &component.module) {
                return Err(DescribeError::Twice {
                    kind: component.kind.as_str(),
                    type_name: name.to_owned(),
                    first: first.to_owned(),
                    second: component.module.clone(),
                });
            }
        }
    }
    Ok(())
}
