//! Tests of [`super`]: what is compared, what is asked of main, and what is not asked twice.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use bimetal_files::Digest;
use bimetal_manifest::schema::{Component, Kind, Language};
use camino::Utf8Path;
use fs_err as fs;

use super::*;
use crate::progress::Activity;
use crate::stages::build::BuiltMain;
use crate::toolchain::Invocation;

fn built(directory: &Utf8Path, type_name: &str, bytes: &str) -> CheckedPlugin {
    let name = format!("processor-{type_name}");
    let path = directory.join(format!("{name}.so"));
    fs::write(&path, bytes).unwrap();
    let component = Component {
        kind: Kind::Processor,
        type_name: type_name.to_owned(),
        aliases: Vec::new(),
        signals: BTreeMap::new(),
        module: String::new(),
        default_config: None,
        config_schema: None,
    };
    let checked = Checked {
        path: path.clone(),
        sha256: Digest::of(bytes.as_bytes()),
        size: bytes.len() as u64,
        about: None,
    };
    let invocation = Invocation::new("go", "/");
    CheckedPlugin {
        built: BuiltPlugin {
            name,
            language: Language::Go,
            component,
            path,
            invocation,
        },
        checked,
    }
}

fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
    (keep, path)
}

#[test]
fn a_plugin_that_is_no_object_file_is_left_to_the_check_and_a_missing_one_is_not() {
    let (_keep, directory) = directory();
    let plugin = built(&directory, "text", "not\u{1b}[2J a plugin");
    let digest = plugin.checked.sha256;
    let read = read::plugin(plugin.built, Some("{}")).unwrap();
    assert_eq!(read.checked.sha256, digest);
    assert!(read.checked.about.is_none());
    let missing = built(&directory, "missing", "x").built;
    fs::remove_file(&missing.path).unwrap();
    let error = read::plugin(missing, Some("{}")).unwrap_err();
    assert!(!error.is_refusal(), "{error}");
}

#[test]
fn a_main_that_cannot_be_read_is_no_refusal_of_a_plugin() {
    let (_keep, directory) = directory();
    let plugins = [built(&directory, "a", "one")];
    let main = main_that(&directory, "exit 0");
    let stage = Stage::make(&directory, &plugins).unwrap();
    let error = check::check(&main.path, &stage, &plugins).unwrap_err();
    assert!(!error.is_refusal(), "{error}");
    assert!(matches!(error, VerifyError::Read { .. }), "{error}");
}

/// Main as far as this step sees it: a program that gets arguments and ends with a number.
fn main_that(directory: &Utf8Path, body: &str) -> Checked {
    let path = directory.join("main");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    read::program(BuiltMain {
        path,
        invocation: Invocation::new("go", "/"),
    })
    .unwrap()
}

fn load_with(main: &Checked, plugins: &[CheckedPlugin], out: &Utf8Path) -> Result<(), VerifyError> {
    load::load(
        out,
        &main.path,
        &Stage::make(out, plugins)?,
        &Passed::of(main, plugins).known(out),
        &Runner {
            logs: None,
            activity: &Activity::silent(),
        },
    )
}

#[test]
fn main_is_given_what_ships_under_the_names_and_rights_that_ship() {
    let (_keep, directory) = directory();
    let plugins = [built(&directory, "a", "one"), built(&directory, "b", "two")];
    let main = main_that(
        &directory,
        r#"set -e
           stage="$PWD/.bimetal/stage"
           dir=$stage/plugins
           flags="--load --plugins-require-lock --timeout=60s --plugins-dir=$dir"
           [ "$*" = "plugins validate $flags $dir/processor-a.so $dir/processor-b.so" ]
           [ "$TMPDIR" = "$stage/tmp" ]
           [ "$(cat $stage/plugins/processor-a.so)" = one ]
           modes=$(stat -c %a $dir $dir/processor-a.so $stage/tmp | tr '\n' ' ')
           [ "$modes" = "755 755 700 " ]
           grep -q processor-b.so $stage/plugins/plugins.lock"#,
    );
    load_with(&main, &plugins, &directory).unwrap();
    assert!(
        !directory.join(".bimetal/stage").exists(),
        "the staging directory is removed"
    );
}

#[test]
fn only_a_verdict_of_main_is_a_refusal() {
    let (_keep, directory) = directory();
    let plugins = [built(&directory, "a", "one")];
    for (code, refused) in [(1, false), (2, true), (3, true), (127, false)] {
        let main = main_that(&directory, &format!("echo 'the reason' >&2; exit {code}"));
        let error = load_with(&main, &plugins, &directory).unwrap_err();
        assert_eq!(error.is_refusal(), refused, "{code}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("the reason"), "{source}");
    }
    assert!(!directory.join(".bimetal/stage").exists());
}

#[test]
fn a_plugin_that_changed_since_it_was_compared_is_not_loaded() {
    let (_keep, directory) = directory();
    let plugins = [built(&directory, "a", "one")];
    fs::write(&plugins[0].checked.path, "evil").unwrap();
    let main = main_that(&directory, "echo loaded > trace");
    assert!(matches!(
        load_with(&main, &plugins, &directory),
        Err(VerifyError::Changed { .. })
    ));
    assert!(!directory.join("trace").exists());
}

#[test]
fn a_plugin_with_its_final_mode_is_linked_into_the_stage_and_outlives_it() {
    let (_keep, directory) = directory();
    let plugins = [built(&directory, "a", "one"), built(&directory, "b", "two")];
    let path = &plugins[0].checked.path;
    fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let stage = Stage::make(&directory, &plugins).unwrap();
    let inode = |path: &Utf8PathBuf| fs::metadata(path).unwrap().ino();
    let is_linked = [0, 1].map(|at| inode(&stage.plugins[at]) == inode(&plugins[at].checked.path));
    assert_eq!(is_linked, [true, false]);
    drop(stage);
    assert_eq!(fs::read(path).unwrap(), b"one");
}

#[test]
fn exactly_the_digests_that_passed_are_remembered() {
    let (_keep, directory) = directory();
    let main = main_that(&directory, "exit 0");
    let both = [built(&directory, "a", "one"), built(&directory, "b", "two")];
    let passed = Passed::of(&main, &both);
    assert!(!passed.is_remembered(&directory));
    passed.remember(&directory).unwrap();
    assert!(passed.is_remembered(&directory));
    assert!(
        !Passed::of(&main, &both[..1]).is_remembered(&directory),
        "fewer plugins are another set"
    );
    assert!(!Passed::of(&main, &[built(&directory, "a", "other")]).is_remembered(&directory));
    let known = |main: &Checked, plugins: &[CheckedPlugin]| {
        let known = Passed::of(main, plugins);
        let known = known.known(&directory).into_iter().map(str::to_owned);
        known.collect::<Vec<_>>()
    };
    let changed = [
        built(&directory, "a", "other"),
        built(&directory, "b", "two"),
    ];
    assert_eq!(known(&main, &changed), ["processor-b.so"]);
    let line = r#"known="--loaded=$PWD/.bimetal/stage/plugins/processor-b.so"
        case "$*" in *"$known "*) exit 0;; *) exit 1;; esac"#;
    let other = main_that(&directory, line);
    assert!(!Passed::of(&other, &both).is_remembered(&directory));
    assert_eq!(known(&other, &changed), [""; 0], "another main loads all");
    load_with(&other, &changed, &directory).unwrap_err();
    Passed::of(&other, &both).remember(&directory).unwrap();
    load_with(&other, &changed, &directory).unwrap();
    fs::write(directory.join(".bimetal/verified.json"), "{").unwrap();
    assert!(
        !passed.is_remembered(&directory),
        "a damaged note counts as none"
    );
}
