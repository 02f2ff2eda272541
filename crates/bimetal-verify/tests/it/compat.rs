//! Differences between a real main and real plugins whose manifests or facts were changed one by
//! one.

use std::fmt::Write as _;

use bimetal_manifest::Artifact;
use bimetal_manifest::object::{PackageHash, SymbolKind};
use bimetal_manifest::schema::{Component, Kind, Language, Manifest, Policy};
use bimetal_verify::compare::{Check, Mismatch, Outcome, Rules};
use bimetal_verify::{System, compare};
use insta::assert_snapshot;

use crate::fixture::{component, fixtures, read};

fn go(change: impl FnOnce(&mut Manifest)) -> Vec<Mismatch> {
    changed(read(&fixtures().go_plugin), Policy::Exact, change)
}

fn rust(policy: Policy, change: impl FnOnce(&mut Manifest)) -> Vec<Mismatch> {
    changed(read(&fixtures().rust_plugin), policy, change)
}

fn changed(
    mut plugin: Artifact,
    policy: Policy,
    change: impl FnOnce(&mut Manifest),
) -> Vec<Mismatch> {
    change(&mut plugin.manifests.as_mut().unwrap().parts[0]);
    compare(&read(&fixtures().main), &plugin, policy)
}

fn text(mismatches: &[Mismatch]) -> String {
    let mut text = String::new();
    for found in mismatches {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(
            text,
            "{} {} `{}`: main {}, plugin {}\n  {}\n  {}",
            found.outcome.words(),
            found.check.as_str(),
            found.subject,
            side(&found.main),
            side(&found.plugin),
            found.on_load,
            found.help
        );
    }
    text.replace(&fixtures().go_version, "[go]")
        .replace(&fixtures().rust_version, "[rust]")
}

/// Gives a Go package another hash, or adds it.
fn set_hash(artifact: &mut Artifact, package: &str, byte: u8) {
    let go = artifact.facts.go.as_mut().unwrap();
    go.package_hashes
        .insert(package.to_owned(), PackageHash([byte; 8]));
}

fn kinds(mismatches: &[Mismatch]) -> Vec<Check> {
    mismatches.iter().map(|mismatch| mismatch.check).collect()
}

#[test]
fn names_every_difference_of_a_go_plugin_and_not_only_the_first() {
    assert_snapshot!(text(&go(|manifest| {
        manifest.toolchain_version = "go1.25.5".to_owned();
        manifest.target = "x86_64-unknown-linux-musl".to_owned();
        manifest.build_profile = "debug".to_owned();
        manifest.build_flags = vec!["-race".to_owned(), "-gcflags=all=-N -l".to_owned()];
        manifest
            .environment
            .insert("GOAMD64".to_owned(), "v3".to_owned());
        manifest
            .environment
            .insert("CGO_CFLAGS".to_owned(), "-O0".to_owned());
        manifest
            .environment
            .insert("GOCACHE".to_owned(), "/elsewhere".to_owned());
        manifest
            .dependency_hashes
            .insert("example.com/shared".to_owned(), "h1:BBBB".to_owned());
        manifest
            .dependency_hashes
            .insert("example.com/own".to_owned(), "h1:CCCC".to_owned());
        manifest.dependencies[0].version = "v1.2.4".to_owned();
        manifest.component.as_mut().unwrap().type_name = "batch".to_owned();
    })));
}

#[test]
fn names_every_difference_of_a_rust_plugin_and_not_only_the_first() {
    assert_snapshot!(text(&rust(Policy::Exact, |manifest| {
        manifest.toolchain_version = "1.90.0".to_owned();
        manifest.build_profile = "dev".to_owned();
        manifest.build_flags = vec!["-Copt-level=0".to_owned(), "-Cpanic=abort".to_owned()];
        manifest
            .dependency_hashes
            .insert("serde".to_owned(), "sha256:bbbb".to_owned());
        manifest.dependencies[0].version = "1.0.228".to_owned();
        manifest.abi.as_mut().unwrap().minor = 7;
        manifest
            .abi
            .as_mut()
            .unwrap()
            .features
            .push("profiles".to_owned());
        manifest.component.as_mut().unwrap().kind = Kind::Exporter;
    })));
}

#[test]
fn the_policy_abi_takes_another_compiler_and_other_crates_but_not_another_abi_or_panic_strategy() {
    let differ = |manifest: &mut Manifest| {
        manifest.build_profile = "dev".to_owned();
        manifest.build_flags = vec!["-Copt-level=0".to_owned()];
        manifest
            .dependency_hashes
            .insert("serde".to_owned(), "sha256:bbbb".to_owned());
    };
    assert_eq!(rust(Policy::Abi, differ), []);
    assert_eq!(
        kinds(&rust(Policy::Exact, differ)),
        [Check::Profile, Check::Flag, Check::Dependency]
    );
    let abort = rust(Policy::Abi, |manifest| {
        manifest.build_flags = vec!["-Cpanic=abort".to_owned()];
    });
    assert_eq!(
        (abort[0].check, abort[0].outcome),
        (Check::Flag, Outcome::WouldAbort)
    );
    let other_abi = rust(Policy::Abi, |manifest| {
        manifest.abi.as_mut().unwrap().major = 2;
    });
    assert_eq!(
        (other_abi[0].check, other_abi[0].outcome),
        (Check::Abi, Outcome::WouldAbort)
    );
    assert_eq!(
        kinds(&rust(Policy::Abi, |manifest| manifest.abi = None)),
        [Check::Abi]
    );
}

#[test]
fn a_smaller_minor_version_and_fewer_features_of_the_abi_fit() {
    let mut main = read(&fixtures().main);
    let plugin = read(&fixtures().rust_plugin);
    let abi = main.manifests.as_mut().unwrap().parts[1]
        .abi
        .as_mut()
        .unwrap();
    abi.minor = 9;
    abi.features.push("more".to_owned());
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
}

#[test]
fn the_same_version_with_other_contents_would_run_wrong_code() {
    let found = go(|manifest| {
        manifest
            .dependency_hashes
            .insert("example.com/shared".to_owned(), "h1:BBBB".to_owned());
    });
    assert_eq!(
        (found[0].check, found[0].outcome),
        (Check::Dependency, Outcome::WouldRunWrongCode)
    );
}

#[test]
fn a_manifest_that_names_another_compiler_than_the_file_is_a_lie() {
    let found = go(|manifest| manifest.toolchain_version = "go1.25.5".to_owned());
    assert_eq!(
        kinds(&found),
        [Check::Toolchain, Check::ManifestContradictsBinary]
    );
    let found = rust(Policy::Abi, |manifest| {
        manifest.toolchain_version = "1.90.0".to_owned();
    });
    assert_eq!(kinds(&found), [Check::ManifestContradictsBinary]);
}

#[test]
fn experiments_in_gos_record_are_no_lie_and_differ_as_a_variable() {
    let (main, mut plugin) = (read(&fixtures().main), read(&fixtures().go_plugin));
    let info = &mut plugin.facts.go.as_mut().unwrap().build_info;
    info.go_version.push_str("-X:jsonv2");
    info.settings
        .push(("GOEXPERIMENT".to_owned(), "jsonv2".to_owned()));
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(kinds(&found), [Check::Environment]);
    assert_eq!(found[0].subject, "GOEXPERIMENT");
}

#[test]
fn compilers_that_break_plugins_are_denied_even_if_both_have_them() {
    for version in ["go1.27.0", "go1.27.1", "go1.27.1-X:jsonv2"] {
        let (mut main, mut plugin) = (read(&fixtures().main), read(&fixtures().go_plugin));
        for artifact in [&mut main, &mut plugin] {
            artifact.manifests.as_mut().unwrap().parts[0].toolchain_version = version.to_owned();
            artifact.facts.go.as_mut().unwrap().build_info.go_version = version.to_owned();
        }
        let found = compare(&main, &plugin, Policy::Exact);
        assert_eq!(kinds(&found), [Check::DeniedToolchain], "{version}");
    }
}

#[test]
fn changed_package_hashes_are_folded_into_one_mismatch() {
    let mut plugin = read(&fixtures().go_plugin);
    let hashes = &mut plugin.facts.go.as_mut().unwrap().package_hashes;
    hashes.insert("internal/abi".to_owned(), PackageHash([0; 8]));
    hashes.insert("runtime".to_owned(), PackageHash([0; 8]));
    hashes.insert("example.com/own".to_owned(), PackageHash([0; 8]));
    let found = compare(&read(&fixtures().main), &plugin, Policy::Exact);
    assert_eq!(kinds(&found), [Check::PackageHash]);
    assert_eq!(
        (found[0].count, found[0].names.clone()),
        (2, vec!["internal/abi".to_owned(), "runtime".to_owned()])
    );
}

#[test]
fn a_factory_that_is_missing_or_a_variable_is_found_before_loading() {
    let main = read(&fixtures().main);
    let mut plugin = read(&fixtures().go_plugin);
    plugin.facts.go.as_mut().unwrap().new_factory = Some(SymbolKind::Object);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        (found[0].check, found[0].outcome),
        (Check::Factory, Outcome::Refused)
    );
    plugin.facts.go.as_mut().unwrap().new_factory = None;
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        (found[0].check, found[0].outcome),
        (Check::Factory, Outcome::Refused)
    );
}

#[test]
fn a_main_that_cannot_open_go_plugins_still_takes_rust_plugins() {
    let mut main = read(&fixtures().main);
    main.facts.go.as_mut().unwrap().package_hashes.clear();
    assert_eq!(
        kinds(&compare(&main, &read(&fixtures().go_plugin), Policy::Exact)),
        [Check::Form]
    );
    assert_eq!(
        compare(&main, &read(&fixtures().rust_plugin), Policy::Exact),
        []
    );
}

#[test]
fn libraries_paths_and_loader_requests_beyond_the_allowed_are_refused() {
    let mut plugin = read(&fixtures().rust_plugin);
    plugin.facts.needed.push("libevil.so".to_owned());
    plugin.facts.run_paths.push("$ORIGIN".to_owned());
    plugin.facts.loader_requests.push("DT_AUDIT".to_owned());
    let mut main = read(&fixtures().main);
    let found = compare(&main, &plugin, Policy::Abi);
    assert_eq!(
        kinds(&found),
        [Check::RunPath, Check::LoaderRequest, Check::NeededLibrary]
    );
    main.facts.needed.push("libevil.so".to_owned());
    assert_eq!(compare(&main, &plugin, Policy::Abi).len(), 2);
}

#[test]
fn texts_of_a_plugin_are_escaped_in_every_mismatch() {
    let found = go(|manifest| {
        manifest.toolchain_version = "go1\u{1b}[2J".to_owned();
        manifest.target = "\u{202e}x".to_owned();
        manifest.build_flags.push("-gcflags=\u{7}".to_owned());
        manifest.component.as_mut().unwrap().module = "\u{9b}31m".to_owned();
        manifest.component.as_mut().unwrap().type_name = "batch".to_owned();
    });
    let json = serde_json::to_string(&found).unwrap();
    assert!(
        !json.contains(['\u{1b}', '\u{202e}', '\u{7}', '\u{9b}']) && !json.contains("\\u001b"),
        "{json}"
    );
}

#[test]
fn a_manifest_for_the_other_language_or_a_main_without_that_part_is_refused() {
    let found = go(|manifest| manifest.language = Language::Rust);
    assert_eq!(found[0].check, Check::ManifestContradictsBinary);
    let mut main = read(&fixtures().main);
    main.manifests.as_mut().unwrap().parts.pop();
    assert_eq!(
        kinds(&compare(
            &main,
            &read(&fixtures().rust_plugin),
            Policy::Exact
        )),
        [Check::Manifest]
    );
}

#[test]
fn a_plugin_as_main_is_named() {
    let plugin = read(&fixtures().rust_plugin);
    let found = compare(&plugin, &plugin, Policy::Exact);
    assert_eq!(
        (found[0].check, found[0].subject.as_str()),
        (Check::Form, "main")
    );
}

#[test]
fn a_flag_may_tighten_the_policy_and_not_loosen_it() {
    let mut main = read(&fixtures().main);
    let policy = |main: &Artifact, flag| Rules::of(main, flag).policy;
    assert_eq!(policy(&main, Some(Policy::Abi)), Policy::Exact);
    main.manifests.as_mut().unwrap().parts[0]
        .plugins
        .as_mut()
        .unwrap()
        .policy = Policy::Abi;
    assert_eq!(policy(&main, None), Policy::Abi);
    assert_eq!(policy(&main, Some(Policy::Exact)), Policy::Exact);
}

#[test]
fn modules_that_the_manifest_leaves_out_are_compared_by_gos_own_record() {
    let (mut main, mut plugin) = (read(&fixtures().main), read(&fixtures().go_plugin));
    for (artifact, version) in [(&mut main, "v1.0.0"), (&mut plugin, "v1.0.1")] {
        let module = bimetal_manifest::object::Module {
            path: "example.com/hidden".to_owned(),
            version: version.to_owned(),
            sum: format!("h1:{version}"),
            replaced_by: None,
        };
        artifact
            .facts
            .go
            .as_mut()
            .unwrap()
            .build_info
            .dependencies
            .push(module);
        set_hash(artifact, "example.com/hidden", 1);
    }
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        (found.len(), found[0].subject.as_str()),
        (1, "example.com/hidden")
    );
    let parts = &mut plugin.manifests.as_mut().unwrap().parts;
    parts[0]
        .dependency_hashes
        .insert("example.com/hidden".to_owned(), "h1:v1.0.0".to_owned());
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(kinds(&found), [Check::ManifestContradictsBinary]);
}

#[test]
fn a_component_that_main_has_linked_in_is_refused() {
    let mut main = read(&fixtures().main);
    main.manifests.as_mut().unwrap().parts[1].components = vec![Component {
        ..component(Language::Rust)
    }];
    assert_eq!(
        kinds(&compare(
            &main,
            &read(&fixtures().rust_plugin),
            Policy::Exact
        )),
        [Check::Component]
    );
}

#[test]
fn a_main_that_leaves_a_language_out_refuses_its_plugins_and_names_the_key() {
    let against = |languages: &[Language], plugin: &Artifact| {
        let mut main = read(&fixtures().main);
        let parts = &mut main.manifests.as_mut().unwrap().parts;
        parts[0].plugin_languages = Some(languages.to_vec());
        if !languages.contains(&Language::Go) {
            // The linker of such a main keeps and exports none of this.
            let go = main.facts.go.as_mut().unwrap();
            (go.module_data, go.module_data_size) = (false, None);
            go.package_hashes.clear();
            main.facts.native_exports.clear();
        }
        let system = System::of_this_machine(&main, true);
        let rules = Rules {
            system: Some(&system),
            ..Rules::default()
        };
        compare(&main, plugin, rules)
    };
    let (go, rust) = (read(&fixtures().go_plugin), read(&fixtures().rust_plugin));
    let refusals = [
        against(&[Language::Rust], &go),
        against(&[Language::Go], &rust),
    ];
    assert_snapshot!(text(&refusals.concat()), @"
    refused plugin_language `dist.plugin_languages`: main rust, plugin go
      main was built without the loader for Go plugins
      build main again with `dist.plugins_dir` and `go` in `dist.plugin_languages`, or take the file out of the plugin directory
    refused plugin_language `dist.plugin_languages`: main go, plugin rust
      main was built without the loader for Rust plugins
      build main again with `dist.plugins_dir` and `rust` in `dist.plugin_languages`, or take the file out of the plugin directory
    ");
    assert_eq!(against(&[Language::Rust], &rust), []);
    assert_eq!(against(&[Language::Go, Language::Rust], &go), []);
}
