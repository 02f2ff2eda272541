use insta::assert_snapshot;

use super::*;
use crate::model::{Linkage, RustProfile};
use crate::stages::plan::plan;
use crate::stages::plan::samples::{go, hosted, hosted_plan, module, plain, plain_plan};
use bimetal_manifest::schema::{Kind, Language};

/// Every shape of distribution that the templates have a branch for.
fn shapes() -> Vec<SourceTree> {
    let bare = |mut resolved: crate::stages::resolve::Resolved| {
        resolved.providers.clear();
        resolved.components.clear();
        generate(&plan(resolved))
    };
    let mut converted = plain();
    converted.converters = vec![module(
        "confmap/converter/expandconverter",
        "expandconverter",
        "v0.161.0",
    )];
    converted.default_uri_scheme = "env".to_owned();
    vec![
        generate(&plain_plan()),
        generate(&hosted_plan()),
        generate(&plan(converted.clone())),
        bare(plain()),
        bare(hosted()),
        bare(converted),
        generate(&without_go_plugins()),
    ]
}

/// A main with a host and no Go plugin.
fn without_go_plugins() -> crate::model::Plan {
    let mut resolved = hosted();
    resolved.components[1].linkage = Linkage::Static;
    resolved.dist.plugin_languages = Some(vec![Language::Rust]);
    plan(resolved)
}

#[test]
fn only_a_main_that_loads_go_plugins_imports_gos_package_for_them() {
    let imports = |tree: &SourceTree| {
        tree.iter()
            .filter(|(path, _)| path.extension() == Some("go"))
            .filter(|(path, _)| text(tree, path.as_str()).contains("\"plugin\"\n"))
            .map(|(path, _)| path.to_string())
            .collect::<Vec<_>>()
    };
    let (with, without) = (generate(&hosted_plan()), generate(&without_go_plugins()));
    assert_eq!(imports(&with), ["internal/goplugin/open.go"]);
    assert_eq!(imports(&without), [""; 0]);
    let main = text(&without, "main.go");
    assert!(main.contains("plugincmd.NewCommand(set, nil)"), "{main}");
}

#[test]
fn generated_go_is_as_gofmt_would_write_it() {
    let activity = crate::progress::Activity::silent();
    let runner = crate::toolchain::Runner {
        logs: None,
        activity: &activity,
    };
    for tree in shapes() {
        let directory = tempfile::tempdir().unwrap();
        let out = camino::Utf8Path::from_path(directory.path()).unwrap();
        write(&tree, out).unwrap();
        let files = tree.iter().filter(|(path, _)| {
            path.extension() == Some("go") && !path.starts_with("internal/pluginhost")
        });
        let files: Vec<String> = files
            .map(|(path, _)| path.to_string())
            .filter(|path| !path.starts_with("internal/plugincmd"))
            .collect();
        let gofmt = crate::toolchain::Invocation::new("gofmt", out)
            .arg("-d")
            .args(files);
        let differences = runner.read("gofmt", &gofmt).unwrap();
        assert_eq!(String::from_utf8_lossy(&differences), "");
    }
}

fn text(tree: &SourceTree, path: &str) -> String {
    String::from_utf8(
        tree.get(path)
            .unwrap_or_else(|| panic!("no {path}"))
            .to_vec(),
    )
    .unwrap()
}

#[test]
fn a_plain_distribution_has_ocbs_files_and_no_others() {
    let tree = generate(&plain_plan());
    let paths: Vec<&str> = tree.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "components.go",
            "go.mod",
            "main.go",
            "main_others.go",
            "main_windows.go"
        ]
    );
    assert_eq!(tree.seeds().count(), 0);
}

#[test]
fn main_without_a_plugin_host() {
    assert_snapshot!(text(&generate(&plain_plan()), "main.go"));
}

#[test]
fn main_with_a_plugin_host() {
    assert_snapshot!(text(&generate(&hosted_plan()), "main.go"));
}

#[test]
fn main_with_converters_and_a_default_scheme_and_no_provider() {
    let mut resolved = plain();
    resolved.providers.clear();
    resolved.converters = vec![module(
        "confmap/converter/expandconverter",
        "expandconverter",
        "v0.161.0",
    )];
    resolved.default_uri_scheme = "env".to_owned();
    assert_snapshot!(text(&generate(&plan(resolved)), "main.go"));
}

#[test]
fn main_on_windows_and_elsewhere() {
    let tree = generate(&plain_plan());
    assert_snapshot!(text(&tree, "main_windows.go"));
    assert_snapshot!(text(&tree, "main_others.go"));
}

#[test]
fn the_components_that_are_linked_in() {
    assert_snapshot!(text(&generate(&plain_plan()), "components.go"));
}

#[test]
fn plugins_are_not_linked_in() {
    let tree = generate(&hosted_plan());
    assert!(!text(&tree, "components.go").contains("debugexporter"));
    assert_snapshot!(text(
        &tree,
        "internal/plugin/exporter-debugexporter/main.go"
    ));
}

#[test]
fn go_mod_names_modules_replacements_and_exclusions() {
    let mut resolved = plain();
    let mut local = go(Kind::Exporter, Linkage::Static, "debugexporter");
    if let crate::stages::resolve::Source::Go(module) = &mut local.source {
        module.replace = Some("../my exporter".to_owned());
    }
    resolved.components[1] = local;
    resolved.replaces = vec!["a => b v1".to_owned()];
    resolved.excludes = vec!["c v1".to_owned()];
    assert_snapshot!(text(&generate(&plan(resolved)), "go.mod"));
}

#[test]
fn go_mod_of_a_distribution_with_a_plugin_host_has_what_the_host_needs() {
    let text = text(&generate(&hosted_plan()), "go.mod");
    for line in carried::go_requirements() {
        assert_eq!(text.matches(&format!("\t{line}\n")).count(), 1, "{line}");
    }
    assert!(
        text.contains("debugexporter v0.161.0"),
        "a plugin's module is resolved together with main's"
    );
}

#[test]
fn the_rust_workspace() {
    let tree = generate(&hosted_plan());
    for path in [
        "rust/Cargo.toml",
        "rust/main/Cargo.toml",
        "rust/main/src/lib.rs",
        "rust/describe/processor-my-redactor/Cargo.toml",
        "rust/describe/processor-my-redactor/src/main.rs",
        "rust/plugin/processor-my-redactor/Cargo.toml",
        "rust/plugin/processor-my-redactor/src/lib.rs",
    ] {
        assert_snapshot!(path.replace('/', "_"), text(&tree, path));
    }
    assert!(text(&tree, "rust/local/my-redactor/src/lib.rs").contains("code"));
}

#[test]
fn a_distribution_without_rust_components_has_only_the_host() {
    let mut resolved = hosted();
    resolved.components.truncate(3);
    resolved.local_crates.clear();
    let tree = generate(&plan(resolved));
    assert!(
        !tree
            .iter()
            .any(|(path, _)| path.starts_with("rust/describe"))
    );
    let workspace = text(&tree, "rust/Cargo.toml");
    assert!(!workspace.contains("bimetal-sdk"), "{workspace}");
    assert!(text(&tree, "rust/main/src/lib.rs").contains("register_static(&[])"));
}

#[test]
fn only_the_profile_for_shipping_optimises_as_a_whole() {
    let workspace = |plan| text(&generate(&plan), "rust/Cargo.toml");
    let daily = workspace(hosted_plan());
    assert!(!daily.contains("lto") && daily.contains("incremental"));
    let mut resolved = hosted();
    resolved.dist.rust_profile = Some(RustProfile::Dist);
    let (_, profile) = workspace(plan(resolved))
        .split_once("\n\n[profile.")
        .map(|(rest, profile)| (rest.to_owned(), profile.to_owned()))
        .unwrap();
    assert_snapshot!(profile, @r#"
    dist]
    inherits = "release"
    lto = "fat"
    codegen-units = 1
    # A panic must stop at the FFI boundary between Go and Rust, not end the process.
    panic = "unwind"
    "#);
}

#[test]
fn what_is_carried_needs_nothing_of_our_repository() {
    let tree = generate(&hosted_plan());
    for (path, bytes) in tree
        .iter()
        .filter(|(path, _)| path.starts_with("internal") || path.starts_with("rust/bimetal"))
    {
        let text = String::from_utf8_lossy(bytes);
        assert!(
            !text.contains("bimetal.dev/go/"),
            "{path} still imports from our module"
        );
        assert!(
            !path.as_str().ends_with("_test.go")
                && !path.components().any(|part| part.as_str() == "tests"),
            "{path}"
        );
        if path.file_name() == Some("Cargo.toml") {
            let document: toml_edit::DocumentMut = text.parse().unwrap();
            assert!(!document.contains_key("dev-dependencies"), "{path}");
        }
    }
    let workspace: toml_edit::DocumentMut = text(&tree, "rust/bimetal/Cargo.toml").parse().unwrap();
    let dependencies = workspace["workspace"]["dependencies"].as_table().unwrap();
    assert!(
        dependencies
            .iter()
            .all(|(key, _)| key != "insta" && key != "bimetal-conformance")
    );
    assert_eq!(
        dependencies["bimetal-abi"]["path"].as_str(),
        Some("bimetal-abi")
    );
}

#[test]
fn the_same_plan_gives_the_same_sources() {
    assert_eq!(generate(&hosted_plan()), generate(&hosted_plan()));
}

#[test]
fn the_generators_hash_is_a_digest() {
    assert_eq!(crate::model::GENERATOR_HASH.len(), "sha256:".len() + 64);
}

#[test]
fn a_text_with_quotes_cannot_leave_its_string() {
    let mut resolved = plain();
    resolved.dist.description = "\"; panic(\"x\nlast`".to_owned();
    let main = text(&generate(&plan(resolved)), "main.go");
    assert!(
        main.contains(r#"Description: "\"; panic(\"x\nlast`","#),
        "{main}"
    );
}

#[test]
fn first_files_of_a_new_directory() {
    let context =
        serde_json::json!({ "name": "my-otelcol", "version": "v0.161.0", "stable": "v1.67.0" });
    for template in [
        "init/manifest.yaml.j2",
        "init/config.yaml.j2",
        "init/Makefile.j2",
        "init/README.md.j2",
        "init/gitignore.j2",
    ] {
        assert_snapshot!(
            template.replace('/', "_"),
            render(template, context.clone())
        );
    }
}
