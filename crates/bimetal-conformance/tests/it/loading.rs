//! A plugin that does not fit is refused before any of its code runs; the good one beside it loads.

use bimetal_conformance::collector::Start;
use bimetal_conformance::tamper;
use fs_err as fs;
use serde_json::json;

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

/// Main must end with a failure, name every text, and leave no sign of the plugin's code.
fn refuses(scene: &Scene, processor: &str, texts: &[&str]) {
    let ended = scene.validate(&[processor]);
    assert!(!ended.status.success(), "{}", ended.log);
    for text in texts {
        assert!(
            ended.log.contains(text),
            "`{text}` is missing in:\n{}",
            ended.log
        );
    }
    assert_eq!(
        scene.signs(),
        Vec::<String>::new(),
        "code of the refused plugin has run"
    );
}

#[test]
fn loads_good_plugins_and_their_code_runs() {
    let scene = Scene::pinned();
    let ended = scene.validate(&["go_probe", "rust_probe"]);
    assert!(ended.status.success(), "{}", ended.log);
    assert_eq!(
        scene.signs(),
        [
            "go-constructor",
            "go-factory",
            "go-init",
            "rust-constructor",
            "rust-factory"
        ]
    );
}

#[test]
fn refuses_a_go_plugin_with_another_dependency_hash() {
    let scene = Scene::unpinned();
    tamper::change_dependency(
        &scene.plugin(GO_PLUGIN),
        "go.opentelemetry.io/collector/pdata",
    )
    .unwrap();
    refuses(
        &scene,
        "go_probe",
        &["go.opentelemetry.io/collector/pdata", "h1:"],
    );
}

#[test]
fn refuses_a_rust_plugin_with_another_dependency_hash() {
    let scene = Scene::unpinned();
    tamper::change_dependency(&scene.plugin(RUST_PLUGIN), "serde").unwrap();
    refuses(&scene, "rust_probe", &["serde", "sha256:"]);
}

#[test]
fn refuses_plugins_of_another_toolchain_version() {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/toolchain_version",
        json!("go1.26.1"),
    )
    .unwrap();
    refuses(&scene, "go_probe", &["go1.26.1"]);
    tamper::set_in_manifest(
        &scene.plugin(RUST_PLUGIN),
        "/toolchain_version",
        json!("1.94.0"),
    )
    .unwrap();
    refuses(&scene, "rust_probe", &["1.94.0", "1.95.0"]);
}

#[test]
fn refuses_a_go_plugin_of_other_flags() {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/build_flags",
        json!(["-buildmode=plugin"]),
    )
    .unwrap();
    refuses(&scene, "go_probe", &["-trimpath"]);
}

#[test]
fn refuses_a_go_plugin_with_another_package_hash() {
    let scene = Scene::unpinned();
    tamper::change_package_hash(
        &scene.plugin(GO_PLUGIN),
        "go.opentelemetry.io/collector/consumer",
    )
    .unwrap();
    refuses(
        &scene,
        "go_probe",
        &["go.opentelemetry.io/collector/consumer"],
    );
}

#[test]
fn names_every_difference_not_only_the_first() {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(GO_PLUGIN);
    tamper::change_dependency(&plugin, "go.opentelemetry.io/collector/pdata").unwrap();
    tamper::set_in_manifest(&plugin, "/toolchain_version", json!("go1.26.1")).unwrap();
    tamper::change_package_hash(&plugin, "go.opentelemetry.io/collector/consumer").unwrap();
    refuses(
        &scene,
        "go_probe",
        &[
            "go1.26.1",
            "go.opentelemetry.io/collector/pdata",
            "go.opentelemetry.io/collector/consumer",
        ],
    );
}

#[test]
fn refuses_a_locked_plugin_with_one_changed_bit_of_code() {
    let scene = Scene::pinned();
    tamper::flip_code_byte(&scene.plugin(GO_PLUGIN)).unwrap();
    refuses(&scene, "go_probe", &["plugins.lock"]);
    tamper::flip_code_byte(&scene.plugin(RUST_PLUGIN)).unwrap();
    refuses(&scene, "rust_probe", &["plugins.lock"]);
}

#[test]
fn refuses_a_truncated_plugin_and_says_so() {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    let bytes = fs::read(&plugin).unwrap();
    fs::write(&plugin, &bytes[..bytes.len() / 2]).unwrap();
    refuses(&scene, "rust_probe", &[RUST_PLUGIN]);
}

#[test]
fn a_link_in_the_place_of_a_plugin_is_named() {
    let scene = Scene::unpinned();
    let (plugin, elsewhere) = (scene.plugin(RUST_PLUGIN), scene.plugin("../elsewhere.so"));
    fs::rename(&plugin, &elsewhere).unwrap();
    fs::os::unix::fs::symlink(&elsewhere, &plugin).unwrap();
    refuses(&scene, "rust_probe", &[RUST_PLUGIN, "symbolic link"]);
}

#[test]
fn a_missing_plugin_directory_is_named_where_a_plugin_would_be_needed() {
    let scene = Scene::unpinned();
    let directory = scene.plugins.parent().unwrap();
    // No flag names the directory, and beside this copy of main there is none.
    let main = directory.join("elsewhere/main");
    fs::create_dir(main.parent().unwrap()).unwrap();
    fs::copy(&scene.main, &main).unwrap();
    let validate = |processors: &[&str]| {
        Start::command(&main, &["validate"])
            .argument(format!("--config={}", scene.config(processors)))
            .to_end()
            .unwrap()
    };
    let ended = validate(&["go_probe"]);
    assert!(!ended.status.success(), "{}", ended.log);
    for text in [
        "go_probe",
        "elsewhere/plugins` does not exist",
        "--plugins-dir",
    ] {
        assert!(
            ended.log.contains(text),
            "`{text}` is missing in:\n{}",
            ended.log
        );
    }
    let ended = validate(&[]);
    assert!(ended.status.success(), "{}", ended.log);
}
