//! Second runs: nothing changed, one component changed, a component that no longer compiles, a file
//! that is not ours.

use std::process::Output;

use bimetal_conformance::distribution::{builder_program, repository, run};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use tempfile::TempDir;

const GO_PLUGIN: &str = "plugins/processor-go_probe.so";
const RUST_PLUGIN: &str = "plugins/processor-rust_probe.so";

/// A copy of the changing fixture, whose components may be edited.
struct Project {
    directory: Utf8PathBuf,
    out: Utf8PathBuf,
    _keep: TempDir,
}

impl Project {
    fn new(edit: impl FnOnce(String) -> String) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        let fixtures = repository().join("crates/bimetal-conformance/fixtures");
        for name in ["go-probe", "rust-probe"] {
            run(
                "cp",
                &["-r", fixtures.join(name).as_str(), directory.as_str()],
            )
            .unwrap();
        }
        let sdk = repository().join("crates/bimetal-sdk");
        replace(
            &directory.join("rust-probe/Cargo.toml"),
            "../../../bimetal-sdk",
            sdk.as_str(),
        );
        let config = edit(fs::read_to_string(fixtures.join("changing.yaml")).unwrap());
        fs::write(directory.join("changing.yaml"), config).unwrap();
        Self {
            out: directory.join("out"),
            directory,
            _keep: keep,
        }
    }

    fn build(&self) -> Output {
        builder_program()
            .unwrap()
            .current_dir(&self.directory)
            .args([
                "--config",
                self.directory.join("changing.yaml").as_str(),
                "--output-path",
                self.out.as_str(),
            ])
            .output()
            .unwrap()
    }

    fn build_well(&self) {
        let output = self.build();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.out.join(file)).unwrap()
    }
}

fn replace(file: &Utf8Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "`{from}` is not in `{file}`");
    fs::write(file, text.replace(from, to)).unwrap();
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn rebuilds_what_changed_and_nothing_else() {
    let project = Project::new(|config| config);
    project.build_well();
    let (main, go, rust) = (
        project.bytes("otelcol-loading"),
        project.bytes(GO_PLUGIN),
        project.bytes(RUST_PLUGIN),
    );

    project.build_well();
    assert!(
        project.bytes("otelcol-loading") == main,
        "main changed although nothing else did"
    );
    assert!(
        project.bytes(GO_PLUGIN) == go,
        "the Go plugin changed although nothing else did"
    );
    assert!(
        project.bytes(RUST_PLUGIN) == rust,
        "the Rust plugin changed although nothing else did"
    );

    replace(
        &project.directory.join("rust-probe/src/lib.rs"),
        "rust-factory",
        "rust-factory-two",
    );
    project.build_well();
    assert!(
        contains(&project.bytes(RUST_PLUGIN), "rust-factory-two"),
        "the Rust plugin is stale"
    );
    assert!(
        project.bytes(GO_PLUGIN) == go,
        "a Rust change rebuilt the Go plugin"
    );
    assert!(
        project.bytes("otelcol-loading") == main,
        "a change of a plugin rebuilt main"
    );

    let rust = project.bytes(RUST_PLUGIN);
    replace(
        &project.directory.join("go-probe/probe.go"),
        "\"go-factory\"",
        "\"go-factory-two\"",
    );
    project.build_well();
    assert!(
        contains(&project.bytes(GO_PLUGIN), "go-factory-two"),
        "the Go plugin is stale"
    );
    assert!(
        project.bytes(RUST_PLUGIN) == rust,
        "a Go change rebuilt the Rust plugin"
    );

    let go = project.bytes(GO_PLUGIN);
    replace(
        &project.directory.join("go-probe/probe.go"),
        "func init() {",
        "var broken int = \"text\"\n\nfunc init() {",
    );
    let failed = project.build();
    assert_eq!(failed.status.code(), Some(1));
    let text = String::from_utf8_lossy(&failed.stderr);
    assert!(
        text.contains("probe.go:") && text.contains("does not compile"),
        "{text}"
    );
    assert!(
        project.bytes(GO_PLUGIN) == go,
        "a failed build touched a plugin"
    );
    assert!(
        project.bytes("otelcol-loading") == main,
        "a failed build touched main"
    );
}

#[test]
fn never_leaves_a_stale_main_when_a_linked_in_rust_component_changed() {
    let project = Project::new(|config| {
        config.replace("./rust-probe\" }\n    plugin: true", "./rust-probe\" }")
    });
    project.build_well();
    replace(
        &project.directory.join("rust-probe/src/lib.rs"),
        "rust-factory",
        "rust-factory-two",
    );
    project.build_well();
    assert!(
        contains(&project.bytes("otelcol-loading"), "rust-factory-two"),
        "main is stale"
    );
}

#[test]
fn does_not_overwrite_what_it_did_not_make() {
    let project = Project::new(|config| config);
    fs::create_dir(&project.out).unwrap();
    fs::write(project.out.join("main.go"), "package precious\n").unwrap();
    let refused = project.build();
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(text.contains("main.go"), "{text}");
    assert_eq!(
        fs::read_to_string(project.out.join("main.go")).unwrap(),
        "package precious\n"
    );
    assert!(!project.out.join("otelcol-loading").exists());
}

#[expect(
    clippy::disallowed_methods,
    reason = "the builder under test is started in an environment that the test makes"
)]
fn started(program: &str) -> std::process::Command {
    std::process::Command::new(program)
}

/// Other places, another user's settings, another mask of rights and cold caches of compiled code
/// make no other bytes.
#[test]
fn equal_tools_and_an_equal_time_give_equal_bytes_anywhere() {
    let outputs =
        [("one", "0022", ""), ("another place", "0077", "-race")].map(|(name, mask, flags)| {
            let project = Project::new(|config| config);
            let directory = project.directory.join(name);
            for directory in [
                directory.join("tmp"),
                directory.join("home/.config/go"),
                directory.join(".cargo"),
            ] {
                fs::create_dir_all(directory).unwrap();
            }
            // Settings of the user change nothing either.
            let settings = format!("GOFLAGS={flags}\nCGO_CFLAGS=-O0\n");
            fs::write(directory.join("home/.config/go/env"), settings).unwrap();
            let cargo = r#"
            [build]
            rustc = "/nonexistent"
            rustc-wrapper = "/nonexistent"
            rustflags = ["-Copt-level=0"]
            target = "wasm32-unknown-unknown"
            [env]
            CARGO_PKG_VERSION = "6.6.6"
            [profile.release]
            debug-assertions = true
            [target.x86_64-unknown-linux-gnu]
            linker = "/nonexistent"
        "#;
            if !flags.is_empty() {
                fs::write(directory.join(".cargo/config.toml"), cargo).unwrap();
            }
            let out = directory.join("out");
            let config = project.directory.join("changing.yaml");
            let home = |name: &str| std::env::var(name).ok();
            let old_home = Utf8PathBuf::from(home("HOME").unwrap());
            let cargo_home = home("CARGO_HOME").unwrap_or_else(|| old_home.join(".cargo").into());
            let rustup_home =
                home("RUSTUP_HOME").unwrap_or_else(|| old_home.join(".rustup").into());
            let mut command = builder_program().unwrap();
            let builder = command.get_program().to_owned();
            command = started("sh");
            let output = command
                .arg("-c")
                .arg(format!("umask {mask} && exec \"$0\" \"$@\""))
                .arg(builder)
                .args(["--config", config.as_str(), "--output-path", out.as_str()])
                .current_dir(&project.directory)
                .env("SOURCE_DATE_EPOCH", "1700000000")
                .env("HOME", directory.join("home"))
                .env("GOPATH", old_home.join("go"))
                .env("CARGO_HOME", cargo_home)
                .env("RUSTUP_HOME", rustup_home)
                .env("TMPDIR", directory.join("tmp"))
                .env_remove("CARGO_TARGET_DIR")
                .env_remove("XDG_CONFIG_HOME")
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            (project, out)
        });
    let [(_keep_one, one), (_keep_other, other)] = &outputs;
    for file in [
        "otelcol-loading",
        GO_PLUGIN,
        RUST_PLUGIN,
        "plugins/plugins.lock",
        "manifests/otelcol-loading.json",
        "manifests/processor-go_probe.so.json",
        "manifests/processor-rust_probe.so.json",
    ] {
        assert!(
            fs::read(one.join(file)).unwrap() == fs::read(other.join(file)).unwrap(),
            "`{file}` depends on the place"
        );
    }
}

/// In a network namespace with nothing in it, what tried to reach out would fail.
#[test]
fn a_build_with_filled_caches_needs_no_network() {
    let project = Project::new(|config| config);
    project.build_well();
    let offline = || {
        let program = builder_program().unwrap();
        let mut command = started("unshare");
        command.args(["--net", "--"]).arg(program.get_program());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let output = command
            .current_dir(&project.directory)
            .args(["--config", project.directory.join("changing.yaml").as_str()])
            .args(["--output-path", project.out.as_str()])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(!text.contains("failed"), "something was tried: {text}");
    };
    offline();
    replace(
        &project.directory.join("rust-probe/src/lib.rs"),
        "rust-factory",
        "rust-factory-two",
    );
    offline();
    assert!(contains(&project.bytes(RUST_PLUGIN), "rust-factory-two"));
}
