//! The environment of a hermetic build, item by item, and the one hash over it.
//!
//! In: what the builder found in its container. Out: the text of `environment.json` and its hash.
//! Invariant: nothing in here depends on the distribution, on the machine outside or on the time,
//! so that builds in equal containers have equal hashes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use bimetal_files::Digest;

/// Everything that the environment hash covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hermetic {
    /// The images that the container started from -> their digest (`sha256:…`); a root file system
    /// has the name `rootfs`.
    pub base_images: BTreeMap<String, String>,
    /// `sha256:` of the Dockerfile.
    pub dockerfile: String,
    /// Name and architecture of every installed package -> version, as the package manager of the
    /// image has them.
    pub packages: BTreeMap<String, String>,
    /// Name of a tool (`go`, `rustc`, `cargo`, `cc`, `ld`) -> what it is.
    pub tools: BTreeMap<String, Tool>,
    /// Variables that reach the tools, other than `SOURCE_DATE_EPOCH`.
    pub variables: BTreeMap<String, String>,
    /// The program that built.
    pub builder: Builder,
    /// Keys of later versions, which come after the others: kept, so that the hash of the text
    /// stays what it was.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One tool of the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// As the tool says it.
    pub version: String,
    /// `sha256:` over the program and, for a toolchain, the files it compiles with (standard
    /// library, compilers).
    pub hash: String,
}

/// The program that built an artifact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Builder {
    /// `bimetal`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `sha256:` over everything the builder generates or carries: templates, Go sources, SDK
    /// crates.
    #[serde(default)]
    pub generator_hash: String,
}

impl Hermetic {
    /// The text of `environment.json`: keys in a fixed order, a line break at the end.
    #[expect(
        clippy::missing_panics_doc,
        reason = "maps with text keys are always JSON"
    )]
    pub fn to_text(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it has string keys only, so it is JSON");
        text.push('\n');
        text
    }

    /// The environment hash: `sha256:` over [`Hermetic::to_text`], so that
    /// `sha256sum environment.json` gives it too.
    pub fn hash(&self) -> String {
        format!("sha256:{}", Digest::of(self.to_text().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_text_that_the_format_page_describes_and_survives_a_reading() {
        let environment = Hermetic {
            base_images: BTreeMap::from([("rootfs".to_owned(), "sha256:00".to_owned())]),
            dockerfile: "sha256:11".to_owned(),
            packages: BTreeMap::from([("gcc:amd64".to_owned(), "12".to_owned())]),
            tools: BTreeMap::new(),
            variables: BTreeMap::new(),
            builder: Builder {
                name: "bimetal".to_owned(),
                version: "0.1.0".to_owned(),
                generator_hash: String::new(),
            },
            other: Map::new(),
        };
        let text = environment.to_text();
        assert_eq!(
            text,
            r#"{
  "base_images": {
    "rootfs": "sha256:00"
  },
  "dockerfile": "sha256:11",
  "packages": {
    "gcc:amd64": "12"
  },
  "tools": {},
  "variables": {},
  "builder": {
    "name": "bimetal",
    "version": "0.1.0",
    "generator_hash": ""
  }
}
"#
        );
        assert_eq!(
            environment.hash(),
            format!("sha256:{}", Digest::of(text.as_bytes()))
        );
        let read: Hermetic = serde_json::from_str(&text).unwrap();
        assert_eq!(read.to_text(), text);

        // A later version adds a key behind the others.
        let later = text.replace("\"\"\n  }\n}", "\"\"\n  },\n  \"kernel\": \"6.1\"\n}");
        let read: Hermetic = serde_json::from_str(&later).unwrap();
        assert_eq!(read.other["kernel"], "6.1");
        assert_eq!(read.to_text(), later);
    }
}
