//! `validate`, with and without loading.
//!
//! In: single plugins. Out: differences and outcomes. Invariant: a plugin that is refused never
//! runs.

use std::os::unix::fs::{PermissionsExt as _, chown};

use bimetal_manifest::object::LARGEST_PLUGIN;
use bimetal_plugins::{Context, ExitCode};
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use serde_json::Value;

use crate::damage;
use crate::directory::{Directory, terminal_sequences, two_manifests};
use crate::fixture::fixture;
use crate::run::{builder, main_itself, plugins, redacted};
use crate::trying::whose_init;

/// The exit code of `validate --load FILE`, and what it says about the file.
pub(crate) fn load_of(context: &Context, file: &Utf8Path, more: &[&str]) -> (ExitCode, Value) {
    let arguments = [
        &["validate", "--load", "--format", "json", file.as_str()],
        more,
    ]
    .concat();
    let finished = plugins(context, &arguments);
    let report: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr));
    (finished.code, report["plugins"][0].clone())
}

#[test]
fn a_plugin_that_fits_is_accepted() {
    let files = [fixture().go_plugin.as_str(), fixture().rust_plugin.as_str()];
    let finished = plugins(&main_itself(), &[&["validate"], &files[..]].concat());
    assert_eq!(finished.code, ExitCode::Ok, "{}", finished.stdout);
    assert_snapshot!(
        "validate_good",
        redacted(&finished.stdout, &fixture().directory)
    );
}

#[test]
fn a_plugin_that_differs_is_incompatible_and_a_file_that_is_none_is_unreadable() {
    let directory = Directory::new();
    let differs = directory.plugins.join("differs.so");
    damage::with_manifest_text(&fixture().go_plugin, &differs, "h1:c2hhcmVk", "h1:b3RoZXIh");
    let code = |files: &[&str]| plugins(&main_itself(), &[&["validate"], files].concat()).code;
    assert_eq!(code(&[differs.as_str()]), ExitCode::Incompatible);
    assert_eq!(
        code(&[fixture().rust_plugin.as_str(), differs.as_str()]),
        ExitCode::Incompatible
    );
    assert_eq!(code(&["/nowhere/x.so"]), ExitCode::Unreadable);
    assert_eq!(code(&[fixture().main.as_str()]), ExitCode::Unreadable);
    assert_eq!(code(&[two_manifests().as_str()]), ExitCode::Unreadable);
    assert_eq!(
        code(&[differs.as_str(), "/nowhere/x.so"]),
        ExitCode::Unreadable
    );
    assert_eq!(
        code(&[terminal_sequences().as_str()]),
        ExitCode::Incompatible
    );
    let text = directory.plugins.join("text.so");
    fs_err::write(&text, "text").unwrap();
    let finished = plugins(
        &main_itself(),
        &["validate", text.as_str(), "/nowhere/x.so"],
    );
    assert_snapshot!(
        "validate_unreadable",
        redacted(&finished.stdout, &directory.path)
    );
}

#[test]
fn a_file_that_no_start_would_read_is_refused_and_not_digested() {
    let directory = Directory::new();
    let file = directory.add("huge.so", &fixture().rust_plugin);
    fs_err::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(LARGEST_PLUGIN + 1)
        .unwrap();
    let (code, validated) = load_of(&main_itself(), &file, &[]);
    assert_eq!(code, ExitCode::Unreadable);
    assert_eq!(validated["load"]["outcome"], "not_tried");
    let arguments = directory.arguments("check", &["--format", "json"]);
    let finished = plugins(&main_itself(), &arguments);
    assert_eq!(finished.code, ExitCode::Incompatible);
    let checked: Value = serde_json::from_str(&finished.stdout).unwrap();
    for plugin in [&validated, &checked["plugins"][0]] {
        assert_eq!(plugin["status"], "unreadable");
        assert_eq!(plugin["sha256"], Value::Null);
        assert_eq!(
            plugin["problem"]["message"],
            "the file has 536870913 bytes, more than the 536870912 that a plugin may have"
        );
    }
}

#[test]
fn the_lock_beside_the_file_is_obeyed() {
    let directory = Directory::new();
    let file = directory.add("redactor.so", &fixture().rust_plugin);
    let code = |more: &[&str]| {
        plugins(
            &main_itself(),
            &[&["validate", file.as_str()], more].concat(),
        )
        .code
    };
    assert_eq!(code(&[]), ExitCode::Ok);
    assert_eq!(code(&["--plugins-require-lock"]), ExitCode::Incompatible);
    directory.lock(&["redactor.so"]);
    assert_eq!(code(&["--plugins-require-lock"]), ExitCode::Ok);
    damage::with_changed_code(&fixture().rust_plugin, &file);
    assert_eq!(code(&[]), ExitCode::Incompatible);
}

#[test]
fn a_laxer_policy_than_mains_is_a_usage_error() {
    let finished = plugins(
        &main_itself(),
        &[
            "validate",
            "--plugins-policy",
            "abi",
            fixture().rust_plugin.as_str(),
        ],
    );
    assert_eq!(finished.code, ExitCode::Failure);
    assert!(finished.stderr.contains("laxer"), "{}", finished.stderr);
}

#[test]
fn the_builder_finds_main_beside_the_plugins_directory() {
    let directory = Directory::new();
    let file = directory.add("redactor.so", &fixture().rust_plugin);
    fs_err::copy(&fixture().main, directory.path.join("sample")).unwrap();
    assert_eq!(
        plugins(&builder(), &["validate", file.as_str()]).code,
        ExitCode::Failure
    );
    fs_err::write(directory.path.join(".bimetal.json"), "{}").unwrap();
    assert_eq!(
        plugins(&builder(), &["validate", file.as_str()]).code,
        ExitCode::Ok
    );
}

/// A directory that `bimetal` could have built: a Collector beside the plugins.
fn built() -> (Directory, Utf8PathBuf, Utf8PathBuf) {
    let directory = Directory::new();
    let file = directory.add("redactor.so", &fixture().rust_plugin);
    let main = directory.path.join("sample");
    fs_err::copy(&fixture().main, &main).unwrap();
    fs_err::write(directory.path.join(".bimetal.json"), "{}").unwrap();
    (directory, file, main)
}

#[test]
fn a_collector_that_was_only_found_is_compared_with_and_never_run() {
    let (_directory, file, main) = built();
    let arguments = ["validate", "--load", file.as_str()];
    let finished = plugins(&builder(), &arguments);
    assert_eq!(finished.code, ExitCode::Failure);
    for text in ["`--load` runs the Collector", "name it with `--main`"] {
        assert!(finished.stderr.contains(text), "{}", finished.stderr);
    }
    let named = [&arguments[..], &["--main", main.as_str()]].concat();
    let finished = plugins(&builder(), &named);
    assert!(!finished.stderr.contains("runs the Collector"));
}

#[test]
fn a_program_that_another_user_put_beside_the_plugins_is_not_taken_for_their_collector() {
    const STRANGER: u32 = 47_113;
    let (directory, file, main) = built();
    let spoil: [&dyn Fn(); 2] = [
        &|| {
            let mode = std::fs::Permissions::from_mode(0o777);
            fs_err::set_permissions(&main, mode).unwrap();
        },
        &|| chown(&main, Some(STRANGER), None).expect("giving files away needs root"),
    ];
    for spoil in spoil {
        spoil();
        let finished = plugins(&builder(), &["validate", file.as_str()]);
        assert_eq!(finished.code, ExitCode::Failure);
        let text = format!("`{main}` lies beside the plugins and is not taken");
        assert!(finished.stderr.contains(&text), "{}", finished.stderr);
        // It hides no plugin from `list`, and who names it compares with it.
        let list = plugins(&builder(), &directory.arguments("list", &[]));
        assert_eq!(list.code, ExitCode::Ok, "{}", list.stderr);
        let named = ["validate", file.as_str(), "--main", main.as_str()];
        assert_eq!(plugins(&builder(), &named).code, ExitCode::Ok);
    }
}

#[test]
fn load_really_loads_a_good_plugin_in_a_child() {
    let (code, plugin) = load_of(&main_itself(), &fixture().go_plugin, &[]);
    assert_eq!(code, ExitCode::Ok, "{plugin:#}");
    assert_eq!(plugin["load"]["outcome"], "loaded");
    assert_eq!(plugin["load"]["phase"], "loaded");
    assert!(plugin["load"]["cause"].is_null() && plugin["load"]["whose"].is_null());
}

#[test]
fn the_code_of_a_refused_plugin_does_not_run() {
    let directory = Directory::new();
    let trace = directory.path.join("it-ran");
    let plugin = whose_init(
        "writes",
        &format!("os.WriteFile({:?}, nil, 0o600)", trace.as_str()),
    );
    let bad = directory.plugins.join("bad.so");
    damage::with_package_hash(&plugin, &bad, "runtime");
    let (code, report) = load_of(&main_itself(), &bad, &[]);
    assert_eq!(
        (code, report["load"]["outcome"].as_str()),
        (ExitCode::Incompatible, Some("not_tried"))
    );
    assert!(!trace.exists());
    // The same code runs when it fits, so its silence above means something.
    assert_eq!(load_of(&main_itself(), &plugin, &[]).0, ExitCode::Ok);
    assert!(trace.exists());
}
