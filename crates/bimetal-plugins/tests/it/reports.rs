//! The documents as others read them: by the published schema, and as SARIF.
//!
//! In: real reports. Out: whether they are what they say. Invariant: every command's document is
//! looked at, good and bad.

use bimetal_plugins::{ExitCode, report_schema};
use camino::Utf8PathBuf;
use serde_json::Value;

use crate::damage;
use crate::directory::{Directory, good_and_bad};
use crate::fixture::fixture;
use crate::run::{builder, main_itself, plugins};
use crate::trying;

fn json_of(arguments: &[&str]) -> Value {
    let finished = plugins(&main_itself(), arguments);
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr))
}

fn sarif_of(arguments: &[&str]) -> Value {
    json_of(&[arguments, &["--format", "sarif"]].concat())
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// A directory with a lock, in which one listed file was changed, one is missing and one is not
/// listed.
fn locked() -> Directory {
    let directory = good_and_bad();
    directory.lock(&["a-good-go.so", "n-changed.so", "o-missing.so"]);
    directory.add("n-changed.so", &fixture().rust_plugin);
    directory
}

#[test]
fn the_checked_in_schema_is_that_of_the_types() {
    let path = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference/plugins-report.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        fs_err::write(&path, report_schema()).unwrap();
    }
    let checked_in = fs_err::read_to_string(&path).unwrap();
    assert!(
        checked_in == report_schema(),
        "run `cargo xtask schemas`, and look at what changed"
    );
}

#[test]
fn the_documents_of_every_command_follow_the_schema() {
    let schema: Value = serde_json::from_str(&report_schema()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let directory = locked();
    let (go, rust) = (fixture().go_plugin.as_str(), fixture().rust_plugin.as_str());
    let text = directory.plugins.join("h-text.so");
    let panics = trying::whose_init("schema_panic", r#"panic("no luck today")"#);
    let path = directory.plugins.as_str();
    let commands: [&[&str]; 7] = [
        &["list", "--plugins-dir", path],
        &["check", "--plugins-dir", path],
        &[
            "check",
            "--plugins-dir",
            path,
            "--plugins-require-lock",
            "--names",
            "all",
        ],
        &["validate", go, rust, text.as_str(), "/nowhere/x.so"],
        &["validate", "--load", go, text.as_str(), panics.as_str()],
        &["inspect", go, rust, fixture().main.as_str()],
        &["inspect", text.as_str(), "/nowhere/x.so"],
    ];
    for arguments in commands {
        let document = json_of(&[arguments, &["--format", "json"]].concat());
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{arguments:?}");
        let mut stranger = document;
        stranger["schema"] = "bimetal-plugins-list/9".into();
        assert!(!validator.is_valid(&stranger));
    }
    let unnamed = plugins(
        &builder(),
        &directory.arguments("list", &["--format", "json"]),
    );
    let unnamed: Value = serde_json::from_str(&unnamed.stdout).unwrap();
    assert!(validator.is_valid(&unnamed), "a list without a main");
}

#[test]
fn sarif_of_check_has_one_result_for_each_finding() {
    let directory = locked();
    directory.add("p-twin.so", &fixture().other_go_plugin);
    let twin = directory.plugins.join("q-twin.so");
    damage::with_changed_code(&fixture().other_go_plugin, &twin);
    let arguments = directory.arguments("check", &[]);
    let document = json_of(&[&arguments[..], &["--format", "json"]].concat());
    let log = sarif_of(&arguments);
    let list = |value: &Value| value.as_array().unwrap().clone();
    let mut expected = list(&document["duplicates"]).len() + list(&document["conflicts"]).len();
    expected += list(&document["lock"]["missing"]).len() + list(&document["mismatches"]).len();
    for plugin in list(&document["plugins"]) {
        expected += list(&plugin["mismatches"]).len() + list(&plugin["open_questions"]).len();
        expected += usize::from(!plugin["problem"].is_null());
        expected += usize::from(plugin["status"] == "unpinned");
    }
    assert_eq!(results(&log).len(), expected);
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    let mut fingerprints = Vec::new();
    for result in results(&log) {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(!rules[rule]["help"]["text"].as_str().unwrap().is_empty());
        for location in list(&result["locations"]) {
            let place = &location["physicalLocation"]["artifactLocation"];
            assert_eq!(place["uriBaseId"], "PLUGINSDIR", "{place}");
        }
        fingerprints.push(result["partialFingerprints"]["bimetalFinding/v1"].to_string());
    }
    let level = |rule: &str| {
        let result = results(&log).iter().find(|result| result["ruleId"] == rule);
        result.unwrap_or_else(|| panic!("{rule}"))["level"].clone()
    };
    for rule in [
        "package_hash",
        "toolchain",
        "unreadable",
        "lock",
        "duplicate",
    ] {
        assert_eq!(level(rule), "error", "{rule}");
    }
    assert_eq!(
        (level("missing"), level("unpinned")),
        ("warning".into(), "note".into())
    );
    let count = fingerprints.len();
    let again = sarif_of(&arguments);
    assert_eq!(again, log, "the same directory gives the same document");
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), count, "no two findings share one");
}

#[test]
fn sarif_is_what_the_standard_allows() {
    let mut schema: Value =
        serde_json::from_str(include_str!("fixtures/sarif-schema-2.1.0.json")).unwrap();
    // The standard's own pattern for a language, which no report of ours has, is not a regular
    // expression.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        language.as_object_mut().map(|keys| keys.remove("pattern"));
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let directory = locked();
    let panics = trying::whose_init("sarif_panic", r#"panic("no luck today")"#);
    let check = sarif_of(&directory.arguments("check", &[]));
    let validate = sarif_of(&["validate", "--load", panics.as_str(), "/nowhere/a b.so"]);
    for log in [&check, &validate] {
        assert!(!results(log).is_empty());
        let errors: Vec<String> = validator
            .iter_errors(log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
    let mut stranger = check;
    stranger["runs"][0]["results"][0]["levle"] = "error".into();
    assert!(!validator.is_valid(&stranger), "the schema is a strict one");
    let places: Vec<_> = results(&validate)
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            (
                result["ruleId"].as_str().unwrap(),
                place["uri"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(places.len(), 2, "{places:?}");
    assert_eq!(places[0].0, "load_failed");
    assert_eq!(places[1], ("unreadable", "file:///nowhere/a%20b.so"));
    let load = &results(&validate)[0]["properties"];
    assert_eq!(
        (&load["cause"], &load["whose"]["code"]),
        (&"panic".into(), &"package_init".into())
    );
}

#[test]
fn a_good_directory_gives_no_result_and_exits_well() {
    let directory = Directory::new();
    directory.add("redactor.so", &fixture().rust_plugin);
    let finished = plugins(
        &main_itself(),
        &directory.arguments("check", &["--format", "sarif"]),
    );
    assert_eq!(finished.code, ExitCode::Ok);
    let log: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(results(&log).len(), 0);
    assert_eq!(log["version"], "2.1.0");
}

#[test]
fn what_gives_no_verdict_has_no_findings_to_give() {
    for arguments in [
        &["list", "--format", "sarif"][..],
        &["inspect", "x.so", "--format", "sarif"],
    ] {
        let finished = plugins(&main_itself(), arguments);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (ExitCode::Failure, "")
        );
        assert!(
            finished.stderr.contains("only `check` and `validate`"),
            "{}",
            finished.stderr
        );
    }
}
