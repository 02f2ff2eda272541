//! A receiver, a processor, an exporter, a connector and an extension of Go, each a plugin, in one
//! running Collector.

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{build, repository, run};
use camino::Utf8PathBuf;
use fs_err as fs;

const PROFILES: &str = r#"{
  "dictionary": {"stringTable": ["", "samples", "count"], "mappingTable": [{}],
                 "locationTable": [{}], "functionTable": [{}], "linkTable": [{}],
                 "attributeTable": [{}], "stackTable": [{}]},
  "resourceProfiles": [{"scopeProfiles": [{"profiles": [
    {"profileId": "5b8efff798038103d269b633813fc60c",
     "sampleType": {"typeStrindex": 1, "unitStrindex": 2},
     "samples": [{"values": ["1"]}]}
  ]}]}]
}"#;

#[test]
fn all_five_kinds_run_as_plugins_and_profiles_pass() {
    let fixtures = repository().join("crates/bimetal-conformance/fixtures");
    let distribution = build("otelcol-five-kinds", &fixtures.join("five-kinds.yaml")).unwrap();
    run(distribution.main.as_str(), &["plugins", "check"]).unwrap();

    let (otlp, zpages) = (free_endpoint().unwrap(), free_endpoint().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let config = Utf8PathBuf::try_from(directory.path().join("collector.yaml")).unwrap();
    let text = format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: '{otlp}'}}}}}}}}\n\
         processors: {{batch: }}\n\
         exporters: {{debug: {{verbosity: basic}}}}\n\
         connectors: {{forward: }}\n\
         extensions: {{zpages: {{endpoint: '{zpages}'}}}}\n\
         service:\n  extensions: [zpages]\n  telemetry: {{metrics: {{level: none}}}}\n  \
         pipelines:\n    \
         logs/in: {{receivers: [otlp], processors: [batch], exporters: [forward]}}\n    \
         logs/out: {{receivers: [forward], exporters: [debug]}}\n    \
         profiles: {{receivers: [otlp], exporters: [debug]}}\n"
    );
    fs::write(&config, text).unwrap();

    let mut collector = Start::new(&distribution.main, &config)
        .argument("--feature-gates=service.profilesSupport")
        .run()
        .unwrap();
    let logs = fs::read(repository().join("examples/quickstart/telemetry/logs.json")).unwrap();
    send(otlp, "logs", &logs).unwrap();
    collector.wait_for("\"log records\": 1").unwrap();
    ureq::post(format!("http://{otlp}/v1development/profiles"))
        .header("content-type", "application/json")
        .send(PROFILES)
        .unwrap();
    collector.wait_for("\"resource profiles\": 1").unwrap();
    let page = ureq::get(format!("http://{zpages}/debug/pipelinez"))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(page.contains("forward"), "{page}");
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
}
