//! Several files that claim one component: `plugins check` and the start of main say the same.
//!
//! In: copies of the probe plugins. Out: what both say. Invariant: what `check` calls good is
//! what main loads.

use bimetal_conformance::collector::{Ended, Start};
use bimetal_conformance::tamper;
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::{RUST_PLUGIN, Scene};

const OTHER: &str = "another.so";

/// The files that `check` calls good, and the duplicates.
fn checked(scene: &Scene) -> (Vec<String>, Value) {
    let ended = Start::command(&scene.main, &["plugins", "check", "--format=json"])
        .argument(format!("--plugins-dir={}", scene.plugins))
        .to_end()
        .unwrap();
    let document: Value = serde_json::from_str(&ended.log).unwrap();
    let good = |plugin: &&Value| ["ok", "unpinned"].contains(&plugin["status"].as_str().unwrap());
    let plugins = document["plugins"].as_array().unwrap();
    let files = plugins
        .iter()
        .filter(good)
        .map(|plugin| plugin["file"].as_str().unwrap().to_owned())
        .filter(|file| [OTHER, RUST_PLUGIN].contains(&file.as_str()))
        .collect();
    (files, document["duplicates"].clone())
}

fn started(scene: &Scene) -> Ended {
    scene.validate(&["rust_probe"])
}

fn loads(scene: &Scene, file: &str) {
    assert_eq!(checked(scene), (vec![file.to_owned()], json!([])));
    let ended = started(scene);
    assert!(ended.status.success(), "{}", ended.log);
    assert_eq!(scene.signs(), ["rust-constructor", "rust-factory"]);
}

#[test]
fn a_file_that_does_not_fit_keeps_no_good_one_out() {
    let scene = Scene::unpinned();
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(OTHER)).unwrap();
    tamper::change_dependency(&scene.plugin(OTHER), "serde").unwrap();
    loads(&scene, RUST_PLUGIN);
}

#[test]
fn a_file_with_other_bytes_than_the_lock_lists_keeps_no_good_one_out() {
    let scene = Scene::pinned();
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(OTHER)).unwrap();
    tamper::flip_code_byte(&scene.plugin(RUST_PLUGIN)).unwrap();
    loads(&scene, OTHER);
}

#[test]
fn two_good_files_are_both_refused_and_both_named() {
    let scene = Scene::unpinned();
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(OTHER)).unwrap();
    tamper::flip_code_byte(&scene.plugin(OTHER)).unwrap();
    let (_, duplicates) = checked(&scene);
    assert_eq!(duplicates[0]["files"], json!([OTHER, RUST_PLUGIN]));
    let ended = started(&scene);
    assert!(!ended.status.success(), "{}", ended.log);
    let sentence = format!("`{OTHER}` and `{RUST_PLUGIN}` both bring the same component");
    assert!(ended.log.contains(&sentence), "{}", ended.log);
    assert_eq!(scene.signs(), Vec::<String>::new());
}

#[test]
fn a_second_file_with_the_same_bytes_keeps_nothing_out_and_is_named() {
    let scene = Scene::unpinned();
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(OTHER)).unwrap();
    loads(&scene, OTHER);
    let collector = scene.start(&[], &["rust_probe"]).run().unwrap();
    let log = collector.stop().unwrap().log;
    let sentence = format!("plugin `{OTHER}` is used; the same bytes are in `{RUST_PLUGIN}`");
    assert!(log.contains(&sentence), "{log}");
}

#[test]
fn two_bad_files_are_both_refused_for_what_is_wrong_with_them() {
    let scene = Scene::unpinned();
    tamper::change_dependency(&scene.plugin(RUST_PLUGIN), "serde").unwrap();
    fs::copy(scene.plugin(RUST_PLUGIN), scene.plugin(OTHER)).unwrap();
    assert_eq!(checked(&scene), (Vec::new(), json!([])));
    let ended = started(&scene);
    assert!(!ended.status.success(), "{}", ended.log);
    for text in [OTHER, RUST_PLUGIN, "serde"] {
        assert!(
            ended.log.contains(text),
            "`{text}` is missing in:\n{}",
            ended.log
        );
    }
    assert_eq!(scene.signs(), Vec::<String>::new());
}

#[test]
fn a_component_that_is_linked_in_cannot_come_from_a_plugin_too() {
    let scene = Scene::unpinned();
    let plugin = scene.plugin(RUST_PLUGIN);
    tamper::set_in_manifest(&plugin, "/component/kind", json!("receiver")).unwrap();
    tamper::set_in_manifest(&plugin, "/component/type", json!("nop")).unwrap();
    assert_eq!(checked(&scene), (Vec::new(), json!([])));
    let ended = scene.validate(&[]);
    assert!(!ended.status.success(), "{}", ended.log);
    for text in [
        RUST_PLUGIN,
        "linked in: go.opentelemetry.io/collector/receiver/nopreceiver",
    ] {
        assert!(
            ended.log.contains(text),
            "`{text}` is missing in:\n{}",
            ended.log
        );
    }
    assert_eq!(scene.signs(), Vec::<String>::new());
}
