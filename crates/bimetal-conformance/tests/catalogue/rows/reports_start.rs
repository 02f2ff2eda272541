//! What users report of a Collector with plugins: what a start or a check did, and said.
//!
//! In: the loading distribution with one thing changed. Out: rows. Invariant: the Collector itself
//! says what is wrong, or that nothing is.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use bimetal_conformance::collector::Start;
use bimetal_conformance::tamper;
use camino::Utf8Path;
use fs_err as fs;
use serde_json::json;

use super::rows;
use crate::collector::{ended, ran, refuses, report};
use crate::go::{Recipe, main, plugin};
use crate::predict::{alone, beyond_bytes};
use crate::reality;
use crate::row::{Decider, Finding, Seen, Symptom};
use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

rows!(
    two_plugins_that_want_one_name_of_the_process,
    files_as_the_volume_of_a_group_has_them,
    a_component_that_gives_a_signal_its_default_action_again,
    a_component_whose_signal_handler_has_no_stack_of_its_own,
    a_number_that_json_does_not_have,
    a_type_that_no_file_brings,
    an_older_name_of_a_type,
    a_plugin_that_is_not_used_costs_its_manifest,
    a_second_start_writes_no_copy,
    many_copies_of_one_plugin_are_one_group,
    a_second_copy_of_a_plugin_stops_no_start,
    a_go_plugin_for_a_main_of_rust_plugins,
);

/// Go's `expvar` has each name once.
fn two_plugins_that_want_one_name_of_the_process() -> Finding {
    let with_variable = |name: &str| {
        let text = "package main\n\nimport \"expvar\"\n\nfunc init() { expvar.NewInt(\"one\") }\n";
        let recipe = Recipe {
            files: vec![("variable.go", text.to_owned())],
            ..Recipe::default()
        };
        plugin(name, &recipe)
    };
    let main = main();
    let (one, other) = (with_variable("variable-one"), with_variable("variable-two"));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Death,
        predicted: beyond_bytes(alone(&main, &other)),
        seen: reality::go(&main, &[&one, &other], &[]),
    }
}

fn files_as_the_volume_of_a_group_has_them() -> Finding {
    const FS_GROUP: u32 = 2000;
    let scene = Scene::pinned();
    for file in scene.plugins.read_dir_utf8().unwrap() {
        let file = file.unwrap().into_path();
        chown(&file, None, Some(FS_GROUP)).unwrap();
        mode(&file, 0o664);
    }
    chown(&scene.plugins, None, Some(FS_GROUP)).unwrap();
    mode(&scene.plugins, 0o2775);
    let words = &["group 2000", "--plugins-trust lock=FILE"];
    report(
        Symptom::Error,
        words,
        ended(scene.validate(&["rust_probe"])),
    )
}

fn mode(path: &Utf8Path, bits: u32) {
    fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

fn signals(fault: &str, words: &'static [&'static str]) -> Finding {
    let scene = Scene::pinned();
    let start = scene.start(&[], &["rust_probe"]);
    let start = start.variable("BIMETAL_PROBE_FAULT", fault);
    report(Symptom::Loads, words, ran(start))
}

fn a_component_that_gives_a_signal_its_default_action_again() -> Finding {
    let words = &["rust_probe", "SIGPIPE has the default action again"];
    signals("start-default", words)
}

fn a_component_whose_signal_handler_has_no_stack_of_its_own() -> Finding {
    let words = &[
        "rust_probe",
        "SIGPIPE has another handler, without `SA_ONSTACK`",
    ];
    signals("start-handler", words)
}

fn a_number_that_json_does_not_have() -> Finding {
    let scene = Scene::pinned();
    let start = scene.start(&["validate"], &["rust_probe"]);
    let start = start.argument("--set=processors::rust_probe::ratio=.inf");
    let ended = start.to_end().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    let seen = Seen::Done(scene.signs().join(" "));
    report(Symptom::Loads, &["rust-ratio-inf"], seen)
}

fn a_type_that_no_file_brings() -> Finding {
    let scene = Scene::pinned();
    let words = &["unknown type", "go_wittness", "the flag `--plugins-dir`"];
    report(
        Symptom::Error,
        words,
        ended(scene.validate(&["go_wittness"])),
    )
}

fn an_older_name_of_a_type() -> Finding {
    let scene = Scene::pinned();
    let words = &["gone_probe", "go_probe", "deprecated"];
    report(
        Symptom::Loads,
        words,
        ran(scene.start(&[], &["gone_probe"])),
    )
}

fn a_plugin_that_is_not_used_costs_its_manifest() -> Finding {
    let scene = Scene::pinned();
    let start = scene.start(&[], &["rust_probe"]);
    let start = start.argument("--set=service::telemetry::logs::level=debug");
    let words = &["is not used, so only its manifest was read", GO_PLUGIN];
    report(Symptom::Loads, words, ran(start))
}

fn a_second_start_writes_no_copy() -> Finding {
    let scene = Scene::pinned();
    let cache = scene.directory.join("cache");
    fs::create_dir(&cache).unwrap();
    mode(&cache, 0o700);
    let start = || {
        let start = scene.start(&["validate"], &["go_probe", "rust_probe"]);
        let start = start.argument(format!("--plugins-cache-dir={cache}"));
        start.to_end().unwrap()
    };
    let first = start();
    assert!(first.status.success(), "{}", first.log);
    let before = copies(&cache);
    let second = start();
    let after = copies(&cache);
    let written = after
        .iter()
        .filter(|copy| before.get(copy.0) != Some(copy.1));
    let written = written.count();
    let said = format!("a copy: {}, {written} written again", !after.is_empty());
    assert!(second.status.success(), "{}", second.log);
    report(
        Symptom::Loads,
        &["a copy: true, 0 written again"],
        Seen::Done(said),
    )
}

/// The plugins below a directory: each name, and the number of the file.
fn copies(directory: &Utf8Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entry in directory.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            found.extend(copies(&path));
        } else if path.extension() == Some("so") {
            let number = fs::metadata(&path).unwrap().ino();
            found.insert(path.into_string(), number);
        }
    }
    found
}

/// The scene with `count` copies of the Rust plugin beside it.
fn with_copies(count: usize) -> Scene {
    let scene = Scene::unpinned();
    for number in 0..count {
        let copy = scene.plugin(&format!("copy-{number}.so"));
        fs::copy(scene.plugin(RUST_PLUGIN), copy).unwrap();
    }
    scene
}

fn many_copies_of_one_plugin_are_one_group() -> Finding {
    let scene = with_copies(50);
    let check = Start::command(&scene.main, &["plugins", "check"])
        .argument(format!("--plugins-dir={}", scene.plugins))
        .to_end()
        .unwrap();
    let lines = check.log.lines().count();
    assert!(lines < 300, "{lines} lines:\n{}", check.log);
    report(
        Symptom::Loads,
        &[
            "50 more files with the bytes of copy-0.so",
            "plugins fit, 50 copies",
        ],
        ended(check),
    )
}

fn a_second_copy_of_a_plugin_stops_no_start() -> Finding {
    let scene = with_copies(1);
    let words = &["copy-0.so", RUST_PLUGIN];
    report(
        Symptom::Loads,
        words,
        ran(scene.start(&[], &["rust_probe"])),
    )
}

fn a_go_plugin_for_a_main_of_rust_plugins() -> Finding {
    let mut scene = Scene::unpinned();
    let main = scene.directory.join("main");
    fs::copy(&scene.main, &main).unwrap();
    tamper::set_in_manifest(&main, "/0/plugin_languages", json!(["rust"])).unwrap();
    scene.main = main;
    refuses(&scene, GO_PLUGIN, "go_probe")
}
