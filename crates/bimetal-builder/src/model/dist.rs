//! `dist:` of a configuration.
//!
//! In: nothing. Out: [`Dist`]. Invariant: values only, as the user wrote them.

use bimetal_manifest::schema::{Language, Policy};

/// `dist:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dist {
    pub module: String,
    pub name: String,
    pub go: String,
    pub description: String,
    pub output_path: Option<String>,
    pub version: String,
    pub build_tags: String,
    pub debug_compilation: bool,
    /// `None` when it was not said; OCB takes that for `false`.
    pub cgo_enabled: Option<bool>,
    pub use_absolute_replace_paths: bool,
    /// `resource.detection.detectors`: the names that stay in.
    pub detectors: Vec<String>,
    pub plugins_dir: Option<String>,
    pub plugins_policy: Policy,
    /// Languages of the plugins that main can load; `None` when it was not said.
    pub plugin_languages: Option<Vec<Language>>,
    pub rust_profile: String,
    /// Build in a container, as `--hermetic` does.
    pub hermetic: bool,
    /// The image or root file system of that container.
    pub base_image: Option<String>,
}
