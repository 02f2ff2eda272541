//! Loaded, refused and skipped plugins in the Collector's log and in the metrics of its own
//! telemetry.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bimetal_conformance::collector::{Collector, free_endpoint, page};
use bimetal_conformance::tamper;
use bimetal_files::Digest;
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

const NOTES: &str = "notes.so";

/// A scene with one file that is no plugin, whose Collector offers its metrics at the address and
/// writes its log as JSON.
fn observed(mut scene: Scene) -> (Scene, SocketAddr) {
    let endpoint = free_endpoint().unwrap();
    // JSON is YAML.
    let telemetry = json!({
        "logs": {"encoding": "json"},
        "metrics": {"level": "basic", "readers": [{"pull": {"exporter": {"prometheus": {
            "host": "127.0.0.1", "port": endpoint.port(),
            "without_scope_info": true, "without_units": true, "without_type_suffix": true,
        }}}}]},
    });
    scene.telemetry = telemetry.to_string();
    fs::write(scene.plugin(NOTES), "not a plugin").unwrap();
    (scene, endpoint)
}

fn make_go_plugin_unfit(scene: &Scene) {
    tamper::set_in_manifest(
        &scene.plugin(GO_PLUGIN),
        "/toolchain_version",
        json!("go1.26.1"),
    )
    .unwrap();
}

/// The samples of one metric: the labels that are asked for, joined, and the value.
fn samples(text: &str, metric: &str, labels: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line
            .strip_prefix(metric)
            .and_then(|rest| rest.strip_prefix('{'))
        else {
            continue;
        };
        let (set, value) = rest.rsplit_once("} ").unwrap();
        let of = |label: &&str| {
            let start = format!("{label}=\"");
            let place = set
                .find(&start)
                .unwrap_or_else(|| panic!("no `{label}` in `{line}`"));
            let rest = &set[place + start.len()..];
            rest[..rest.find('"').unwrap()].to_owned()
        };
        let key = labels.iter().map(of).collect::<Vec<_>>().join(" ");
        assert_eq!(found.insert(key, value.to_owned()), None, "twice: `{line}`");
    }
    found
}

fn counts(endpoint: SocketAddr, loaded: u32, refused: u32, skipped: u32) {
    let text = page(endpoint, "metrics").unwrap();
    let expected = [
        ("loaded", loaded),
        ("refused", refused),
        ("skipped", skipped),
    ]
    .map(|(state, count)| (state.to_owned(), count.to_string()));
    assert_eq!(
        samples(&text, "otelcol_plugins", &["state"]),
        BTreeMap::from(expected),
        "{text}"
    );
}

fn listed(endpoint: SocketAddr, rows: &[&str]) {
    let text = page(endpoint, "metrics").unwrap();
    let labels = ["file", "kind", "type", "language", "state"];
    let expected = rows.iter().map(|row| ((*row).to_owned(), "1".to_owned()));
    assert_eq!(
        samples(&text, "otelcol_plugin_info", &labels),
        expected.collect(),
        "{text}"
    );
}

fn reload(collector: &mut Collector) {
    collector.reload().unwrap();
    collector.wait_for("Everything is ready").unwrap();
}

/// The lines about plugins that reached a state.
fn lines(log: &str, state: &str) -> Vec<Value> {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["state"] == state)
        .collect()
}

#[test]
fn loaded_and_refused_plugins_are_counted_and_listed_before_and_after_a_reload() {
    let (scene, endpoint) = observed(Scene::pinned());
    let mut collector = scene.start(&[], &["rust_probe"]).run().unwrap();
    let notes = "notes.so    refused";
    let rust = format!("{RUST_PLUGIN} processor rust_probe rust loaded");
    let go = format!("{GO_PLUGIN} processor go_probe go loaded");
    counts(endpoint, 1, 1, 0);
    listed(endpoint, &[notes, &rust]);

    scene.config(&["rust_probe", "go_probe"]);
    reload(&mut collector);
    counts(endpoint, 2, 1, 0);
    listed(endpoint, &[notes, &go, &rust]);

    // What was loaded stays in the process, so it stays in the list.
    scene.config(&[]);
    reload(&mut collector);
    counts(endpoint, 2, 1, 0);
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);

    let loaded = lines(&ended.log, "loaded");
    assert_eq!(loaded.len(), 2, "one line for each plugin:\n{}", ended.log);
    for (line, (file, kind, language)) in loaded.iter().zip([
        (RUST_PLUGIN, "rust_probe", "rust"),
        (GO_PLUGIN, "go_probe", "go"),
    ]) {
        let digest = Digest::of(fs::read(scene.plugin(file)).unwrap()).to_string();
        for (field, value) in [
            ("level", "info"),
            ("file", file),
            ("kind", "processor"),
            ("type", kind),
            ("language", language),
            ("sha256", &digest),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
        for field in ["module", "toolchain_version"] {
            assert!(
                !line[field].as_str().unwrap().is_empty(),
                "{field} in {line}"
            );
        }
    }
    let refused = lines(&ended.log, "refused");
    assert_eq!(refused.len(), 1, "{}", ended.log);
    assert_eq!(
        (&refused[0]["level"], &refused[0]["file"]),
        (&json!("warn"), &json!(NOTES))
    );
}

#[test]
fn skipped_plugins_are_counted_and_are_merely_refused_once_they_are_unused() {
    let (scene, endpoint) = observed(Scene::unpinned());
    make_go_plugin_unfit(&scene);
    let mut collector = scene
        .start(&[], &["go_probe", "rust_probe"])
        .argument("--plugins-on-error=skip")
        .run()
        .unwrap();
    let notes = "notes.so    refused";
    let rust = format!("{RUST_PLUGIN} processor rust_probe rust loaded");
    let go = |state: &str| format!("{GO_PLUGIN} processor go_probe go {state}");
    counts(endpoint, 1, 1, 1);
    listed(endpoint, &[notes, &rust, &go("skipped")]);
    let text = page(endpoint, "metrics").unwrap();
    let reasons = samples(&text, "otelcol_plugin_info", &["file", "reason"]);
    assert!(
        reasons
            .keys()
            .any(|row| row.starts_with(GO_PLUGIN) && row.contains("go1.26.1")),
        "{reasons:?}"
    );

    scene.config(&["rust_probe"]);
    reload(&mut collector);
    counts(endpoint, 1, 2, 0);
    listed(endpoint, &[notes, &rust, &go("refused")]);
    let ended = collector.stop().unwrap();
    let skipped = lines(&ended.log, "skipped");
    assert_eq!(skipped.len(), 1, "{}", ended.log);
    assert_eq!(
        (&skipped[0]["level"], &skipped[0]["file"]),
        (&json!("error"), &json!(GO_PLUGIN))
    );
}

#[test]
fn the_metrics_are_there_when_no_plugin_could_be_loaded() {
    let (scene, endpoint) = observed(Scene::unpinned());
    make_go_plugin_unfit(&scene);
    let collector = scene
        .start(&[], &["go_probe"])
        .argument("--plugins-on-error=skip")
        .run()
        .unwrap();
    counts(endpoint, 0, 1, 1);
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
}

#[test]
fn of_twenty_bad_files_none_is_lost_to_the_sampling_of_the_log() {
    let (scene, endpoint) = observed(Scene::unpinned());
    for number in 1..20 {
        fs::write(scene.plugin(&format!("notes-{number}.so")), "not a plugin").unwrap();
    }
    let collector = scene.start(&[], &[]).run().unwrap();
    counts(endpoint, 0, 20, 0);
    let ended = collector.stop().unwrap();
    assert_eq!(lines(&ended.log, "refused").len(), 20, "{}", ended.log);
}
