//! What a file is to a Collector.
//!
//! In: facts and what they leave open. Out: [`Form`]. Invariant: pure.

use super::facts::{Facts, Form, ObjectType};

/// The plugin's manifest as a symbol.
pub(super) const MANIFEST_SYMBOL: &str = "collector_plugin_manifest";

/// Start of every function that a plugin exports to main.
pub(super) const ABI_PREFIX: &str = "otelcol_";

/// A symbol that main looks for in a plugin.
pub(super) fn is_plugin_symbol(name: &[u8]) -> bool {
    name.starts_with(ABI_PREFIX.as_bytes()) || name == MANIFEST_SYMBOL.as_bytes()
}

/// What decides the form and stands in no report.
#[derive(Default)]
pub(super) struct Evidence {
    pub(super) is_program: bool,
    pub(super) build_mode: Option<String>,
    /// The library enters itself into a Go runtime when it is loaded.
    pub(super) joins_go: bool,
}

pub(super) fn form(facts: &Facts, evidence: &Evidence, has_manifest: bool) -> Form {
    if evidence.is_program {
        return if has_manifest {
            Form::Main
        } else {
            Form::Executable
        };
    }
    if facts.object_type != ObjectType::Shared {
        return Form::Other;
    }
    if let Some(go) = &facts.go {
        let is_plugin = evidence.build_mode.as_deref() == Some("plugin")
            && evidence.joins_go
            && !go.package_hashes.is_empty();
        return if is_plugin {
            Form::GoPlugin
        } else {
            Form::GoSharedLibrary
        };
    }
    if facts.plugin_symbols.is_empty() {
        Form::SharedLibrary
    } else {
        Form::RustPlugin
    }
}
