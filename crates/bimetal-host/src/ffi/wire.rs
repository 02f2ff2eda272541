//! The host's answers as the messages that Go gets.
//!
//! In: answers of the host. Out: messages whose texts may be shown as they are. Invariant: no
//! decision is made here.

use bimetal_terminal::escape;
use bimetal_verify::{Key, Verdict};
use serde::Deserialize;

use super::message::{self, Catalog, ComponentKey, PluginFile, RustFactory};
use super::reply::Failure;
use crate::answer::{Answer, PluginHandle};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::registry::Entry;

pub(super) fn catalogue(host: &Host) -> Result<Catalog, Failure> {
    let linked_in = host
        .registry()
        .linked_in()
        .iter()
        .map(|entry| wire_factory(host, entry))
        .collect::<Result<_, _>>()?;
    let index = host.index()?;
    let (mut plugins, mut refused) = (Vec::new(), Vec::new());
    for candidate in &index.candidates {
        // What stands for the plugin is there all the same: its user learns of the
        // directory.
        plugins.extend(wire_plugin(candidate.verdict()).filter(|_| candidate.is_good()));
        let mut verdict = candidate.verdict().clone();
        verdict.mismatches.extend(host.unsafe_directory());
        if !candidate.is_good() || !verdict.mismatches.is_empty() {
            refused.push(message::Refusal::of(&verdict.into()));
        }
    }
    Ok(Catalog {
        linked_in,
        plugins,
        refused,
    })
}

fn wire_plugin(verdict: &Verdict) -> Option<PluginFile> {
    Some(PluginFile {
        key: ComponentKey::of(verdict.key()?),
        aliases: verdict.aliases.clone(),
        file: verdict.file.clone(),
        language: verdict.language?,
        signals: verdict.signals.clone(),
        module: escape(verdict.module.as_deref().unwrap_or_default()).into_owned(),
        sha256: None,
        toolchain_version: None,
    })
}

pub(super) fn wire_factory(host: &Host, entry: &Entry) -> Result<RustFactory, Failure> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Described {
        default_config: serde_json::Value,
        config_schema: serde_json::Value,
        host_keys: Vec<String>,
    }
    let text = entry.table.describe()?;
    let described: Described = serde_json::from_str(&text)?;
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
            .map(|(signal, level)| (signal.into_owned(), level.to_owned()))
            .collect(),
        features: entry.table.features(),
        module: listed
            .map(|component| escape(&component.module).into_owned())
            .unwrap_or_default(),
        default_config: described.default_config,
        config_schema: described.config_schema,
        host_keys: described.host_keys,
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
        let verdict = &refusal.verdict;
        let key = verdict.key();
        Self {
            key: key.map(|(kind, name)| ComponentKey::of((kind, escape(&name).into_owned()))),
            file: verdict.file.clone(),
            language: verdict.language,
            reason: refusal.reason(),
            text: refusal.text(),
            nowhere: refusal.is_nowhere,
        }
    }
}

impl message::Answer {
    pub(super) fn of(answer: Answer) -> Self {
        let handle = |verified: PluginHandle| {
            let verdict = &verified.verdict;
            let version = verdict.toolchain_version.as_deref().map(escape);
            Some(message::PluginHandle {
                handle: verified.handle,
                plugin: PluginFile {
                    sha256: verdict.sha256.as_ref().map(ToString::to_string),
                    toolchain_version: version.map(Into::into),
                    ..wire_plugin(verdict)?
                },
            })
        };
        Self {
            verified: answer.verified.into_iter().filter_map(handle).collect(),
            refused: answer.refused.iter().map(message::Refusal::of).collect(),
            unneeded: answer.unneeded.iter().map(message::Refusal::of).collect(),
            unknown: answer.unknown.into_iter().map(ComponentKey::of).collect(),
            unverified: answer.unverified,
            warnings: answer.warnings,
        }
    }
}
