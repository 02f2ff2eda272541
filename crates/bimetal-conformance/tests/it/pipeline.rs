//! Real telemetry through the quickstart: as plugins, and the same components linked in.

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{Distribution, build, repository};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::Value;

/// Sends the quickstart's telemetry through a distribution; gives what its file exporter wrote.
fn through(distribution: &Distribution) -> Vec<Value> {
    let example = repository().join("examples/quickstart");
    let directory = tempfile::tempdir().unwrap();
    let received = Utf8PathBuf::try_from(directory.path().join("received.json")).unwrap();
    let endpoint = free_endpoint().unwrap();
    let collector = Start::new(&distribution.main, &example.join("collector.yaml"))
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
    let plugins =
        through(&build("otelcol-quickstart", &example.join("builder-config.yaml")).unwrap());
    let linked = through(
        &build(
            "otelcol-quickstart-static",
            &example.join("builder-config-static.yaml"),
        )
        .unwrap(),
    );
    assert_eq!(plugins, linked);
    let expected: Vec<Value> = ["logs", "traces", "metrics"]
        .map(|signal| {
            let text = fs::read_to_string(example.join(format!("expected/{signal}.json"))).unwrap();
            serde_json::from_str(&text).unwrap()
        })
        .into();
    assert_eq!(plugins, expected);
}
