//! An extension through its table.

use bimetal_sdk::config::Empty;
use bimetal_sdk::testing::TestHost;
use bimetal_sdk::{
    Component, Error, Extension, Kind, Settings, Signal, Stability, Status, StatusEvent, abi,
};
use serde_json::{Value, json};

struct Listener {
    settings: Settings,
}

impl Listener {
    fn tell(&self, what: impl std::fmt::Display) {
        self.settings.logger.info(&what.to_string());
    }
}

impl Extension for Listener {
    type Config = Empty;

    fn new(settings: &Settings, _: Empty) -> Result<Self, Error> {
        let settings = settings.clone();
        Ok(Self { settings })
    }

    fn ready(&self) -> Result<(), Error> {
        self.tell("ready");
        Ok(())
    }

    fn not_ready(&self) -> Result<(), Error> {
        Err(Error::new("not yet"))
    }

    fn status_changed(&self, event: &StatusEvent) {
        assert_ne!(event.status, Status::FatalError, "seen");
        self.tell(format_args!(
            "{:?} {} {:?}",
            event.kind, event.id, event.status
        ));
    }

    fn config_changed(&self, config: &Value) -> Result<(), Error> {
        self.tell(config);
        Ok(())
    }
}

fn component() -> &'static Component {
    static COMPONENT: Component =
        Component::extension::<Listener>("listener", Stability::Beta).watches_status();
    &COMPONENT
}

#[test]
fn an_extension_hears_each_event_between_start_and_shutdown() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    assert_eq!(
        extension.ready().unwrap_err().message,
        "the component is not started"
    );
    extension.start().unwrap();
    extension.ready().unwrap();
    extension
        .status_changed(Kind::Receiver, "otlp/2", Status::RecoverableError)
        .unwrap();
    extension.config_changed(&json!({"a": 1})).unwrap();
    assert_eq!(extension.not_ready().unwrap_err().message, "not yet");
    extension.shutdown().unwrap();
    assert!(extension.ready().is_err());
    let texts: Vec<_> = host
        .logs()
        .into_iter()
        .map(|record| record.message)
        .collect();
    assert_eq!(
        texts,
        ["ready", "Receiver otlp/2 RecoverableError", "{\"a\":1}"]
    );
}

#[test]
fn a_panic_takes_an_extension_out_of_service() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    extension.start().unwrap();
    let failure = extension
        .status_changed(Kind::Exporter, "x", Status::FatalError)
        .unwrap_err();
    assert_eq!(failure.status, abi::STATUS_PANIC);
    assert_eq!(extension.ready().unwrap_err().status, abi::STATUS_POISONED);
}

#[test]
fn an_extension_has_no_signal_and_is_given_no_telemetry() {
    let host = TestHost::new(component());
    let said = host.describe().unwrap();
    assert_eq!(said["kind"], "extension");
    assert_eq!(said["signals"], json!({"extension": "beta"}));
    let factory = component().factory();
    assert_eq!(factory.signals, 0);
    assert_eq!(factory.features, abi::FEATURE_WATCH_STATUS);
    assert!(factory.consume.is_none());
    let extension = host.extension(&json!({})).unwrap();
    assert!(
        extension
            .consume(&[])
            .unwrap_err()
            .message
            .contains("no telemetry")
    );
    let misled = host.create(Signal::Logs, &json!({})).unwrap();
    assert!(misled.consume(&[]).is_err());
}
