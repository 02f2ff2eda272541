//! What `plugins check` says of a directory is what the start of main says of it.
//!
//! In: generated directories: good, refused, damaged, duplicate, locked and changed files, both
//! policies. Out: nothing, or the first directory of which the two executables speak differently.
//! Invariant: nothing is expected here that the two do not say themselves: the sentences of the
//! JSON document are compared with those of the log and of the error.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_conformance::collector::{CollectorError, Start};
use bimetal_conformance::tamper;
use bimetal_manifest::Lock;
use bimetal_verify::Mismatch;
use camino::Utf8Path;
use fs_err as fs;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

/// More than the sixty that the rule asks for.
const DIRECTORIES: u32 = 64;

/// A receiver that main has without a plugin.
const LINKED_IN: &str = "nop";

/// What the configurations use; mostly everything, so that most files concern the start.
const USED: [&[&str]; 4] = [
    &["go_probe", "rust_probe"],
    &["go_probe", "rust_probe"],
    &["rust_probe"],
    &["go_probe"],
];

/// One file beside or in the place of those that the builder laid out.
#[derive(Clone, Debug)]
struct File {
    language: Language,
    name: &'static str,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Go,
    Rust,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    Toolchain,
    Dependency,
    Profile,
    Target,
    LinkedIn,
    /// One byte more behind the end: another digest, and the same plugin.
    Padded,
    Truncated,
    Empty,
    Text,
    /// Everybody may write it.
    Writable,
}

#[derive(Clone, Copy, Debug)]
enum LockFile {
    Absent,
    /// The builder's, from before the changes.
    Before,
    /// Lists nothing.
    Empty,
    Damaged,
}

/// A generated directory and the start that is to speak of it.
#[derive(Clone, Debug)]
struct Case {
    files: Vec<File>,
    lock: LockFile,
    require_lock: bool,
    /// Main was built with the policy `abi`.
    abi: bool,
    used: &'static [&'static str],
}

fn cases() -> impl Strategy<Value = Case> {
    let change = select(&[
        Change::Nothing,
        Change::Toolchain,
        Change::Dependency,
        Change::Profile,
        Change::Target,
        Change::LinkedIn,
        Change::Padded,
        Change::Truncated,
        Change::Empty,
        Change::Text,
        Change::Writable,
    ]);
    let name = select(&[GO_PLUGIN, RUST_PLUGIN, "a-copy.so", "z-copy.so"]);
    let language = select(&[Language::Go, Language::Rust]);
    let file = (language, name, change).prop_map(|(language, name, change)| File {
        // A plugin under the other one's name would be one more way to say "unpinned".
        language: match name {
            GO_PLUGIN => Language::Go,
            RUST_PLUGIN => Language::Rust,
            _ => language,
        },
        name,
        change,
    });
    let lock = select(&[
        LockFile::Absent,
        LockFile::Before,
        LockFile::Before,
        LockFile::Empty,
        LockFile::Damaged,
    ]);
    let used = select(&USED);
    (
        prop::collection::vec(file, 0..4),
        lock,
        prop::bool::weighted(0.25),
        any::<bool>(),
        used,
    )
        .prop_map(|(files, lock, require_lock, abi, used)| Case {
            files,
            lock,
            require_lock,
            abi,
            used,
        })
}

/// File -> what was said of it, one sentence after the other.
type Said = BTreeMap<String, Vec<String>>;

#[test]
fn the_start_says_of_every_file_what_check_says() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let config = Config {
        cases: DIRECTORIES,
        max_shrink_iters: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let agree = TestRunner::new_with_rng(config, rng).run(&cases(), |case| {
        let scene = lay_out(&case);
        let document = checked(&scene, &case);
        let (log, started) = started(&scene, &case);
        let expected = refused(&document, case.used);
        prop_assert_eq!(&said(&log), &expected, "log:\n{}", log);
        let plugins = document["plugins"].as_array().unwrap();
        let is_there = |name: &&str| {
            let brings = |plugin: &Value| plugin["type"] == *name && may_be_loaded(plugin);
            plugins.iter().any(brings)
        };
        // Every configuration uses the receiver that is linked in.
        let is_taken = plugins.iter().any(|plugin| plugin["type"] == LINKED_IN);
        let comes_up = case.used.iter().all(is_there) && !is_taken;
        prop_assert_eq!(started, comes_up, "log:\n{}", log);
        Ok(())
    });
    if let Err(failure) = agree {
        panic!("{failure}");
    }
}

fn lay_out(case: &Case) -> Scene {
    let mut scene = Scene::pinned();
    if case.abi {
        let main = scene.directory.join("otelcol-abi");
        fs::copy(&scene.main, &main).unwrap();
        tamper::set_in_manifest(&main, "/0/plugins/policy", json!("abi")).unwrap();
        scene.main = main;
    }
    let originals = scene.directory.join("originals");
    fs::create_dir(&originals).unwrap();
    for name in [GO_PLUGIN, RUST_PLUGIN] {
        fs::copy(scene.plugin(name), originals.join(name)).unwrap();
    }
    for file in &case.files {
        let original = match file.language {
            Language::Go => GO_PLUGIN,
            Language::Rust => RUST_PLUGIN,
        };
        let path = scene.plugin(file.name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        fs::copy(originals.join(original), &path).unwrap();
        change(&path, file);
    }
    let lock = scene.plugins.join("plugins.lock");
    match case.lock {
        LockFile::Before => {}
        LockFile::Absent => fs::remove_file(lock).unwrap(),
        LockFile::Empty => fs::write(lock, Lock::new(Vec::new()).unwrap().to_text()).unwrap(),
        LockFile::Damaged => fs::write(lock, "{\"version\": 1, \"plugins\": [").unwrap(),
    }
    scene
}

fn change(path: &Utf8Path, file: &File) {
    let set = |pointer, value| tamper::set_in_manifest(path, pointer, value).unwrap();
    let (version, dependency) = match file.language {
        Language::Go => ("go1.26.1", "go.opentelemetry.io/collector/pdata"),
        Language::Rust => ("1.94.0", "serde"),
    };
    match file.change {
        Change::Nothing => {}
        Change::Toolchain => set("/toolchain_version", json!(version)),
        Change::Dependency => tamper::change_dependency(path, dependency).unwrap(),
        Change::Profile => set("/build_profile", json!("debug")),
        Change::Target => set("/target", json!("aarch64-linux-gnu")),
        Change::LinkedIn => {
            set("/component/kind", json!("receiver"));
            set("/component/type", json!(LINKED_IN));
        }
        Change::Padded => {
            let mut bytes = fs::read(path).unwrap();
            bytes.push(0);
            fs::write(path, bytes).unwrap();
        }
        Change::Truncated => {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }
        Change::Empty => fs::write(path, "").unwrap(),
        Change::Text => fs::write(path, "not a plugin\n").unwrap(),
        Change::Writable => {
            fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
        }
    }
}

fn checked(scene: &Scene, case: &Case) -> Value {
    let mut check = Start::command(&scene.main, &["plugins", "check", "--format=json"])
        .argument(format!("--plugins-dir={}", scene.plugins));
    if case.require_lock {
        check = check.argument("--plugins-require-lock");
    }
    let ended = check.to_end().unwrap();
    serde_json::from_str(&ended.log).unwrap_or_else(|error| panic!("{error}:\n{}", ended.log))
}

/// Everything that the start wrote, and whether it came up.
fn started(scene: &Scene, case: &Case) -> (String, bool) {
    let mut start = scene.start(&[], case.used);
    if case.require_lock {
        start = start.argument("--plugins-require-lock");
    }
    match start.run() {
        Ok(collector) => (collector.stop().unwrap().log, true),
        Err(CollectorError::Ended { log, .. }) => (log, false),
        Err(error) => panic!("{error}"),
    }
}

fn may_be_loaded(plugin: &Value) -> bool {
    ["ok", "unpinned", "undecidable"].contains(&plugin["status"].as_str().unwrap())
}

/// The files that `check` refuses and a start looks at, with every sentence, consequence and help
/// of the document.
fn refused(document: &Value, used: &[&str]) -> Said {
    let plugins = document["plugins"].as_array().unwrap().iter();
    plugins
        // A copy of a file that is used is not refused.
        .filter(|plugin| plugin["status"] != "copy")
        .filter(|plugin| !may_be_loaded(plugin) && is_looked_at(plugin, used))
        .map(|plugin| {
            (
                plugin["file"].as_str().unwrap().to_owned(),
                sentences(plugin),
            )
        })
        .collect()
}

/// A start takes no digest of a good file that it does not need, and does not compare it with the
/// others.
fn is_looked_at(plugin: &Value, used: &[&str]) -> bool {
    let needs_digest =
        |mismatch: &Value| mismatch["check"] == "lock" && mismatch["subject"] == "changed";
    let needs_others = |mismatch: &Value| {
        let on_load = mismatch["on_load"].as_str().unwrap();
        mismatch["check"] == "component" && on_load.contains("bring the same component")
    };
    let mismatches = plugin["mismatches"].as_array().unwrap().iter();
    used.iter().any(|name| plugin["type"] == *name)
        || !plugin["problem"].is_null()
        || mismatches
            .clone()
            .any(|one| !needs_digest(one) && !needs_others(one))
}

fn sentences(plugin: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(message) = plugin["problem"]["message"].as_str() {
        said.push(message.to_owned());
        said.extend(
            plugin["problem"]["help"]
                .as_str()
                .map(|help| format!("help: {help}")),
        );
    }
    for mismatch in plugin["mismatches"].as_array().unwrap() {
        let mismatch: Mismatch = serde_json::from_value(mismatch.clone()).unwrap();
        said.push(mismatch.sentence());
        let details = mismatch.details().into_iter();
        said.extend(details.map(|(label, line)| format!("{label}: {line}")));
    }
    said
}

/// The files that a start refuses: in log lines as a field `details`, in the error as text.
fn said(log: &str) -> Said {
    let mut texts: Vec<String> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.rsplit('\t').next()?).ok())
        .filter_map(|fields| fields["details"].as_str().map(str::to_owned))
        .collect();
    let error: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("plugin `") || line.starts_with("  "))
        .collect();
    texts.push(error.join("\n"));
    let mut said = Said::new();
    for text in texts {
        let mut file = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("plugin `") {
                rest.split('`').next().unwrap().clone_into(&mut file);
                said.insert(file.clone(), Vec::new());
            } else if let Some(lines) = said.get_mut(&file) {
                let line = line.trim_start();
                lines.push(line.strip_prefix("- ").unwrap_or(line).to_owned());
            }
        }
    }
    said
}
