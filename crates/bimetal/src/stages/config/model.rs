//! The configuration as the user wrote it: OCB's field names, nothing resolved.
//!
//! In: nothing. Out: [`Config`]. Invariant: values only; what they mean together is `check`'s, what
//! they mean on this machine `resolve`'s.

use bimetal_manifest::schema::{Kind, Policy};
use camino::Utf8PathBuf;

use super::cargo_text::CargoText;
use super::place::Place;
use crate::stages::plan::Signals;

/// One builder configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file it came from; `None` for the built-in default.
    pub(crate) file: Option<Utf8PathBuf>,
    pub(crate) dist: Dist,
    /// Every component, in OCB's order of kinds: extensions, receivers, exporters, processors,
    /// connectors.
    pub(crate) components: Vec<(Kind, Entry)>,
    pub(crate) telemetry: Entry,
    pub(crate) providers: Vec<Entry>,
    pub(crate) converters: Vec<Entry>,
    pub(crate) replaces: Vec<String>,
    pub(crate) excludes: Vec<String>,
    pub(crate) default_uri_scheme: String,
    /// What looks like a mistake but is not an error, with its place.
    pub(crate) warnings: Vec<String>,
}

/// `dist:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dist {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) go: String,
    pub(crate) description: String,
    pub(crate) output_path: Option<String>,
    pub(crate) version: String,
    pub(crate) build_tags: String,
    pub(crate) debug_compilation: bool,
    /// `None` when it was not said; OCB takes that for `false`.
    pub(crate) cgo_enabled: Option<bool>,
    pub(crate) use_absolute_replace_paths: bool,
    /// `resource.detection.detectors`: the names that stay in.
    pub(crate) detectors: Vec<String>,
    pub(crate) plugins_dir: Option<String>,
    pub(crate) plugins_policy: Policy,
    pub(crate) rust_profile: String,
    /// Build in a container, as `--hermetic` does.
    pub(crate) hermetic: bool,
    /// The image or root file system of that container.
    pub(crate) base_image: Option<String>,
}

/// One entry of a component list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it stands.
    pub(crate) place: Place,
    /// `processors[1]` and the like.
    pub(crate) label: String,
    pub(crate) gomod: String,
    pub(crate) cargo: Option<CargoText>,
    pub(crate) import: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) plugin: bool,
    pub(crate) type_name: Option<String>,
    pub(crate) signals: Option<Signals>,
}
