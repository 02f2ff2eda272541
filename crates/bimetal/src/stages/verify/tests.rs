//! Tests of [`super`]: what is compared, what is asked of main, and what is not asked twice.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_manifest::object::{
    BuildInfo, Form, Format, GoFacts, Manifests, ObjectType, PackageHash, SymbolKind,
};
use bimetal_manifest::schema::{Component, Kind, Language, Manifest};
use camino::Utf8Path;
use fs_err as fs;
use serde_json::json;

use super::error::Finding;
use super::*;
use crate::progress::Activity;
use crate::stages::build::BuiltMain;
use crate::toolchain::Invocation;

fn manifest(artifact: &str, extra: &serde_json::Value) -> Manifest {
    let mut value = json!({
        "schema_version": 1, "artifact": artifact, "language": "go", "toolchain_version": "go1.26.8", "build_profile": "release",
        "dependency_hashes": {"example.com/m": "h1:a"}, "build_flags": ["-trimpath"], "target": "x86_64-unknown-linux-gnu",
        "build_time": "2026-11-23T12:34:56Z",
    });
    value
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    Manifest::parse(&value.to_string()).unwrap()
}

fn artifact(form: Form, manifest: Manifest, packages: &[(&str, u8)]) -> Artifact {
    let go = GoFacts {
        build_info: BuildInfo {
            go_version: "go1.26.8".to_owned(),
            ..BuildInfo::default()
        },
        plugin_path: None,
        new_factory: Some(SymbolKind::Function),
        factory_types: std::collections::BTreeSet::new(),
        module_data: true,
        module_data_size: None,
        package_hashes: packages
            .iter()
            .map(|(name, byte)| ((*name).to_owned(), PackageHash([*byte; 8])))
            .collect(),
    };
    let facts = Facts {
        size: 1,
        format: Format::Elf,
        machine: "x86_64".to_owned(),
        object_type: ObjectType::Shared,
        form,
        interpreter: (form == Form::Main).then(|| "/lib64/ld-linux-x86-64.so.2".to_owned()),
        needed: Vec::new(),
        run_paths: Vec::new(),
        loader_requests: Vec::new(),
        glibc: None,
        static_tls: false,
        tls_size: 0,
        symbolic: true,
        needed_versions: Vec::new(),
        undefined: Vec::new(),
        native_exports: Vec::new(),
        exported: 1,
        plugin_symbols: Vec::new(),
        comments: Vec::new(),
        go: Some(go),
    };
    Artifact {
        facts,
        manifests: Ok(Manifests {
            text: String::new(),
            parts: vec![manifest],
        }),
    }
}

fn built(folder: &Utf8Path, type_name: &str, bytes: &str) -> CheckedPlugin {
    let name = format!("processor-{type_name}");
    let path = folder.join(format!("{name}.so"));
    fs::write(&path, bytes).unwrap();
    let component = Component {
        kind: Kind::Processor,
        type_name: type_name.to_owned(),
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

fn read(
    folder: &Utf8Path,
    type_name: &str,
    dependency: &str,
    packages: &[(&str, u8)],
) -> ReadPlugin {
    let plugin = built(folder, type_name, type_name);
    let extra = json!({
        "component": {"kind": "processor", "type": type_name, "module": "m v1"},
        "dependency_hashes": {"example.com/m": dependency},
    });
    let artifact = artifact(Form::GoPlugin, manifest("plugin", &extra), packages);
    ReadPlugin {
        finding: Finding::about(&plugin.built),
        plugin,
        artifact,
    }
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
    (keep, path)
}

#[test]
fn every_difference_of_every_plugin_is_listed_and_conflicts_within_the_set_too() {
    let (_keep, folder) = folder();
    let own = artifact(
        Form::Main,
        manifest("main", &json!({})),
        &[("main", 1), ("example.com/m/shared", 1)],
    );
    let mut plugins = [
        read(
            &folder,
            "bad",
            "h1:other",
            &[("example.com/m/shared", 2), ("extra", 9)],
        ),
        read(
            &folder,
            "first",
            "h1:a",
            &[("example.com/m/shared", 1), ("extra", 1)],
        ),
        read(
            &folder,
            "second",
            "h1:a",
            &[("example.com/m/shared", 1), ("extra", 2)],
        ),
    ];
    compare(&own, &mut plugins);
    let found = |place: usize| -> Vec<&str> {
        plugins[place]
            .finding
            .mismatches
            .iter()
            .map(|one| one.what.as_str())
            .collect()
    };
    assert_eq!(found(0), ["dependency"], "the module explains its package");
    assert!(
        found(1).is_empty(),
        "a refused plugin is never opened, so it is in nobody's way"
    );
    assert_eq!(found(2), ["plugin_set"]);

    let findings = plugins
        .iter()
        .map(|plugin| plugin.finding.clone())
        .filter(|finding| !finding.is_empty())
        .collect();
    let error = VerifyError::Refused { findings };
    assert!(error.is_refusal());
    insta::assert_snapshot!(error);
}

#[test]
fn a_plugin_that_is_no_object_file_is_a_finding() {
    let (_keep, folder) = folder();
    let plugin = built(&folder, "text", "not\u{1b}[2J a plugin").built;
    let finding = read::plugin(plugin, Some("{}")).unwrap().unwrap_err();
    assert_eq!(
        (finding.file.as_str(), finding.problems.len()),
        ("processor-text.so", 1)
    );
    let missing = built(&folder, "missing", "x").built;
    fs::remove_file(&missing.path).unwrap();
    let error = read::plugin(missing, Some("{}")).unwrap_err();
    assert!(!error.is_refusal(), "{error}");
}

/// Main as far as this step sees it: a program that gets arguments and ends with a number.
fn main_that(folder: &Utf8Path, body: &str) -> Checked {
    let path = folder.join("main");
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
        plugins,
        &Runner {
            logs: None,
            activity: &Activity::silent(),
        },
    )
}

#[test]
fn main_is_given_what_ships_under_the_names_and_rights_that_ship() {
    let (_keep, folder) = folder();
    let plugins = [built(&folder, "a", "one"), built(&folder, "b", "two")];
    let main = main_that(
        &folder,
        r#"set -e
           stage="$PWD/.bimetal/stage"
           [ "$*" = "plugins validate --load --plugins-require-lock --timeout=60s --plugins-dir=$stage/plugins $stage/plugins/processor-a.so $stage/plugins/processor-b.so" ]
           [ "$TMPDIR" = "$stage/tmp" ]
           [ "$(cat $stage/plugins/processor-a.so)" = one ]
           [ "$(stat -c %a $stage/plugins $stage/plugins/processor-a.so $stage/tmp | tr '\n' ' ')" = "755 755 700 " ]
           grep -q processor-b.so $stage/plugins/plugins.lock"#,
    );
    load_with(&main, &plugins, &folder).unwrap();
    assert!(
        !folder.join(".bimetal/stage").exists(),
        "the staging folder is removed"
    );
}

#[test]
fn only_a_judgement_of_main_is_a_refusal() {
    let (_keep, folder) = folder();
    let plugins = [built(&folder, "a", "one")];
    for (code, refused) in [(1, false), (2, true), (3, true), (127, false)] {
        let main = main_that(&folder, &format!("echo 'the reason' >&2; exit {code}"));
        let error = load_with(&main, &plugins, &folder).unwrap_err();
        assert_eq!(error.is_refusal(), refused, "{code}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("the reason"), "{source}");
    }
    assert!(!folder.join(".bimetal/stage").exists());
}

#[test]
fn a_plugin_that_changed_since_it_was_compared_is_not_loaded() {
    let (_keep, folder) = folder();
    let plugins = [built(&folder, "a", "one")];
    fs::write(&plugins[0].checked.path, "evil").unwrap();
    let main = main_that(&folder, "echo loaded > witness");
    assert!(matches!(
        load_with(&main, &plugins, &folder),
        Err(VerifyError::Changed { .. })
    ));
    assert!(!folder.join("witness").exists());
}

#[test]
fn exactly_the_digests_that_passed_are_remembered() {
    let (_keep, folder) = folder();
    let main = main_that(&folder, "exit 0");
    let both = [built(&folder, "a", "one"), built(&folder, "b", "two")];
    let passed = Passed::of(&main, &both);
    assert!(!passed.is_remembered(&folder));
    passed.remember(&folder).unwrap();
    assert!(passed.is_remembered(&folder));
    assert!(
        !Passed::of(&main, &both[..1]).is_remembered(&folder),
        "fewer plugins are another set"
    );
    assert!(!Passed::of(&main, &[built(&folder, "a", "other")]).is_remembered(&folder));
    assert!(!Passed::of(&main_that(&folder, "exit 1"), &both).is_remembered(&folder));
    fs::write(folder.join(".bimetal/verified.json"), "{").unwrap();
    assert!(
        !passed.is_remembered(&folder),
        "a damaged note counts as none"
    );
}
