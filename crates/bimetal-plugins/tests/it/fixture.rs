//! Real artifacts: a Go main, a Go plugin and a Rust plugin, built once for this test binary with
//! the toolchains on PATH.
//!
//! In: nothing. Out: paths. Invariant: what a test changes is a copy.

use std::fmt::Write as _;
use std::process::Output as Finished;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";
const MODULE: &str = "bimetal.test/sample";
/// A module that main and every plugin have packages of.
const SHARED: &str = "bimetal.test/shared";

/// What was built.
pub(crate) struct Fixture {
    pub(crate) directory: Utf8PathBuf,
    pub(crate) main: Utf8PathBuf,
    pub(crate) go_plugin: Utf8PathBuf,
    pub(crate) other_go_plugin: Utf8PathBuf,
    pub(crate) rust_plugin: Utf8PathBuf,
    pub(crate) go_version: String,
    pub(crate) rust_version: String,
    _lock: std::fs::File,
}

/// The artifacts, built by the first test that asks.
pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(build)
}

/// A command of this machine. Its failure is the test's.
pub(crate) fn command(program: &str, directory: &Utf8Path, arguments: &[&str]) -> Finished {
    #[expect(clippy::disallowed_methods, reason = "tests drive the real toolchains")]
    let mut command = std::process::Command::new(program);
    let finished = command
        .args(arguments)
        .current_dir(directory)
        .env("CGO_ENABLED", "1")
        .output();
    let finished = finished.unwrap_or_else(|error| panic!("cannot run `{program}`: {error}"));
    let stderr = String::from_utf8_lossy(&finished.stderr);
    assert!(
        finished.status.success(),
        "{program} {arguments:?}: {stderr}"
    );
    finished
}

/// Builds another Go plugin whose C file is `manifest_c`; `name` is its directory and file name.
pub(crate) fn go_plugin(
    directory: &Utf8Path,
    name: &str,
    source: &str,
    manifest_c: &str,
) -> Utf8PathBuf {
    let package = directory.join("go").join(name);
    fs_err::create_dir_all(&package).unwrap();
    fs_err::write(package.join("main.go"), source).unwrap();
    fs_err::write(package.join("manifest.c"), manifest_c).unwrap();
    let file = directory.join("built").join(format!("{name}.so"));
    let module = directory.join("go");
    let package = format!("./{name}");
    command(
        "go",
        &module,
        &[
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-buildmode=plugin",
            "-o",
            file.as_str(),
            &package,
        ],
    );
    file
}

/// Builds a main with these manifests from a directory of its own; `name` is its file name.
pub(crate) fn go_main(
    directory: &Utf8Path,
    package: &str,
    name: &str,
    manifests: &Value,
) -> Utf8PathBuf {
    let module = directory.join("go");
    let sources = module.join(package);
    fs_err::create_dir_all(&sources).unwrap();
    fs_err::write(sources.join("main.go"), include_str!("sources/main.go")).unwrap();
    let manifest = manifest_c(&[&manifests.to_string()]);
    fs_err::write(sources.join("manifest.c"), manifest).unwrap();
    let (file, package) = (directory.join(name), format!("./{package}"));
    let flags = ["build", "-trimpath", "-buildvcs=false", "-o"];
    command(
        "go",
        &module,
        &[&flags[..], &[file.as_str(), &package]].concat(),
    );
    file
}

/// The C file that puts `texts` into the manifest section, each in a frame of its own.
pub(crate) fn manifest_c(texts: &[&str]) -> String {
    let mut source = String::new();
    for (position, text) in texts.iter().enumerate() {
        let bytes: Vec<_> = bimetal_manifest::frame::frame(text)
            .iter()
            .map(u8::to_string)
            .collect();
        let (bytes, count) = (bytes.join(","), bytes.len());
        let _ = write!(
            source,
            "__attribute__((used, retain, aligned(8), section(\".otelcol.manifest\")))\n\
             const unsigned char manifest_{position}[{count}] = {{{bytes}}};\n"
        );
    }
    source
}

/// The manifest of a Go plugin of this fixture.
pub(crate) fn go_manifest(kind: &str, type_name: &str) -> Value {
    let version = &go_version();
    json!({
        "schema_version": 1, "artifact": "plugin", "language": "go",
        "toolchain_version": version, "build_profile": "release",
        "dependency_hashes": {
            "bimetal.test/shared": "h1:c2hhcmVkIGRlcGVuZGVuY3kgb2YgbWFpbiBhbmQgcGx1Z2lu",
        },
        "build_flags": ["-trimpath", "-buildvcs=false", "-buildmode=plugin"], "target": TARGET,
        "build_time": "2026-01-02T03:04:05Z",
        "toolchain": { "text": format!("go version {version} linux/amd64") },
        "dependencies": [{ "name": "bimetal.test/shared", "version": "v1.2.3", "source": "proxy",
            "hash": "h1:c2hhcmVkIGRlcGVuZGVuY3kgb2YgbWFpbiBhbmQgcGx1Z2lu" }],
        "environment": { "GOAMD64": "v1" },
        "distribution": { "name": "sample", "version": "1.0.0" },
        "builder": { "name": "bimetal", "version": "0.1.0", "generator_hash": "sha256:00" },
        "component": { "kind": kind, "type": type_name, "signals": { "logs": "beta" },
        "module": "bimetal.test/shared v1.2.3" }
    })
}

/// The manifest of a Rust plugin of this fixture.
pub(crate) fn rust_manifest(kind: &str, type_name: &str) -> Value {
    let version = &rust_version();
    json!({
        "schema_version": 1, "artifact": "plugin", "language": "rust",
        "toolchain_version": version, "build_profile": "release",
        "dependency_hashes": { "serde": "sha256:5e7de" }, "build_flags": ["--crate-type=cdylib"],
        "target": TARGET,
        "build_time": "2026-01-02T03:04:05Z", "toolchain": { "text": format!("rustc {version}") },
        "dependencies": [{ "name": "serde", "version": "1.0.0", "source": "registry",
        "hash": "sha256:5e7de" }],
        "component": { "kind": kind, "type": type_name, "signals": { "logs": "beta",
        "traces": "alpha" }, "module": "redactor 0.3.0" },
        "abi": { "major": 1, "minor": 0, "features": [] }
    })
}

/// The manifests of main.
pub(crate) fn main_manifest() -> Value {
    let mut go = go_manifest("receiver", "linked");
    let parts = go.as_object_mut().unwrap();
    parts.insert("artifact".into(), "main".into());
    parts.insert(
        "build_flags".into(),
        json!(["-trimpath", "-buildvcs=false"]),
    );
    let component = parts.remove("component").unwrap();
    parts.insert("components".into(), json!([component]));
    parts.insert(
        "plugins".into(),
        json!({ "dir": "plugins", "policy": "exact" }),
    );
    let mut rust = rust_manifest("processor", "builtin");
    let parts = rust.as_object_mut().unwrap();
    parts.insert("artifact".into(), "main".into());
    let component = parts.remove("component").unwrap();
    parts.insert("components".into(), json!([component]));
    json!([go, rust])
}

fn build() -> Fixture {
    let directory = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugins-fixture");
    fs_err::create_dir_all(directory.join("go")).unwrap();
    fs_err::create_dir_all(directory.join("built")).unwrap();
    // A second run of these tests waits here instead of overwriting what this one reads.
    let lock = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("lock"))
        .unwrap();
    lock.lock().unwrap();
    fs_err::write(
        directory.join("go/go.mod"),
        format!(
            "module {MODULE}\n\ngo 1.26\n\nrequire {SHARED} v1.2.3\n\n\
             replace {SHARED} => ./shared-module\n"
        ),
    )
    .unwrap();
    let shared = directory.join("go/shared-module");
    fs_err::create_dir_all(&shared).unwrap();
    fs_err::write(
        shared.join("go.mod"),
        format!("module {SHARED}\n\ngo 1.26\n"),
    )
    .unwrap();
    fs_err::write(shared.join("shared.go"), "package shared\n").unwrap();

    let main = go_main(&directory, "main", "sample", &main_manifest());
    let plugin = include_str!("sources/plugin.go");
    let text = |kind, name| manifest_c(&[&go_manifest(kind, name).to_string()]);
    let go_plugin_file = go_plugin(
        &directory,
        "transform",
        plugin,
        &text("processor", "transform"),
    );
    let other_go_plugin = go_plugin(&directory, "forward", plugin, &text("connector", "forward"));
    Fixture {
        main,
        go_plugin: go_plugin_file,
        other_go_plugin,
        rust_plugin: rust_plugin(
            &directory,
            &rust_manifest("processor", "redactor").to_string(),
        ),
        go_version: go_version(),
        rust_version: rust_version(),
        directory,
        _lock: lock,
    }
}

fn rust_plugin(directory: &Utf8Path, manifest: &str) -> Utf8PathBuf {
    fs_err::write(
        directory.join("plugin.rs"),
        include_str!("sources/plugin.rs"),
    )
    .unwrap();
    fs_err::write(
        directory.join("manifest.bin"),
        bimetal_manifest::frame::frame(manifest),
    )
    .unwrap();
    let length = bimetal_manifest::frame::frame(manifest).len();
    fs_err::write(directory.join("manifest.len"), length.to_string()).unwrap();
    let file = directory.join("built/redactor.so");
    let arguments = [
        "--edition=2024",
        "--crate-type=cdylib",
        "--crate-name=redactor",
        "-O",
        "-Clink-arg=-Wl,-Bsymbolic",
    ];
    command(
        "rustc",
        directory,
        &[&arguments[..], &["-o", file.as_str(), "plugin.rs"]].concat(),
    );
    file
}

fn go_version() -> String {
    let finished = command("go", ".".into(), &["env", "GOVERSION"]);
    String::from_utf8(finished.stdout)
        .unwrap()
        .trim()
        .to_owned()
}

fn rust_version() -> String {
    let finished = command("rustc", ".".into(), &["--version"]);
    let text = String::from_utf8(finished.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}
