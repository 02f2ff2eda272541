//! An exporter through its table, and the keys that the Collector takes out of its section.

use std::sync::atomic::{AtomicUsize, Ordering};

use bimetal_sdk::config::{Duration, Empty, Validate};
use bimetal_sdk::testing::{Consumed, TestHost};
use bimetal_sdk::{
    Component, Context, Error, Exporter, Logs, Metrics, Queue, Sending, Settings, Signal, Stability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::component::RECORD;

const LOGS: &[(Signal, Stability)] = &[(Signal::Logs, Stability::Alpha)];

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Config {
    limit: usize,
}

impl Validate for Config {}

struct Limited {
    config: Config,
    seen: AtomicUsize,
}

impl Exporter for Limited {
    type Config = Config;

    fn new(_: &Settings, config: Config) -> Result<Self, Error> {
        let seen = AtomicUsize::new(0);
        Ok(Self { config, seen })
    }

    fn sending() -> Sending {
        Sending {
            timeout: Some(Duration::from_secs(30)),
            queue: Some(Queue {
                queue_size: 7,
                ..Queue::default()
            }),
            retry: None,
        }
    }

    fn export_logs(&self, _: &Context<'_>, logs: &Logs<'_>) -> Result<(), Error> {
        let before = self.seen.fetch_add(logs.record_count(), Ordering::Relaxed);
        if before < self.config.limit {
            return Ok(());
        }
        Err(Error::retryable("full").with_retry_data(Signal::Logs, logs.encode()))
    }

    fn export_metrics(&self, _: &Context<'_>, metrics: &Metrics<'_>) -> Result<(), Error> {
        match metrics.record_count() {
            0 => Err(Error::permanent("nothing to do")),
            _ => Ok(()),
        }
    }
}

fn limited() -> &'static Component {
    static COMPONENT: Component = Component::exporter::<Limited>(
        "limited",
        &[
            (Signal::Logs, Stability::Alpha),
            (Signal::Metrics, Stability::Beta),
            (Signal::Traces, Stability::Development),
        ],
    );
    &COMPONENT
}

#[test]
fn an_exporter_takes_batches_and_fails_by_class_with_what_is_left() {
    let host = TestHost::new(limited());
    let logs = host.started(Signal::Logs, &json!({"limit": 1})).unwrap();
    assert_eq!(logs.consume(&RECORD).unwrap(), Consumed::Taken);
    let failure = logs.consume(&RECORD).unwrap_err();
    assert!(failure.is_retryable());
    assert_eq!(failure.retry_data, Some((Signal::Logs, RECORD.to_vec())));
    logs.shutdown().unwrap();

    let metrics = host.started(Signal::Metrics, &json!({})).unwrap();
    assert!(metrics.consume(&[]).unwrap_err().is_permanent());
    assert_eq!(metrics.consume(&RECORD).unwrap(), Consumed::Taken);
}

#[test]
fn a_signal_without_its_method_and_malformed_telemetry_are_permanent_errors() {
    let host = TestHost::new(limited());
    let traces = host.started(Signal::Traces, &json!({})).unwrap();
    let failure = traces.consume(&RECORD).unwrap_err();
    assert!(failure.is_permanent());
    assert_eq!(
        failure.message,
        "the component declares traces but does not implement `export_traces`"
    );
    let logs = host.started(Signal::Logs, &json!({"limit": 9})).unwrap();
    let failure = logs.consume(&[0x0a, 0x06]).unwrap_err();
    assert!(failure.is_permanent());
    assert!(failure.message.starts_with("malformed logs: "), "{failure}");
}

#[test]
fn the_keys_of_the_collector_are_described_with_the_exporters_defaults() {
    let said = TestHost::new(limited()).describe().unwrap();
    assert_eq!(said["host_keys"], json!(["timeout", "sending_queue"]));
    let defaults = &said["default_config"];
    assert_eq!(defaults["timeout"], "30s");
    assert_eq!(defaults["sending_queue"]["queue_size"], 7);
    assert_eq!(defaults["sending_queue"]["sizer"], "requests");
    assert_eq!(defaults["retry_on_failure"], json!(null));

    let schema = jsonschema::validator_for(&said["config_schema"]).unwrap();
    for (section, is_right) in [
        (json!({}), true),
        (json!({"limit": 3, "timeout": "1s"}), true),
        (json!({"sending_queue": {"enabled": false}}), true),
        (json!({"sending_queue": {"batch": {"min_size": 1}}}), true),
        (json!({"sending_queue": null}), true),
        (json!({"sending_queue": {"size": 3}}), false),
        (json!({"timeout": 3}), false),
        (json!({"retry_on_failure": {"enabled": false}}), false),
    ] {
        assert_eq!(schema.is_valid(&section), is_right, "{section}");
    }
}

#[test]
fn the_component_is_not_given_the_keys_of_the_collector() {
    let host = TestHost::new(limited());
    let config = json!({"limit": 3, "timeout": "1s", "sending_queue": {"enabled": false}});
    host.validate(&config).unwrap();
    host.create(Signal::Logs, &config).unwrap();
    let error = host.validate(&json!({"retry_on_failure": {}})).unwrap_err();
    assert_eq!(error.message, "retry_on_failure: unknown key");
}

#[test]
fn a_key_that_is_the_components_and_the_collectors_is_an_error() {
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Own {
        timeout: u64,
    }
    impl Validate for Own {}

    struct Both;
    impl Exporter for Both {
        type Config = Own;
        fn new(_: &Settings, _: Own) -> Result<Self, Error> {
            Ok(Self)
        }
    }
    static BOTH: Component = Component::exporter::<Both>("both", LOGS);

    let error = TestHost::new(&BOTH).describe().unwrap_err();
    assert_eq!(
        error.message,
        "`timeout` is a key of the component's configuration and one that the Collector takes for \
         itself"
    );
}

#[test]
fn an_exporter_may_do_without_all_of_it() {
    struct Bare;
    impl Exporter for Bare {
        type Config = Empty;
        fn new(_: &Settings, _: Empty) -> Result<Self, Error> {
            Ok(Self)
        }
        fn sending() -> Sending {
            Sending::none()
        }
    }
    static BARE: Component = Component::exporter::<Bare>("bare", LOGS);

    let said = TestHost::new(&BARE).describe().unwrap();
    assert_eq!(said.get("host_keys"), None);
    assert_eq!(said["default_config"], json!({}));
}
