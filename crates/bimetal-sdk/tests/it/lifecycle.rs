//! Created, started, used, shut down, destroyed.

use std::time::{Duration, SystemTime};

use bimetal_sdk::config::Empty;
use bimetal_sdk::pdata::Logs;
use bimetal_sdk::testing::{Call, Consumed, TestHost};
use bimetal_sdk::{
    Component, Error, Extension, Level, Settings, Signal, SpanContext, Stability, abi,
};
use serde_json::{Value, json};

use crate::component::{RECORD, component, reader};

fn host() -> TestHost {
    TestHost::new(component())
}

fn stated(host: &TestHost) -> Vec<String> {
    host.logs()
        .into_iter()
        .map(|record| record.message)
        .collect()
}

fn task(name: &str) -> Value {
    json!({ "task": name })
}

#[test]
fn lives_from_new_to_drop_in_order() {
    let host = host();
    let instance = host.create(Signal::Logs, &json!({})).unwrap();
    instance.start().unwrap();
    assert_eq!(instance.consume(&RECORD).unwrap(), Consumed::PassThrough);
    instance.shutdown().unwrap();
    drop(instance);
    assert_eq!(stated(&host), ["new", "start", "shutdown", "drop"]);
}

#[test]
fn shutdown_comes_without_start_and_twice() {
    let host = host();
    let idle = host.create(Signal::Logs, &json!({})).unwrap();
    idle.shutdown().unwrap();
    idle.shutdown().unwrap();
    drop(idle);
    assert_eq!(stated(&host), ["new", "drop"]);

    let used = host.started(Signal::Logs, &json!({})).unwrap();
    used.shutdown().unwrap();
    used.shutdown().unwrap();
    drop(used);
    assert_eq!(stated(&host)[2..], ["new", "start", "shutdown", "drop"]);
}

#[test]
fn shutdown_does_not_reach_an_instance_whose_start_failed() {
    let host = host();
    let instance = host.create(Signal::Logs, &task("fail_to_start")).unwrap();
    let error = instance.start().unwrap_err();
    assert_eq!(error.message, "invalid digit found in string");
    instance.shutdown().unwrap();
    drop(instance);
    assert_eq!(stated(&host), ["new", "start", "drop"]);
}

#[test]
fn takes_no_data_before_start_and_after_shutdown() {
    let host = host();
    let instance = host.create(Signal::Logs, &json!({})).unwrap();
    assert_eq!(
        instance.consume(&RECORD).unwrap_err().message,
        "the component is not started"
    );
    instance.start().unwrap();
    instance.shutdown().unwrap();
    assert_eq!(
        instance.consume(&RECORD).unwrap_err().message,
        "the component is shut down"
    );
}

#[test]
fn a_second_start_breaks_the_contract() {
    let host = host();
    let instance = host.started(Signal::Logs, &json!({})).unwrap();
    let error = instance.start().unwrap_err();
    assert_eq!(error.status, abi::STATUS_INVALID);
    assert_eq!(
        error.message,
        "the host broke the contract: `start` on an instance that is started"
    );
}

#[test]
fn an_unchanged_batch_passes_through_a_changed_one_is_replaced_a_dropped_one_ends() {
    let host = host();
    let consume = |name: &str| {
        host.started(Signal::Logs, &task(name))
            .unwrap()
            .consume(&RECORD)
            .unwrap()
    };
    assert_eq!(consume("nothing"), Consumed::PassThrough);
    assert_eq!(consume("drop_all"), Consumed::Dropped);
    let Consumed::Replaced(otlp) = consume("mark") else {
        panic!("not replaced")
    };
    let logs = Logs::parse(&otlp).unwrap();
    let record = logs.records().next().unwrap();
    assert!(record.attributes().get("marked").is_some());
    let Consumed::Replaced(otlp) = consume("replace") else {
        panic!("not replaced")
    };
    let logs = Logs::parse(&otlp).unwrap();
    let bodies: Vec<_> = logs
        .records()
        .map(|record| record.body().as_str())
        .collect();
    assert_eq!(bodies, [Some("made")]);
}

#[test]
fn a_host_that_takes_edits_gets_the_same() {
    let answers = [host(), host().with_edits()].map(|host| {
        let instance = host.started(Signal::Logs, &task("extend")).unwrap();
        let Consumed::Replaced(otlp) = instance.consume(&RECORD).unwrap() else {
            panic!("not replaced")
        };
        otlp
    });
    assert_eq!(answers[0], answers[1]);
    let logs = Logs::parse(&answers[1]).unwrap();
    let records: Vec<_> = logs
        .records()
        .map(|record| (record.severity_text().to_str(), record.body().as_str()))
        .collect();
    assert_eq!(
        records,
        [(Some("MARKED"), None), (Some(""), Some("the end"))]
    );
}

#[test]
fn serves_every_declared_signal() {
    let host = host();
    for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
        let instance = host.started(signal, &json!({})).unwrap();
        assert_eq!(instance.consume(&[]).unwrap(), Consumed::PassThrough);
    }
}

#[test]
fn malformed_telemetry_is_a_permanent_error_and_the_instance_goes_on() {
    let host = host();
    let instance = host.started(Signal::Logs, &json!({})).unwrap();
    let error = instance.consume(&[0x0a, 0xff]).unwrap_err();
    assert!(error.is_permanent());
    assert!(
        error.message.starts_with("malformed logs: "),
        "{}",
        error.message
    );
    assert_eq!(instance.consume(&RECORD).unwrap(), Consumed::PassThrough);
}

#[test]
fn many_threads_consume_at_once() {
    let host = host();
    let instance = host.started(Signal::Logs, &task("log")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(instance.consume(&RECORD).unwrap(), Consumed::PassThrough);
                }
            });
        }
    });
    assert_eq!(
        host.logs()
            .iter()
            .filter(|record| record.message == "batch seen")
            .count(),
        100
    );
}

#[test]
fn logs_carry_level_and_fields_and_disabled_levels_are_not_written() {
    let host = host().with_level(Level::Warn);
    let instance = host.started(Signal::Logs, &task("log")).unwrap();
    instance.consume(&RECORD).unwrap();
    let logs = host.logs();
    assert_eq!(logs.len(), 1);
    assert_eq!(
        (logs[0].level, logs[0].message.as_str()),
        (abi::LOG_WARN, "batch seen")
    );
    assert_eq!(logs[0].fields, json!({"call": 0, "id": "obedient"}));
}

#[test]
fn the_context_reaches_the_component() {
    let host = TestHost::new(reader());
    let instance = host.started(Signal::Logs, &task("tell_context")).unwrap();
    let mut span_id = [0; 8];
    span_id[7] = 9;
    let call = Call::default()
        .with_deadline(SystemTime::now() + Duration::from_mins(1))
        .with_span(SpanContext {
            trace_id: [1; 16],
            span_id,
            trace_flags: 1,
            is_remote: true,
        })
        .with_request_context(vec![1, 2]);
    instance.consume_with(&call, &RECORD).unwrap();
    call.cancel();
    instance.consume_with(&call, &RECORD).unwrap();
    instance.consume(&RECORD).unwrap();
    let stated: Vec<Value> = host
        .logs()
        .into_iter()
        .filter(|record| record.message == "context")
        .map(|record| record.fields)
        .collect();
    let full = |cancelled| {
        json!({
            "deadline": true, "cancelled": cancelled, "span": 9, "remote": true, "request": [1, 2],
        })
    };
    assert_eq!(stated[0], full(false));
    assert_eq!(stated[1], full(true));
    assert_eq!(
        stated[2],
        json!({"deadline": false, "cancelled": false, "span": null, "remote": null, "request": []})
    );
}

#[test]
fn errors_carry_their_class() {
    let host = host();
    let error = host
        .started(Signal::Logs, &task("fail"))
        .unwrap()
        .consume(&RECORD)
        .unwrap_err();
    assert_eq!(
        (error.status, error.message.as_str()),
        (abi::STATUS_ERROR, "batch: cannot be done")
    );
    assert!(error.is_permanent() && !error.is_retryable());

    let instance = host
        .started(Signal::Logs, &task("fail_with_everything"))
        .unwrap();
    let error = instance.consume(&RECORD).unwrap_err();
    assert!(error.is_retryable() && !error.is_permanent());
    assert_eq!((error.http_status, error.grpc_code), (Some(503), Some(14)));
    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));
    assert_eq!(error.retry_data, Some((Signal::Logs, RECORD.to_vec())));

    let instance = host
        .started(Signal::Logs, &task("fail_to_shut_down"))
        .unwrap();
    let error = instance.shutdown().unwrap_err();
    assert_eq!((error.message.as_str(), error.flags), ("will not stop", 0));
    assert_eq!(
        host.create(Signal::Logs, &task("fail_to_create"))
            .unwrap_err()
            .message,
        "no way to make it"
    );
}

#[test]
fn a_bad_section_is_reported_by_validate_and_by_create_alike() {
    let host = host();
    let section = json!({"timeout": "0s", "token": "", "tokn": 1});
    let validate = host.validate(&section).unwrap_err();
    assert_eq!(validate.message, "tokn: unknown key; did you mean `token`?");
    assert_eq!(host.create(Signal::Logs, &section).unwrap_err(), validate);

    let section = json!({"timeout": "0s", "token": ""});
    assert_eq!(
        host.validate(&section).unwrap_err().message,
        "timeout: must be positive\ntoken: must be set"
    );
    host.validate(&json!({"task": "mark", "timeout": "1m"}))
        .unwrap();
}

#[test]
fn describes_itself() {
    insta::assert_json_snapshot!(host().describe().unwrap());
}

#[test]
fn the_builder_gets_one_array_for_all_components() {
    let text = bimetal_sdk::describe(&[component(), reader()]);
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(all[0], host().describe().unwrap());
    assert_eq!(
        (&all[1]["type"], &all[1]["signals"]),
        (&json!("reader"), &json!({"logs": "stable"}))
    );
    let both = |one| one | abi::FEATURE_EDITS | abi::FEATURE_VIEW;
    assert_eq!(reader().factory().features, both(abi::FEATURE_METADATA));
    assert_eq!(component().factory().features, both(abi::FEATURE_MUTATES));
}

#[test]
fn a_text_that_is_too_long_for_the_c_abi_is_cut_and_breaks_no_rule() {
    let host = host();
    let instance = host.started(Signal::Logs, &task("shout")).unwrap();
    let error = instance.consume(&RECORD).unwrap_err();
    // An `ä` has two bytes.
    let most = usize::try_from(abi::LONGEST_TEXT).unwrap();
    assert_eq!(error.message.len(), most);
    assert!(error.message.ends_with('ä'));
    let records = host.logs();
    assert!(records.iter().any(|record| record.message.len() == most));
}

#[test]
fn a_component_knows_the_collector_that_it_is_in() {
    struct Asking;
    impl Extension for Asking {
        type Config = Empty;
        fn new(settings: &Settings, _: Self::Config) -> Result<Self, Error> {
            Err(Error::new(format_args!(
                "{} {} {}",
                settings.build.command, settings.build.version, settings.resource["host"]
            )))
        }
    }
    static ASKING: Component = Component::extension::<Asking>("asking", Stability::Beta);
    let host = TestHost::new(&ASKING)
        .with_build("otelcol", "A Collector", "1.2.3")
        .with_resource(json!({"host": "x"}));
    let said = host.extension(&json!({})).unwrap_err().message;
    assert_eq!(said, "otelcol 1.2.3 \"x\"");
}
