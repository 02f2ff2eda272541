//! A panic ends the instance and nothing else.

use bimetal_sdk::testing::{Consumed, Failure, TestHost};
use bimetal_sdk::{Signal, abi};
use serde_json::{Value, json};

use crate::component::{RECORD, component};

fn task(name: &str) -> Value {
    json!({ "task": name })
}

/// Where the panic was, whatever the line.
fn without_place(error: &Failure) -> &str {
    let (text, place) = error.message.rsplit_once(" (").unwrap();
    assert!(place.contains("component.rs:"), "{place}");
    text
}

#[test]
fn a_panic_while_consuming_poisons_the_instance() {
    let host = TestHost::new(component());
    let instance = host.started(Signal::Logs, &task("panic")).unwrap();
    let error = instance.consume(&RECORD).unwrap_err();
    assert_eq!(error.status, abi::STATUS_PANIC);
    assert!(error.is_permanent());
    assert_eq!(
        without_place(&error),
        "the component panicked: call 0 went wrong"
    );
    for error in [
        instance.consume(&RECORD).unwrap_err(),
        instance.start().unwrap_err(),
        instance.shutdown().unwrap_err(),
    ] {
        assert_eq!(error.status, abi::STATUS_POISONED);
        assert_eq!(
            error.message,
            "the component panicked earlier and is out of service"
        );
    }
    drop(instance);
    assert_eq!(host.logs().last().unwrap().message, "drop");
}

#[test]
fn other_instances_go_on() {
    let host = TestHost::new(component());
    let bad = host.started(Signal::Logs, &task("panic")).unwrap();
    let good = host.started(Signal::Logs, &task("nothing")).unwrap();
    bad.consume(&RECORD).unwrap_err();
    assert_eq!(good.consume(&RECORD).unwrap(), Consumed::PassThrough);
}

#[test]
fn a_panic_in_any_other_call_is_contained_too() {
    let host = TestHost::new(component());
    let error = host
        .create(Signal::Logs, &task("panic_in_new"))
        .unwrap_err();
    assert_eq!(
        (error.status, without_place(&error)),
        (abi::STATUS_PANIC, "the component panicked: in new")
    );

    let instance = host.create(Signal::Logs, &task("panic_in_start")).unwrap();
    assert_eq!(instance.start().unwrap_err().status, abi::STATUS_PANIC);
    assert_eq!(
        instance.shutdown().unwrap_err().status,
        abi::STATUS_POISONED
    );

    let instance = host
        .started(Signal::Logs, &task("panic_in_shutdown"))
        .unwrap();
    assert_eq!(instance.shutdown().unwrap_err().status, abi::STATUS_PANIC);

    drop(host.started(Signal::Logs, &task("panic_in_drop")).unwrap());
    host.started(Signal::Logs, &task("nothing")).unwrap();
}

#[test]
fn a_panic_of_foreign_code_is_still_printed_by_its_hook() {
    let host = TestHost::new(component());
    host.started(Signal::Logs, &task("panic"))
        .unwrap()
        .consume(&RECORD)
        .unwrap_err();
    let thread = std::thread::spawn(|| panic!("not ours"));
    assert_eq!(
        *thread.join().unwrap_err().downcast::<&str>().unwrap(),
        "not ours"
    );
}
