use insta::assert_snapshot;

use crate::sandbox::{Sandbox, names};

const PLAIN: &str = "\
dist: {name: otelcol-acme, module: example.com/acme, version: 1.4.0, output_path: out}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v0.161.0
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/debugexporter v0.161.0
";

fn with_plugins(sandbox: &Sandbox) {
    sandbox.put(
        "redactor/Cargo.toml",
        "[package]\nname = \"my-redactor\"\nversion = \"0.3.0\"\nedition = \"2024\"\n",
    );
    sandbox.put("redactor/src/lib.rs", "");
    let plugins = "    plugin: true\n\
        processors:\n  - cargo: my-redactor = { path = \"redactor\" }\n    plugin: true\n";
    sandbox.put("b.yaml", &format!("{PLAIN}{plugins}"));
}

#[test]
fn a_dry_run_of_ocbs_shape() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let answer = sandbox.bimetal(&["--config", "b.yaml", "--dry-run"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    assert_snapshot!(answer.stdout);
    assert_eq!(
        names(&sandbox.path("")),
        ["b.yaml"],
        "a dry run leaves nothing behind"
    );
}

#[test]
fn a_dry_run_with_plugins() {
    let sandbox = Sandbox::new();
    with_plugins(&sandbox);
    let answer = sandbox.bimetal(&["--config", "b.yaml", "--dry-run"]);
    assert_eq!(answer.code, 0);
    assert_eq!(
        answer.stderr,
        "note: cgo is turned on because `exporters[0]` is a plugin\n"
    );
    assert_snapshot!(answer.stdout);
}

#[test]
fn a_dry_run_for_programs_is_json() {
    let sandbox = Sandbox::new();
    with_plugins(&sandbox);
    let answer = sandbox.bimetal(&["--config", "b.yaml", "--dry-run", "--format=json"]);
    let plan: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(plan["steps"].as_array().unwrap().len(), 8);
    assert_eq!(
        plan["go_plugins"][0]["dir"],
        "internal/plugin/exporter-debugexporter"
    );
    assert_eq!(
        plan["rust_components"][0]["value"],
        "{ path = \"local/my-redactor\" }"
    );
}

#[test]
fn without_a_configuration_the_core_collector_is_planned() {
    let answer = Sandbox::new().bimetal(&["--dry-run"]);
    assert!(
        answer
            .stdout
            .contains("distribution  otelcorecol 0.161.0-dev"),
        "{}",
        answer.stdout
    );
}

#[test]
fn sources_alone_are_written_and_known_as_ours() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let arguments = [
        "--config",
        "b.yaml",
        "--skip-compilation",
        "--skip-get-modules",
    ];
    let answer = sandbox.bimetal(&arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stdout, "");
    assert_eq!(
        names(&sandbox.path("out")),
        [
            ".bimetal.json",
            "components.go",
            "main.go",
            "main_others.go",
            "main_windows.go"
        ]
    );
    sandbox.put("out/main.go", "// a user's change\n");
    assert_eq!(
        sandbox.bimetal(&arguments).code,
        0,
        "what we made may be made again"
    );
}

#[test]
fn a_temporary_file_of_a_builder_that_was_killed_is_removed_by_the_next_one() {
    let sandbox = Sandbox::new();
    with_plugins(&sandbox);
    let arguments = [
        "--config",
        "b.yaml",
        "--skip-compilation",
        "--skip-get-modules",
    ];
    assert_eq!(sandbox.bimetal(&arguments).code, 0);
    let left = "out/rust/bimetal/bimetal-sdk/src/.lib.rs.8144.tmp";
    sandbox.put(left, "half a file");
    sandbox.put("out/rust/bimetal/bimetal-sdk/src/.notes.1.tmp", "mine");
    assert_eq!(sandbox.bimetal(&arguments).code, 0);
    assert!(!sandbox.path(left).exists());
    assert_eq!(
        names(&sandbox.path("out/rust/bimetal/bimetal-sdk/src"))[0],
        ".notes.1.tmp"
    );
}

#[test]
fn files_of_others_are_not_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    sandbox.put("out/main.go", "package main // mine\n");
    let answer = sandbox.bimetal(&[
        "--config",
        "b.yaml",
        "--skip-compilation",
        "--skip-get-modules",
    ]);
    assert_eq!(answer.code, 1);
    assert_snapshot!(answer.stderr, @"
    generate [time]
    error: `/sandbox/out` has files that the builder did not make and would have to overwrite
      main.go
      help: choose an empty directory with `dist.output_path`, or move these files away
    ");
    assert_eq!(names(&sandbox.path("out")), ["main.go"]);
}

#[test]
fn a_bad_configuration_is_reported_with_its_place_and_ends_with_1() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", "dist:\n  nmae: x\nreceivers:\n  - gomdo: a v1\n");
    let answer = sandbox.bimetal(&["--config", "b.yaml"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert_snapshot!(answer.stderr, @"
    error: invalid configuration
      b.yaml:4:5: `receivers[0]` has neither `gomod` nor `cargo`
      b.yaml:2:3: `dist.nmae` is not a known key and is ignored; did you mean `name`? (warning)
      b.yaml:4:5: `receivers[0].gomdo` is not a known key and is ignored; did you mean `gomod`? (warning)
      help: a Go component needs `gomod: <module path> <version>`, a Rust component `cargo: <crate> = <version or table>`
    ");
}

#[test]
fn variables_go_over_the_file_as_with_ocb() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let answer = sandbox.bimetal_with(
        &["--config", "b.yaml", "--dry-run"],
        &[("dist.name", "from-env")],
    );
    assert!(
        answer.stdout.contains("distribution  from-env"),
        "{}",
        answer.stdout
    );
}

#[test]
fn windows_gets_no_plugins_and_is_reported_why() {
    let sandbox = Sandbox::new();
    with_plugins(&sandbox);
    let answer = sandbox.bimetal_with(&["--config", "b.yaml", "--dry-run"], &[("GOOS", "windows")]);
    assert_eq!(answer.code, 1);
    assert_snapshot!(answer.stderr, @"
    error: `exporters[0]` cannot be built for Windows: Go's `plugin` package does not exist there
      help: remove the entry, or build for Linux
    ");
    sandbox.put("plain.yaml", PLAIN);
    let answer = sandbox.bimetal_with(
        &["--config", "plain.yaml", "--dry-run"],
        &[("GOOS", "windows")],
    );
    assert!(
        answer.stdout.contains("otelcol-acme.exe"),
        "{}",
        answer.stdout
    );
}

#[test]
fn another_system_gets_no_plugins_either() {
    let sandbox = Sandbox::new();
    with_plugins(&sandbox);
    let answer = sandbox.bimetal_with(
        &["--config", "b.yaml", "--dry-run"],
        &[("GOARCH", "riscv64")],
    );
    assert_eq!(answer.code, 1);
    assert!(
        answer.stderr.contains("cannot build for linux/riscv64 on"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_setting_of_go_that_would_change_the_build_is_left_out_and_reported() {
    let sandbox = Sandbox::new();
    sandbox.put("env", "GOFLAGS=-race\nGOPROXY=off\n");
    sandbox.put("b.yaml", PLAIN);
    let file = sandbox.path("env");
    let variables = [("GOENV", file.to_str().unwrap())];
    let answer = sandbox.bimetal_with(&["--config", "b.yaml", "--dry-run"], &variables);
    assert_eq!(
        (answer.code, answer.stderr.as_str()),
        (
            0,
            "note: `go env -w` has set GOFLAGS: a build reads variables of the environment only\n"
        )
    );
}

#[test]
fn a_deprecated_flag_still_wins_and_says_that_it_is_deprecated() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let answer = sandbox.bimetal(&[
        "--config",
        "b.yaml",
        "--dry-run",
        "--output-path",
        "elsewhere",
    ]);
    assert!(
        answer.stdout.contains("/sandbox/elsewhere"),
        "{}",
        answer.stdout
    );
    assert_eq!(
        answer.stderr,
        "warning: `--output-path` is deprecated; use `dist.output_path` in the configuration\n"
    );
}

#[test]
fn the_root_of_the_file_system_is_no_output_directory() {
    let sandbox = Sandbox::new();
    sandbox.put(
        "b.yaml",
        &PLAIN.replace("output_path: out", "output_path: /"),
    );
    let answer = sandbox.bimetal(&[
        "--config",
        "b.yaml",
        "--skip-compilation",
        "--skip-get-modules",
    ]);
    assert_eq!(answer.code, 1);
    assert_snapshot!(answer.stderr, @"
    error: `/` is the root of the file system and cannot be the output directory
      help: choose another directory with `dist.output_path`
    ");
}

#[test]
fn without_a_temporary_directory_it_is_said_how_to_name_one() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let answer = sandbox.bimetal_with(&["--config", "b.yaml"], &[("TMPDIR", "/nonexistent")]);
    assert_eq!(answer.code, 1);
    assert!(
        answer
            .stderr
            .starts_with("error: cannot make a temporary directory\n")
            && answer.stderr.contains("`TMPDIR`"),
        "{}",
        answer.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_plan_that_could_not_be_printed_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", PLAIN);
    let full = fs_err::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the test chooses where standard output goes"
    )]
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_bimetal"))
        .args(["--config", "b.yaml", "--dry-run"])
        .current_dir(sandbox.path(""))
        .stdout(full.into_file())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn colour_is_for_terminals() {
    let answer = Sandbox::new().bimetal(&["--config", "none.yaml"]);
    assert!(!answer.stderr.contains('\u{1b}'));
    let forced =
        Sandbox::new().bimetal_with(&["--config", "none.yaml"], &[("CLICOLOR_FORCE", "1")]);
    assert!(forced.stderr.contains('\u{1b}'));
    let refused = Sandbox::new().bimetal_with(
        &["--config", "none.yaml"],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
    );
    assert!(!refused.stderr.contains('\u{1b}'));
}
