//! An extension in Rust that watches everything: linked in, and as a plugin.

use bimetal_conformance::collector::{Start, free_endpoint, page};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::Scene;

/// Types of the extension: a plugin, and linked in.
const TYPES: [&str; 2] = ["listener", "listener_linked"];

fn file(scene: &Scene, of: &str) -> Utf8PathBuf {
    scene.directory.join(format!("{of}.jsonl"))
}

/// Main with both extensions, each with its own file and these keys.
fn start(scene: &Scene, keys: &Value) -> Start {
    start_with(scene, keys, &json!({"metrics": {"level": "none"}}))
}

fn start_with(scene: &Scene, keys: &Value, telemetry: &Value) -> Start {
    let section = |of: &&str| {
        let mut section = keys.clone();
        section["path"] = file(scene, of).as_str().into();
        ((*of).to_owned(), section)
    };
    let extensions: serde_json::Map<_, _> = TYPES.iter().map(section).collect();
    let config = json!({
        "receivers": {"nop": {}},
        "exporters": {"nop": {}},
        "extensions": extensions,
        "service": {
            "extensions": TYPES,
            "telemetry": telemetry,
            "pipelines": {"logs": {"receivers": ["nop"], "exporters": ["nop"]}},
        },
    });
    let path = scene.directory.join("collector.yaml");
    // JSON is YAML.
    fs::write(&path, config.to_string()).unwrap();
    Start::new(&scene.main, &path).argument(format!("--plugins-dir={}", scene.plugins))
}

fn lines(scene: &Scene, of: &str) -> Vec<Value> {
    let text = fs::read_to_string(file(scene, of)).unwrap();
    let read = |line| serde_json::from_str(line).unwrap();
    text.lines().map(read).collect()
}

/// What happened, without what happened to other components.
fn story(lines: &[Value]) -> Vec<&str> {
    let what = lines.iter().map(|line| line["what"].as_str().unwrap());
    what.filter(|what| *what != "status").collect()
}

#[test]
fn an_extension_hears_the_configuration_the_pipelines_and_every_status() {
    let scene = Scene::pinned();
    let collector = start(&scene, &json!({})).run().unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    for of in TYPES {
        let lines = lines(&scene, of);
        let wanted = ["start", "config", "ready", "not ready", "shutdown"];
        assert_eq!(story(&lines), wanted, "{of}");
        let config = lines.iter().find(|line| line["what"] == "config").unwrap();
        assert_eq!(config["more"], json!(TYPES));
        let receiver = |status: &str| {
            json!({"what": "status", "more": {
                "kind": "receiver", "id": "nop", "pipelines": ["logs"],
                "status": status, "error": null, "has_time": true,
            }})
        };
        let heard: Vec<_> = lines
            .iter()
            .filter(|line| line["more"]["kind"] == "receiver")
            .collect();
        let statuses = ["starting", "ok", "stopping", "stopped"].map(receiver);
        assert_eq!(heard, statuses.iter().collect::<Vec<_>>(), "{of}");
    }
}

#[test]
fn a_reload_ends_one_instance_and_begins_another() {
    let scene = Scene::pinned();
    let mut collector = start(&scene, &json!({})).run().unwrap();
    collector.reload().unwrap();
    collector.wait_for("Everything is ready").unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    for of in TYPES {
        let lines = lines(&scene, of);
        let once = ["start", "config", "ready", "not ready", "shutdown"];
        assert_eq!(story(&lines), [once, once].concat(), "{of}");
    }
}

#[test]
fn an_extension_that_fails_keeps_the_collector_from_starting() {
    for at in ["start", "config", "ready"] {
        let scene = Scene::pinned();
        let ended = start(&scene, &json!({"fail_at": at})).to_end().unwrap();
        assert!(!ended.status.success(), "{at}");
        let text = format!("fails at {at} as asked");
        assert!(ended.log.contains(&text), "{at}:\n{}", ended.log);
    }
}

#[test]
fn a_panic_of_an_extension_is_reported_once_and_ends_nothing_else() {
    for at in ["status", "ready", "not ready", "shutdown"] {
        let scene = Scene::pinned();
        let collector = start(&scene, &json!({"panic_at": at})).run().unwrap();
        let ended = collector.stop().unwrap();
        assert!(ended.status.success(), "{at}:\n{}", ended.log);
        let reports = ended
            .log
            .matches("The component panicked and is out of use")
            .count();
        assert_eq!(reports, TYPES.len(), "{at}:\n{}", ended.log);
        assert_eq!(story(&lines(&scene, "listener"))[0], "start");
    }
}

#[test]
fn what_an_extension_reports_measures_and_logs_is_the_collectors() {
    let scene = Scene::pinned();
    let endpoint = free_endpoint().unwrap();
    let telemetry = json!({
        "logs": {"encoding": "json"},
        "metrics": {"level": "basic", "readers": [{"pull": {"exporter": {"prometheus": {
            "host": "127.0.0.1", "port": endpoint.port(),
            "without_units": true, "without_type_suffix": true,
        }}}}]},
    });
    let mut collector = start_with(&scene, &json!({}), &telemetry).run().unwrap();
    for _ in 0..TYPES.len() * TYPES.len() {
        collector.wait_for("heard of a problem").unwrap();
    }
    let text = page(endpoint, "metrics").unwrap();
    for of in TYPES {
        // Until then it heard of two problems at least, and of three things that are no status.
        let value = |metric: &str, more: &str| {
            let labels = format!("otelcol_component_id=\"{of}\"");
            let is_it = |line: &&str| {
                line.starts_with(metric) && line.contains(&labels) && line.contains(more)
            };
            let line = text.lines().find(is_it);
            let line = line.unwrap_or_else(|| panic!("no {metric} of {of}:\n{text}"));
            line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
        };
        assert_eq!(value("otelcol_listener_lines", "about=\"else\""), 3, "{of}");
        assert!(
            value("otelcol_listener_lines", "about=\"status\"") >= 2,
            "{of}"
        );
        assert!(value("otelcol_listener_length_count", "") >= 5, "{of}");
        assert!(value("otelcol_listener_size", "") > 0, "{of}");
    }
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    let heard = ended
        .log
        .lines()
        .filter(|line| line.contains("heard of a problem"));
    let heard: Vec<Value> = heard
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (by, of) in TYPES.iter().flat_map(|by| TYPES.map(|of| (by, of))) {
        let found = heard.iter().filter(|line| {
            line["otelcol.component.id"] == *by
                && line["id"] == of
                && line["error"] == "the file may be full"
                && line["target"] == "listener"
        });
        assert_eq!(found.count(), 1, "{by} of {of}:\n{}", ended.log);
    }
    for of in TYPES {
        let own = lines(&scene, of)
            .into_iter()
            .filter(|line| line["more"]["id"] == of);
        let story: Vec<_> = own.map(|line| line["more"]["status"].clone()).collect();
        let problem = ["recoverable_error", "ok"];
        assert!(
            story.windows(2).any(|two| two == problem),
            "{of}: {story:?}"
        );
    }
}
