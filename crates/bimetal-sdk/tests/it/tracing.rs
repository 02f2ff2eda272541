//! What a component gives to `tracing`.

use std::collections::BTreeMap;

use bimetal_sdk::config::Empty;
use bimetal_sdk::testing::{LogRecord, TestHost};
use bimetal_sdk::{Component, Error, Extension, Level, Logger, Settings, Stability};
use serde_json::{Value, json};

struct Talking {
    logger: Logger,
}

impl Extension for Talking {
    type Config = Empty;

    fn new(settings: &Settings, _: Empty) -> Result<Self, Error> {
        tracing::debug!("made");
        let logger = settings.logger.clone();
        Ok(Self { logger })
    }

    fn start(&self) -> Result<(), Error> {
        let cause = format_args!("no {}", "luck").to_string();
        let error = "x".parse::<u16>().unwrap_err();
        tracing::info!(count = 3, ratio = 0.5, yes = true, %cause, name = "x", "started {}", 1);
        tracing::error!(error = &error as &dyn std::error::Error);
        let _span = tracing::info_span!("not the log's").entered();
        tracing::trace!("too fine");
        let logger = self.logger.clone();
        let thread = std::thread::spawn(move || {
            tracing::warn!("from a thread of no instance");
            logger.in_scope(|| tracing::warn!("from a thread of this instance"));
            tracing::warn!("from a thread of no instance again");
        });
        thread.join().expect("logging does not panic");
        Ok(())
    }

    fn ready(&self) -> Result<(), Error> {
        tracing::warn!("before a panic");
        panic!("ready");
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        tracing::info!("dropped");
    }
}

fn component() -> &'static Component {
    static COMPONENT: Component = Component::extension::<Talking>("talking", Stability::Beta);
    &COMPONENT
}

fn lines(host: &TestHost) -> String {
    let line = |record: LogRecord| {
        let fields: BTreeMap<String, Value> = serde_json::from_value(record.fields).unwrap();
        let fields = serde_json::to_string(&fields).unwrap();
        format!("{} {} {fields}", record.level, record.message)
    };
    let lines: Vec<_> = host.logs().into_iter().map(line).collect();
    lines.join("\n")
}

#[test]
fn events_reach_the_logger_of_the_instance_that_the_thread_works_for() {
    let host = TestHost::new(component());
    let quiet = TestHost::new(component()).with_level(Level::Warn);
    let loud = host.extension(&json!({})).unwrap();
    let other = quiet.extension(&json!({})).unwrap();
    loud.start().unwrap();
    other.start().unwrap();
    assert!(loud.ready().is_err());
    tracing::error!("of no instance");
    drop((loud, other));
    insta::assert_snapshot!(lines(&host), @r#"
    -1 made {"target":"it::tracing"}
    0 started 1 {"cause":"no luck","count":3,"name":"x","ratio":0.5,"target":"it::tracing","yes":true}
    2  {"error":"invalid digit found in string","target":"it::tracing"}
    1 from a thread of this instance {"target":"it::tracing"}
    1 before a panic {"target":"it::tracing"}
    0 dropped {"target":"it::tracing"}
    "#);
    insta::assert_snapshot!(lines(&quiet), @r#"
    2  {"error":"invalid digit found in string","target":"it::tracing"}
    1 from a thread of this instance {"target":"it::tracing"}
    "#);
}
