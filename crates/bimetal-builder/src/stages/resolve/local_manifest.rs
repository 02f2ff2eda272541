//! The Cargo.toml of a copied path crate: what `cargo metadata` says, without inheritance, tests or
//! path that leads elsewhere.
//!
//! In: a package of `cargo metadata`. Out: the text of its Cargo.toml. Invariant: cargo reads it
//! without the workspace it came from.

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Dependency, DependencyKind, Package, Target, TargetKind};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::local_error::LocalError;
use crate::model::carried::CARRIED;

/// Whether a dependency is compiled when the library is.
pub(super) fn is_built(dependency: &Dependency) -> bool {
    dependency.kind != DependencyKind::Development
}

/// Writes the Cargo.toml of `package`, whose sources stand in `root`.
pub(super) fn write(package: &Package, root: &Utf8Path) -> Result<String, LocalError> {
    let name = package.name.as_str();
    let library = package.targets.iter().find(|target| is_library(target));
    let library = library.ok_or_else(|| LocalError::NoLibrary {
        name: name.to_owned(),
    })?;
    let mut document = DocumentMut::new();
    document["package"] = Item::Table(header(package, root)?);
    document["lib"] = Item::Table(lib(library, root)?);
    let mut features = Table::new();
    for (feature, enables) in &package.features {
        features[feature] = value(enables.iter().map(String::as_str).collect::<Array>());
    }
    if !features.is_empty() {
        document["features"] = Item::Table(features);
    }
    let mut dependencies: Vec<&Dependency> = package
        .dependencies
        .iter()
        .filter(|dependency| is_built(dependency))
        .collect();
    dependencies.sort_by_key(|dependency| {
        (
            key(dependency),
            dependency.target.as_ref().map(ToString::to_string),
        )
    });
    for dependency in dependencies {
        let section = match dependency.kind {
            DependencyKind::Build => "build-dependencies",
            _ => "dependencies",
        };
        let table = match &dependency.target {
            None => document.as_table_mut(),
            Some(target) => implicit(
                implicit(document.as_table_mut(), "target"),
                &target.to_string(),
            ),
        };
        implicit(table, section)[key(dependency)] = value(requirement(dependency));
    }
    let about = format!(
        "# A copy of the crate `{name}` that stands alone; made by bimetal, do not edit.\n\n"
    );
    Ok(about + &document.to_string())
}

fn header(package: &Package, root: &Utf8Path) -> Result<Table, LocalError> {
    let mut table = Table::new();
    table["name"] = value(package.name.as_str());
    table["version"] = value(package.version.to_string());
    table["edition"] = value(package.edition.as_str());
    if let Some(version) = &package.rust_version {
        table["rust-version"] = value(version.to_string());
    }
    let texts = [
        ("description", &package.description),
        ("license", &package.license),
        ("repository", &package.repository),
        ("homepage", &package.homepage),
        ("links", &package.links),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            table[field] = value(text.as_str());
        }
    }
    if !package.authors.is_empty() {
        table["authors"] = value(
            package
                .authors
                .iter()
                .map(String::as_str)
                .collect::<Array>(),
        );
    }
    table["build"] = match package
        .targets
        .iter()
        .find(|target| target.kind.contains(&TargetKind::CustomBuild))
    {
        Some(target) => value(inside(&target.src_path, root)?.into_string()),
        None => value(false),
    };
    for automatic in ["autobins", "autoexamples", "autotests", "autobenches"] {
        table[automatic] = value(false);
    }
    table["publish"] = value(false);
    Ok(table)
}

/// A component is linked as a Rust library only, whatever else the crate can be built as.
fn lib(target: &Target, root: &Utf8Path) -> Result<Table, LocalError> {
    let mut table = Table::new();
    table["name"] = value(target.name.as_str());
    table["path"] = value(inside(&target.src_path, root)?.into_string());
    if target.kind.contains(&TargetKind::ProcMacro) {
        table["proc-macro"] = value(true);
    }
    Ok(table)
}

fn inside(path: &Utf8Path, root: &Utf8Path) -> Result<Utf8PathBuf, LocalError> {
    path.strip_prefix(root)
        .map(Utf8Path::to_owned)
        .map_err(|_| LocalError::Escapes {
            path: path.to_owned(),
        })
}

fn is_library(target: &Target) -> bool {
    let library = [
        TargetKind::Lib,
        TargetKind::RLib,
        TargetKind::DyLib,
        TargetKind::CDyLib,
        TargetKind::StaticLib,
        TargetKind::ProcMacro,
    ];
    target.kind.iter().any(|kind| library.contains(kind))
}

fn key(dependency: &Dependency) -> &str {
    dependency.rename.as_deref().unwrap_or(&dependency.name)
}

fn requirement(dependency: &Dependency) -> Value {
    let mut table = InlineTable::new();
    if dependency.rename.is_some() {
        table.insert("package", dependency.name.as_str().into());
    }
    let git = dependency
        .source
        .as_ref()
        .and_then(|source| source.repr.strip_prefix("git+"));
    if dependency.path.is_some() {
        let carried = CARRIED.contains(&dependency.name.as_str());
        let path = if carried {
            format!("../../bimetal/{}", dependency.name)
        } else {
            format!("../{}", dependency.name)
        };
        table.insert("path", path.into());
    } else {
        if let Some(git) = git {
            from_git(git, &mut table);
        } else if let Some(registry) = &dependency.registry {
            table.insert("registry-index", registry.as_str().into());
        }
        let version = dependency.req.to_string();
        if git.is_none() || version != "*" {
            table.insert("version", version.into());
        }
    }
    if dependency.optional {
        table.insert("optional", true.into());
    }
    if !dependency.uses_default_features {
        table.insert("default-features", false.into());
    }
    if !dependency.features.is_empty() {
        table.insert(
            "features",
            Value::Array(dependency.features.iter().map(String::as_str).collect()),
        );
    }
    table.fmt();
    Value::InlineTable(table)
}

/// `https://host/repository?branch=main` as cargo writes the source of a git dependency.
fn from_git(source: &str, table: &mut InlineTable) {
    let source = source.split('#').next().unwrap_or(source);
    let (url, query) = source.split_once('?').unwrap_or((source, ""));
    table.insert("git", url.into());
    for (name, text) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if matches!(name, "branch" | "tag" | "rev") {
            table.insert(name, text.into());
        }
    }
}

/// The table `name` of `parent`, made if it is absent; it shows itself only when it has values of
/// its own.
fn implicit<'t>(parent: &'t mut Table, name: &str) -> &'t mut Table {
    let item = parent.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_mut().expect("only tables are put here")
}
