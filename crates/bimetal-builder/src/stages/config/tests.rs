use bimetal_terminal::Hint as _;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::model::RustProfile;
use bimetal_manifest::schema::{Kind, Language, Policy};

fn parsed(text: &str) -> Config {
    parse(Some(Utf8Path::new("b.yaml")), text, std::iter::empty()).unwrap()
}

fn with_variables(text: &str, variables: &[(&str, &str)]) -> Config {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    parse(Some(Utf8Path::new("b.yaml")), text, variables).unwrap()
}

/// The error as a person sees it: text, causes, hint.
fn refused(text: &str) -> String {
    let error = parse(Some(Utf8Path::new("b.yaml")), text, std::iter::empty()).unwrap_err();
    let mut shown = error.to_string();
    if let Some(source) = std::error::Error::source(&error) {
        shown = format!("{shown}\ncaused by: {source}");
    }
    if let Some(hint) = error.hint() {
        shown = format!("{shown}\nhint: {hint}");
    }
    shown
}

#[test]
fn a_file_without_end_is_refused_and_not_read_to_its_end() {
    let error = read(Some(Utf8Path::new("/dev/zero")), std::iter::empty()).unwrap_err();
    assert_snapshot!(error, @"`/dev/zero` has more than 4194304 bytes, the limit of a configuration");
}

#[test]
fn without_a_file_the_core_components_are_built() {
    let config = read(None, std::iter::empty()).unwrap();
    assert_eq!(config.dist.name, "otelcorecol");
    assert_eq!(config.warnings, [""; 0]);
    let modules: Vec<String> = config
        .components
        .iter()
        .map(|(kind, entry)| format!("{} {}", kind.as_str(), entry.go.gomod))
        .collect();
    assert_snapshot!(modules.join("\n"), @"
    extension go.opentelemetry.io/collector/extension/zpagesextension v0.161.0
    receiver go.opentelemetry.io/collector/receiver/nopreceiver v0.161.0
    receiver go.opentelemetry.io/collector/receiver/otlpreceiver v0.161.0
    exporter go.opentelemetry.io/collector/exporter/debugexporter v0.161.0
    exporter go.opentelemetry.io/collector/exporter/nopexporter v0.161.0
    exporter go.opentelemetry.io/collector/exporter/otlpexporter v0.161.0
    exporter go.opentelemetry.io/collector/exporter/otlphttpexporter v0.161.0
    processor go.opentelemetry.io/collector/processor/batchprocessor v0.161.0
    processor go.opentelemetry.io/collector/processor/memorylimiterprocessor v0.161.0
    connector go.opentelemetry.io/collector/connector/forwardconnector v0.161.0
    ");
    assert_eq!(config.providers.len(), 5);
    assert_eq!(
        config.telemetry.go.import,
        "go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
    );
}

#[test]
fn every_key_is_read() {
    let config = parsed(
        r#"
dist:
  module: example.com/x
  name: otelcol-x
  go: /opt/go/bin/go
  description: X
  output_path: ./out
  version: "1.10"
  build_tags: a,b
  debug_compilation: true
  cgo_enabled: true
  use_absolute_replace_paths: true
  resource: {detection: {detectors: [{env: {}}, system]}}
  plugins_dir: plugins
  plugins_policy: abi
  plugin_languages: [rust, go]
  rust_profile: dist
processors:
  - gomod: example.com/p v1.0.0
    import: example.com/p/sub
    name: psub
    path: ./p
    plugin: true
    type: psub
    signals: {logs: beta}
  - cargo: r = { path = "../r" }
replaces: [a => b]
excludes: x v1
conf_resolver: {default_uri_scheme: env}
"#,
    );
    let dist = &config.dist;
    assert_eq!(
        (dist.version.as_str(), dist.cgo_enabled, dist.plugins_policy),
        ("1.10", Some(true), Policy::Abi)
    );
    assert_eq!(dist.detectors, ["env", "system"]);
    assert_eq!(dist.rust_profile, Some(RustProfile::Dist));
    let languages = dist.plugin_languages.as_deref();
    assert_eq!(languages, Some(&[Language::Go, Language::Rust][..]));
    let (kind, entry) = &config.components[0];
    assert_eq!(
        (*kind, entry.plugin, entry.go.type_name.as_deref()),
        (Kind::Processor, true, Some("psub"))
    );
    assert_eq!(entry.go.signals.as_ref().unwrap()["logs"], "beta");
    assert_eq!(config.excludes, ["x v1"]);
    assert_eq!(config.default_uri_scheme, "env");
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn ocbs_weak_typing_is_kept() {
    let config = parsed(
        "Dist: {NAME: 7, Debug_Compilation: \"true\", cgo_enabled: 0}\nreceivers:\n  gomod: a v1\n\
         exporters: {}\nprocessors:\n",
    );
    assert_eq!(config.dist.name, "7");
    assert!(config.dist.debug_compilation);
    assert_eq!(config.dist.cgo_enabled, Some(false));
    assert_eq!(
        config.components.len(),
        1,
        "a single map stands for a list of one"
    );
}

#[test]
fn a_number_that_changes_when_it_becomes_text_is_reported() {
    let config = parsed("dist:\n  version: 1.10\n");
    assert_eq!(config.dist.version, "1.1");
    assert_snapshot!(config.warnings.join("\n"), @"b.yaml:2:12: `dist.version`: `1.10` is read as `1.1`, as OCB does; quote it to keep it");
}

#[test]
fn unknown_keys_are_ignored_and_reported_with_what_was_meant() {
    let config = parsed("dist:\n  nmae: x\n  otelcol_version: 1\nrecievers: []\n");
    assert_snapshot!(config.warnings.join("\n"), @"
    b.yaml:2:3: `dist.nmae` is not a known key and is ignored; did you mean `name`?
    b.yaml:3:3: `dist.otelcol_version` is not a known key and is ignored
    b.yaml:4:1: `recievers` is not a known key and is ignored; did you mean `receivers`?
    ");
}

#[test]
fn an_empty_list_of_providers_is_none_and_an_absent_one_the_default() {
    assert!(parsed("providers: []").providers.is_empty());
    assert_eq!(parsed("providers:\n").providers.len(), 5);
}

#[test]
fn variables_go_over_the_file() {
    let config = with_variables(
        "dist: {name: a}",
        &[
            ("dist.name", "b"),
            ("dist.cgo_enabled", "1"),
            ("DIST.name", "c"),
            ("replaces", "x => y"),
        ],
    );
    assert_eq!(
        (config.dist.name.as_str(), config.dist.cgo_enabled),
        ("b", Some(true))
    );
    assert_eq!(config.replaces, ["x => y"]);
    assert_eq!(
        with_variables("", &[("dist.name", "b"), ("EXPORTERS", "x")])
            .dist
            .name,
        "b"
    );
}

#[test]
fn yaml_aliases_and_merge_keys_work() {
    let config = parsed("a: &d {name: x, version: v1}\ndist:\n  <<: *d\n  version: v2\n");
    assert_eq!(
        (config.dist.name.as_str(), config.dist.version.as_str()),
        ("x", "v2")
    );
}

#[test]
fn bad_yaml_is_reported_with_line_and_column() {
    assert_snapshot!(refused("dist:\n  name: [a\nreceivers:\n"), @"
    the configuration is not valid YAML
    caused by: b.yaml:3:10: illegal placement of ':' indicator
    ");
    assert_snapshot!(refused("dist: {}\nreceivers: []\ndist: {}\n"), @"
    the configuration is not valid YAML
    caused by: b.yaml:3:1: `dist` stands here a second time; the first is at b.yaml:1:1
    ");
    assert_snapshot!(refused("? [a]\n: b\n"), @"
    the configuration is not valid YAML
    caused by: b.yaml:1:3: a key must be text, not a list
    ");
}

#[test]
fn values_of_the_wrong_shape_are_reported_all_at_once() {
    assert_snapshot!(
        refused("dist: [a]\nreceivers:\n  - text\n  - gomod: [a]\n    plugin: maybe\n\
            replaces:\n  - {a: b}\n"), @"
    invalid configuration
      b.yaml:1:7: `dist` must be a map, not a list
      b.yaml:3:5: `receivers[0]` must be a map, not a single value
      b.yaml:4:12: `receivers[1].gomod` must be text, not a list
      b.yaml:5:13: `receivers[1].plugin` must be `true` or `false`, not `maybe`
      b.yaml:7:5: `replaces[0]` must be text, not a map
    ");
    assert_snapshot!(refused("just text"), @"
    invalid configuration
      b.yaml:1:1: a configuration must be a map, not a single value
    ");
}

#[test]
fn an_entry_needs_exactly_one_of_gomod_and_cargo() {
    assert_snapshot!(refused("processors:\n  - gomdo: a v1\n  - gomod: a v1\n    cargo: a = \
        \"1\"\n"), @"
    invalid configuration
      b.yaml:2:5: `processors[0]` has neither `gomod` nor `cargo`
      b.yaml:3:5: `processors[1]` has both `gomod` and `cargo`; a component is one of them
      b.yaml:2:5: `processors[0].gomdo` is not a known key and is ignored; did you mean `gomod`? (warning)
    hint: a Go component needs `gomod: <module path> <version>`, a Rust component `cargo: <crate> = <version or table>`
    ");
}

#[test]
fn cargo_text_must_be_one_dependency() {
    assert_snapshot!(refused("processors:\n  - cargo: r\n  - cargo: \"a = '1'\\nb = '1'\"\n"), @r#"
    invalid configuration
      b.yaml:2:12: `processors[0].cargo` is not one line of `[dependencies]`: key with no value, expected `=`
      b.yaml:3:12: `processors[1].cargo` is not one line of `[dependencies]`: it must name exactly one crate, as in `name = "1.0"`
    hint: for instance `cargo: my-redactor = { path = "../my-redactor" }`
    "#);
}

#[test]
fn what_is_needed_before_plugins_load_cannot_be_one() {
    assert_snapshot!(
        refused(
            "providers:\n  - gomod: a v1\n    plugin: true\nconverters:\n  - cargo: a = \"1\"\n\
             telemetry:\n  name: x\n"
        ), @"
    invalid configuration
      b.yaml:3:13: `providers[0].plugin` is not possible: it is needed to read the configuration, before any plugin is loaded
      b.yaml:5:12: `converters[0].cargo` is not possible: only components can be written in Rust
      b.yaml:7:3: `telemetry` has no `gomod`
    ");
}

#[test]
fn cgo_cannot_be_off_where_it_is_needed() {
    assert_snapshot!(refused("dist:\n  cgo_enabled: false\n\
        processors:\n  - gomod: a v1\n    plugin: true\n"), @"
    invalid configuration
      b.yaml:2:16: `dist.cgo_enabled` is `false`, but the plugin `processors[0]` is joined to main through cgo
    hint: remove `cgo_enabled: false` (cgo is then turned on where it is needed), or remove the Rust components and plugins
    ");
    assert_snapshot!(refused("dist: {cgo_enabled: false}\nprocessors:\n  - cargo: a = \"1\"\n"), @"
    invalid configuration
      b.yaml:1:21: `dist.cgo_enabled` is `false`, but the Rust component `processors[0]` is joined to main through cgo
    hint: remove `cgo_enabled: false` (cgo is then turned on where it is needed), or remove the Rust components and plugins
    ");
    assert_snapshot!(refused("dist: {cgo_enabled: false, plugins_dir: p}\n"), @"
    invalid configuration
      b.yaml:1:21: `dist.cgo_enabled` is `false`, but the loader that `dist.plugins_dir` asks for is joined to main through cgo
    hint: remove `cgo_enabled: false` (cgo is then turned on where it is needed), or remove the Rust components and plugins
    ");
    parsed("dist: {cgo_enabled: false}\nprocessors:\n  - gomod: a v1\n");
}

#[test]
fn names_that_would_break_the_build_are_refused() {
    assert_snapshot!(
        refused(
            "dist:\n  plugins_policy: lax\n"
        ), @"
    invalid configuration
      b.yaml:2:19: `dist.plugins_policy` must be `exact` or `abi`, not `lax`
    ");
    assert_snapshot!(
        refused(
            "dist: {rust_profile: thin}\n"
        ), @"
    invalid configuration
      b.yaml:1:22: `dist.rust_profile` must be `release`, `dist` or `dev`, not `thin`
    ");
    assert_snapshot!(
        refused(
            "dist: {module: 'a b', name: plugins, output_path: ''}\n\
             receivers:\n  - gomod: a\n  - gomod: a v1\n    name: go-x\n    import: 'a\"b'\n    \
             type: a-b\n    signals: [logs, traces_to_logs]\n  - cargo: a = \"1\"\n\
             processors:\n  - cargo: p = \"1\"\n  - cargo: p = \"2\"\n    path: x\n"
        ), @r#"
    invalid configuration
      b.yaml:1:16: `dist.module` must be a Go module path, not `a b`
      b.yaml:1:29: `dist.name` is `plugins`, which the builder needs for its own files
      b.yaml:1:51: `dist.output_path` must be a path
      b.yaml:3:12: `receivers[0].gomod` must be a module path and a version, not `a`
      b.yaml:6:13: `receivers[1].import` cannot be `a\"b`
      b.yaml:5:11: `receivers[1].name` must be a Go identifier, not `go-x`
      b.yaml:7:11: `receivers[1].type` must be a component type, not `a-b`
      b.yaml:8:14: `receivers[1].signals` has `traces_to_logs`, which is no signal of a receiver
      b.yaml:13:11: `processors[1].path` is for Go components; a Rust component says everything in `cargo`
      b.yaml:12:12: `processors[1].cargo` names the crate `p` that `processors[0]` already has
    hint: for instance `gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v0.161.0`
    "#);
}

#[test]
fn a_huge_or_deep_document_is_refused_and_not_followed() {
    let deep = "[".repeat(100_000);
    assert!(
        refused(&deep).contains("recursion limit"),
        "{}",
        refused(&deep)
    );
    let deep_block = "- ".repeat(50_000);
    assert!(refused(&deep_block).contains("nested deeper"));
    let bomb = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        format!(
            "{text}a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n",
            level - 1
        )
    });
    assert!(refused(&bomb).contains("nodes"));
}

#[test]
fn missing_and_unreadable_files_are_reported_with_their_name() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let binary = directory.join("binary");
    fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    assert!(matches!(
        read(Some(&binary), std::iter::empty()),
        Err(ConfigError::NotText { .. })
    ));
    assert!(matches!(
        read(Some(directory), std::iter::empty()),
        Err(ConfigError::Read { .. })
    ));
    let error = read(Some(&directory.join("none.yaml")), std::iter::empty()).unwrap_err();
    assert!(error.hint().unwrap().contains("bimetal init"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = parse(None, &text, std::iter::empty());
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "dist", "receivers", "processors", "gomod", "cargo", "plugin", "signals", ": ",
        ":\n  ", "\n", "- ", "  ", "[", "]", "{", "}", ",",
        "*a", "&a ", "<<", "'", "\"", "|\n", "true", "1.5", "0x", "~", "!!str ",
        "# c", "---\n", "...\n", "a v1", "\t", "é", "? ",
    ]), 0..40)) {
        let _ = parse(None, &pieces.concat(), std::iter::empty());
    }

    #[test]
    fn quoted_text_arrives_as_it_is(text in "[a-zA-Z0-9._ -]{0,20}") {
        let config = parsed(&format!("dist: {{description: \"{text}\"}}"));
        prop_assert_eq!(config.dist.description, text);
    }
}

#[test]
fn a_plugin_in_a_language_that_main_leaves_out_is_refused() {
    assert_snapshot!(refused("dist:\n  plugins_dir: p\n  plugin_languages: rust\n\
        processors:\n  - cargo: a = \"1\"\n    plugin: true\n\
        \x20 - gomod: a v1\n    plugin: true\n  - gomod: b v1\n"), @"
    invalid configuration
      b.yaml:8:13: `processors[1].plugin` makes a Go plugin, which `dist.plugin_languages` leaves out
    hint: add `go` to `plugin_languages`, or link the component in
    ");
    assert_snapshot!(refused("dist: {plugin_languages: [go]}\n\
        processors:\n  - cargo: a = \"1\"\n    plugin: true\n"), @"
    invalid configuration
      b.yaml:4:13: `processors[0].plugin` makes a Rust plugin, which `dist.plugin_languages` leaves out
    hint: add `rust` to `plugin_languages`, or link the component in
    ");
    assert_snapshot!(refused("dist: {plugin_languages: [go, c]}\n"), @"
    invalid configuration
      b.yaml:1:31: `dist.plugin_languages` is a list of `go` and `rust`, and has `c`
    ");
    assert_snapshot!(refused("dist: {plugin_languages: []}\n"), @"
    invalid configuration
      b.yaml:1:26: `dist.plugin_languages` must name `go`, `rust` or both
    hint: leave `plugins_dir` and `plugin_languages` out where main loads no plugins
    ");
}
