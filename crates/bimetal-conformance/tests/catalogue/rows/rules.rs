//! What a loader would take and a Collector does not.
//!
//! In: the loading distribution, built by the builder. Out: rows. Invariant: one thing is changed
//! in a copy of a plugin, and it is used.

use std::collections::BTreeSet;

use bimetal_conformance::tamper;

use bimetal_manifest::object::LARGEST_PLUGIN;
use bimetal_manifest::schema::Hermetic;
use bimetal_verify::compare::Outcome;
use bimetal_verify::{FoundLock, Request, Rules, Trust, verify_directory};
use camino::Utf8Path;
use fs_err as fs;
use serde_json::{Value, json};

use super::rows;
use crate::collector::{refuses, refuses_as};
use crate::native::{Library, rust};
use crate::predict;
use crate::row::{Finding, Predicted};
use crate::rows::rust::other_rustc;
use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};
use crate::tools::{Variables, debian, run};

rows!(
    kind_and_type_are_taken_by_main,
    two_files_with_one_kind_and_type,
    a_changed_file_that_the_lock_lists,
    another_rustc_under_policy_exact,
    another_major_version_of_the_abi_at_the_collector,
    a_plugin_truncated_behind_what_is_loaded,
    a_plugin_with_more_bytes_than_a_plugin_may_have,
    a_hermetic_environment_that_was_changed,
    a_manifest_that_is_missing,
    a_manifest_that_lies_about_its_compiler,
    a_run_path,
    an_executable_stack,
    two_manifests_in_one_file,
    a_needed_library_without_a_verified_match,
);

/// What changing the manifest of the Rust plugin leads to.
fn with_manifest(pointer: &str, value: Value) -> Finding {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(&scene.plugin(RUST_PLUGIN), pointer, value).unwrap();
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

/// What another tool makes of the Rust plugin.
fn after(program: &str, arguments: &[&str]) -> Finding {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    let arguments: Vec<_> = arguments.iter().copied().chain([plugin.as_str()]).collect();
    run(&scene.plugins, program, &arguments, &Variables::new());
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

fn patchelf(arguments: &[&str]) -> Finding {
    let root = debian("patchelf", &["patchelf"]);
    after(&format!("{root}/usr/bin/patchelf"), arguments)
}

/// The configuration uses main's own exporter, whose place the file would take.
fn kind_and_type_are_taken_by_main() -> Finding {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(GO_PLUGIN);
    let component = |key: &str, value: &str| {
        tamper::set_in_manifest(&plugin, &format!("/component/{key}"), json!(value)).unwrap();
    };
    component("kind", "exporter");
    component("type", "nop");
    refuses(&scene, GO_PLUGIN, "rust_probe")
}

fn two_files_with_one_kind_and_type() -> Finding {
    let scene = Scene::unpinned();
    let second = "processor-second.so";
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(second)).unwrap();
    tamper::flip_code_byte(&scene.plugin(second)).unwrap();
    let main = bimetal_manifest::object::open(&scene.main).unwrap().1;
    let request = Request {
        main: Some(&main),
        rules: Rules::of(&main, None),
        lock: &FoundLock::Absent,
        require_lock: false,
        trust: &Trust::Rights,
        directory: None,
        linked_in: &BTreeSet::new(),
    };
    let report = verify_directory(&scene.plugins, &request).unwrap();
    let twice = report
        .duplicates
        .iter()
        .find(|duplicate| duplicate.files.iter().any(|file| file == second));
    let predicted = twice.map_or(Predicted::Accepted, |duplicate| {
        Predicted::Refused(
            Outcome::Refused,
            format!(
                "{} in {}",
                duplicate.type_name,
                duplicate.files.join(" and ")
            ),
        )
    });
    refuses_as(&scene, predicted, second, "rust_probe")
}

fn a_changed_file_that_the_lock_lists() -> Finding {
    let scene = Scene::pinned();
    tamper::flip_code_byte(&scene.plugin(RUST_PLUGIN)).unwrap();
    let lock = FoundLock::beside(&scene.plugins);
    let predicted = predict::locked(&scene.main, &scene.plugin(RUST_PLUGIN), &lock);
    refuses_as(&scene, predicted, RUST_PLUGIN, "rust_probe")
}

/// The loading distribution was built with the exact policy.
fn another_rustc_under_policy_exact() -> Finding {
    let scene = Scene::unpinned();
    let file = "processor-crab.so";
    let library = Library {
        manifest: |manifest| manifest.dependency_hashes.clear(),
        ..other_rustc()
    };
    fs::copy(rust("exact", &library), scene.plugin(file)).unwrap();
    refuses(&scene, file, "crab")
}

fn another_major_version_of_the_abi_at_the_collector() -> Finding {
    with_manifest("/abi/major", json!(9))
}

/// The loader needs nothing of what is missing: it is the symbols for debuggers. A file that is not
/// whole cannot decide anything all the same.
fn a_plugin_truncated_behind_what_is_loaded() -> Finding {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    let bytes = fs::read(&plugin).unwrap();
    fs::remove_file(&plugin).unwrap();
    fs::write(&plugin, &bytes[..bytes.len() - 64]).unwrap();
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

/// The loader maps the segments only, and would not care for what is behind them.
fn a_plugin_with_more_bytes_than_a_plugin_may_have() -> Finding {
    let scene = Scene::unpinned();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(scene.plugin(RUST_PLUGIN))
        .unwrap();
    file.set_len(LARGEST_PLUGIN + 1).unwrap();
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

/// The hash is that of another environment than the one that stands beside it.
fn a_hermetic_environment_that_was_changed() -> Finding {
    let scene = Scene::unpinned();
    let file = "processor-crab.so";
    let library = Library {
        manifest: |manifest| {
            let mut environment = json!({
                "base_images": { "rootfs": "sha256:00" }, "dockerfile": "sha256:11",
                "packages": { "gcc:amd64": "12.2" },
                "tools": {}, "variables": {}, "builder": { "name": "bimetal", "version": "0.1.0" }
            });
            let read = |value: &Value| serde_json::from_value::<Hermetic>(value.clone()).unwrap();
            manifest.environment_hash = Some(read(&environment).hash());
            environment["packages"]["gcc:amd64"] = json!("14.2");
            manifest.hermetic = Some(read(&environment));
        },
        ..Library::rust()
    };
    fs::copy(rust("changed-environment", &library), scene.plugin(file)).unwrap();
    refuses(&scene, file, "crab")
}

fn a_manifest_that_is_missing() -> Finding {
    after(
        "objcopy",
        &["--rename-section", ".otelcol.manifest=.somewhere.else"],
    )
}

/// Go's own record in the file contradicts it.
fn a_manifest_that_lies_about_its_compiler() -> Finding {
    let scene = Scene::unpinned();
    let version = json!("go1.26.1");
    tamper::set_in_manifest(&scene.plugin(GO_PLUGIN), "/toolchain_version", version).unwrap();
    refuses(&scene, GO_PLUGIN, "go_probe")
}

fn a_run_path() -> Finding {
    patchelf(&["--set-rpath", "/nowhere"])
}

fn a_needed_library_without_a_verified_match() -> Finding {
    patchelf(&["--add-needed", "libz.so.1"])
}

fn an_executable_stack() -> Finding {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    make_stack_executable(&plugin);
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

/// Sets one bit of the program header that speaks about the stack.
fn make_stack_executable(file: &Utf8Path) {
    const STACK: u32 = 0x6474_e551;
    let mut bytes = fs::read(file).unwrap();
    let half =
        |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let start = usize::try_from(word(&bytes, 0x20)).unwrap();
    let (size, count) = (half(&bytes, 0x36), half(&bytes, 0x38));
    let header = (0..count)
        .map(|number| start + number * size)
        .find(|at| word(&bytes, *at) == STACK)
        .unwrap();
    bytes[header + 4] |= 1;
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

fn two_manifests_in_one_file() -> Finding {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    let second = scene.plugin("second.bin");
    fs::write(&second, bimetal_manifest::frame::frame("{}")).unwrap();
    let add = format!(".otelcol.second={second}");
    let rename = ".otelcol.second=.otelcol.manifest";
    let objcopy = |arguments: &[&str]| run(&scene.plugins, "objcopy", arguments, &Variables::new());
    objcopy(&["--add-section", &add, plugin.as_str()]);
    objcopy(&["--rename-section", rename, plugin.as_str()]);
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}
