//! What a component reports of itself.

use bimetal_sdk::config::Empty;
use bimetal_sdk::testing::TestHost;
use bimetal_sdk::{Component, Error, Extension, Settings, Stability, Status, StatusReporter, abi};
use serde_json::json;

struct Unsteady {
    status: StatusReporter,
}

impl Extension for Unsteady {
    type Config = Empty;

    fn new(settings: &Settings, _: Empty) -> Result<Self, Error> {
        let status = settings.status.clone();
        Ok(Self { status })
    }

    fn start(&self) -> Result<(), Error> {
        self.status.report(Status::Starting, "");
        let status = self.status.clone();
        let thread = std::thread::spawn(move || status.recoverable_error("no answer"));
        thread.join().expect("reporting does not panic");
        self.status.ok();
        Ok(())
    }

    fn ready(&self) -> Result<(), Error> {
        self.status
            .permanent_error(format_args!("{} is full", "disk"));
        self.status.fatal_error("it burns");
        self.status.report(Status::Stopping, "");
        Ok(())
    }
}

fn component() -> &'static Component {
    static COMPONENT: Component = Component::extension::<Unsteady>("unsteady", Stability::Beta);
    &COMPONENT
}

#[test]
fn a_component_reports_its_status_from_any_thread() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    assert_eq!(host.statuses(), []);
    extension.start().unwrap();
    extension.ready().unwrap();
    let expected = [
        (Status::Starting, ""),
        (Status::RecoverableError, "no answer"),
        (Status::Ok, ""),
        (Status::PermanentError, "disk is full"),
        (Status::FatalError, "it burns"),
        (Status::Stopping, ""),
    ];
    assert_eq!(
        host.statuses(),
        expected.map(|(status, what)| (status, what.to_owned()))
    );
    assert!(host.logs().is_empty());
}

#[test]
fn the_words_of_a_status_are_the_collectors() {
    let words: Vec<_> = Status::ALL.into_iter().map(Status::as_str).collect();
    let expected = "starting ok recoverable_error permanent_error fatal_error stopping stopped";
    assert_eq!(words.join(" "), expected);
    assert_eq!(
        Status::from_number(abi::COMPONENT_FATAL_ERROR),
        Some(Status::FatalError)
    );
    assert_eq!(Status::from_number(99), None);
}
