//! The manifest of a Go artifact, as the builder would write it.
//!
//! In: a recipe, the sources, answers of the toolchain. Out: [`Manifest`]. Invariant: it tells the
//! truth about what is built.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bimetal_files::Digest;
use bimetal_manifest::schema::{
    Abi, ArtifactKind, Component, Dependency, Kind, Language, Manifest, PluginSettings, Policy,
    SCHEMA_VERSION, Toolchain,
};
use camino::Utf8Path;
use fs_err as fs;
use serde_json::Value;

use super::Recipe;

/// Rust's name for the system that all artifacts are for.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(super) fn manifest(
    kind: ArtifactKind,
    recipe: &Recipe,
    module: &Utf8Path,
    flags: &[String],
    run_go: &dyn Fn(&[&str]) -> String,
) -> Manifest {
    let version = run_go(&["env", "GOVERSION"]).trim().to_owned();
    let dependencies = dependencies(recipe, module, run_go);
    Manifest {
        schema_version: SCHEMA_VERSION,
        artifact: kind,
        language: Language::Go,
        toolchain_version: version.split(' ').next().unwrap().to_owned(),
        build_profile: "release".to_owned(),
        dependency_hashes: dependencies
            .iter()
            .map(|dependency| (dependency.name.clone(), dependency.hash.clone()))
            .collect(),
        build_flags: flags.to_vec(),
        target: TARGET.to_owned(),
        build_time: "2026-11-25T00:00:00Z".to_owned(),
        toolchain: Toolchain {
            text: run_go(&["version"]).trim().to_owned(),
            ..Toolchain::default()
        },
        dependencies,
        environment: environment(run_go),
        environment_hash: None,
        hermetic: None,
        effective_tags: Some(effective_tags(recipe, run_go)),
        pgo_profile: recipe
            .profile
            .as_ref()
            .map(|profile| sum(&fs::read(profile).unwrap())),
        distribution: None,
        builder: None,
        component: (kind == ArtifactKind::Plugin).then(|| component("gopher", "gopher v0.1.0")),
        components: Vec::new(),
        plugins: (kind == ArtifactKind::Main).then(|| PluginSettings {
            dir: "plugins".to_owned(),
            policy: Policy::Abi,
        }),
        plugin_languages: None,
        abi: None,
        other: serde_json::Map::new(),
    }
}

/// The component that every plugin of the catalogue says it has.
pub(crate) fn component(type_name: &str, module: &str) -> Component {
    Component {
        kind: Kind::Processor,
        type_name: type_name.to_owned(),
        aliases: Vec::new(),
        signals: [("logs".to_owned(), "beta".to_owned())].into(),
        module: module.to_owned(),
        default_config: None,
        config_schema: None,
    }
}

/// The C ABI of the bare main.
pub(crate) fn abi(major: u32) -> Abi {
    Abi {
        major,
        minor: 0,
        features: Vec::new(),
    }
}

fn sum(bytes: &[u8]) -> String {
    format!("sha256:{}", Digest::of(bytes))
}

/// The variables of the builder's list that are not empty.
fn environment(run_go: &dyn Fn(&[&str]) -> String) -> BTreeMap<String, String> {
    let names = [
        "CC",
        "CGO_CFLAGS",
        "CGO_CPPFLAGS",
        "CGO_ENABLED",
        "CGO_LDFLAGS",
        "GOAMD64",
        "GOARCH",
        "GOEXPERIMENT",
        "GOFIPS140",
        "GOOS",
    ];
    let arguments: Vec<_> = ["env", "-json"].into_iter().chain(names).collect();
    let found: BTreeMap<String, String> = serde_json::from_str(&run_go(&arguments)).unwrap();
    found
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Those of the recipe's tags without which the import graph would have other files.
fn effective_tags(recipe: &Recipe, run_go: &dyn Fn(&[&str]) -> String) -> Vec<String> {
    let given = recipe
        .flags
        .iter()
        .find_map(|flag| flag.strip_prefix("-tags="));
    let all: Vec<_> = given.into_iter().flat_map(|tags| tags.split(',')).collect();
    let files = |tags: &[&str]| {
        let tags = format!("-tags={}", tags.join(","));
        let format = "{{.ImportPath}} {{.GoFiles}} {{.CgoFiles}} {{.CFiles}} {{.SFiles}}";
        run_go(&["list", "-deps", "-f", format, &tags, "."])
    };
    let mut effective: Vec<_> = all
        .iter()
        .filter(|tag| {
            let others: Vec<_> = all.iter().filter(|other| other != tag).copied().collect();
            files(&all) != files(&others)
        })
        .map(|tag| (*tag).to_owned())
        .collect();
    effective.sort();
    effective
}

/// Modules in the import graph, with Go's own sum or a digest of the files where Go has none.
fn dependencies(
    recipe: &Recipe,
    module: &Utf8Path,
    run_go: &dyn Fn(&[&str]) -> String,
) -> Vec<Dependency> {
    let format = "{{with \
        .Module}}{\"path\":\"{{.Path}}\",\"version\":\"{{.Version}}\",\"dir\":\"{{.Dir}}\"}{{end}}";
    let tags = recipe.flags.iter().filter(|flag| flag.starts_with("-tags"));
    let mut arguments = vec!["list", "-deps", "-f", format];
    arguments.extend(tags.map(String::as_str));
    arguments.push(".");
    let lines = run_go(&arguments);
    let sums = fs::read_to_string(module.join("go.sum")).unwrap_or_default();
    let mut found: BTreeMap<String, Dependency> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let listed: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| listed[key].as_str().unwrap_or_default().to_owned();
        let (path, version, directory) = (text("path"), text("version"), text("dir"));
        if directory == module.as_str() {
            continue;
        }
        let is_replaced = recipe.replaces.iter().any(|(from, _)| *from == path);
        let known = sums
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{path} {version} h1:")));
        let (source, hash) = match known {
            Some(sum) if !is_replaced => ("proxy", format!("h1:{sum}")),
            _ => (
                if is_replaced { "replaced" } else { "local" },
                format!(
                    "h1:{}",
                    sum(directory_text(Utf8Path::new(&directory)).as_bytes())
                ),
            ),
        };
        found.insert(
            path.clone(),
            Dependency {
                name: path,
                version,
                source: source.to_owned(),
                hash,
                features: Vec::new(),
                replaced_by: is_replaced.then_some(directory),
                required_by: None,
            },
        );
    }
    found.into_values().collect()
}

/// Names and contents of all files of a directory.
fn directory_text(directory: &Utf8Path) -> String {
    let mut paths: Vec<_> = directory
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .collect();
    paths.sort();
    let mut all = String::new();
    for path in paths {
        let text = if path.is_dir() {
            directory_text(&path)
        } else {
            fs::read_to_string(&path).unwrap()
        };
        let _ = writeln!(all, "{}\n{text}", path.file_name().unwrap());
    }
    all
}
