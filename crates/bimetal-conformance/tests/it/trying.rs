//! `validate --load` in the real Collector: what a misbehaving plugin did, how far it came, and in
//! whose code.
//!
//! In: the probe plugins, made to misbehave. Out: load reports. Invariant: the Collector that
//! asks survives every one of them.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bimetal_conformance::collector::Start;
use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

/// How long a process may take to notice that it is not needed.
const PATIENCE: Duration = Duration::from_secs(30);

fn report(scene: &Scene, plugin: &str, fault: &str, timeout: &str) -> Value {
    let ended = Start::command(&scene.main, &["plugins", "validate", "--load"])
        .argument("--format=json")
        .argument(format!("--timeout={timeout}"))
        .argument(scene.plugin(plugin))
        .variable("BIMETAL_PROBE_FAULT", fault)
        .to_end()
        .unwrap();
    let document: Value = serde_json::from_str(&ended.log).unwrap_or_else(|error| {
        panic!("{error}: {}", ended.log);
    });
    let expected = if document["ok"] == true { 0 } else { 2 };
    assert_eq!(ended.status.code(), Some(expected), "{}", ended.log);
    document["plugins"][0]["load"].clone()
}

/// Outcome, phase, cause, kind of code, and the signal; the place must contain `place`.
fn outcome(load: &Value, place: Option<&str>) -> Value {
    let found = load["whose"]["place"].as_str();
    assert_eq!(found.is_some(), place.is_some(), "{load:#}");
    assert!(
        found
            .unwrap_or_default()
            .contains(place.unwrap_or_default()),
        "{load:#}"
    );
    json!([
        load["outcome"],
        load["phase"],
        load["cause"],
        load["whose"]["code"],
        load["signal"]
    ])
}

#[test]
fn a_go_plugin_that_misbehaves_is_reported_from_others() {
    let scene = Scene::pinned();
    let line = Some("example.com/go-probe@v0.0.0/probe.go:");
    let rows = [
        ("", None, json!(["loaded", "loaded", null, null, null])),
        (
            "init-panic",
            line,
            json!(["refused", "opening", "panic", "package_init", null]),
        ),
        (
            "init-exit",
            None,
            json!(["exited", "opening", "exit", "package_init", null]),
        ),
        (
            "init-exit-3",
            None,
            json!(["exited", "opening", "exit", "package_init", null]),
        ),
        (
            "init-goroutine",
            line,
            json!(["exited", "opening", "panic", "goroutine", null]),
        ),
        (
            "init-hang",
            line,
            json!(["timed_out", "opening", "hang", "package_init", null]),
        ),
        (
            "constructor-segv",
            None,
            json!(["exited", "opening", "sigsegv", "constructor", "SIGSEGV"]),
        ),
        (
            "constructor-bus",
            None,
            json!(["exited", "opening", "sigbus", "constructor", "SIGBUS"]),
        ),
        (
            "constructor-abort",
            None,
            json!(["exited", "opening", "sigabrt", "constructor", "SIGABRT"]),
        ),
        (
            "constructor-exit",
            None,
            json!(["exited", "opening", "exit", "constructor", null]),
        ),
        (
            "constructor-hang",
            None,
            json!(["timed_out", "opening", "hang", "constructor", null]),
        ),
        (
            "factory-panic",
            line,
            json!(["refused", "factory", "panic", "factory", null]),
        ),
        (
            "factory-exit",
            None,
            json!(["exited", "factory", "exit", "factory", null]),
        ),
        (
            "factory-hang",
            line,
            json!(["timed_out", "factory", "hang", "factory", null]),
        ),
    ];
    for (fault, place, expected) in rows {
        let timeout = if fault.ends_with("hang") { "5s" } else { "60s" };
        let load = report(&scene, GO_PLUGIN, fault, timeout);
        assert_eq!(outcome(&load, place), expected, "{fault}: {load:#}");
    }
}

#[test]
fn a_rust_plugin_that_misbehaves_is_reported_from_others() {
    let scene = Scene::pinned();
    let line = Some("src/lib.rs:");
    let rows = [
        ("", None, json!(["loaded", "loaded", null, null, null])),
        (
            "constructor-segv",
            None,
            json!(["exited", "opening", "sigsegv", "constructor", "SIGSEGV"]),
        ),
        (
            "constructor-abort",
            None,
            json!(["exited", "opening", "sigabrt", "constructor", "SIGABRT"]),
        ),
        (
            "constructor-exit",
            None,
            json!(["exited", "opening", "exit", "constructor", null]),
        ),
        (
            "constructor-panic",
            line,
            json!(["exited", "opening", "panic", "constructor", "SIGABRT"]),
        ),
        (
            "constructor-hang",
            None,
            json!(["timed_out", "opening", "hang", "constructor", null]),
        ),
        (
            "factory-panic",
            line,
            json!(["refused", "factory", "panic", "factory", null]),
        ),
        (
            "factory-segv",
            None,
            json!(["exited", "factory", "sigsegv", "factory", "SIGSEGV"]),
        ),
        (
            "factory-exit",
            None,
            json!(["exited", "factory", "exit", "factory", null]),
        ),
        (
            "factory-hang",
            None,
            json!(["timed_out", "factory", "hang", "factory", null]),
        ),
    ];
    for (fault, place, expected) in rows {
        let timeout = if fault.ends_with("hang") { "5s" } else { "60s" };
        let load = report(&scene, RUST_PLUGIN, fault, timeout);
        assert_eq!(outcome(&load, place), expected, "{fault}: {load:#}");
    }
}

/// `validate --load` of a plugin that hangs, as soon as it does.
fn hanging(scene: &Scene, fault: &str, sign: &str) -> Child {
    #[expect(clippy::disallowed_methods, reason = "the test signals this process")]
    let mut command = Command::new(&scene.main);
    let mut child = command
        .args(["plugins", "validate", "--load", "--timeout=10m"])
        .arg(scene.plugin(GO_PLUGIN))
        .env("BIMETAL_PROBE", scene.probe())
        .env("BIMETAL_PROBE_FAULT", fault)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the plugin hangs", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        scene.signs().iter().any(|name| name == sign)
    });
    child
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not true in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let of_task = |task: std::io::Result<fs::DirEntry>| {
        fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()
    };
    let text: String = tasks.map(of_task).collect();
    text.split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect()
}

/// Gone, or waiting for its parent to collect it.
fn has_ended(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    })
}

#[test]
fn an_interrupt_ends_the_child_at_once() {
    for (fault, sign) in [
        ("init-hang", "go-init"),
        ("constructor-hang", "go-constructor"),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let scene = Scene::pinned();
            let mut main = hanging(&scene, fault, sign);
            let tried = children(main.id());
            assert_eq!(tried.len(), 1, "{tried:?}");
            kill_process(Pid::from_child(&main), signal).unwrap();
            let mut said = String::new();
            main.stderr
                .take()
                .unwrap()
                .read_to_string(&mut said)
                .unwrap();
            assert_eq!(main.wait().unwrap().code(), Some(130), "{said}");
            assert!(said.contains("interrupted"), "{said}");
            assert!(has_ended(tried[0]), "{fault}");
        }
    }
}

#[test]
fn a_child_does_not_outlive_the_one_who_waits_for_it() {
    for (fault, sign) in [
        ("init-hang", "go-init"),
        ("constructor-hang", "go-constructor"),
    ] {
        let scene = Scene::pinned();
        let mut main = hanging(&scene, fault, sign);
        let tried = children(main.id());
        assert_eq!(tried.len(), 1, "{tried:?}");
        main.kill().unwrap();
        main.wait().unwrap();
        until("the child ends", || has_ended(tried[0]));
    }
}
