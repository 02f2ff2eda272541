//! The processor that the tests drive: it does what its configuration says, also badly.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bimetal_sdk::config::{ConfigErrors, OpaqueString, Validate};
use bimetal_sdk::pdata::{NewLog, NewLogs, ResourceItemsMut};
use bimetal_sdk::{
    Component, Context, Error, Level, Logs, Metrics, Outcome, Processor, Settings, Signal,
    Stability, Traces,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One resource with one scope with one empty record; the same bytes are one span's or one metric's
/// frame.
pub(crate) const RECORD: [u8; 8] = [0x0a, 0x06, 0x12, 0x04, 0x12, 0x02, 0x1a, 0x00];

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Config {
    /// What to do.
    task: Task,
    token: OpaqueString,
    timeout: bimetal_sdk::config::Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Task {
    Nothing,
    Mark,
    /// Marks every record, sets a field of it, and appends one to each scope.
    Extend,
    Replace,
    DropAll,
    Log,
    Fail,
    FailWithEverything,
    Shout,
    FailToCreate,
    FailToStart,
    FailToShutDown,
    Panic,
    PanicInNew,
    PanicInStart,
    PanicInShutdown,
    PanicInDrop,
    TellContext,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            task: Task::Nothing,
            token: "hunter2".into(),
            timeout: bimetal_sdk::config::Duration::from_secs(5),
        }
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.timeout <= bimetal_sdk::config::Duration::ZERO {
            errors.push("timeout", "must be positive");
        }
        if self.token.expose().is_empty() {
            errors.push("token", "must be set");
        }
        errors.into_result()
    }
}

pub(crate) struct Obedient {
    config: Config,
    settings: Settings,
    calls: AtomicUsize,
}

impl Obedient {
    fn tell(&self, what: &str) {
        self.settings.logger.debug(what);
    }

    fn work(&self, context: &Context<'_>) -> Result<Outcome, Error> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.config.task {
            Task::DropAll => return Ok(Outcome::Drop),
            Task::Log => self
                .settings
                .logger
                .at(Level::Warn)
                .field("call", call)
                .field("id", &self.settings.id)
                .write("batch seen"),
            Task::Fail => return Err(Error::permanent("cannot be done").context("batch")),
            Task::FailWithEverything => {
                return Err(Error::retryable("far end is busy")
                    .with_http_status(503)
                    .with_grpc_code(14)
                    .with_retry_after(Duration::from_millis(1500))
                    .with_retry_data(Signal::Logs, RECORD.to_vec()));
            }
            Task::Shout => {
                let text = "ä".repeat(9 << 20);
                self.tell(&text);
                return Err(Error::permanent(text));
            }
            Task::Panic => panic!("call {call} went wrong"),
            Task::TellContext => self
                .settings
                .logger
                .at(Level::Info)
                .field(
                    "deadline",
                    context
                        .deadline()
                        .is_some_and(|deadline| deadline > SystemTime::now()),
                )
                .field("cancelled", context.is_cancelled())
                .field("span", context.span().map(|span| span.span_id[7]))
                .field("remote", context.span().map(|span| span.is_remote))
                .field("request", context.request_context())
                .write("context"),
            _ => {}
        }
        Ok(Outcome::Continue)
    }
}

impl Processor for Obedient {
    type Config = Config;

    fn new(settings: &Settings, config: Config) -> Result<Self, Error> {
        match config.task {
            Task::FailToCreate => return Err(Error::new("no way to make it")),
            Task::PanicInNew => panic!("in new"),
            _ => {}
        }
        settings.logger.debug("new");
        Ok(Self {
            config,
            settings: settings.clone(),
            calls: AtomicUsize::new(0),
        })
    }

    fn start(&self) -> Result<(), Error> {
        self.tell("start");
        match self.config.task {
            Task::FailToStart => Err("x".parse::<u16>().map(drop).unwrap_err().into()),
            Task::PanicInStart => panic!("in start"),
            _ => Ok(()),
        }
    }

    fn process_logs(&self, context: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        let outcome = self.work(context)?;
        if matches!(self.config.task, Task::Mark | Task::Extend) {
            for mut record in logs.records_mut() {
                record.attributes_mut().upsert("marked", true);
            }
        }
        if self.config.task == Task::Extend {
            for mut record in logs.records_mut() {
                record.set_severity_text("MARKED");
            }
            let end = NewLog {
                body: "the end".into(),
                ..NewLog::default()
            };
            for mut scope in logs.resources_mut().flat_map(ResourceItemsMut::into_scopes) {
                scope.append(|scope| scope.record(&end))?;
            }
        }
        if self.config.task == Task::Replace {
            let mut new = NewLogs::default();
            new.resource(&[], |resource| {
                resource.scope("", "", |scope| {
                    scope.record(&NewLog {
                        body: "made".into(),
                        ..NewLog::default()
                    });
                });
            });
            logs.replace_with(new);
        }
        Ok(outcome)
    }

    fn process_traces(&self, context: &Context<'_>, _: &mut Traces<'_>) -> Result<Outcome, Error> {
        self.work(context)
    }

    fn process_metrics(
        &self,
        context: &Context<'_>,
        _: &mut Metrics<'_>,
    ) -> Result<Outcome, Error> {
        self.work(context)
    }

    fn shutdown(&self, _: Option<SystemTime>) -> Result<(), Error> {
        self.tell("shutdown");
        match self.config.task {
            Task::FailToShutDown => Err(Error::new("will not stop")),
            Task::PanicInShutdown => panic!("in shutdown"),
            _ => Ok(()),
        }
    }
}

impl Drop for Obedient {
    fn drop(&mut self) {
        self.tell("drop");
        assert!(self.config.task != Task::PanicInDrop, "in drop");
    }
}

pub(crate) fn component() -> &'static Component {
    static COMPONENT: Component = Component::processor::<Obedient>(
        "obedient",
        &[
            (Signal::Logs, Stability::Beta),
            (Signal::Traces, Stability::Alpha),
            (Signal::Metrics, Stability::Development),
        ],
    );
    &COMPONENT
}

/// The same, but it asks for client metadata and changes nothing.
pub(crate) fn reader() -> &'static Component {
    static COMPONENT: Component =
        Component::processor::<Obedient>("reader", &[(Signal::Logs, Stability::Stable)])
            .read_only()
            .reads_metadata();
    &COMPONENT
}
