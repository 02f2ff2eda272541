//! The host's answers as the messages that Go gets.
//!
//! In: answers of the host. Out: messages whose texts may be shown as they are. Invariant: no
//! decision is made here.

use bimetal_manifest::schema::{Component, Language};
use bimetal_terminal::escape;
use serde::Deserialize;

use super::message::{self, Catalog, ComponentKey, PluginFile, RustFactory};
use super::reply::Failure;
use crate::answer::{Answer, Key, PluginHandle};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::registry::Entry;

const ONLY_PLUGINS: &str = "keep only plugins in the plugin directory, each a file of its own";

pub(super) fn catalogue(host: &Host) -> Result<Catalog, Failure> {
    let linked_in = host
        .registry()
        .linked_in()
        .iter()
        .map(|entry| wire_factory(host, entry))
        .collect::<Result<_, _>>()?;
    let shelf = host
        .shelf()
        .map_err(|error| Failure::new(&error, error.hint()))?;
    let left_out = host.left_out().iter().map(|(file, reason)| {
        message::Refusal::of(&Refusal::new(file, None).because(*reason, Some(ONLY_PLUGINS)))
    });
    let mut refused: Vec<_> = left_out.collect();
    let mut plugins = Vec::new();
    for item in &shelf.items {
        // What stands for the plugin is there all the same: whoever uses it is told about the
        // directory.
        if let Some(problem) = host.directory_problem() {
            refused.push(message::Refusal::of(&item.refused_for(problem, None)));
        } else if let Err(refusal) = &item.glance {
            refused.push(message::Refusal::of(refusal));
        }
        if let Ok((component, language)) = &item.glance {
            plugins.push(wire_plugin(&item.file.name, component, *language));
        }
    }
    Ok(Catalog {
        linked_in,
        plugins,
        refused,
    })
}

fn wire_plugin(file: &str, component: &Component, language: Language) -> PluginFile {
    PluginFile {
        key: ComponentKey {
            kind: component.kind,
            type_name: component.type_name.clone(),
        },
        file: file.to_owned(),
        language,
        signals: component.signals.clone(),
        module: escape(&component.module).into_owned(),
        sha256: None,
        toolchain_version: None,
    }
}

pub(super) fn wire_factory(host: &Host, entry: &Entry) -> Result<RustFactory, Failure> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Described {
        default_config: serde_json::Value,
        config_schema: serde_json::Value,
    }
    let text = entry
        .table
        .describe()
        .map_err(|error| Failure::new(&error, None))?;
    let described: Described =
        serde_json::from_str(&text).map_err(|error| Failure::new(&error, None))?;
    let listed = host.own().component(entry.kind, entry.type_name);
    Ok(RustFactory {
        factory: entry.number,
        key: ComponentKey {
            kind: entry.kind,
            type_name: entry.type_name.to_owned(),
        },
        signals: entry
            .signals()
            .into_iter()
            .map(|(signal, level)| (signal.to_owned(), level.to_owned()))
            .collect(),
        features: entry.table.features(),
        module: listed
            .map(|component| escape(&component.module).into_owned())
            .unwrap_or_default(),
        default_config: described.default_config,
        config_schema: described.config_schema,
    })
}

impl ComponentKey {
    fn of((kind, type_name): Key) -> Self {
        Self { kind, type_name }
    }

    pub(super) fn into_key(self) -> Key {
        (self.kind, self.type_name)
    }
}

impl message::Refusal {
    fn of(refusal: &Refusal) -> Self {
        Self {
            key: refusal
                .kind
                .zip(refusal.type_name.clone())
                .map(ComponentKey::of),
            file: refusal.file.clone(),
            language: refusal.language,
            reason: refusal.reason(),
            text: refusal.text(),
            nowhere: refusal.is_nowhere,
        }
    }
}

impl message::Answer {
    pub(super) fn of(answer: Answer) -> Self {
        let handle = |verified: PluginHandle| message::PluginHandle {
            handle: verified.handle,
            plugin: PluginFile {
                sha256: Some(verified.digest.to_string()),
                toolchain_version: Some(escape(&verified.toolchain_version).into_owned()),
                ..wire_plugin(&verified.file, &verified.component, verified.language)
            },
        };
        Self {
            verified: answer.verified.into_iter().map(handle).collect(),
            refused: answer.refused.iter().map(message::Refusal::of).collect(),
            unknown: answer.unknown.into_iter().map(ComponentKey::of).collect(),
            warnings: answer.warnings,
        }
    }
}
