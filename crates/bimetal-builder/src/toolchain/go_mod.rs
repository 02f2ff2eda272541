//! A go.mod or a go.work, as `go mod edit -json` and `go work edit -json` print them.
//!
//! In: JSON. Out: [`GoMod`]. Invariant: values only; a missing list is an empty one.

use serde::{Deserialize, Deserializer};

/// The lines of one file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GoMod {
    pub module: Option<ModuleVersion>,
    pub toolchain: Option<String>,
    #[serde(rename = "GoDebug", deserialize_with = "list")]
    pub settings: Vec<Setting>,
    #[serde(deserialize_with = "list")]
    pub require: Vec<ModuleVersion>,
    #[serde(deserialize_with = "list")]
    pub exclude: Vec<ModuleVersion>,
    #[serde(deserialize_with = "list")]
    pub replace: Vec<Replace>,
    /// Of a go.work.
    #[serde(rename = "Use", deserialize_with = "list")]
    pub used: Vec<Used>,
}

impl GoMod {
    /// The version of a required module whose code is used; `None` where that comes from elsewhere.
    pub fn used(&self, path: &str) -> Option<&str> {
        let required = self.require.iter().find(|module| module.path == path)?;
        let replaced = self.replace.iter().find(|line| {
            let is_version = ["", &required.version].contains(&line.old.version.as_str());
            line.old.path == path && is_version
        });
        let source = replaced.map_or(required, |line| &line.new);
        (source.path == path).then_some(source.version.as_str())
    }
}

/// A module, perhaps without a version.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModuleVersion {
    pub path: String,
    pub version: String,
}

impl ModuleVersion {
    /// As it stands in the file.
    pub fn text(&self) -> String {
        format!("{} {}", self.path, self.version)
            .trim_end()
            .to_owned()
    }
}

/// A `godebug` line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Setting {
    pub key: String,
    pub value: String,
}

/// A `replace` line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Replace {
    pub old: ModuleVersion,
    pub new: ModuleVersion,
}

/// A `use` line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Used {
    pub disk_path: String,
}

/// Go prints `null` for a list without entries.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
