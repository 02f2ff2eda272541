//! What Go and Rust tell each other on the control path, as JSON: the one definition.
//!
//! In: nothing. Out: structs; `go/pluginhost/wire_gen.go` is generated from this source and
//! diffed. Invariant: every text may be shown as it is; no decision is made here.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Kind, Language};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::settings::Settings;

/// Names a component: what a plugin offers and what a configuration uses.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComponentKey {
    pub(super) kind: Kind,
    #[serde(rename = "type")]
    pub(super) type_name: String,
}

/// What the Rust side found when it was opened.
#[derive(Serialize)]
pub(super) struct Opened<'a> {
    pub(super) directory: Option<&'a str>,
    /// What names the directory.
    pub(super) origin: Option<&'static str>,
    pub(super) program: &'a str,
}

/// Everything that is linked in as Rust or lies in the plugin directory.
#[derive(Serialize)]
pub(super) struct Catalog {
    pub(super) linked_in: Vec<RustFactory>,
    pub(super) plugins: Vec<PluginFile>,
    pub(super) refused: Vec<Refusal>,
}

/// A factory on the Rust side.
#[derive(Serialize)]
pub(super) struct RustFactory {
    #[serde(flatten)]
    pub(super) key: ComponentKey,
    /// Its number in calls.
    pub(super) factory: u64,
    /// Signal -> stability.
    pub(super) signals: BTreeMap<String, String>,
    /// `FEATURE_…` bits.
    pub(super) features: u64,
    pub(super) module: String,
    pub(super) default_config: Value,
    pub(super) config_schema: Value,
    /// Keys of the section that the host acts on; the component is not given them.
    pub(super) host_keys: Vec<String>,
}

/// A plugin that may be used.
#[derive(Serialize)]
pub(super) struct PluginFile {
    #[serde(flatten)]
    pub(super) key: ComponentKey,
    /// Older names of the type.
    pub(super) aliases: Vec<String>,
    pub(super) file: String,
    pub(super) language: Language,
    /// Signal -> stability.
    pub(super) signals: BTreeMap<String, String>,
    pub(super) module: String,
    /// Known of a plugin that was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// Known of a plugin that was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) toolchain_version: Option<String>,
}

/// A plugin that may not be used.
#[derive(Serialize)]
pub(super) struct Refusal {
    #[serde(flatten)]
    pub(super) key: Option<ComponentKey>,
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<Language>,
    /// The first reason on one line.
    pub(super) reason: String,
    /// Made for people; has several lines.
    pub(super) text: String,
    /// There is no such component at all, so that nothing is left out by going on without it.
    pub(super) nowhere: bool,
}

/// Asks which plugins a configuration needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) linked_in: Vec<ComponentKey>,
    /// Null: every good plugin.
    pub(super) used: Option<Vec<ComponentKey>>,
}

/// Says what may be loaded.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) verified: Vec<PluginHandle>,
    pub(super) refused: Vec<Refusal>,
    /// Refused, and a good file brings the component.
    pub(super) unneeded: Vec<Refusal>,
    pub(super) unknown: Vec<ComponentKey>,
    /// Files of which only the manifest was read, since nothing uses them.
    pub(super) unverified: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// A verified plugin; its handle loads it once.
#[derive(Serialize)]
pub(super) struct PluginHandle {
    #[serde(flatten)]
    pub(super) plugin: PluginFile,
    pub(super) handle: u64,
}

/// Asks for files that were verified already, wherever they lie.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trial {
    /// In the order in which they are loaded.
    pub(super) files: Vec<TriedFile>,
}

/// One file, and the digest of the bytes that were verified.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriedFile {
    pub(super) path: String,
    pub(super) sha256: String,
}

/// What was done to the process.
#[derive(Serialize)]
pub(super) struct Changes {
    /// A sentence for each signal.
    pub(super) signals: Vec<String>,
}

/// What `plugin.Open` is given.
#[derive(Serialize)]
pub(super) struct Taken {
    pub(super) path: String,
    pub(super) file: String,
}

/// Says what instance is to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRequest {
    pub(super) signal: u32,
    /// What a connector makes.
    pub(super) output: u32,
    /// Go's name of the instance.
    pub(super) component: u64,
    /// The least level that its logger writes.
    pub(super) log_level: i32,
    pub(super) id: String,
    /// JSON text.
    pub(super) config: String,
    /// JSON text.
    pub(super) resource: String,
    /// JSON text.
    pub(super) build: String,
}

/// A `plugins` command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) arguments: Vec<String>,
    #[serde(default)]
    pub(super) settings: Settings,
}

/// What the Rust side says when it cannot do what it was asked to.
#[derive(Debug, Serialize)]
pub(super) struct HostFailure {
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
}
