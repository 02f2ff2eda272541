//! One Rust plugin in Collectors of several releases, whose telemetry lies differently in memory.

mod batches;
mod mains;
mod sink;

use bimetal_conformance::collector::{Start, free_endpoint, page, send_protobuf};
use bimetal_conformance::distribution::run;
use bimetal_conformance::in_place::{TESTS, go_test, passed};
use bimetal_files::Digest;
use camino::Utf8Path;
use fs_err as fs;
use serde_json::{Value, json};

use batches::{Batch, actions};
use mains::RELEASES;
use sink::Sink;

const PLUGIN: &str = "processor-attributes.so";
const SIGNALS: usize = 3;

/// What a Collector did with one batch of each signal.
struct Passage {
    /// What came out, as OTLP.
    out: Vec<Vec<u8>>,
    /// Lines of the log.
    log: Vec<Value>,
    /// Samples of the metric that tells the tiers.
    tiers: Vec<String>,
}

impl Passage {
    fn new(main: &Utf8Path, plugins: &Utf8Path, pdata_view: &str, batches: &[Batch]) -> Self {
        let (sink, otlp, own) = (
            Sink::listen(),
            free_endpoint().unwrap(),
            free_endpoint().unwrap(),
        );
        let pipeline = json!({
            "receivers": ["otlp"], "processors": ["attributes"], "exporters": ["otlp_http"],
        });
        // JSON is YAML.
        let config = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": otlp.to_string()}}}},
            "processors": {"attributes": actions()},
            "exporters": {"otlp_http": {
                "endpoint": format!("http://{}", sink.address),
                "compression": "none",
                "sending_queue": {"enabled": false},
                "retry_on_failure": {"enabled": false},
            }},
            "runtime": {"rust": {"pdata_view": pdata_view}},
            "service": {
                "telemetry": {
                    "logs": {"encoding": "json"},
                    "metrics": {"level": "basic", "readers": [{"pull": {"exporter": {
                        "prometheus": {"host": "127.0.0.1", "port": own.port()},
                    }}}]},
                },
                "pipelines": {"logs": pipeline, "traces": pipeline, "metrics": pipeline},
            },
        });
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("collector.yaml");
        fs::write(&file, config.to_string()).unwrap();
        let collector = Start::new(main, Utf8Path::from_path(&file).unwrap())
            .argument(format!("--plugins-dir={plugins}"))
            .run()
            .unwrap();
        let out = batches.iter().map(|batch| {
            send_protobuf(otlp, batch.signal, &batch.sent).unwrap();
            sink.next()
        });
        let out = out.collect();
        let metrics = page(own, "metrics").unwrap();
        let ended = collector.stop().unwrap();
        assert!(ended.status.success(), "{}", ended.log);
        let tiers = metrics.lines();
        let tiers = tiers.filter(|line| line.starts_with("otelcol_rust_component_tier{"));
        let log = ended.log.lines();
        Self {
            out,
            log: log
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            tiers: tiers.map(str::to_owned).collect(),
        }
    }

    /// Every signal came in this tier, and nothing of it was taken back.
    fn was_in(&self, tier: &str, batches: &[Batch]) {
        let said = self.log.iter().filter_map(|line| line["tier"].as_str());
        assert_eq!(said.collect::<Vec<_>>(), [tier; SIGNALS]);
        for signal in batches.iter().map(|batch| batch.signal) {
            let label = [format!("=\"{signal}\""), format!("tier=\"{tier}\"")];
            let of_signal = |line: &&String| label.iter().all(|label| line.contains(label));
            assert_eq!(
                self.tiers.iter().filter(of_signal).count(),
                1,
                "{:?}",
                self.tiers
            );
        }
        assert_eq!(self.tiers.len(), SIGNALS, "{:?}", self.tiers);
        // A view, an edit or a proof that fails is a warning.
        let loud = self.log.iter().filter(|line| line["level"] != "info");
        assert_eq!(loud.collect::<Vec<_>>(), [&Value::Null; 0]);
    }

    /// The digest of what was loaded.
    fn loaded(&self) -> &str {
        let line = self.log.iter().find(|line| line["state"] == "loaded");
        line.unwrap()["sha256"].as_str().unwrap()
    }
}

#[test]
fn one_rust_plugin_reads_and_edits_in_place_in_collectors_of_three_releases() {
    let built = RELEASES.map(|release| (release, release.build()));
    let with_plugin = built.iter().filter(|(release, _)| release.has_plugin);
    let plugins: Vec<_> = with_plugin.map(|(_, built)| &built.plugins).collect();
    let [plugins] = *plugins else {
        panic!("the plugin is built once: {plugins:?}")
    };
    let digest = Digest::of(fs::read(plugins.join(PLUGIN)).unwrap()).to_string();
    let batches = batches::batches();
    for (release, distribution) in &built {
        let main = &distribution.main;
        let directory = format!("--plugins-dir={plugins}");
        run(main.as_str(), &["plugins", "check", &directory]).unwrap();
        let passage = |pdata_view| Passage::new(main, plugins, pdata_view, &batches);
        let (in_place, encoded) = (passage("required"), passage("off"));
        in_place.was_in("view", &batches);
        encoded.was_in("otlp", &batches);
        assert_eq!(in_place.loaded(), digest);
        assert_eq!(encoded.loaded(), digest);
        assert_eq!(in_place.out, encoded.out, "{release:?}");
        for (batch, out) in batches.iter().zip(&in_place.out) {
            assert_eq!((batch.read)(out), batch.expected, "{release:?}");
        }
    }
}

/// What the test above shows, it shows of telemetry that lies in more than one way.
#[test]
fn in_three_releases_telemetry_lies_differently_and_is_read_and_built_where_it_lies() {
    let lies = RELEASES.map(|release| {
        let go_mod = format!("-modfile={}", release.go_mod());
        let said = go_test(&["-mod=mod", &go_mod]).unwrap();
        assert_eq!(passed(&said), TESTS, "{said}");
        let places = |line: &str| Some(line.split_once(" lie as ")?.1.to_owned());
        let of_signals: Vec<_> = said.lines().filter_map(places).collect();
        assert_eq!(of_signals.len(), SIGNALS, "{said}");
        of_signals
    });
    for signal in 0..SIGNALS {
        let of_signal = lies.each_ref().map(|lies| &lies[signal]);
        let [oldest, between, newest] = of_signal;
        assert!(oldest != between && between != newest, "{of_signal:?}");
    }
}
