//! What runs in a hermetic build has all rights in its container; what it changes is found out.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use assert_cmd::Command;
use bimetal_files::Digest;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const CONFIGURATION: &str = "\
dist: {name: otelcol-acme, module: example.com/acme, version: 1.4.0, output_path: out}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v0.161.0
";

/// Inputs of a program that does nothing, in the place of a Collector.
fn inputs(sandbox: &Sandbox) {
    sandbox.put("b.yaml", CONFIGURATION);
    let planned = sandbox.bimetal(&["--config", "b.yaml", "--dry-run", "--format=json"]);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let recorded = json!({
        "builder": env!("CARGO_PKG_VERSION"), "generator_hash": "", "source_date_epoch": 1,
        "base": {"rootfs": {"digest": Digest::of(b"").tagged()}}, "plan": plan,
    });
    let files = [
        ("Dockerfile", "FROM scratch\n".to_owned()),
        ("rebuild.json", recorded.to_string()),
        (
            "src/go.mod",
            "module example.com/acme\n\ngo 1.25\n".to_owned(),
        ),
        ("src/go.sum", String::new()),
        ("src/main.go", "package main\n\nfunc main() {}\n".to_owned()),
    ];
    for (name, text) in &files {
        sandbox.put(&format!("inputs/{name}"), text);
    }
    let list: BTreeMap<&str, Digest> = files
        .iter()
        .map(|(name, text)| (*name, Digest::of(text.as_bytes())))
        .collect();
    sandbox.put("inputs/inputs.json", &serde_json::to_string(&list).unwrap());
    sandbox.put("inputs/bimetal", "the builder");
}

/// Builds them without a network; each tool of Go's is run by a script with `action` in it. Gives
/// what was printed.
fn build(sandbox: &Sandbox, action: &str) -> String {
    inputs(sandbox);
    sandbox.put("tool", &format!("#!/bin/sh\n{action}\nexec \"$@\"\n"));
    let tool = sandbox.path("tool");
    fs_err::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net"])
        .arg(assert_cmd::cargo::cargo_bin("bimetal"))
        .args(["hermetic-inside", "--root"])
        .arg(sandbox.path("inputs"))
        .env("GOFLAGS", format!("-toolexec={}", tool.display()))
        .env("SOURCE_DATE_EPOCH", "1")
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_input_that_the_build_changed_is_named_and_nothing_is_delivered() {
    let sandbox = Sandbox::new();
    let printed = build(&sandbox, ":");
    assert!(sandbox.path("inputs/out/SHA256SUMS").exists(), "{printed}");

    let sandbox = Sandbox::new();
    let file = sandbox.path("inputs/src/go.sum");
    let printed = build(&sandbox, &format!("echo >> {}", file.display()));
    let wanted = format!(
        "error: something in the build changed its input `{}`",
        file.display()
    );
    assert!(printed.contains(&wanted), "{printed}");
    assert!(!sandbox.path("inputs/out").exists());
}
