//! Files of the real compilers, as they are and stripped.

use bimetal_manifest::object::{
    GlibcVersion, ObjectType, SymbolKind, exported_symbols, open, read as read_file,
};
use bimetal_manifest::schema::Language;
use bimetal_manifest::schema::Policy;
use bimetal_manifest::{Artifact, Form, ManifestError};
use bimetal_verify::compare::{Candidate, Check, Outcome, open_questions};
use bimetal_verify::{compare, predict};
use camino::Utf8Path;

use crate::fixture::{fixtures, read, run};

#[test]
fn a_go_main_tells_its_manifests_and_its_package_hashes() {
    let main = read(&fixtures().main);
    assert_eq!(main.facts.form, Form::Main);
    assert_eq!(main.facts.object_type, ObjectType::Executable);
    assert!(main.facts.interpreter.is_some());
    assert_eq!(
        main.manifest(Language::Go).unwrap().toolchain_version,
        fixtures().go_version
    );
    assert_eq!(
        main.manifest(Language::Rust).unwrap().toolchain_version,
        fixtures().rust_version
    );
    assert_eq!(
        main.components()
            .map(|component| component.type_name.as_str())
            .collect::<Vec<_>>(),
        ["batch"]
    );
    let go = main.facts.go.unwrap();
    assert!(go.module_data);
    assert!(go.package_hashes.len() > 30 && go.package_hashes.contains_key("runtime"));
    assert_eq!(go.build_info.path, "example.com/main");
}

#[test]
fn a_go_plugin_tells_its_form_path_factory_and_build_information() {
    let plugin = read(&fixtures().go_plugin);
    assert_eq!(plugin.facts.form, Form::GoPlugin);
    assert_eq!(plugin.facts.machine, "x86_64");
    assert_eq!(plugin.facts.needed, ["libc.so.6"]);
    assert!(plugin.facts.static_tls);
    assert!(plugin.facts.glibc > GlibcVersion::parse("2.2.5"));
    assert_eq!(plugin.component().unwrap().type_name, "gopher");
    let go = plugin.facts.go.unwrap();
    assert_eq!(go.build_info.go_version, fixtures().go_version);
    assert_eq!(go.build_info.setting("-buildmode"), Some("plugin"));
    assert_eq!(go.build_info.setting("-tags"), Some("a,b"));
    assert_eq!(go.plugin_path.as_deref(), Some("example.com/gopher.v2"));
    assert_eq!(go.new_factory, Some(SymbolKind::Function));
    assert!(go.package_hashes.contains_key("example.com/gopher.v2"));
}

#[test]
fn a_rust_plugin_tells_its_form_symbols_and_compiler() {
    let plugin = read(&fixtures().rust_plugin);
    assert_eq!(plugin.facts.form, Form::RustPlugin);
    let symbols: Vec<_> = plugin
        .facts
        .plugin_symbols
        .iter()
        .map(|found| (found.name.as_str(), found.kind))
        .collect();
    assert!(
        symbols.contains(&("otelcol_processor_new_factory", SymbolKind::Function)),
        "{symbols:?}"
    );
    assert!(
        symbols.contains(&("collector_plugin_manifest", SymbolKind::Object)),
        "{symbols:?}"
    );
    let version = format!("rustc version {}", fixtures().rust_version);
    assert!(
        plugin
            .facts
            .comments
            .iter()
            .any(|comment| comment.starts_with(&version)),
        "{:?}",
        plugin.facts.comments
    );
    assert_eq!(plugin.facts.go, None);
    assert!(!plugin.facts.needed.is_empty());
}

#[test]
fn the_artifacts_of_one_build_fit() {
    let main = read(&fixtures().main);
    for path in [&fixtures().go_plugin, &fixtures().rust_plugin] {
        let plugin = read(path);
        assert_eq!(compare(&main, &plugin, Policy::Exact), [], "{path}");
    }
}

#[test]
fn what_is_predicted_of_real_package_hashes_is_what_the_runtime_does() {
    let main = read(&fixtures().main);
    let plugin = read(&fixtures().go_plugin);
    let hashes = &main.facts.go.as_ref().unwrap().package_hashes;
    let candidate = Candidate::of("gopher.so", &plugin).unwrap();
    assert!(predict(hashes, &[], &[candidate])[0].is_accepted());
    let said = run(
        Utf8Path::new("/"),
        fixtures().main.as_str(),
        &[fixtures().go_plugin.as_str()],
    );
    assert!(said.ends_with("<nil>\n"), "{said}");

    let directory = tempfile::tempdir().unwrap();
    let other = Utf8Path::from_path(directory.path())
        .unwrap()
        .join("other.so");
    let source = fixtures().go_plugin.parent().unwrap();
    run(
        source,
        "go",
        &[
            "build",
            "-buildvcs=false",
            "-tags=a,b",
            "-buildmode=plugin",
            "-o",
            other.as_str(),
            ".",
        ],
    );
    let other_plugin = read(&other);
    let mismatches = compare(&main, &other_plugin, Policy::Exact);
    // The manifest claims the flag; Go's own record does not have it. One flag explains every
    // package.
    let found: Vec<_> = mismatches
        .iter()
        .map(|mismatch| (mismatch.check, mismatch.subject.as_str()))
        .collect();
    assert_eq!(found, [(Check::Flag, "-trimpath")]);
    let flag = &mismatches[0];
    assert!(
        flag.count > 20 && flag.names.len() == flag.count,
        "{flag:?}"
    );
    assert_eq!(flag.outcome, Outcome::Refused);
    let said = run(
        Utf8Path::new("/"),
        fixtures().main.as_str(),
        &[other.as_str()],
    );
    assert!(said.contains("different version of package"), "{said}");
    let candidate = Candidate::of("other.so", &other_plugin).unwrap();
    assert!(!predict(hashes, &[], &[candidate])[0].is_accepted());
}

#[test]
fn stripping_takes_nothing_away_that_is_compared() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    for path in [
        &fixtures().main,
        &fixtures().go_plugin,
        &fixtures().rust_plugin,
    ] {
        let stripped = directory.join(path.file_name().unwrap());
        run(
            directory,
            "strip",
            &["-o", stripped.as_str(), path.as_str()],
        );
        let (before, after) = (read(path), read(&stripped));
        assert!(after.facts.size < before.facts.size);
        assert_eq!(after.facts.form, before.facts.form);
        assert_eq!(after.facts.go, before.facts.go);
        assert_eq!(after.facts.plugin_symbols, before.facts.plugin_symbols);
        assert_eq!(after.manifests, before.manifests);
    }
}

#[test]
fn shared_libraries_and_programs_that_are_no_plugins_are_distinguished() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    fs_err::write(
        directory.join("plain.c"),
        "int answer(void) { return 42; } int main(void) { return 0; }",
    )
    .unwrap();
    run(
        directory,
        "cc",
        &["-shared", "-fPIC", "-o", "plain.so", "plain.c"],
    );
    run(directory, "cc", &["-o", "program", "plain.c"]);
    run(directory, "cc", &["-c", "-o", "plain.o", "plain.c"]);
    fs_err::write(
        directory.join("go.mod"),
        "module example.com/c\n\ngo 1.26\n",
    )
    .unwrap();
    fs_err::write(
        directory.join("c.go"),
        "package main\n\nimport \"C\"\n\n//export Answer\n\
        func Answer() int { return 42 }\n\nfunc main() {}\n",
    )
    .unwrap();
    fs_err::remove_file(directory.join("plain.c")).unwrap();
    run(
        directory,
        "go",
        &[
            "build",
            "-buildvcs=false",
            "-buildmode=c-shared",
            "-o",
            "shared.so",
            ".",
        ],
    );
    let form = |name: &str| read(&directory.join(name)).facts.form;
    assert_eq!(form("plain.so"), Form::SharedLibrary);
    assert_eq!(form("program"), Form::Executable);
    assert_eq!(form("plain.o"), Form::Other);
    assert_eq!(form("shared.so"), Form::GoSharedLibrary);
    let main = read(&fixtures().main);
    for name in ["plain.so", "program", "plain.o", "shared.so"] {
        let found: Vec<_> = compare(&main, &read(&directory.join(name)), Policy::Abi)
            .iter()
            .map(|mismatch| mismatch.check)
            .collect();
        assert!(
            found.starts_with(&[Check::Form, Check::Manifest]),
            "{name}: {found:?}"
        );
    }
    assert_eq!(
        read(&directory.join("plain.so")).manifests,
        Err(ManifestError::Missing)
    );
}

#[test]
fn exported_symbols_are_sorted_and_limited() {
    let (file, _) = open(&fixtures().go_plugin).unwrap();
    let all = exported_symbols(&file, usize::MAX).unwrap();
    assert_eq!(all.symbols.len() as u64, all.total);
    assert!(all.symbols.is_sorted());
    assert!(
        all.symbols
            .iter()
            .any(|symbol| symbol.name == "example.com/gopher%2ev2.NewFactory")
    );
    let first = exported_symbols(&file, 10).unwrap();
    assert_eq!(first.symbols, all.symbols[..10]);
    assert_eq!(first.total, all.total);
}

#[test]
fn one_descriptor_can_be_read_again_and_again() {
    let file = fs_err::File::open(&fixtures().go_plugin)
        .unwrap()
        .into_parts()
        .0;
    let (one, other) = (read_file(&file).unwrap(), Artifact::read(&file).unwrap());
    assert_eq!(one.facts, other.facts);
    assert_eq!(one.manifests, other.manifests);
}

#[test]
fn a_newer_c_library_than_main_has_proven_is_an_open_question() {
    let (main, mut plugin) = (read(&fixtures().main), read(&fixtures().rust_plugin));
    assert_eq!(
        open_questions(&main, &plugin, Policy::Exact),
        Vec::<String>::new()
    );
    plugin.facts.glibc = GlibcVersion::parse("2.99");
    assert_eq!(open_questions(&main, &plugin, Policy::Exact).len(), 1);
    let rules = bimetal_verify::Rules {
        policy: Policy::Exact,
        glibc: GlibcVersion::parse("2.36"),
        system: None,
    };
    assert!(open_questions(&main, &plugin, rules).is_empty());
    assert_eq!(compare(&main, &plugin, rules)[0].check, Check::Libc);
}
