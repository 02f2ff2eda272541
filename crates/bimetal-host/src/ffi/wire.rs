//! What Go and Rust tell each other on the control path, as JSON.
//!
//! In: answers of the host. Out: types whose texts may be shown as they are. Invariant: no decision
//! is made here.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Kind, Language};
use bimetal_terminal::escape;
use serde::{Deserialize, Serialize};

use super::reply::Failure;
use crate::answer::{Answer, Key, Ticket};
use crate::catalog::Item;
use crate::host::Host;
use crate::refusal::Refusal;
use crate::registry::Entry;
use crate::settings::Settings;

const ONLY_PLUGINS: &str = "keep only plugins in the plugin directory, each a file of its own";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireKey {
    pub(super) kind: Kind,
    #[serde(rename = "type")]
    pub(super) type_name: String,
}

#[derive(Serialize)]
pub(super) struct Opened<'a> {
    pub(super) directory: Option<&'a str>,
    pub(super) program: &'a str,
}

#[derive(Serialize)]
pub(super) struct Catalogue {
    pub(super) linked_in: Vec<WireFactory>,
    pub(super) plugins: Vec<WirePlugin>,
    pub(super) refused: Vec<WireRefusal>,
}

/// A Rust factory.
#[derive(Serialize)]
pub(super) struct WireFactory {
    pub(super) factory: u64,
    pub(super) kind: Kind,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    pub(super) signals: BTreeMap<String, String>,
    pub(super) features: u64,
    pub(super) module: String,
    pub(super) default_config: serde_json::Value,
    pub(super) config_schema: serde_json::Value,
}

/// A plugin that would be loaded if it were used.
#[derive(Serialize)]
pub(super) struct WirePlugin {
    pub(super) file: String,
    pub(super) kind: Kind,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    pub(super) language: Language,
    pub(super) signals: BTreeMap<String, String>,
    pub(super) module: String,
}

#[derive(Serialize)]
pub(super) struct WireRefusal {
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Kind>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) type_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<Language>,
    pub(super) reason: String,
    pub(super) text: String,
    pub(super) nowhere: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) linked_in: Vec<WireKey>,
    /// Null: every good plugin.
    pub(super) used: Option<Vec<WireKey>>,
}

#[derive(Serialize)]
pub(super) struct WireAnswer {
    pub(super) verified: Vec<WireTicket>,
    pub(super) refused: Vec<WireRefusal>,
    pub(super) unknown: Vec<WireKey>,
    pub(super) warnings: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct WireTicket {
    pub(super) handle: u64,
    #[serde(flatten)]
    pub(super) plugin: WirePlugin,
    pub(super) sha256: String,
    pub(super) toolchain_version: String,
}

#[derive(Serialize)]
pub(super) struct Taken {
    pub(super) path: String,
    pub(super) file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) arguments: Vec<String>,
    #[serde(default)]
    pub(super) settings: Settings,
}

pub(super) fn catalogue(host: &Host) -> Result<Catalogue, Failure> {
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
        WireRefusal::of(&Refusal::new(file, None).because(*reason, Some(ONLY_PLUGINS)))
    });
    let mut refused: Vec<_> = left_out.collect();
    let mut plugins = Vec::new();
    for item in &shelf.items {
        // What stands for the plugin is there all the same: whoever uses it is told about the
        // directory.
        if let Some(problem) = host.directory_problem() {
            refused.push(WireRefusal::of(&item.refused_for(problem, None)));
        } else if let Err(refusal) = &item.glance {
            refused.push(WireRefusal::of(refusal));
        }
        plugins.extend(wire_plugin(item));
    }
    Ok(Catalogue {
        linked_in,
        plugins,
        refused,
    })
}

fn wire_plugin(item: &Item) -> Option<WirePlugin> {
    let (component, language) = item.glance.as_ref().ok()?;
    Some(WirePlugin {
        file: item.file.name.clone(),
        kind: component.kind,
        type_name: component.type_name.clone(),
        language: *language,
        signals: component.signals.clone(),
        module: escape(&component.module).into_owned(),
    })
}

pub(super) fn wire_factory(host: &Host, entry: &Entry) -> Result<WireFactory, Failure> {
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
    Ok(WireFactory {
        factory: entry.number,
        kind: entry.kind,
        type_name: entry.type_name.to_owned(),
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

impl WireKey {
    pub(super) fn into_key(self) -> Key {
        (self.kind, self.type_name)
    }
}

impl WireRefusal {
    fn of(refusal: &Refusal) -> Self {
        Self {
            file: refusal.file.clone(),
            kind: refusal.kind,
            type_name: refusal.type_name.clone(),
            language: refusal.language,
            reason: refusal.reason(),
            text: refusal.text(),
            nowhere: refusal.is_nowhere,
        }
    }
}

impl WireAnswer {
    pub(super) fn of(answer: Answer) -> Self {
        let ticket = |ticket: Ticket| WireTicket {
            handle: ticket.handle,
            plugin: WirePlugin {
                file: ticket.file,
                kind: ticket.component.kind,
                type_name: ticket.component.type_name,
                language: ticket.language,
                signals: ticket.component.signals,
                module: escape(&ticket.component.module).into_owned(),
            },
            sha256: ticket.digest.to_string(),
            toolchain_version: escape(&ticket.toolchain_version).into_owned(),
        };
        Self {
            verified: answer.verified.into_iter().map(ticket).collect(),
            refused: answer.refused.iter().map(WireRefusal::of).collect(),
            unknown: answer
                .unknown
                .into_iter()
                .map(|(kind, type_name)| WireKey { kind, type_name })
                .collect(),
            warnings: answer.warnings,
        }
    }
}
