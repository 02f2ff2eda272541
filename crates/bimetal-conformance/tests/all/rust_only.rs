//! A main that loads Rust plugins only: what its linker leaves out, and what it says of Go plugins.

use bimetal_conformance::collector::{Ended, Start};
use bimetal_conformance::distribution::{build, builder, copy_plugins, repository};
use bimetal_manifest::object;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

const KEY: &str = "`go` in `dist.plugin_languages`";
const GO_PLUGIN: &str = "processor-go_probe.so";

/// A configuration with these processors, in `directory`.
fn config(directory: &Utf8Path, processors: &[&str]) -> String {
    let sections = processors
        .iter()
        .fold(String::new(), |text, name| text + "  " + name + ":\n");
    let text = format!(
        "receivers:\n  nop:\nexporters:\n  nop:\nprocessors:\n{sections}service:\n  \
         telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    logs:\n      \
         receivers: [nop]\n      processors: [{}]\n      exporters: [nop]\n",
        processors.join(", ")
    );
    let file = directory.join("collector.yaml");
    fs::write(&file, text).unwrap();
    format!("--config={file}")
}

#[test]
fn a_main_for_rust_plugins_exports_nothing_of_go_and_refuses_a_go_plugin_by_the_key() {
    let fixtures = repository().join("crates/bimetal-conformance/fixtures");
    let both = build("otelcol-loading", &fixtures.join("loading.yaml")).unwrap();
    let ours = build("otelcol-rust-only", &fixtures.join("rust-only.yaml")).unwrap();

    let go = object::open(&ours.main).unwrap().1.facts.go.unwrap();
    assert!(go.package_hashes.is_empty() && !go.module_data);
    let size = |main: &Utf8Path| fs::metadata(main).unwrap().len();
    assert!(size(&ours.main) * 10 < size(&both.main) * 9);

    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
    let plugins = directory.join("plugins");
    copy_plugins(&ours.plugins, &plugins).unwrap();
    let named = format!("--plugins-dir={plugins}");
    let run = |arguments: &[&str]| {
        Start::command(&ours.main, arguments)
            .variable("OTELCOL_PLUGINS_DIR", &plugins)
            .variable("BIMETAL_PROBE", directory.join("probe"))
            .to_end()
            .unwrap()
    };
    let rust = run(&["validate", &config(&directory, &["rust_probe"])]);
    assert!(rust.status.success(), "{}", rust.log);

    fs::remove_file(plugins.join("plugins.lock")).unwrap();
    fs::copy(both.plugins.join(GO_PLUGIN), plugins.join(GO_PLUGIN)).unwrap();
    let refused = |ended: &Ended| {
        let sentence = "plugin language `dist.plugin_languages`: main `rust`, plugin `go`";
        for text in [sentence, KEY] {
            assert!(ended.log.contains(text), "`{text}` in:\n{}", ended.log);
        }
        assert!(!ended.status.success(), "{}", ended.log);
        assert!(!ended.log.contains("undefined symbol"), "{}", ended.log);
    };
    let used = config(&directory, &["go_probe", "rust_probe"]);
    refused(&run(&["validate", &used]));
    refused(&run(&["plugins", "check"]));
    refused(&run(&[
        "plugins",
        "validate",
        plugins.join(GO_PLUGIN).as_str(),
    ]));
    let listed = run(&["plugins", "list"]);
    assert!(
        listed.log.contains("`dist.plugin_languages`"),
        "{}",
        listed.log
    );
    let main = format!("--main={}", ours.main);
    let outside = Start::command(&builder().unwrap(), &["plugins", "check", &main, &named]);
    refused(&outside.to_end().unwrap());
    // Beside the refused file the other plugin works, and no code of the first has run.
    let rust = run(&["validate", &config(&directory, &["rust_probe"])]);
    assert!(rust.status.success(), "{}", rust.log);
    let ran = |name: &str| directory.join(format!("probe.{name}")).exists();
    assert!(!ran("go-init") && !ran("go-constructor"));
}
