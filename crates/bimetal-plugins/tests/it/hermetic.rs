//! Artifacts of hermetic builds, as the commands show and check them.
//!
//! In: a real main and real plugins whose manifests tell an environment. Out: what is said about
//! them. Invariant: main and plugins differ in their environments only.

use std::sync::OnceLock;

use bimetal_manifest::schema::Hermetic;
use bimetal_plugins::ExitCode;
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::damage;
use crate::directory::Directory;
use crate::fixture::{self, fixture, go_manifest, main_manifest, manifest_c};
use crate::run::{builder, plugins, redacted};

/// An environment whose C compiler has this version.
fn environment(gcc: &str) -> Value {
    json!({
        "base_images": { "rootfs": "sha256:0a" },
        "dockerfile": "sha256:0b",
        "packages": { "gcc:amd64": gcc, "libc6:amd64": "2.41-12" },
        "tools": {
            "cc": { "version": "gcc (Debian) 14.2.0", "hash": "sha256:0c" },
            "rustc": { "version": "rustc 1.2.3 \u{1b}[2J", "hash": "sha256:0d" }
        },
        "variables": { "GOENV": "off", "LC_ALL": "C" },
        "builder": { "name": "bimetal", "version": "0.1.0", "generator_hash": "sha256:00" }
    })
}

fn hash(environment: &Value) -> String {
    let environment: Hermetic = serde_json::from_value(environment.clone()).unwrap();
    environment.hash()
}

/// `manifest` as a build in `environment` writes it.
fn built_in(mut manifest: Value, environment: &Value) -> Value {
    manifest["environment_hash"] = hash(environment).into();
    manifest["hermetic"] = environment.clone();
    manifest
}

const GCC: &str = "14.2.0-19";

fn main() -> &'static Utf8Path {
    static FILE: OnceLock<Utf8PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let parts = main_manifest();
        let parts: Vec<_> = parts
            .as_array()
            .unwrap()
            .iter()
            .map(|part| built_in(part.clone(), &environment(GCC)))
            .collect();
        fixture::go_main(
            &fixture().directory,
            "hermetic_main",
            "sealed",
            &json!(parts),
        )
    })
}

fn plugin() -> &'static Utf8Path {
    static FILE: OnceLock<Utf8PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let manifest = built_in(go_manifest("exporter", "sealed"), &environment(GCC));
        fixture::go_plugin(
            &fixture().directory,
            "hermetic_plugin",
            include_str!("sources/plugin.go"),
            &manifest_c(&[&manifest.to_string()]),
        )
    })
}

/// A copy of [`plugin`] whose container had another C compiler.
fn plugin_of_another_environment(to: &Utf8Path) {
    let other = "14.2.0-20";
    damage::with_manifest_text(plugin(), to, GCC, other);
    let (ours, others) = (hash(&environment(GCC)), hash(&environment(other)));
    damage::with_manifest_text(to, to, &ours, &others);
}

/// The lines of the table of `inspect` between the facts and the symbols.
fn manifests_in_table(file: &Utf8Path) -> String {
    let finished = plugins(&builder(), &["inspect", file.as_str()]);
    assert_eq!(finished.code, ExitCode::Ok, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .chars()
            .all(|character| character == '\n' || !character.is_control())
    );
    let start = finished.stdout.find("  manifest, go part").unwrap();
    let end = finished.stdout.find("  exported symbols").unwrap();
    finished.stdout[start..end].to_owned()
}

#[test]
fn inspect_shows_the_environment_beside_the_manifest_and_not_in_it() {
    let shown = manifests_in_table(plugin());
    assert_snapshot!(
        "inspect_hermetic_go",
        redacted(&shown, &fixture().directory)
    );
    assert!(!shown.contains(GCC), "{shown}");
    assert_eq!(shown.matches(&hash(&environment(GCC))).count(), 1);
}

#[test]
fn inspect_of_main_shows_the_environment_of_its_two_parts_once() {
    let shown = manifests_in_table(main());
    assert_eq!(shown.matches("manifest, ").count(), 2, "{shown}");
    let (_, environments) = shown.split_once("  hermetic environment").unwrap();
    assert!(environments.starts_with(", go and rust parts\n"), "{shown}");
    assert!(!environments.contains("hermetic environment"), "{shown}");
}

#[test]
fn the_json_of_inspect_has_the_environment_whole_in_every_part() {
    let arguments = ["inspect", "--format", "json", main().as_str()];
    let finished = plugins(&builder(), &arguments);
    assert!(!finished.stdout.contains('\u{1b}'));
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let parts = report["files"][0]["manifests"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    for part in parts {
        assert_eq!(part["hermetic"], environment(GCC));
        assert_eq!(part["environment_hash"], hash(&environment(GCC)));
    }
}

#[test]
fn list_has_a_column_for_environments_where_a_file_has_one() {
    let directory = Directory::new();
    directory.add("plain.so", &fixture().go_plugin);
    let list = || plugins(&builder(), &directory.arguments("list", &[])).stdout;
    assert!(!list().contains("ENVIRONMENT"), "{}", list());
    directory.add("sealed.so", plugin());
    let heading = list().lines().next().unwrap().to_owned();
    assert!(heading.ends_with("ENVIRONMENT   STATUS"), "{heading}");
    let short = &hash(&environment(GCC))["sha256:".len()..][..12];
    let row = |name: &str| {
        let text = list();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let words: Vec<_> = line.split("  ").filter(|word| !word.is_empty()).collect();
        words[words.len() - 2].trim().to_owned()
    };
    assert_eq!(
        (row("plain.so").as_str(), row("sealed.so").as_str()),
        ("-", short)
    );
}

#[test]
fn check_takes_the_plugin_of_mains_environment_and_compares_the_others_item_by_item() {
    let directory = Directory::new();
    directory.add("a-same.so", plugin());
    plugin_of_another_environment(&directory.plugins.join("b-other.so"));
    directory.add("c-plain.so", &fixture().rust_plugin);
    let with_main = |more: &[&'static str]| {
        let main = ["--main", main().as_str()];
        let arguments = directory.arguments("check", &main);
        plugins(&builder(), &[&arguments[..], more].concat())
    };
    let finished = with_main(&[]);
    assert_eq!(finished.code, ExitCode::Incompatible);
    let [ours, others] = [GCC, "14.2.0-20"].map(|gcc| hash(&environment(gcc)));
    let text = finished
        .stdout
        .replace(&ours, "[ours]")
        .replace(&others, "[others]");
    assert_snapshot!("check_hermetic", redacted(&text, &directory.path));

    let report: Value = serde_json::from_str(&with_main(&["--format", "json"]).stdout).unwrap();
    assert_eq!(report["main"]["hermetic_environment"], ours);
    let stated: Vec<_> = (0..3)
        .map(|place| &report["plugins"][place]["hermetic_environment"])
        .collect();
    assert_eq!(stated, [&json!(ours), &json!(others), &Value::Null]);
}
