//! Reads a builder configuration.
//!
//! In: YAML text, environment. Out: [`Config`], as the user wrote it. Invariant: reads one file and
//! decides nothing about this machine.

mod cargo_text;
mod check;
mod decode;
mod environment;
mod error;
mod fields;
mod model;
mod scalar;

use std::io::Read as _;

use camino::Utf8Path;
use fs_err as fs;

pub use check::is_go_identifier;
pub use error::ConfigError;
pub use model::{Config, Entry};

use crate::yaml::{self, Node, Place, Value};
use fields::Notes;

/// The largest file that is read.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// What is built when no configuration is named.
const DEFAULT: &str = include_str!("default.yaml");

/// Reads the configuration at `path`, or the default one, and merges `variables` over it.
pub fn read(
    path: Option<&Utf8Path>,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    match path {
        Some(path) => parse(Some(path), &load(path)?, variables),
        None => parse(None, DEFAULT, variables),
    }
}

fn load(path: &Utf8Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    // A pipe is fine (`--config <(…)`), and it tells no size; so what counts is what comes out.
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(ConfigError::TooLarge {
            path: path.to_owned(),
            limit: MAX_SIZE,
        });
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::NotText {
        path: path.to_owned(),
    })
}

fn parse(
    path: Option<&Utf8Path>,
    text: &str,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let file = path.map_or("default configuration", Utf8Path::as_str);
    let (document, more) = yaml::parse(file, text).map_err(ConfigError::Yaml)?;
    let nothing = || Node {
        place: Place {
            file: file.to_owned(),
            position: None,
        },
        value: Value::Null,
    };
    let mut document = document.unwrap_or_else(nothing);
    environment::merge(&mut document, variables);
    let mut notes = Notes::default();
    if more {
        notes.warn(
            &Place {
                file: file.to_owned(),
                position: None,
            },
            "only the first YAML document counts",
        );
    }
    let mut config = decode::decode(path, &document, &mut notes);
    // A value that could not be decoded would only give rise to complaints about its absence.
    if notes.problems.is_empty() {
        check::check(&config, &document, &mut notes);
    }
    if !notes.problems.is_empty() {
        return Err(ConfigError::Invalid {
            problems: notes.problems,
            warnings: notes.warnings,
        });
    }
    config.warnings = notes.warnings;
    Ok(config)
}

#[cfg(test)]
mod tests;
