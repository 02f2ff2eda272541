//! What must be true of every file that was accepted, said again without the code that compares.

use std::collections::BTreeMap;

use bimetal_manifest::Artifact;
use bimetal_manifest::schema::{Language, Manifest};

/// A plugin that fits `main` equals it in everything that would make a load fail or run wrong code.
pub(crate) fn assert_sound(main: &Artifact, plugin: &Artifact, name: &str) {
    let manifest = plugin.first_manifest().unwrap();
    let part = main.manifest(manifest.language).unwrap();
    assert_eq!(plugin.facts.machine, main.facts.machine, "{name}");
    assert!(plugin.facts.run_paths.is_empty(), "{name}");
    assert!(plugin.facts.loader_requests.is_empty(), "{name}");
    let stated = |manifest: &Manifest| {
        [
            &manifest.target,
            &manifest.toolchain_version,
            &manifest.build_profile,
        ]
        .map(String::clone)
    };
    assert_eq!(stated(manifest), stated(part), "{name}");
    assert_shared(&part.dependency_hashes, &manifest.dependency_hashes, name);
    let component = manifest.component.as_ref().unwrap();
    assert!(
        main.components()
            .all(|other| (other.kind, &other.type_name) != (component.kind, &component.type_name)),
        "{name}"
    );
    if manifest.language == Language::Rust {
        let major = |manifest: &Manifest| manifest.abi.as_ref().map(|abi| abi.major);
        assert_eq!(major(manifest), major(part), "{name}");
        return;
    }
    let (main, plugin) = (
        main.facts.go.as_ref().unwrap(),
        plugin.facts.go.as_ref().unwrap(),
    );
    assert_eq!(
        plugin.build_info.go_version, main.build_info.go_version,
        "{name}"
    );
    assert_shared(&main.package_hashes, &plugin.package_hashes, name);
}

fn assert_shared<V: PartialEq + std::fmt::Debug>(
    main: &BTreeMap<String, V>,
    plugin: &BTreeMap<String, V>,
    name: &str,
) {
    for (key, value) in plugin {
        if let Some(other) = main.get(key) {
            assert_eq!(value, other, "{name} {key}");
        }
    }
}
