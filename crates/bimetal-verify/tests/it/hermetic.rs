//! Plugins beside a main of a hermetic build.

use std::collections::BTreeMap;

use bimetal_manifest::Artifact;
use bimetal_manifest::schema::{ArtifactKind, Builder, Hermetic, Language, Manifest, Policy, Tool};
use bimetal_verify::compare::Check;
use bimetal_verify::{Mismatch, compare};

use crate::fixture::{fixtures, manifest, read};

fn environment(gcc: &str) -> Hermetic {
    let map = |entries: &[(&str, &str)]| {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let tool = Tool {
        version: "go1.26.8".to_owned(),
        hash: format!("sha256:{gcc}"),
    };
    Hermetic {
        base_images: map(&[("rootfs", "sha256:00")]),
        dockerfile: "sha256:11".to_owned(),
        packages: map(&[("gcc:amd64", gcc), ("libc6:amd64", "2.36")]),
        tools: BTreeMap::from([("go".to_owned(), tool)]),
        variables: map(&[("GOENV", "off")]),
        builder: Builder {
            name: "bimetal".to_owned(),
            version: "0.1.0".to_owned(),
            generator_hash: "sha256:22".to_owned(),
        },
        other: serde_json::Map::new(),
    }
}

/// `artifact` as it would be if it had been built in `environment`.
fn built_in(mut artifact: Artifact, environment: Option<&Hermetic>) -> Artifact {
    if let Ok(manifests) = &mut artifact.manifests {
        for part in &mut manifests.parts {
            part.hermetic = environment.cloned();
            part.environment_hash = environment.map(Hermetic::hash);
        }
    }
    artifact
}

fn about_environments(main: &Artifact, plugin: &Artifact, policy: Policy) -> Vec<Mismatch> {
    let mut found = compare(main, plugin, policy);
    found.retain(|mismatch| mismatch.check == Check::HermeticEnvironment);
    found
}

#[test]
fn only_the_same_environment_is_accepted_and_every_item_that_differs_is_reported() {
    let (ours, other) = (environment("12.2"), environment("14.2"));
    let main = built_in(read(&fixtures().main), Some(&ours));
    for file in [&fixtures().go_plugin, &fixtures().rust_plugin] {
        let same = built_in(read(file), Some(&ours));
        assert_eq!(about_environments(&main, &same, Policy::Exact), []);
        let found = about_environments(&main, &built_in(read(file), Some(&other)), Policy::Exact);
        let [mismatch] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(mismatch.main.as_ref(), Some(&ours.hash()));
        assert_eq!(mismatch.plugin.as_ref(), Some(&other.hash()));
        assert_eq!(
            mismatch.names,
            [
                "tool go: main go1.26.8 sha256:12.2, plugin go1.26.8 sha256:14.2",
                "package gcc:amd64: main 12.2, plugin 14.2",
            ]
        );
        assert!(mismatch.help.contains("--hermetic"), "{}", mismatch.help);
    }
}

#[test]
fn a_plugin_from_outside_is_refused_beside_a_hermetic_main_and_not_beside_another() {
    let ours = environment("12.2");
    let hermetic = built_in(read(&fixtures().main), Some(&ours));
    let plugin = built_in(read(&fixtures().go_plugin), None);
    let found = about_environments(&hermetic, &plugin, Policy::Exact);
    assert_eq!(found.len(), 1);
    assert!(found[0].on_load.contains("outside"), "{}", found[0].on_load);
    assert_eq!(about_environments(&hermetic, &plugin, Policy::Abi), []);
    let plain = built_in(read(&fixtures().main), None);
    let from_container = built_in(read(&fixtures().go_plugin), Some(&ours));
    assert_eq!(
        about_environments(&plain, &from_container, Policy::Exact),
        []
    );
}

#[test]
fn a_manifest_whose_hash_is_not_that_of_its_items_is_refused_under_every_policy() {
    let ours = environment("12.2");
    let main = built_in(read(&fixtures().main), Some(&ours));
    let mut plugin = built_in(read(&fixtures().rust_plugin), Some(&environment("14.2")));
    if let Ok(manifests) = &mut plugin.manifests {
        manifests.parts[0].environment_hash = Some(ours.hash());
    }
    for policy in [Policy::Exact, Policy::Abi] {
        let found = about_environments(&main, &plugin, policy);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].subject, "plugin");
        assert!(
            found[0].on_load.contains("one of them was changed"),
            "{found:?}"
        );
    }
}

#[test]
fn a_main_whose_hash_is_not_that_of_its_items_takes_no_plugin() {
    let ours = environment("12.2");
    let mut main = built_in(read(&fixtures().main), Some(&ours));
    if let Ok(manifests) = &mut main.manifests {
        for part in &mut manifests.parts {
            part.environment_hash = None;
        }
    }
    for (plugin, built) in [
        (&fixtures().go_plugin, Some(&ours)),
        (&fixtures().rust_plugin, None),
    ] {
        let plugin = built_in(read(plugin), built);
        for policy in [Policy::Exact, Policy::Abi] {
            let found = about_environments(&main, &plugin, policy);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].subject, "main");
        }
    }
}

#[test]
fn the_environment_survives_the_text_of_a_manifest() {
    let ours = environment("12.2");
    let mut written = manifest(ArtifactKind::Plugin, Language::Go, "go1.26.8");
    written.environment_hash = Some(ours.hash());
    written.hermetic = Some(ours.clone());
    let text = serde_json::to_string(&written).unwrap();
    let read = Manifest::parse(&text).unwrap();
    assert_eq!(read.hermetic.unwrap().hash(), ours.hash());
}
