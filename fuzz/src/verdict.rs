//! What must be true of every file that was read, and of every one that was accepted.
//!
//! In: main, a plugin, the verdict. Out: nothing. Invariant: says nothing that the comparison
//! itself computes; it looks at the values again.

use std::collections::BTreeSet;

use bimetal_manifest::object::{Artifact, Facts};
use bimetal_manifest::schema::{Language, Manifest};

/// Most entries of a list that has no narrower limit of its own.
const LIST: usize = 65_536;

/// Every list of `facts` has an end that does not depend on what the file claims.
pub fn assert_bounded(facts: &Facts) {
    assert!(facts.needed.len() <= 4096);
    assert!(facts.run_paths.len() <= 4096);
    assert!(facts.loader_requests.len() <= 32);
    assert!(facts.comments.len() <= 64);
    assert!(facts.plugin_symbols.len() <= 256);
    for text in facts
        .needed
        .iter()
        .chain(&facts.run_paths)
        .chain(&facts.interpreter)
    {
        // A byte that is no UTF-8 becomes a character of three bytes.
        assert!(text.len() <= 3 * 4096);
    }
    if let Some(go) = &facts.go {
        assert!(go.package_hashes.len() <= LIST);
    }
}

/// What was accepted beside `main` equals it in everything that would make a load fail or run wrong
/// code.
pub fn assert_equal_where_compared(main: &Artifact, plugin: &Artifact) {
    let manifest = plugin
        .first_manifest()
        .expect("a file without a manifest is never accepted");
    let part = main
        .manifest(manifest.language)
        .expect("main without a part in the language accepts nothing");
    assert_eq!(plugin.facts.machine, main.facts.machine);
    assert_eq!(manifest.target, part.target);
    assert_eq!(manifest.toolchain_version, part.toolchain_version);
    assert_eq!(manifest.build_profile, part.build_profile);
    assert_eq!(plugin.facts.run_paths, Vec::<String>::new());
    assert_eq!(plugin.facts.loader_requests, Vec::<String>::new());
    assert_dependencies((main, part), (plugin, manifest));
    let component = manifest
        .component
        .as_ref()
        .expect("a plugin without a component is never accepted");
    assert!(
        main.components()
            .all(|other| (other.kind, &other.type_name) != (component.kind, &component.type_name))
    );
    match manifest.language {
        Language::Rust => assert_eq!(
            manifest.abi.as_ref().map(|abi| abi.major),
            part.abi.as_ref().map(|abi| abi.major)
        ),
        Language::Go => assert_packages(main, plugin),
    }
}

/// A Go module of which both have no package reaches nothing that is shared.
fn assert_dependencies(main: (&Artifact, &Manifest), plugin: (&Artifact, &Manifest)) {
    let shared = shared_modules(main, plugin);
    let (main, plugin) = (main.1, plugin.1);
    for (name, hash) in &plugin.dependency_hashes {
        assert!(
            hash.starts_with("h1:") || hash.starts_with("sha256:"),
            "{name}: {hash}"
        );
        if plugin.language == Language::Go && !shared.contains(name.as_str()) {
            continue;
        }
        if let Some(other) = main.dependency_hashes.get(name) {
            assert_eq!(other, hash, "{name}");
        }
    }
}

/// The modules of the packages that both have: of each package, the one with the longest path.
fn shared_modules<'a>(
    main: (&'a Artifact, &'a Manifest),
    plugin: (&'a Artifact, &'a Manifest),
) -> BTreeSet<&'a str> {
    let (Some(ours), Some(theirs)) = (&main.0.facts.go, &plugin.0.facts.go) else {
        return BTreeSet::new();
    };
    let modules: BTreeSet<&str> = [(ours, main.1), (theirs, plugin.1)]
        .into_iter()
        .flat_map(|(go, manifest)| {
            let recorded = go.build_info.dependencies.iter().chain(&go.build_info.main);
            let stated = manifest.dependency_hashes.keys().map(String::as_str);
            recorded.map(|module| module.path.as_str()).chain(stated)
        })
        .collect();
    let is_below = |package: &str, module: &str| {
        let rest = package.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    theirs
        .package_hashes
        .keys()
        .filter(|package| ours.package_hashes.contains_key(*package))
        .filter_map(|package| {
            let of = modules.iter().filter(|module| is_below(package, module));
            of.max_by_key(|module| module.len()).copied()
        })
        .collect()
}

fn assert_packages(main: &Artifact, plugin: &Artifact) {
    let (Some(main), Some(plugin)) = (&main.facts.go, &plugin.facts.go) else {
        panic!("a Go plugin or a main without Go's facts is never accepted");
    };
    assert_eq!(main.build_info.go_version, plugin.build_info.go_version);
    for (package, hash) in &plugin.package_hashes {
        if let Some(other) = main.package_hashes.get(package) {
            assert_eq!(other, hash, "{package}");
        }
    }
}
