//! What a user has set for the tools in files of their own.
//!
//! In: Go's file of settings (`go env -w`). Out: those of its settings that say where modules come
//! from, and the names of all others. Invariant: no setting that changes what is compiled passes; a
//! file that cannot be read has none.

use std::collections::BTreeMap;
use std::env;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::environment::{Environment, passes};
use super::go_flags::without_neutral;
use super::go_variables::is_about_fetching;

/// Settings about fetching that go on working, in builds that do not read the file.
pub(super) fn fetching() -> &'static Environment {
    static FOUND: OnceLock<Environment> = OnceLock::new();
    FOUND.get_or_init(|| split(settings()).0)
}

/// Names of the settings that have no effect here.
pub fn without_effect() -> Vec<String> {
    split(settings()).1
}

fn split(settings: Environment) -> (Environment, Vec<String>) {
    let (fetching, others): (Environment, Environment) = settings
        .into_iter()
        .partition(|(name, _)| is_about_fetching(name));
    // Of the others only those count that a build would take from the environment.
    let has_effect = |name: &String, value: &String| {
        passes(name) && !(name == "GOFLAGS" && without_neutral(value).is_empty())
    };
    let others = others
        .into_iter()
        .filter(|(name, value)| has_effect(name, value))
        .map(|(name, _)| name);
    (fetching, others.collect())
}

fn settings() -> Environment {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    file(set("GOENV"), set("XDG_CONFIG_HOME"), set("HOME"))
        .and_then(|path| fs::read_to_string(path).ok())
        .map(|text| parse(&text))
        .unwrap_or_default()
}

/// Where Go looks for it.
fn file(
    named: Option<String>,
    configuration: Option<String>,
    home: Option<String>,
) -> Option<Utf8PathBuf> {
    match named {
        Some(name) if name == "off" => None,
        Some(path) => Some(path.into()),
        None => configuration
            .map(Utf8PathBuf::from)
            .or_else(|| home.map(|home| Utf8Path::new(&home).join(".config")))
            .map(|directory| directory.join("go/env")),
    }
}

/// `NAME=value` lines, as Go writes them.
fn parse(text: &str) -> Environment {
    let entry = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        (is_name && !name.is_empty() && !value.is_empty())
            .then(|| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(entry).collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_about_fetching_pass_and_the_others_are_named() {
        let text = "# of mine\nGOPROXY=https://proxy.acme\nGOFLAGS=-race\nGOTOOLCHAIN=auto\n\
            CGO_CFLAGS=-O3 -g\nGOPRIVATE=\nno line\n";
        let (fetching, others) = split(parse(text));
        assert_eq!(
            fetching,
            Environment::from([("GOPROXY".to_owned(), "https://proxy.acme".to_owned())])
        );
        assert_eq!(others, ["CGO_CFLAGS", "GOFLAGS"]);
        assert!(split(parse("GOFLAGS=-buildvcs=false\n")).1.is_empty());
    }

    #[test]
    fn the_file_is_looked_for_where_go_does() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(file(text("off"), None, text("/home/me")), None);
        assert_eq!(file(text("/x"), None, None), Some("/x".into()));
        assert_eq!(file(None, text("/c"), text("/h")), Some("/c/go/env".into()));
        assert_eq!(
            file(None, None, text("/h")),
            Some("/h/.config/go/env".into())
        );
        assert_eq!(file(None, None, None), None);
    }
}
