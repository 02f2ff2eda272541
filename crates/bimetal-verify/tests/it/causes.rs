//! Package hashes that differ are folded to what made them differ.

use bimetal_manifest::Artifact;
use bimetal_manifest::object::{Module, PackageHash};
use bimetal_manifest::schema::{Dependency, Kind, Manifest, Policy};
use bimetal_verify::compare;
use bimetal_verify::compare::{Check, Mismatch, Outcome};

use crate::fixture::{fixtures, read};

fn pair() -> (Artifact, Artifact) {
    (read(&fixtures().main), read(&fixtures().go_plugin))
}

/// Gives packages of the plugin other hashes than main's.
fn differ(plugin: &mut Artifact, packages: &[&str]) {
    let hashes = &mut plugin.facts.go.as_mut().unwrap().package_hashes;
    for package in packages {
        hashes.insert((*package).to_owned(), PackageHash([0xee; 8]));
    }
}

fn manifest(plugin: &mut Artifact) -> &mut Manifest {
    &mut plugin.manifests.as_mut().unwrap().parts[0]
}

fn short(found: &[Mismatch]) -> Vec<(Check, &str, Outcome, usize)> {
    found
        .iter()
        .map(|one| {
            (
                one.check,
                one.subject.as_str(),
                one.outcome,
                one.names.len(),
            )
        })
        .collect()
}

#[test]
fn one_flag_explains_the_standard_library() {
    let (main, mut plugin) = pair();
    manifest(&mut plugin).build_flags.push("-race".to_owned());
    differ(&mut plugin, &["runtime", "internal/cpu", "sync"]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(short(&found), [(Check::Flag, "-race", Outcome::Refused, 3)]);
    assert_eq!(
        found[0].on_load,
        "`plugin.Open` would refuse it: the hashes of 3 packages differ"
    );
}

#[test]
fn a_flag_that_no_package_hash_shows_goes_unnoticed_by_go() {
    let (main, mut plugin) = pair();
    manifest(&mut plugin)
        .build_flags
        .push("-gcflags=all=-B".to_owned());
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Flag, "-gcflags", Outcome::WouldRunWrongCode, 0)]
    );
}

#[test]
fn a_setting_that_reaches_no_shared_package_is_no_difference() {
    let (main, mut plugin) = pair();
    manifest(&mut plugin)
        .environment
        .insert("GOFIPS140".to_owned(), "v1.0.0".to_owned());
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
    differ(&mut plugin, &["runtime"]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Environment, "GOFIPS140", Outcome::Refused, 1)]
    );
}

#[test]
fn a_tag_that_no_file_asks_for_is_no_difference() {
    let (mut main, mut plugin) = pair();
    manifest(&mut plugin).build_flags = vec!["-trimpath".to_owned(), "-tags=a,b,more".to_owned()];
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Flag, "-tags", Outcome::WouldRunWrongCode, 0)]
    );
    manifest(&mut main).effective_tags = Some(vec!["a".to_owned()]);
    manifest(&mut plugin).effective_tags = Some(vec!["a".to_owned()]);
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
    // Main was given `b` too; that only files of the plugin ask for it makes no difference.
    manifest(&mut plugin).effective_tags = Some(vec!["b".to_owned()]);
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
    manifest(&mut plugin).effective_tags = Some(vec!["a".to_owned(), "more".to_owned()]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(found[0].plugin.as_deref(), Some("a,more"));
}

#[test]
fn a_patch_release_is_refused_by_go_and_another_minor_release_ends_the_process() {
    for (version, class) in [
        ("go1.26.1", Outcome::Refused),
        ("go1.25.8", Outcome::WouldAbort),
    ] {
        let (main, mut plugin) = pair();
        version.clone_into(&mut manifest(&mut plugin).toolchain_version);
        version.clone_into(&mut plugin.facts.go.as_mut().unwrap().build_info.go_version);
        differ(&mut plugin, &["runtime", "internal/godebugs"]);
        let found = compare(&main, &plugin, Policy::Exact);
        assert_eq!(
            short(&found),
            [(Check::Toolchain, "Go", class, 2)],
            "{version}"
        );
    }
}

#[test]
fn a_module_explains_its_packages_and_says_who_brings_it_in() {
    let (main, mut plugin) = pair();
    let part = manifest(&mut plugin);
    part.dependency_hashes
        .insert("example.com/shared".to_owned(), "h1:BBBB".to_owned());
    part.dependencies[0].version = "v1.2.4".to_owned();
    part.dependencies[0].required_by = Some("example.com/between".to_owned());
    for (name, by) in [
        ("example.com/between", Some("example.com/top")),
        ("example.com/top", None),
    ] {
        part.dependencies.push(Dependency {
            name: name.to_owned(),
            version: "v0.1.0".to_owned(),
            source: "proxy".to_owned(),
            hash: "h1:CCCC".to_owned(),
            features: Vec::new(),
            replaced_by: None,
            required_by: by.map(str::to_owned),
        });
    }
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(
            Check::Dependency,
            "example.com/shared",
            Outcome::WouldRunWrongCode,
            0
        )]
    );
    differ(&mut plugin, &["example.com/shared"]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Dependency, "example.com/shared", Outcome::Refused, 1)]
    );
    assert_eq!(
        found[0].required_by,
        ["example.com/between", "example.com/top"]
    );
    assert!(found[0].help.contains("go get example.com/shared@v1.2.3"));
}

#[test]
fn requirers_that_lead_in_a_circle_end() {
    let (main, mut plugin) = pair();
    let part = manifest(&mut plugin);
    part.dependency_hashes
        .insert("example.com/shared".to_owned(), "h1:BBBB".to_owned());
    part.dependencies[0].required_by = Some("example.com/shared".to_owned());
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(found[0].required_by, ["example.com/shared"]);
}

#[test]
fn a_module_that_shares_no_package_with_main_is_no_difference() {
    let (mut main, mut plugin) = pair();
    for (artifact, hash) in [(&mut main, "h1:1"), (&mut plugin, "h1:2")] {
        manifest(artifact)
            .dependency_hashes
            .insert("example.com/apart".to_owned(), hash.to_owned());
    }
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
}

#[test]
fn a_workspace_against_a_version_is_named_and_not_forty_packages() {
    let (mut main, mut plugin) = pair();
    for (artifact, version) in [(&mut main, "(devel)"), (&mut plugin, "v1.0.0")] {
        let info = &mut artifact.facts.go.as_mut().unwrap().build_info;
        info.dependencies.push(Module {
            path: "example.com/work".to_owned(),
            version: version.to_owned(),
            ..Module::default()
        });
    }
    let packages: Vec<_> = (0..40)
        .map(|n| format!("example.com/work/p{n:02}"))
        .collect();
    let names: Vec<_> = packages.iter().map(String::as_str).collect();
    differ(&mut main, &names);
    let hashes = &mut main.facts.go.as_mut().unwrap().package_hashes;
    for name in &names {
        hashes.insert((*name).to_owned(), PackageHash([1; 8]));
    }
    differ(&mut plugin, &names);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::PackageHash, "example.com/work", Outcome::Refused, 40)]
    );
    assert!(found[0].help.contains("go.work"), "{}", found[0].help);
    assert_eq!(found[0].main.as_deref(), Some("(devel)"));
}

#[test]
fn a_directory_against_a_version_is_named_also_where_the_manifests_tell() {
    for version in ["", "(devel)"] {
        let (mut main, mut plugin) = pair();
        version.clone_into(&mut manifest(&mut main).dependencies[0].version);
        manifest(&mut plugin)
            .dependency_hashes
            .insert("example.com/shared".to_owned(), "h1:BBBB".to_owned());
        let found = compare(&main, &plugin, Policy::Exact);
        assert!(found[0].help.contains("go.work"), "{}", found[0].help);
    }
}

#[test]
fn what_nothing_explains_is_named_by_its_pattern() {
    let (main, mut plugin) = pair();
    differ(&mut plugin, &["internal/goexperiment", "runtime"]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(
            Check::PackageHash,
            "Go's standard library",
            Outcome::Refused,
            2
        )]
    );
    assert!(found[0].help.contains("GOEXPERIMENT"));
}

#[test]
fn profiles_of_one_name_are_distinguished() {
    let (mut main, mut plugin) = pair();
    for (artifact, digest) in [(&mut main, "sha256:1"), (&mut plugin, "sha256:2")] {
        let part = manifest(artifact);
        part.build_flags.push("-pgo=default.pgo".to_owned());
        part.pgo_profile = Some(digest.to_owned());
    }
    differ(&mut plugin, &["internal/runtime/maps"]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Flag, "PGO profile", Outcome::Refused, 1)]
    );
}

#[test]
fn a_value_for_a_variable_of_a_shared_package_would_be_lost() {
    let (mut main, mut plugin) = pair();
    manifest(&mut plugin)
        .build_flags
        .extend(["-ldflags=-s -X example.com/shared.Name=plugin -X main.version=2".to_owned()]);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(
            Check::Flag,
            "-ldflags=-X example.com/shared.Name",
            Outcome::WouldRunWrongCode,
            0
        )]
    );
    manifest(&mut main)
        .build_flags
        .push("-ldflags=-X=example.com/shared.Name=plugin".to_owned());
    assert_eq!(compare(&main, &plugin, Policy::Exact), []);
}

#[test]
fn a_factory_of_another_type_is_seen_where_main_has_the_type() {
    let (mut main, plugin) = pair();
    let types = &mut main.facts.go.as_mut().unwrap().factory_types;
    types.insert(Kind::Processor);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(Check::Factory, "NewFactory", Outcome::Refused, 0)]
    );
}

#[test]
fn another_size_of_the_runtimes_record_betrays_another_runtime() {
    let (main, mut plugin) = pair();
    let go = plugin.facts.go.as_mut().unwrap();
    assert!(go.module_data_size > Some(0), "{:?}", go.module_data_size);
    go.module_data_size = Some(8);
    let found = compare(&main, &plugin, Policy::Exact);
    assert_eq!(
        short(&found),
        [(
            Check::ManifestContradictsBinary,
            "Go runtime",
            Outcome::WouldAbort,
            0
        )]
    );
}
