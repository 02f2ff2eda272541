//! Real telemetry through the quickstart: as plugins, and the same components linked in.

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{Distribution, build, repository};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::Value;

/// Sends the quickstart's telemetry through a distribution; gives what its file exporter wrote.
fn through(distribution: &Distribution, pdata_view: &str) -> Vec<Value> {
    let example = repository().join("examples/quickstart");
    let directory = tempfile::tempdir().unwrap();
    let received = Utf8PathBuf::try_from(directory.path().join("received.json")).unwrap();
    let endpoint = free_endpoint().unwrap();
    let collector = Start::new(&distribution.main, &example.join("collector.yaml"))
        .argument(format!("--set=runtime.rust.pdata_view={pdata_view}"))
        .variable("QUICKSTART_ENDPOINT", endpoint)
        .variable("QUICKSTART_OUTPUT", &received)
        .run()
        .unwrap();
    for signal in ["logs", "traces", "metrics"] {
        send(
            endpoint,
            signal,
            &fs::read(example.join(format!("telemetry/{signal}.json"))).unwrap(),
        )
        .unwrap();
    }
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    fs::read_to_string(received)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn linked_in_and_as_plugins_the_same_configuration_gives_the_same_output() {
    let example = repository().join("examples/quickstart");
    let with_plugins = build("otelcol-quickstart", &example.join("builder-config.yaml")).unwrap();
    let config = example.join("builder-config-static.yaml");
    let linked_in = build("otelcol-quickstart-static", &config).unwrap();
    let plugins = through(&with_plugins, "auto");
    assert_eq!(plugins, through(&linked_in, "auto"));
    // Where telemetry is read in place or encoded is nothing that the output shows.
    assert_eq!(plugins, through(&with_plugins, "off"));
    assert_eq!(plugins, through(&linked_in, "off"));
    let expected: Vec<Value> = ["logs", "traces", "metrics"]
        .map(|signal| {
            let text = fs::read_to_string(example.join(format!("expected/{signal}.json"))).unwrap();
            serde_json::from_str(&text).unwrap()
        })
        .into();
    assert_eq!(plugins, expected);
}
