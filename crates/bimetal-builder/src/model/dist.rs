//! `dist:` of a configuration.
//!
//! In: nothing. Out: [`Dist`]. Invariant: values only, as the user wrote them.

use bimetal_manifest::schema::{Language, Policy};
use serde::{Deserialize, Serialize};

/// How everything in Rust is optimised: main's part and the plugins alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RustProfile {
    /// Optimised, each crate by itself: for the daily build.
    Release,
    /// Optimised as a whole (fat LTO, one codegen unit): for what is shipped.
    Dist,
    /// Not optimised.
    Dev,
}

impl RustProfile {
    pub const ALL: [Self; 3] = [Self::Release, Self::Dist, Self::Dev];

    /// The name of the Cargo profile, as it stands in the YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dist => "dist",
            Self::Dev => "dev",
        }
    }
}

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
    /// `None` when it was not said.
    pub rust_profile: Option<RustProfile>,
    /// Build in a container, as `--hermetic` does.
    pub hermetic: bool,
    /// The image or root file system of that container.
    pub base_image: Option<String>,
}
