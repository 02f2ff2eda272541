//! The configuration as the user wrote it: OCB's field names, nothing resolved.
//!
//! In: nothing. Out: [`Config`]. Invariant: values only; what they mean together is `check`'s, what
//! they mean on this machine `resolve`'s.

use bimetal_manifest::schema::Kind;
use camino::{Utf8Path, Utf8PathBuf};

use crate::model::{CrateSpec, Dist, GoSpec};
use crate::yaml::Place;

/// One builder configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from; `None` for the built-in default.
    pub file: Option<Utf8PathBuf>,
    pub dist: Dist,
    /// Every component, in OCB's order of kinds: extensions, receivers, exporters, processors,
    /// connectors.
    pub components: Vec<(Kind, Entry)>,
    pub telemetry: Entry,
    pub providers: Vec<Entry>,
    pub converters: Vec<Entry>,
    pub replaces: Vec<String>,
    pub excludes: Vec<String>,
    pub default_uri_scheme: String,
    /// What looks like a mistake but is not an error, with its place.
    pub warnings: Vec<String>,
}

impl Config {
    /// The directory of its file, relative to the current one.
    pub fn directory(&self) -> &Utf8Path {
        let parent = self.file.as_deref().and_then(Utf8Path::parent);
        parent.unwrap_or(Utf8Path::new(""))
    }
}

/// One entry of a component list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// `processors[1]` and the like.
    pub label: String,
    /// `plugin:`.
    pub plugin: bool,
    /// What a Go component is; empty where it is a Rust component.
    pub go: GoSpec,
    /// What a Rust component is; none where it is a Go component.
    pub cargo: Option<CrateSpec>,
}
