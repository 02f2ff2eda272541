//! What a user tells cargo, git and Go in confidence stands in no file of a build.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// In each secret, and in nothing else.
const SECRET: &str = "velvet-anchor";
const SETTINGS: &str = r#"
# token = "velvet-anchor-in-a-comment"
[registry]
default = "acme"
token = "velvet-anchor-of-crates-io"
global-credential-providers = ["cargo:token", "cargo:token-from-stdout echo velvet-anchor-2"]
[registries.acme]
index = "sparse+https://registry.invalid/index/"
token = "velvet-anchor-of-acme"
secret-key = "velvet-anchor-key"
credential-provider = ["/bin/print", "--key=velvet-anchor-provider"]
[registries.other]
index = "https://velvet-anchor-user@registry.invalid/index"
[credential-alias]
mine = ["/bin/print", "velvet-anchor-alias"]
[http]
proxy = "me:velvet-anchor-proxy@proxy.invalid:3128"
[net]
retry = 0
"#;
const KEYS: &str = "[registries.acme]\ntoken = \"velvet-anchor-login\"\n";
const CONFIGURATION: &str = r#"
dist: {name: otelcol-acme, module: example.com/acme, version: 1.4.0, output_path: out}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v0.161.0
processors:
  - cargo: my-redactor = { path = "redactor" }
    plugin: true
"#;

#[test]
fn no_file_of_a_build_has_a_secret_of_its_users_settings_or_variables() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", CONFIGURATION);
    sandbox.put(
        "redactor/Cargo.toml",
        "[package]\nname = \"my-redactor\"\nversion = \"0.3.0\"\nedition = \"2024\"\n",
    );
    sandbox.put("redactor/src/lib.rs", "");
    sandbox.put("cargo/config.toml", SETTINGS);
    sandbox.put("cargo/credentials.toml", KEYS);
    for cache in ["git", "registry"] {
        let theirs = cargo_home().join(cache);
        if theirs.exists() {
            symlink(theirs, sandbox.path("cargo").join(cache)).unwrap();
        }
    }
    let (home, modules) = (sandbox.path("cargo"), go_env("GOMODCACHE"));
    let proxy = format!(
        "https://me:velvet-anchor-go@proxy.invalid|file://{modules}/cache/download|{}",
        go_env("GOPROXY")
    );
    let variables = [
        ("CARGO_HOME", home.to_str().unwrap()),
        ("CARGO_REGISTRIES_THIRD_TOKEN", "velvet-anchor-of-third"),
        ("CARGO_NET_OFFLINE", "true"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "http.extraheader"),
        (
            "GIT_CONFIG_VALUE_0",
            "Authorization: Basic velvet-anchor-of-git",
        ),
        ("GOMODCACHE", &modules),
        ("GOFLAGS", "-modcacherw"),
        ("GONOSUMDB", "*"),
        ("GOPROXY", &proxy),
        ("RUSTUP_HOME", &rustup_home()),
    ];
    let arguments = ["--config", "b.yaml", "--skip-compilation", "--verbose"];
    let answer = sandbox.bimetal_with(&arguments, &variables);
    assert_eq!(answer.code, 0, "{}", answer.stderr);

    let files = files(&sandbox.path("out"));
    for (path, bytes) in &files {
        let has_secret = |bytes: &[u8]| {
            bytes
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes())
        };
        assert!(!has_secret(bytes), "{}", path.display());
    }
    let printed = format!("{}{}", answer.stdout, answer.stderr);
    assert!(!printed.contains(SECRET), "{printed}");

    // It was a build that wrote what could have had them.
    let named = |name: &str| {
        let found = files.iter().find(|(path, _)| path.ends_with(name));
        &found.unwrap_or_else(|| panic!("no {name}")).0
    };
    let log = fs_err::read_to_string(named("logs/cargo-metadata.log")).unwrap();
    assert!(log.contains("CARGO_REGISTRIES_ACME_TOKEN='***'"), "{log}");
    assert!(log.contains("GIT_CONFIG_VALUE_0='***'"), "{log}");
    let settings = named(".bimetal-home/config.toml");
    let text = fs_err::read_to_string(settings).unwrap();
    assert!(text.contains("registry.invalid/index/"), "{text}");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(settings), 0o600);
    assert_eq!(mode(settings.parent().unwrap()), 0o700);
    assert_eq!(mode(named("logs/cargo-metadata.log")), 0o600);
}

/// Every file below `directory`. A link to a directory leads to a cache that is the user's own; one
/// to a file counts as that file.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            files.extend(self::files(&path));
        } else if path.is_file() {
            files.push((path.clone(), fs_err::read(path).unwrap()));
        }
    }
    files
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

/// `rustup`'s own programs look for it beside no `CARGO_HOME`.
fn rustup_home() -> String {
    let found = std::env::var_os("RUSTUP_HOME");
    let path = found.map_or_else(|| home().join(".rustup"), PathBuf::from);
    path.into_os_string().into_string().unwrap()
}

fn go_env(name: &str) -> String {
    let asked = assert_cmd::Command::new("go")
        .args(["env", name])
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap().trim().to_owned()
}

fn home() -> PathBuf {
    std::env::var_os("HOME").unwrap().into()
}
