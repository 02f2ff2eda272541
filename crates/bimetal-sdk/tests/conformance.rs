//! The conformance suite, on components that keep their contract and on such that do not.
#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not find stops it"
)]

use std::mem;
use std::sync::{Condvar, Mutex};
use std::thread;

use bimetal_sdk::config::Empty;
use bimetal_sdk::testing::TestHost;
use bimetal_sdk::{
    Component, Context, Error, Extension, Logs, Outcome, Processor, Settings, Signal, Stability,
};
use serde_json::json;

/// The suite counts what the process has: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A fault that a component has.
trait Fault: Send + Sync + 'static {
    fn when_made() {}
    fn when_started() -> Result<(), Error> {
        Ok(())
    }
    fn when_given(_: &mut Logs<'_>) {}
}

struct Faulty<F>(std::marker::PhantomData<F>);

impl<F: Fault> Processor for Faulty<F> {
    type Config = Empty;

    fn new(_: &Settings, _: Empty) -> Result<Self, Error> {
        F::when_made();
        Ok(Self(std::marker::PhantomData))
    }

    fn start(&self) -> Result<(), Error> {
        F::when_started()
    }

    fn process_logs(&self, _: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        F::when_given(logs);
        Ok(Outcome::Continue)
    }
}

macro_rules! findings {
    ($fault:ty) => {{
        static COMPONENT: Component = Component::processor::<Faulty<$fault>>(
            "faulty",
            &[(Signal::Logs, Stability::Development)],
        );
        let _alone = ALONE.lock().unwrap();
        let found = TestHost::new(&COMPONENT).conformance(&json!({}));
        found.err().map_or_else(Vec::new, |findings| findings.0)
    }};
}

#[test]
fn a_component_that_keeps_its_contract_has_no_finding() {
    struct Sound;
    impl Fault for Sound {
        fn when_given(logs: &mut Logs<'_>) {
            for mut record in logs.records_mut() {
                let mut attributes = record.attributes_mut();
                attributes.upsert("http.method", "POST");
                attributes.delete("cached");
            }
        }
    }
    assert_eq!(findings!(Sound), Vec::<String>::new());
}

/// Threads that wait until the test is over.
static OVER: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

fn thread_that_stays() {
    thread::spawn(|| {
        let mut over = OVER.0.lock().unwrap();
        while !*over {
            over = OVER.1.wait(over).unwrap();
        }
    });
}

#[test]
fn what_is_left_behind_is_found() {
    struct ThreadInNew;
    impl Fault for ThreadInNew {
        fn when_made() {
            thread_that_stays();
        }
    }
    struct ThreadInStart;
    impl Fault for ThreadInStart {
        fn when_started() -> Result<(), Error> {
            thread_that_stays();
            Ok(())
        }
    }
    struct Files;
    impl Fault for Files {
        fn when_started() -> Result<(), Error> {
            mem::forget(fs_err::File::open("/dev/null")?);
            Ok(())
        }
    }
    struct Memory;
    impl Fault for Memory {
        fn when_started() -> Result<(), Error> {
            mem::forget(vec![1_u8; 64 << 10]);
            Ok(())
        }
    }
    let in_new = findings!(ThreadInNew);
    let in_start = findings!(ThreadInStart);
    *OVER.0.lock().unwrap() = true;
    OVER.1.notify_all();
    assert!(
        in_new[0].starts_with("logs: `new` has side effects: "),
        "{in_new:?}"
    );
    assert!(in_new[0].contains(" threads in "), "{in_new:?}");
    let kept = |found: &[String], what: &str| {
        let start = "logs: start and stop leave behind ";
        let is_it = |line: &String| line.starts_with(start) && line.contains(what);
        assert!(found.iter().any(is_it), "{found:?}");
    };
    kept(&in_start, " threads in ");
    kept(&findings!(Files), " open files in ");
    kept(&findings!(Memory), " bytes in ");
}

#[test]
fn a_panic_is_found_with_the_batch_that_it_comes_from() {
    struct Careless;
    impl Fault for Careless {
        fn when_given(logs: &mut Logs<'_>) {
            assert!(logs.record_count() > 0, "no record");
        }
    }
    let found = findings!(Careless);
    assert!(
        found[0].starts_with("logs: a batch of nothing: the component panicked: no record"),
        "{found:?}"
    );
}

#[test]
fn an_extension_is_given_what_happens_around_it() {
    struct Listening;
    impl Extension for Listening {
        type Config = Empty;

        fn new(_: &Settings, _: Empty) -> Result<Self, Error> {
            Ok(Self)
        }

        fn ready(&self) -> Result<(), Error> {
            panic!("not now")
        }
    }
    static COMPONENT: Component =
        Component::extension::<Listening>("listening", Stability::Development).watches_pipelines();
    let found = TestHost::new(&COMPONENT)
        .conformance(&json!({}))
        .unwrap_err();
    assert!(
        found.0[0].starts_with("what happens around it: the component panicked: not now"),
        "{found}"
    );
}
