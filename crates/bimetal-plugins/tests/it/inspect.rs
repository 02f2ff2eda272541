//! `inspect` over plugins, main, and files that are neither.
//!
//! In: files. Out: what they say about themselves. Invariant: nothing is compared, no main is
//! needed.

use bimetal_plugins::ExitCode;
use insta::assert_snapshot;
use serde_json::Value;

use crate::directory::{Directory, terminal_sequences};
use crate::fixture::fixture;
use crate::run::{builder, plugins, redacted};

#[test]
fn a_rust_plugin_is_shown_in_full() {
    let finished = plugins(&builder(), &["inspect", fixture().rust_plugin.as_str()]);
    assert_eq!(finished.code, ExitCode::Ok, "{}", finished.stdout);
    let (before, rest) = finished.stdout.split_once("  glibc").unwrap();
    let (glibc, after) = rest.split_once('\n').unwrap();
    assert!(glibc.ends_with(" or later"), "{glibc}");
    assert_snapshot!(
        "inspect_rust",
        redacted(&format!("{before}{after}"), &fixture().directory)
    );
}

#[test]
fn the_json_of_a_rust_plugin_is_stable() {
    let finished = plugins(
        &builder(),
        &[
            "inspect",
            "--format",
            "json",
            fixture().rust_plugin.as_str(),
        ],
    );
    assert_eq!(finished.code, ExitCode::Ok);
    let mut report: Value = serde_json::from_str(&finished.stdout).unwrap();
    // These come from the C compiler and library of the machine.
    let facts = &mut report["files"][0]["facts"];
    for key in ["comments", "glibc", "needed_versions", "undefined"] {
        facts[key] = format!("[{key}]").into();
    }
    let text = serde_json::to_string_pretty(&report).unwrap();
    assert_snapshot!("inspect_rust_json", redacted(&text, &fixture().directory));
}

#[test]
fn a_go_plugin_and_main_show_manifest_factory_and_packages() {
    let files = [fixture().go_plugin.as_str(), fixture().main.as_str()];
    let finished = plugins(
        &builder(),
        &[&["inspect", "--format", "json"], &files[..]].concat(),
    );
    assert_eq!(finished.code, ExitCode::Ok);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let (plugin, main) = (&report["files"][0], &report["files"][1]);
    assert_eq!(plugin["facts"]["form"], "go-plugin");
    assert_eq!(plugin["facts"]["go"]["new_factory"], "function");
    assert_eq!(plugin["manifests"][0]["component"]["type"], "transform");
    assert!(
        plugin["facts"]["go"]["package_hashes"]
            .as_object()
            .unwrap()
            .contains_key("runtime")
    );
    assert!(plugin["symbols"]["total"].as_u64().unwrap() > 100);
    assert_eq!(main["facts"]["form"], "main");
    assert_eq!(main["manifests"].as_array().unwrap().len(), 2);
    let table = plugins(&builder(), &[&["inspect"], &files[..]].concat()).stdout;
    assert!(table.contains("manifest, rust part"), "{table}");
    assert!(table.contains("which `--format json` lists"), "{table}");
}

#[test]
fn what_cannot_be_read_is_reported_beside_what_can() {
    let directory = Directory::new();
    let empty = directory.plugins.join("empty.so");
    fs_err::write(&empty, "").unwrap();
    let finished = plugins(
        &builder(),
        &[
            "inspect",
            empty.as_str(),
            fixture().rust_plugin.as_str(),
            "/nowhere.so",
        ],
    );
    assert_eq!(finished.code, ExitCode::Unreadable);
    assert!(
        finished.stdout.contains("the file is empty"),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains("otelcol_processor_new_factory"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_hostile_manifest_reaches_no_terminal_and_keeps_its_value_in_json() {
    for format in ["table", "json"] {
        let finished = plugins(
            &builder(),
            &["inspect", "--format", format, terminal_sequences().as_str()],
        );
        assert_eq!(finished.code, ExitCode::Ok);
        assert!(
            finished
                .stdout
                .chars()
                .all(|character| character == '\n' || !character.is_control())
        );
        assert!(!finished.stdout.contains('\u{202e}'));
        if format == "json" {
            let report: Value = serde_json::from_str(&finished.stdout).unwrap();
            assert_eq!(
                report["files"][0]["manifests"][0]["toolchain_version"],
                "go1\u{1b}[2J\r\nok"
            );
        }
    }
}
