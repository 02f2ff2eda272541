//! Rust crates that an entry names by their path.
//!
//! In: workspaces as people have them. Out: what is taken over, warnings, errors. Invariant: cargo
//! is the real one.

use super::*;

/// A workspace as people have them: inheritance, a path dependency, files that do not belong into a
/// package.
fn workspace(machine: &Machine) {
    machine.put(
        "ws/Cargo.toml",
        "[workspace]\nmembers = [\"redactor\", \"words\"]\nresolver = \"3\"\n[workspace.package]\n\
         version = \"0.3.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         [workspace.dependencies]\nwords = { path = \"words\", features = [\"fast\"] }\n\
         bimetal-sdk = { path = \"sdk\" }\n\
         serde = { version = \"1.0.229\", default-features = false }\n",
    );
    machine.put(
        "ws/redactor/Cargo.toml",
        "[package]\nname = \"my-redactor\"\nversion.workspace = true\nedition.workspace = true\n\
         license.workspace = true\nbuild = \"build.rs\"\n\
         [features]\ndefault = [\"regex\"]\nregex = [\"dep:memchr\"]\n\
         [dependencies]\nwords.workspace = true\nbimetal-sdk.workspace = true\n\
         serde.workspace = true\nmemchr = { version = \"2\", optional = true }\n\
         old = { package = \"log\", version = \"0.4\" }\n\
         remote = { git = \"https://git.invalid/remote\", tag = \"v1\" }\n\
         [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[dev-dependencies]\ninsta = \"1\"\n\
         [build-dependencies]\ncfg-if = \"1\"\n\
         [[bin]]\nname = \"tool\"\npath = \"src/tool.rs\"\n[lints.rust]\nunused = \"deny\"\n",
    );
    machine.put("ws/redactor/src/lib.rs", "pub fn component() {}\n");
    machine.put("ws/redactor/src/tool.rs", "fn main() {}\n");
    machine.put("ws/redactor/build.rs", "fn main() {}\n");
    machine.put("ws/redactor/data/words.txt", "secret\n");
    machine.put("ws/redactor/target/debug/junk", "junk\n");
    machine.put(
        "ws/words/Cargo.toml",
        "[package]\nname = \"words\"\nversion.workspace = true\n\
        edition.workspace = true\n[features]\nfast = []\n",
    );
    machine.put("ws/words/src/lib.rs", "");
    machine.put(
        "ws/sdk/Cargo.toml",
        "[package]\nname = \"bimetal-sdk\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    machine.put("ws/sdk/src/lib.rs", "");
}

#[test]
fn a_path_crate_is_taken_over_with_the_path_crates_that_it_needs() {
    let machine = Machine::new();
    workspace(&machine);
    let found = machine
        .resolve(
            "processors:\n  - cargo: my-redactor = { path = \
        \"../ws/redactor\", features = [\"regex\"] }\n",
        )
        .unwrap();
    let Source::Rust(named) = &found.components[0].source else {
        panic!("it is a crate")
    };
    assert_eq!(
        named.value,
        "{ features = [\"regex\"], path = \"local/my-redactor\" }"
    );
    let copies: Vec<&str> = found
        .local_crates
        .iter()
        .map(|local| local.name.as_str())
        .collect();
    assert_eq!(
        copies,
        ["my-redactor", "words"],
        "the SDK is brought by the builder"
    );
    let redactor = &found.local_crates[0];
    let files: Vec<&str> = redactor
        .files
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(
        files,
        ["build.rs", "data/words.txt", "src/lib.rs", "src/tool.rs"]
    );
    assert_snapshot!(redactor.manifest);
    assert!(
        !machine.path("ws/redactor/Cargo.lock").exists() && !machine.path("ws/target").exists(),
        "nothing is left behind"
    );
}

#[test]
fn a_profile_of_a_path_crates_workspace_is_named_where_it_has_no_effect() {
    let machine = Machine::new();
    workspace(&machine);
    let path = machine.path("ws/Cargo.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text + "\n[profile.release]\nlto = \"fat\"\nopt-level = 2\n",
    )
    .unwrap();
    let warnings = |profile: &str| {
        let yaml = format!(
            "dist: {{rust_profile: {profile}}}\n\
             processors:\n  - cargo: my-redactor = {{ path = \"../ws/redactor\" }}\n"
        );
        let found = machine.resolve(&yaml).unwrap().warnings.join("\n");
        found.replace(machine.path("").as_str(), "/")
    };
    assert_snapshot!(warnings("release"), @"
    cargo follows the profiles of the generated workspace, where `dist.rust_profile` is `release`; these settings of components have no effect:
      `/ws/Cargo.toml`: `profile.release.lto`, `profile.release.opt-level`
    ");
    assert!(warnings("dist").ends_with("`/ws/Cargo.toml`: `profile.release.opt-level`"));
    assert_eq!(warnings("dev"), "");
}

#[test]
fn a_copied_manifest_is_one_that_cargo_reads() {
    let machine = Machine::new();
    workspace(&machine);
    let resolved = machine
        .resolve("processors:\n  - cargo: my-redactor = { path = \"../ws/redactor\" }\n")
        .unwrap();
    for local in &resolved.local_crates {
        machine.put(
            &format!("copy/local/{}/Cargo.toml", local.name),
            &local.manifest,
        );
        for (path, bytes) in &local.files {
            machine.put(
                &format!("copy/local/{}/{path}", local.name),
                std::str::from_utf8(bytes).unwrap(),
            );
        }
    }
    machine.put(
        "copy/bimetal/bimetal-sdk/Cargo.toml",
        "[package]\nname = \"bimetal-sdk\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let cargo = resolved.rust.unwrap().cargo;
    let manifest = machine.path("copy/local/my-redactor/Cargo.toml");
    let arguments = [
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--manifest-path",
        manifest.as_str(),
    ];
    let invocation = crate::toolchain::Invocation::cargo_in(
        machine.path("copy"),
        &cargo,
        machine.path("scratch"),
    )
    .args(arguments);
    runner.read("cargo-metadata", &invocation).unwrap();
}

#[test]
fn a_bad_path_crate_is_reported_with_what_is_wrong() {
    let machine = Machine::new();
    workspace(&machine);
    machine.put(
        "ws2/bin/Cargo.toml",
        "[package]\nname = \"only-bin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    machine.put("ws2/bin/src/main.rs", "fn main() {}\n");
    machine.put("ws2/broken/Cargo.toml", "[package\n");
    let refused = |cargo: &str| machine.refused(&format!("processors:\n  - cargo: {cargo}\n"));
    assert_snapshot!(refused("r = { path = \"../none\" }"), @"
    /machine/config/b.yaml:2:5: cannot take over the path crate of `processors[0]`
    caused by: there is no `/machine/none/Cargo.toml`
    hint: `path` in `cargo` is relative to the configuration file
    ");
    assert_snapshot!(refused("r = { path = \"../ws/redactor\" }"), @r#"
    /machine/config/b.yaml:2:5: cannot take over the path crate of `processors[0]`
    caused by: the package in `/machine/ws/redactor/Cargo.toml` is `my-redactor`, not `r`
    hint: name the package in `cargo`, or rename it with `package = "..."`
    "#);
    assert_snapshot!(refused("only-bin = { path = \"../ws2/bin\" }"), @"
    /machine/config/b.yaml:2:5: cannot take over the path crate of `processors[0]`
    caused by: `only-bin` has no library
    hint: a component is a library crate with `pub fn component()`
    ");
    assert_snapshot!(refused("bimetal-sdk = { path = \"../ws/sdk\" }"), @"
    /machine/config/b.yaml:2:5: cannot take over the path crate of `processors[0]`
    caused by: `bimetal-sdk` is a crate that the builder brings itself
    ");
    assert!(refused("broken = { path = \"../ws2/broken\" }").contains("Cargo.toml:1:9"));
}
