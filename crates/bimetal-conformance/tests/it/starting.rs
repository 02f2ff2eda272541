//! Bad plugins that are not used, the opt-out, reloads and feature gates.

use bimetal_conformance::collector::Start;
use bimetal_conformance::tamper;
use camino::Utf8Path;
use fs_err as fs;
use serde_json::json;

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

#[test]
fn an_unused_bad_plugin_does_not_stop_main_and_is_reported() {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/toolchain_version",
        json!("go1.26.1"),
    )
    .unwrap();
    fs::write(scene.plugin("notes.so"), "not a plugin").unwrap();
    let collector = scene.start(&[], &["rust_probe"]).run().unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    for file in [GO_PLUGIN, "notes.so"] {
        assert!(
            ended.log.contains(file),
            "`{file}` is missing in:\n{}",
            ended.log
        );
    }
    assert_eq!(scene.signs(), ["rust-constructor", "rust-factory"]);
}

#[test]
fn an_unused_plugin_of_which_only_the_manifest_is_read_is_named_in_the_debug_log() {
    let scene = Scene::pinned();
    let named = |used: &[&str]| {
        let collector = scene
            .start(&[], used)
            .argument("--set=service::telemetry::logs::level=debug");
        let ended = collector.run().unwrap().stop().unwrap();
        assert!(ended.status.success(), "{}", ended.log);
        let is_named = |file: &str| {
            let text = format!("{file}\\\" is not used, so only its manifest was read");
            let plain = text.replace('\\', "");
            ended.log.contains(&text) || ended.log.contains(&plain)
        };
        [GO_PLUGIN, RUST_PLUGIN].map(is_named)
    };
    assert_eq!(named(&[]), [true, true]);
    assert_eq!(named(&["rust_probe"]), [true, false]);
}

#[test]
fn a_start_reads_of_main_and_of_unused_plugins_the_manifests_only() {
    let scene = Scene::pinned();
    let size = |file: &Utf8Path| fs::metadata(file).unwrap().len();
    let read = |used: &[&str]| {
        // Its own cache, which has no copy yet, whatever other tests have started.
        let cache = format!("--plugins-cache-dir={}", scene.directory.join("cache"));
        let collector = scene.start(&[], used).argument(cache).run().unwrap();
        let read = collector.bytes_read();
        assert!(collector.stop().unwrap().status.success());
        read
    };
    let (main, go) = (size(&scene.main), size(&scene.plugin(GO_PLUGIN)));
    let none = read(&[]);
    assert!(none < main / 25, "{none} bytes read, main has {main}");
    let used = read(&["go_probe"]);
    assert!(
        used > go && used < none + main / 4 + 2 * go,
        "{used} bytes read, main has {main}, the plugin {go}"
    );
}

#[test]
fn a_used_bad_plugin_stops_main() {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/toolchain_version",
        json!("go1.26.1"),
    )
    .unwrap();
    let ended = scene
        .start(&[], &["go_probe", "rust_probe"])
        .to_end()
        .unwrap();
    assert!(!ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("go1.26.1"), "{}", ended.log);
}

#[test]
fn skip_is_obeyed_and_logged() {
    let scene = Scene::unpinned();
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/toolchain_version",
        json!("go1.26.1"),
    )
    .unwrap();
    let collector = scene
        .start(&[], &["go_probe", "rust_probe"])
        .argument("--plugins-on-error=skip")
        .run()
        .unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    assert!(
        ended.log.contains("skip") && ended.log.contains(GO_PLUGIN),
        "{}",
        ended.log
    );
    assert_eq!(scene.signs(), ["rust-constructor", "rust-factory"]);
}

#[test]
fn skip_forgives_no_component_without_a_definition() {
    let scene = Scene::unpinned();
    // A copy of main that has no plugin directory beside it, and one that has: a slip of the pen
    // stops both.
    let alone = scene.directory.join("elsewhere/main");
    fs::create_dir(alone.parent().unwrap()).unwrap();
    fs::copy(&scene.main, &alone).unwrap();
    for directory in [None, Some(&scene.plugins)] {
        let mut start = Start::command(&alone, &["validate"])
            .argument(format!("--config={}", scene.config(&["go_wittness"])))
            .argument("--plugins-on-error=skip");
        if let Some(directory) = directory {
            start = start.argument(format!("--plugins-dir={directory}"));
        }
        let ended = start.to_end().unwrap();
        assert!(!ended.status.success(), "{directory:?}:\n{}", ended.log);
        let beside = alone.with_file_name("plugins");
        let (searched, named_by) = match directory {
            Some(directory) => (directory, "the flag `--plugins-dir`"),
            None => (&beside, "what the Collector was built with"),
        };
        for text in ["unknown type", "go_wittness", searched.as_str(), named_by] {
            assert!(
                ended.log.contains(text),
                "{directory:?}: no `{text}` in:\n{}",
                ended.log
            );
        }
    }
}

#[test]
fn plugins_are_loaded_in_the_order_of_their_file_names() {
    let scene = Scene::unpinned();
    let ended = scene.validate(&["rust_probe", "go_probe"]);
    assert!(ended.status.success(), "{}", ended.log);
    let order = scene.order();
    let first = |name: &str| order.iter().position(|one| one == name).unwrap();
    assert!(first("go-init") < first("rust-constructor"), "{order:?}");
    fs::remove_file(scene.directory.join("probe-order")).unwrap();
    fs::rename(scene.plugin(RUST_PLUGIN), scene.plugin("a.so")).unwrap();
    let ended = scene.validate(&["go_probe", "rust_probe"]);
    assert!(ended.status.success(), "{}", ended.log);
    let order = scene.order();
    let first = |name: &str| order.iter().position(|one| one == name).unwrap();
    assert!(first("rust-constructor") < first("go-init"), "{order:?}");
}

#[test]
fn a_bad_file_of_the_same_component_does_not_stand_in_the_way_of_a_good_one() {
    let scene = Scene::unpinned();
    let bad = scene.plugin("a-copy.so");
    fs::copy(scene.plugin(RUST_PLUGIN), &bad).unwrap();
    tamper::flip_code_byte(&bad).unwrap();
    let both_good = scene.validate(&["rust_probe"]);
    assert!(!both_good.status.success(), "{}", both_good.log);
    for text in [
        "plugin `a-copy.so`",
        &format!("plugin `{RUST_PLUGIN}`"),
        "both bring the same component",
    ] {
        assert!(both_good.log.contains(text), "{}", both_good.log);
    }
    tamper::set_in_manifest(&bad, "/toolchain_version", json!("1.94.0")).unwrap();
    let ended = scene.validate(&["rust_probe"]);
    assert!(ended.status.success(), "{}", ended.log);
}

#[test]
fn a_missing_plugin_directory_is_named() {
    let scene = Scene::unpinned();
    fs::remove_dir_all(&scene.plugins).unwrap();
    let ended = scene.validate(&["go_probe"]);
    assert!(!ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains(scene.plugins.as_str()), "{}", ended.log);
}

#[test]
fn an_unpinned_plugin_is_refused_when_the_lock_is_required() {
    let scene = Scene::unpinned();
    let ended = scene
        .start(&["validate"], &["rust_probe"])
        .argument("--plugins-require-lock")
        .to_end()
        .unwrap();
    assert!(!ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("plugins.lock"), "{}", ended.log);
    assert_eq!(scene.signs(), Vec::<String>::new());
}

#[test]
fn a_reload_loads_a_further_plugin() {
    let scene = Scene::pinned();
    let mut collector = scene.start(&[], &["rust_probe"]).run().unwrap();
    scene.config(&["rust_probe", "go_probe"]);
    collector.reload().unwrap();
    collector.wait_for("Everything is ready").unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    assert!(
        scene.signs().contains(&"go-factory".to_owned()),
        "{:?}",
        scene.signs()
    );
}

#[test]
fn a_reload_that_needs_a_changed_file_asks_for_a_restart() {
    let scene = Scene::unpinned();
    let mut collector = scene.start(&[], &["rust_probe"]).run().unwrap();
    tamper::flip_code_byte(&scene.plugin(GO_PLUGIN)).unwrap();
    scene.config(&["rust_probe", "go_probe"]);
    collector.reload().unwrap();
    collector.wait_for("restart needed").unwrap();
    assert!(
        !scene.signs().contains(&"go-init".to_owned()),
        "{:?}",
        scene.signs()
    );
}

#[test]
fn a_feature_gate_of_a_go_plugin_can_be_set_and_listed() {
    let scene = Scene::pinned();
    let ended = scene
        .start(&["validate"], &["rust_probe"])
        .argument("--feature-gates=probe.gate")
        .to_end()
        .unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    let listed = Start::command(&scene.main, &["featuregate"])
        .argument(format!("--plugins-dir={}", scene.plugins))
        .to_end()
        .unwrap();
    assert!(listed.log.contains("probe.gate"), "{}", listed.log);
}

#[test]
fn components_shows_plugins_with_the_file_they_come_from() {
    let scene = Scene::pinned();
    let listed = Start::command(&scene.main, &["components"])
        .argument(format!("--plugins-dir={}", scene.plugins))
        .variable("BIMETAL_PROBE", scene.plugins.join("../probe"))
        .to_end()
        .unwrap();
    assert!(listed.status.success(), "{}", listed.log);
    for text in ["go_probe", GO_PLUGIN, "rust_probe", RUST_PLUGIN] {
        assert!(
            listed.log.contains(text),
            "`{text}` is missing in:\n{}",
            listed.log
        );
    }
    assert_eq!(
        scene.signs(),
        Vec::<String>::new(),
        "`components` needs no plugin's code"
    );
}
