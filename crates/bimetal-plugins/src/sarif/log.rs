//! The part of SARIF 2.1.0 that is written, as types: the only place that names its keys.
//!
//! In: rules and results. Out: [`Log`]. Invariant: every key is one of the standard's; what has no
//! key of its own there is in `properties`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A whole document.
#[derive(Debug, Serialize)]
pub(crate) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    original_uri_base_ids: BTreeMap<&'static str, Location>,
    column_kind: &'static str,
    results: Vec<SarifResult>,
    properties: Value,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

/// A kind of finding.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) short_description: Text,
    pub(crate) full_description: Text,
    pub(crate) help: Text,
    pub(crate) default_configuration: Configuration,
}

/// How bad a finding is unless its result says something else.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Configuration {
    pub(crate) level: Level,
}

/// A sentence.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Text {
    pub(crate) text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Error,
    Warning,
    Note,
}

/// A finding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SarifResult {
    pub(crate) rule_id: &'static str,
    pub(crate) rule_index: usize,
    pub(crate) level: Level,
    pub(crate) message: Text,
    pub(crate) locations: Vec<Place>,
    pub(crate) partial_fingerprints: BTreeMap<&'static str, String>,
    pub(crate) properties: Value,
}

/// Where a finding is: a whole file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    pub(crate) physical_location: PhysicalLocation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhysicalLocation {
    pub(crate) artifact_location: Location,
}

/// A reference to a file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location {
    pub(crate) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri_base_id: Option<&'static str>,
}

impl Log {
    pub(crate) fn new(
        rules: Vec<Rule>,
        bases: BTreeMap<&'static str, Location>,
        results: Vec<SarifResult>,
        properties: Value,
    ) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let driver = Driver {
            name: "bimetal-plugins",
            version,
            semantic_version: version,
            information_uri: env!("CARGO_PKG_REPOSITORY"),
            rules,
        };
        let run = Run {
            tool: Tool { driver },
            invocations: [Invocation {
                execution_successful: true,
            }],
            original_uri_base_ids: bases,
            column_kind: "unicodeCodePoints",
            results,
            properties,
        };
        Self {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text }
    }
}
