//! A receiver through its table.

use std::sync::Mutex;
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use bimetal_sdk::config::Empty;
use bimetal_sdk::pdata::{NewLog, NewLogs, NewTraces};
use bimetal_sdk::testing::{Sent, TestHost};
use bimetal_sdk::{
    Component, Consumer, Delivery, Error, Logs, Receiver, Settings, Signal, Stability,
};
use serde_json::json;

use crate::component::RECORD;

/// Sends new logs, an encoded batch, and one of a wrong signal, each from a thread of its own.
struct Three {
    settings: Settings,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Receiver for Three {
    type Config = Empty;

    fn new(settings: &Settings, _: Empty) -> Result<Self, Error> {
        let (settings, threads) = (settings.clone(), Mutex::new(Vec::new()));
        Ok(Self { settings, threads })
    }

    fn start(&self, consumer: Consumer) -> Result<(), Error> {
        let send = |work: fn(&Consumer) -> Result<(), Error>| {
            let settings = self.settings.clone();
            thread::spawn(move || {
                if let Err(error) = work(&consumer) {
                    let class = (error.is_permanent(), error.is_retryable());
                    settings
                        .logger
                        .warn(&format!("{} {class:?}", error.message()));
                }
            })
        };
        let threads = [send(new_logs), send(encoded), send(traces)];
        self.threads.lock()?.extend(threads);
        Ok(())
    }

    fn shutdown(&self, _: Option<SystemTime>) -> Result<(), Error> {
        for thread in self.threads.lock()?.drain(..) {
            thread.join().map_err(|_| Error::new("a thread panicked"))?;
        }
        Ok(())
    }
}

fn new_logs(consumer: &Consumer) -> Result<(), Error> {
    let mut logs = NewLogs::new();
    logs.resource(&[], |resource| {
        resource.scope("", "", |scope| {
            scope.record(&NewLog {
                body: "made".into(),
                ..NewLog::default()
            });
        });
    });
    consumer.send_logs(&Delivery::default(), logs)
}

fn encoded(consumer: &Consumer) -> Result<(), Error> {
    consumer.send_otlp(&Delivery::default(), &RECORD)
}

fn traces(consumer: &Consumer) -> Result<(), Error> {
    consumer.send_traces(&Delivery::default(), NewTraces::new())
}

fn three() -> &'static Component {
    static COMPONENT: Component =
        Component::receiver::<Three>("three", &[(Signal::Logs, Stability::Alpha)]);
    &COMPONENT
}

fn bodies(sent: &[Sent]) -> Vec<String> {
    let mut bodies: Vec<_> = sent
        .iter()
        .map(|sent| {
            let logs = Logs::parse(&sent.otlp).unwrap();
            let record = logs.records().next().unwrap();
            record.body().as_str().unwrap_or("none").to_owned()
        })
        .collect();
    bodies.sort();
    bodies
}

#[test]
fn what_a_receiver_sends_reaches_its_pipelines_from_any_thread() {
    let host = TestHost::new(three());
    let receiver = host.started(Signal::Logs, &json!({})).unwrap();
    receiver.shutdown().unwrap();
    assert_eq!(bodies(&host.sent()), ["made", "none"]);
    assert!(host.sent().iter().all(|sent| sent.signal == Signal::Logs));
    let texts: Vec<_> = host.logs().into_iter().map(|log| log.message).collect();
    assert_eq!(texts, ["the receiver was made for logs (true, false)"]);
}

#[test]
fn an_error_of_a_pipeline_comes_back_with_its_class() {
    for (error, class) in [
        (Error::retryable("full"), "full (false, true)"),
        (Error::permanent("no"), "no (true, false)"),
        (Error::new("hm"), "hm (false, false)"),
    ] {
        let host = TestHost::new(three());
        host.refuses(Some(&error));
        let receiver = host.started(Signal::Logs, &json!({})).unwrap();
        receiver.shutdown().unwrap();
        assert!(host.sent().is_empty());
        let texts: Vec<_> = host.logs().into_iter().map(|log| log.message).collect();
        assert_eq!(
            texts.iter().filter(|text| *text == class).count(),
            2,
            "{texts:?}"
        );
    }
}

#[test]
fn a_receiver_is_given_no_telemetry() {
    let host = TestHost::new(three());
    assert!(three().factory().consume.is_none());
    let receiver = host.create(Signal::Logs, &json!({})).unwrap();
    assert!(receiver.consume(&RECORD).is_err());
}
