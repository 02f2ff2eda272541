//! The text of a manifest.
//!
//! In: JSON text, untrusted. Out: one [`Manifest`] (plugin) or several (main). Invariant: every
//! limit is checked before the text is read.

use std::borrow::Cow;

use serde_json::Value;

use super::strict;
use super::types::{Component, Manifest};
use bimetal_abi::is_component_type;
use bimetal_terminal::{Hint, escape};

/// Longest text of a plugin's manifest, in bytes.
pub const TEXT_LIMIT: usize = 1 << 20;

/// Longest text of main's manifests, in bytes: main lists the dependencies and components of both
/// languages.
pub const MAIN_TEXT_LIMIT: usize = 4 << 20;

/// How deep arrays and objects may be nested.
pub const DEPTH_LIMIT: usize = 32;

/// How many values a text may have; those of a Collector with twenty components have under two
/// thousand.
pub const VALUES_LIMIT: usize = 1 << 17;

/// How a hash of a dependency starts: Go's sum over files, or a digest of an archive.
const HASHES: [&str; 2] = ["h1:", "sha256:"];

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the manifest is {length} bytes long, the limit is {limit}")]
    TooLong { length: usize, limit: usize },
    #[error("the manifest is not the JSON that this version reads: {reason}")]
    Json { reason: String },
    #[error("the manifest does not have the required form: {reason}")]
    Shape { reason: String },
    #[error("`{name}` is not a component type")]
    TypeName { name: String },
    #[error("the hash of the dependency `{name}` is `{hash}`, which is of no known form")]
    Hash { name: String, hash: String },
}

impl Hint for ParseError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::TooLong { .. } => return None,
            Self::Json { .. } | Self::Shape { .. } | Self::Hash { .. } => {
                "build the artifact again with `bimetal`, which writes the manifest"
            }
            Self::TypeName { .. } => {
                "a type starts with a letter and goes on with at most 62 letters, digits or \
                 underscores"
            }
        };
        Some(hint.into())
    }
}

impl Manifest {
    /// Reads one manifest, a plugin's or a part of main's.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        from_value(read(text, TEXT_LIMIT)?)
    }
}

/// Reads main's text: an array with one manifest per language.
pub fn parse_main(text: &str) -> Result<Vec<Manifest>, ParseError> {
    match read(text, MAIN_TEXT_LIMIT)? {
        Value::Array(parts) => parts.into_iter().map(from_value).collect(),
        _ => Err(ParseError::Shape {
            reason: "main's text is an array of manifests".to_owned(),
        }),
    }
}

#[expect(clippy::missing_panics_doc, reason = "a schema is always JSON")]
/// The JSON Schema of one manifest, as it is checked in.
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Manifest))
        .expect("a schema has string keys only, so it is always JSON");
    text.push('\n');
    text
}

/// `text` as a value, within the limits that hold for every JSON text of ours.
pub(crate) fn strict_value(text: &str) -> Result<Value, serde_json::Error> {
    strict::value(text, DEPTH_LIMIT, VALUES_LIMIT)
}

fn read(text: &str, limit: usize) -> Result<Value, ParseError> {
    if text.len() > limit {
        return Err(ParseError::TooLong {
            length: text.len(),
            limit,
        });
    }
    strict_value(text).map_err(|error| ParseError::Json {
        reason: escape(&error.to_string()).into_owned(),
    })
}

fn from_value(value: Value) -> Result<Manifest, ParseError> {
    if !value.is_object() {
        return Err(ParseError::Shape {
            reason: "a manifest is one object".to_owned(),
        });
    }
    let manifest: Manifest = serde_path_to_error::deserialize(value).map_err(|error| {
        let place = error.path().to_string();
        let reason = match place.as_str() {
            "." | "?" => error.inner().to_string(),
            _ => format!("`{place}`: {}", error.inner()),
        };
        ParseError::Shape {
            reason: escape(&reason).into_owned(),
        }
    })?;
    manifest
        .component
        .iter()
        .chain(&manifest.components)
        .try_for_each(check_type_name)?;
    manifest.dependency_hashes.iter().try_for_each(check_hash)?;
    Ok(manifest)
}

/// A hash that nothing can be compared with would say nothing about the dependency.
fn check_hash((name, hash): (&String, &String)) -> Result<(), ParseError> {
    if HASHES.iter().any(|form| hash.starts_with(form)) {
        Ok(())
    } else {
        Err(ParseError::Hash {
            name: escape(name).into_owned(),
            hash: escape(hash).into_owned(),
        })
    }
}

/// The type becomes part of symbol and file names and is shown everywhere: only what a Collector
/// takes passes.
fn check_type_name(component: &Component) -> Result<(), ParseError> {
    match component.names().find(|name| !is_component_type(name)) {
        None => Ok(()),
        Some(name) => Err(ParseError::TypeName {
            name: escape(name).into_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = r#"{"schema_version":1,"artifact":"plugin","language":"go",
  "toolchain_version":"go1.26.8","build_profile":"release",
        "dependency_hashes":{"go.opentelemetry.io/collector":"h1:a9b8"},"build_flags":["-buildmode=plugin"],
        "target":"x86_64-unknown-linux-gnu","build_time":"2026-11-23T12:34:56Z"}"#;

    fn with(entry: &str) -> String {
        SEED.replacen('{', &format!("{{{entry},"), 1)
    }

    #[test]
    fn a_hash_of_a_dependency_that_is_of_no_known_form_is_damage() {
        for hash in ["h0:a9b8", "a9b8", "", "H1:a9b8", "sha256"] {
            let error = Manifest::parse(&SEED.replace("h1:a9b8", hash)).unwrap_err();
            assert!(matches!(error, ParseError::Hash { .. }), "{hash}: {error}");
            assert!(error.hint().is_some());
        }
        assert!(Manifest::parse(&SEED.replace("h1:a9b8", "sha256:a9b8")).is_ok());
    }

    #[test]
    fn the_keys_of_the_seed_are_enough() {
        let manifest = Manifest::parse(SEED).unwrap();
        assert_eq!(manifest.toolchain_version, "go1.26.8");
        assert_eq!(manifest.component, None);
    }

    #[test]
    fn every_key_of_the_seed_is_required() {
        let whole: Value = serde_json::from_str(SEED).unwrap();
        for key in whole.as_object().unwrap().keys() {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(key);
            let error = Manifest::parse(&part.to_string()).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`")), "{key}: {error}");
        }
    }

    #[test]
    fn keys_of_a_later_version_are_kept() {
        let manifest = Manifest::parse(&with(r#""sbom":{"a":[1,2.5,-3,null,true]}"#)).unwrap();
        assert_eq!(manifest.other["sbom"]["a"][1], 2.5);
        let text = serde_json::to_string(&manifest).unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), manifest);
    }

    #[test]
    fn a_key_twice_in_one_object_is_refused_at_every_level() {
        for entry in [
            r#""language":"rust""#,
            r#""x":{"a":1,"a":2}"#,
            r#""x":[{"\u001b[1m":1,"\u001b[1m":2}]"#,
        ] {
            let error = Manifest::parse(&with(entry)).unwrap_err().to_string();
            assert!(error.contains("occurs twice"), "{error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused_and_the_limit_itself_is_not() {
        let nested = |levels: usize| {
            with(&format!(
                "\"x\":{}{}",
                "[".repeat(levels),
                "]".repeat(levels)
            ))
        };
        assert!(Manifest::parse(&nested(DEPTH_LIMIT - 1)).is_ok());
        assert!(
            Manifest::parse(&nested(DEPTH_LIMIT))
                .unwrap_err()
                .to_string()
                .contains("too deep")
        );
        assert!(
            Manifest::parse(&"[".repeat(200_000))
                .unwrap_err()
                .to_string()
                .contains("too deep")
        );
    }

    #[test]
    fn a_text_beyond_the_limit_is_not_read() {
        let text = with(&format!("\"x\":\"{}\"", "x".repeat(TEXT_LIMIT)));
        assert!(matches!(
            Manifest::parse(&text),
            Err(ParseError::TooLong { .. })
        ));
    }

    #[test]
    fn more_values_than_the_limit_are_refused() {
        let numbers = |count: usize| with(&format!("\"x\":[{}0]", "0,".repeat(count)));
        assert!(Manifest::parse(&numbers(VALUES_LIMIT / 2)).is_ok());
        let error = Manifest::parse(&numbers(VALUES_LIMIT)).unwrap_err();
        assert!(error.to_string().contains("too many values"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let error = Manifest::parse(&SEED.replace("\"h1:a9b8\"", "7"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`dependency_hashes.go.opentelemetry.io/collector`"),
            "{error}"
        );
    }

    #[test]
    fn a_type_that_no_collector_takes_is_refused() {
        for name in ["", "1a", "a/b", "../x", "a\\u001b[2J", &"x".repeat(64)] {
            let text = with(&format!(
                r#""component":{{"kind":"processor","type":"{name}","module":"m"}}"#
            ));
            assert!(
                matches!(Manifest::parse(&text), Err(ParseError::TypeName { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn mains_text_is_an_array() {
        assert_eq!(parse_main(&format!("[{SEED}]")).unwrap().len(), 1);
        assert!(parse_main(SEED).is_err());
        assert!(Manifest::parse(&format!("[{SEED}]")).is_err());
        assert!(parse_main(&format!("[{SEED}] x")).is_err());
    }
}
