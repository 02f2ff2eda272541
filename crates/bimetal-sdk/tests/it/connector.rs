//! A connector through its table.

use bimetal_sdk::config::Empty;
use bimetal_sdk::pdata::{NewLog, NewLogs};
use bimetal_sdk::testing::{Consumed, TestHost};
use bimetal_sdk::{
    Component, Connector, Context, Error, Logs, Outcome, Settings, Signal, Stability, Traces,
};
use serde_json::json;

use crate::component::RECORD;

struct Names;

impl Connector for Names {
    type Config = Empty;

    fn new(settings: &Settings, _: Empty) -> Result<Self, Error> {
        settings
            .logger
            .info(&format!("{:?} {:?}", settings.signal, settings.output));
        Ok(Self)
    }

    fn logs_to_logs(&self, _: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        for mut record in logs.records_mut() {
            record.set_severity_text("seen");
        }
        Ok(Outcome::Continue)
    }

    fn traces_to_logs(
        &self,
        _: &Context<'_>,
        traces: &Traces<'_>,
        logs: &mut NewLogs,
    ) -> Result<(), Error> {
        if traces.record_count() == 0 {
            return Ok(());
        }
        logs.resource(&[], |resource| {
            resource.scope("", "", |scope| {
                for _ in traces.records() {
                    scope.record(&NewLog {
                        body: "a span".into(),
                        ..NewLog::default()
                    });
                }
            });
        });
        Ok(())
    }
}

fn names() -> &'static Component {
    static COMPONENT: Component = Component::connector::<Names>(
        "names",
        &[
            (Signal::Logs, Signal::Logs, Stability::Alpha),
            (Signal::Traces, Signal::Logs, Stability::Beta),
            (Signal::Traces, Signal::Metrics, Stability::Stable),
        ],
    );
    &COMPONENT
}

fn bodies(consumed: Consumed) -> Vec<String> {
    let Consumed::Replaced(otlp) = consumed else {
        panic!("{consumed:?}");
    };
    let logs = Logs::parse(&otlp).unwrap();
    let body = |body: Option<&str>| body.unwrap_or_default().to_owned();
    logs.records()
        .map(|record| body(record.body().as_str()))
        .collect()
}

#[test]
fn a_connector_makes_another_signal_or_nothing() {
    let host = TestHost::new(names());
    let connector = host
        .connector(Signal::Traces, Signal::Logs, &json!({}))
        .unwrap();
    connector.start().unwrap();
    assert_eq!(bodies(connector.consume(&RECORD).unwrap()), ["a span"]);
    assert_eq!(connector.consume(&[]).unwrap(), Consumed::Dropped);
    connector.shutdown().unwrap();
    assert_eq!(host.logs()[0].message, "Some(Traces) Some(Logs)");
}

#[test]
fn within_a_signal_a_connector_changes_what_came() {
    for host in [TestHost::new(names()), TestHost::new(names()).with_edits()] {
        let connector = host
            .connector(Signal::Logs, Signal::Logs, &json!({}))
            .unwrap();
        connector.start().unwrap();
        assert_eq!(connector.consume(&[]).unwrap(), Consumed::PassThrough);
        let Consumed::Replaced(otlp) = connector.consume(&RECORD).unwrap() else {
            panic!("nothing changed");
        };
        let logs = Logs::parse(&otlp).unwrap();
        let texts: Vec<_> = logs
            .records()
            .map(|record| record.severity_text().to_str())
            .collect();
        assert_eq!(texts, [Some("seen")]);
    }
}

#[test]
fn a_pair_without_its_method_is_a_permanent_error_and_one_without_output_makes_no_instance() {
    let host = TestHost::new(names());
    let connector = host
        .connector(Signal::Traces, Signal::Metrics, &json!({}))
        .unwrap();
    connector.start().unwrap();
    let failure = connector.consume(&RECORD).unwrap_err();
    assert!(failure.is_permanent());
    assert_eq!(
        failure.message,
        "the component declares traces_to_metrics but does not implement `traces_to_metrics`"
    );
    let failure = host.create(Signal::Traces, &json!({})).unwrap_err();
    assert!(
        failure.message.contains("what the connector is to make"),
        "{failure}"
    );
}

#[test]
fn a_connector_describes_its_pairs() {
    let said = TestHost::new(names()).describe().unwrap();
    assert_eq!(
        said["signals"],
        json!({"traces_to_metrics": "stable", "traces_to_logs": "beta", "logs_to_logs": "alpha"})
    );
    let factory = names().factory();
    assert_eq!(factory.signals, Signal::Logs.bit() | Signal::Traces.bit());
    assert_eq!(factory.stability, 0);
}
