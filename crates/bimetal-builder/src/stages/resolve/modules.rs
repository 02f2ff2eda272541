//! Go modules of the configuration: import paths and package names as OCB gives them, replaced
//! paths checked.
//!
//! In: entries of the configuration. Out: [`GoModule`]s around what the entries say. Invariant: no
//! two of them have the same name in the generated code.

use std::collections::HashSet;

use camino::Utf8Path;

use super::error::ResolveError;
use crate::model::GoModule;
use crate::model::paths;
use crate::stages::config::{Entry, is_go_identifier};

/// Names that the generated Go code uses itself, or that Go gives a meaning to.
const TAKEN: &[&str] = &[
    "F",
    "all",
    "any",
    "append",
    "bool",
    "byType",
    "command",
    "component",
    "components",
    "confmap",
    "connector",
    "err",
    "error",
    "errors",
    "execute",
    "exporter",
    "extension",
    "factories",
    "false",
    "fmt",
    "gather",
    "init",
    "int",
    "len",
    "linked",
    "main",
    "make",
    "map",
    "modules",
    "nil",
    "ok",
    "older",
    "one",
    "origin",
    "os",
    "otelcol",
    "plugincmd",
    "processor",
    "receiver",
    "renamed",
    "resolver",
    "run",
    "scheme",
    "set",
    "settings",
    "string",
    "svc",
    "true",
    "windows",
];

/// Gives names, and knows those that it gave.
pub(super) struct Modules<'a> {
    pub(super) current: &'a Utf8Path,
    pub(super) out: &'a Utf8Path,
    pub(super) absolute_replaces: bool,
    pub(super) given: HashSet<String>,
}

impl Modules<'_> {
    pub(super) fn resolve(&mut self, entry: Entry) -> Result<GoModule, ResolveError> {
        let alias = if entry.go.name.is_empty() {
            self.name(&package_name(&entry.go.import))
        } else {
            self.name(&entry.go.name)
        };
        Ok(GoModule {
            alias,
            replace: self.replace(&entry)?,
            spec: entry.go,
        })
    }

    /// `wanted`, or `wanted` with the first number from 2 that makes it unique.
    fn name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while TAKEN.contains(&name.as_str()) || !self.given.insert(name.clone()) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        name
    }

    fn replace(&self, entry: &Entry) -> Result<Option<String>, ResolveError> {
        if entry.go.directory.is_empty() {
            return Ok(None);
        }
        let path = paths::absolute(self.current, &entry.go.directory);
        if !path.as_std_path().exists() {
            return Err(ResolveError::NoPath {
                place: entry.place.clone(),
                label: entry.label.clone(),
                path,
            });
        }
        let replace = paths::relative_or_absolute(self.out, &path, self.absolute_replaces);
        Ok(Some(replace))
    }
}

/// Refuses directories of `replaces` that are not there: Go would say so after a search for the
/// module, in words about its proxy. As in go.mod, they are relative to the output directory.
pub(super) fn check_replaces(replaces: &[String], out: &Utf8Path) -> Result<(), ResolveError> {
    for line in replaces {
        let Some((_, new)) = line.split_once("=>") else {
            continue;
        };
        let new = new.trim().trim_matches(['"', '`']);
        if !paths::is_directory(new) {
            continue;
        }
        let path = paths::absolute(out, new);
        if !path.is_dir() {
            return Err(ResolveError::NoReplacement {
                line: line.clone(),
                path,
            });
        }
    }
    Ok(())
}

/// The last element of an import path, made a Go identifier if it is none.
fn package_name(import: &str) -> String {
    let last = import.rsplit('/').next().unwrap_or(import);
    if is_go_identifier(last) {
        return last.to_owned();
    }
    let mut name: String = last
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !is_go_identifier(&name) {
        name.insert_str(0, "pkg_");
    }
    name
}
