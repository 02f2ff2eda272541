//! What must be true of every file that was read, and of every one that was accepted.
//!
//! In: main, a plugin, the verdict. Out: nothing. Invariant: says nothing that the comparison
//! itself computes; it looks at the values again.

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
    assert_dependencies(part, manifest);
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

fn assert_dependencies(main: &Manifest, plugin: &Manifest) {
    for (name, hash) in &plugin.dependency_hashes {
        if let Some(other) = main.dependency_hashes.get(name) {
            assert_eq!(other, hash, "{name}");
        }
    }
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
