//! Tests of [`super`] with real `go` and `cargo` over small graphs.

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use bimetal_manifest::schema::Dependency;

use super::*;
use crate::model::{GoSources, by_key};
use crate::progress::Activity;
use crate::stages::plan::samples;

fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
    for (name, text) in files {
        put(&root.join(name), text);
    }
    (keep, root)
}

fn put(path: &Utf8Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn hashed(plan: &Plan, given: &BTreeSet<String>) -> Result<GoSources, LockError> {
    let activity = Activity::silent();
    let variables = variables::read(plan, &runner(&activity))?;
    go_sources::hash(plan, given, &variables, &runner(&activity))
}

fn runner(activity: &Activity) -> Runner<'_> {
    Runner {
        logs: None,
        activity,
    }
}

/// name -> who brings it in.
fn requirers(dependencies: &[Dependency]) -> Vec<(&str, Option<&str>)> {
    keys_of(dependencies)
        .into_iter()
        .zip(dependencies)
        .map(|(name, dependency)| (name, dependency.required_by.as_deref()))
        .collect()
}

fn keys_of(dependencies: &[Dependency]) -> Vec<&str> {
    dependencies.iter().map(|one| one.name.as_str()).collect()
}

/// A Go distribution: main uses `far`, the plugin's component uses `near`, and `near` uses `far`
/// and `deep`.
fn go_distribution() -> (tempfile::TempDir, Plan) {
    let module = "module example.com/otelcol\n\ngo 1.25\n";
    let names = [
        "go.opentelemetry.io/collector/exporter/debugexporter",
        "example.com/near",
        "example.com/far",
        "example.com/deep",
    ];
    let local = names.map(|name| {
        let directory = name.rsplit('/').next().unwrap();
        format!("\nrequire {name} v0.161.0\nreplace {name} => ../{directory}\n")
    });
    let go_mod = format!("{module}{}", local.concat());
    let (keep, root) = directory(&[
        ("out/go.mod", &go_mod),
        (
            "out/main.go",
            "package main\nimport _ \"example.com/far\"\nfunc main() {}\n",
        ),
        (
            "out/internal/plugin/exporter-debugexporter/main.go",
            "package main\nimport _ \"go.opentelemetry.io/collector/exporter/debugexporter\"\n\
             func main() {}\n",
        ),
        (
            "debugexporter/go.mod",
            "module go.opentelemetry.io/collector/exporter/debugexporter\n\ngo 1.25\n",
        ),
        (
            "debugexporter/a.go",
            "package debugexporter\nimport _ \
             \"go.opentelemetry.io/collector/exporter/debugexporter/internal\"\n",
        ),
        (
            "debugexporter/internal/a.go",
            "package internal\nimport _ \"example.com/near\"\n",
        ),
        ("near/go.mod", "module example.com/near\n\ngo 1.25\n"),
        (
            "near/a.go",
            "package near\nimport (\n_ \"example.com/deep\"\n_ \"example.com/far\"\n_ \"fmt\"\n)\n",
        ),
        ("far/go.mod", "module example.com/far\n\ngo 1.25\n"),
        ("far/a.go", "package far\nimport _ \"example.com/deep\"\n"),
        ("deep/go.mod", "module example.com/deep\n\ngo 1.25\n"),
        ("deep/a.go", "package deep\n"),
    ]);
    let mut plan = samples::hosted_plan();
    plan.out = root.join("out");
    plan.go.tool.as_mut().unwrap().program = "go".into();
    plan.go_components.clear();
    (keep, plan)
}

#[test]
fn a_go_module_names_the_module_that_brings_it_in() {
    let (_keep, plan) = go_distribution();
    let sources = hashed(&plan, &BTreeSet::new()).unwrap();
    assert_eq!(
        requirers(&sources.main),
        [
            ("example.com/deep", Some("example.com/far")),
            ("example.com/far", None)
        ]
    );
    assert_eq!(
        requirers(&sources.plugins["exporter-debugexporter"]),
        [
            ("example.com/deep", Some("example.com/near")),
            ("example.com/far", Some("example.com/near")),
            ("example.com/near", None),
            ("go.opentelemetry.io/collector/exporter/debugexporter", None),
        ]
    );
}

#[test]
fn a_profile_beside_main_does_not_change_the_list_of_packages() {
    let (_keep, plan) = go_distribution();
    let without = hashed(&plan, &BTreeSet::new()).unwrap();
    put(&plan.out.join("default.pgo"), "");
    let with = hashed(&plan, &BTreeSet::new()).unwrap();
    assert_eq!(with.main, without.main);
    assert_eq!(with.plugins, without.plugins);
}

#[test]
fn of_the_given_tags_those_count_that_a_file_of_the_graph_asks_for() {
    let (_keep, mut plan) = go_distribution();
    let near = plan.out.join("../near");
    put(
        &near.join("one.go"),
        "//go:build one\n\npackage near\nimport _ \"net\"\n",
    );
    put(&near.join("two.go"), "//go:build !two\n\npackage near\n");
    put(
        &near.join("two_test.go"),
        "//go:build three\n\npackage near\n",
    );
    let far = plan.out.join("../far");
    put(
        &far.join("old.go"),
        "// +build old\n\npackage far\nimport _ \"example.com/gone\"\n",
    );
    put(&far.join("far.s"), "//go:build assembled\n\n// No code.\n");
    put(
        &far.join("main.go"),
        "//go:build !not_main\n\npackage far\n",
    );
    let tags = |plan: &Plan, flags: &str| {
        let given = tags::given(&plan.go.tags, flags);
        let sources = hashed(plan, &given).unwrap();
        let plugin = sources.plugin_tags["exporter-debugexporter"].join(" ");
        (sources.main_tags.join(" "), plugin)
    };
    assert_eq!(tags(&plan, ""), (String::new(), String::new()));
    plan.go.tags = "two,one,three,assembled,not_main".to_owned();
    let wanted = ("assembled not_main", "assembled not_main one two");
    assert_eq!(tags(&plan, "-tags=old"), (wanted.0.into(), wanted.1.into()));
    // The toolchain's own packages count like others; main has none that asks for `netgo`.
    plan.go.tags = "one,netgo,faketime".to_owned();
    let wanted = ("faketime", "faketime netgo one");
    assert_eq!(tags(&plan, ""), (wanted.0.into(), wanted.1.into()));
}

#[test]
fn go_still_takes_the_old_form_of_a_constraint() {
    let (_keep, mut plan) = go_distribution();
    let old = plan.out.join("../far/old.go");
    put(
        &old,
        "// +build old\n\npackage far\nimport _ \"example.com/gone\"\n",
    );
    plan.go.tags = "old".to_owned();
    let given = tags::given("old", "");
    let Err(error) = hashed(&plan, &given) else {
        panic!("the file was left out")
    };
    assert!(matches!(error, LockError::GoList { .. }), "{error}");
}

#[test]
fn tags_of_the_variable_become_a_flag_of_main_and_its_plugins() {
    let mut plan = samples::hosted_plan();
    let fixed = |plan: &Plan, flags: &str| fixed_tags(plan, &tags::given(&plan.go.tags, flags));
    assert_eq!(fixed(&plan, "-tags=b,a"), "a,b");
    plan.go.tags = "a,b".to_owned();
    assert_eq!(fixed(&plan, "-tags=c"), "a,b");
}

/// A Rust distribution: the plugin's component and the SDK each use another version of one crate.
fn rust_distribution() -> (tempfile::TempDir, Plan) {
    let package = |name: &str, version: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n{rest}")
    };
    let (keep, root) = directory(&[
        (
            "rust/Cargo.toml",
            "[workspace]\nresolver = \"3\"\n\
             members = [\"main\", \"describe/*\", \"plugin/processor-my-redactor\"]\n",
        ),
        (
            "rust/main/Cargo.toml",
            &package(
                "bimetal-main",
                "0.0.0",
                "[dependencies]\nmy-sampler = { path = \"../../local/my-sampler\" }\n",
            ),
        ),
        (
            "rust/describe/processor-my-redactor/Cargo.toml",
            &package(
                "describe-processor-my-redactor",
                "0.0.0",
                "[dependencies]\nmy-redactor = { path = \"../../../local/my-redactor\" }\n",
            ),
        ),
        (
            "rust/describe/processor-my-sampler/Cargo.toml",
            &package(
                "describe-processor-my-sampler",
                "0.0.0",
                "[dependencies]\nmy-sampler = { path = \"../../../local/my-sampler\" }\n",
            ),
        ),
        (
            "rust/plugin/processor-my-redactor/Cargo.toml",
            &package(
                "plugin-processor-my-redactor",
                "0.0.0",
                "[dependencies]\nmy-redactor = { path = \"../../../local/my-redactor\" }\n\
                 sdk = { path = \"../../../local/sdk\" }\n",
            ),
        ),
        (
            "local/my-redactor/Cargo.toml",
            &package(
                "my-redactor",
                "0.3.0",
                "[dependencies]\nmatch = { path = \"../match-two\", version = \"2\" }\n\
                 [dev-dependencies]\nonly-tests = { path = \"../only-tests\" }\n",
            ),
        ),
        (
            "local/my-sampler/Cargo.toml",
            &package(
                "my-sampler",
                "0.3.0",
                "[dependencies]\nsdk = { path = \"../sdk\" }\n",
            ),
        ),
        (
            "local/sdk/Cargo.toml",
            &package(
                "sdk",
                "1.0.0",
                "[dependencies]\nold = { package = \"match\", path = \"../match-one\" }\n",
            ),
        ),
        ("local/match-one/Cargo.toml", &package("match", "1.0.0", "")),
        (
            "local/match-two/Cargo.toml",
            &package(
                "match",
                "2.0.0",
                "[build-dependencies]\ntables = { path = \"../tables\" }\n",
            ),
        ),
        ("local/tables/Cargo.toml", &package("tables", "1.0.0", "")),
        (
            "local/only-tests/Cargo.toml",
            &package("only-tests", "1.0.0", ""),
        ),
        ("local/match-two/build.rs", "fn main() {}"),
    ]);
    let crates = [
        "rust/main",
        "rust/describe/processor-my-redactor",
        "rust/describe/processor-my-sampler",
        "rust/plugin/processor-my-redactor",
        "local/my-redactor",
        "local/my-sampler",
        "local/sdk",
        "local/match-one",
        "local/match-two",
        "local/tables",
        "local/only-tests",
    ];
    for directory in crates {
        put(&root.join(directory).join("src/lib.rs"), "");
    }
    let mut plan = samples::hosted_plan();
    plan.out = root;
    plan.rust.as_mut().unwrap().tools.cargo = "cargo".into();
    plan.rust.as_mut().unwrap().tools.rustc = "rustc".into();
    (keep, plan)
}

#[test]
fn a_crate_names_the_crate_that_brings_it_in_by_its_key() {
    let (_keep, plan) = rust_distribution();
    let sources = crates::hash(
        &plan,
        &SourceTree::default(),
        Network::On,
        &runner(&Activity::silent()),
    )
    .unwrap();
    assert_eq!(
        requirers(&sources.main),
        [
            ("match", Some("sdk")),
            ("my-sampler", None),
            ("sdk", Some("my-sampler"))
        ]
    );
    assert_eq!(
        requirers(&sources.plugins["processor-my-redactor"]),
        [
            ("match", Some("sdk")),
            ("match", None),
            ("my-redactor", None),
            ("sdk", None),
            ("tables", Some("match@2.0.0")),
        ]
    );
    let describers = ["processor-my-redactor", "processor-my-sampler"]
        .map(|name| keys_of(&sources.describers[name]));
    assert_eq!(
        describers,
        [
            vec!["match", "my-redactor", "tables"],
            vec!["match", "my-sampler", "sdk"]
        ]
    );
}

#[test]
fn crates_that_do_not_go_together_get_no_hint_about_a_registry() {
    let (_keep, plan) = rust_distribution();
    let path = plan.out.join("local/my-redactor/Cargo.toml");
    let text = fs::read_to_string(&path).unwrap();
    put(
        &path,
        &text.replace("version = \"2\" }", "version = \"3\" }"),
    );
    let activity = Activity::silent();
    let runner = runner(&activity);
    let hint = |plan: &Plan| {
        let error = crates::hash(plan, &SourceTree::default(), Network::On, &runner)
            .err()
            .unwrap();
        bimetal_terminal::Hint::hint(&error).unwrap().into_owned()
    };
    assert!(hint(&plan).contains("a common version of the crate"));
    let absent = "version = \"2\", features = [\"absent\"] }";
    put(&path, &text.replace("version = \"2\" }", absent));
    let found = hint(&plan);
    assert!(found.starts_with("name features in `cargo`"), "{found}");
}

fn dependency(name: &str, version: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        version: version.to_owned(),
        source: "registry".to_owned(),
        hash: format!("sha256:{version}"),
        features: Vec::new(),
        replaced_by: None,
        required_by: None,
    }
}

#[test]
fn a_name_that_occurs_twice_is_keyed_with_its_version() {
    let keys = by_key(&[
        dependency("serde", "1.0.229"),
        dependency("syn", "1.0.109"),
        dependency("syn", "2.0.117"),
    ]);
    assert_eq!(
        keys.keys().collect::<Vec<_>>(),
        ["serde", "syn@1.0.109", "syn@2.0.117"]
    );
}
