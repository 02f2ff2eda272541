//! A host for tests: drives a component through the very table that a Collector uses.
//!
//! In: a component, a configuration, OTLP bytes. Out: what a Collector would get, and the
//! component's log. Invariant: nothing is simulated but the Collector itself; configuration, errors
//! and data cross the FFI boundary as they do in production.
//!
//! ```
//! # use bimetal_sdk::{Component, Error, Processor, Settings, Signal, Stability};
//! # struct Nop;
//! # impl Processor for Nop {
//! #     type Config = bimetal_sdk::config::Empty;
//! #     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> { Ok(Self) }
//! #     fn process_logs(&self, _: &bimetal_sdk::Context<'_>, _: &mut bimetal_sdk::Logs<'_>)
//! #         -> Result<bimetal_sdk::Outcome, Error> { Ok(bimetal_sdk::Outcome::Continue) }
//! # }
//! # fn component() -> &'static Component {
//! #     static COMPONENT: Component =
//! #         Component::processor::<Nop>("nop", &[(Signal::Logs, Stability::Beta)]);
//! #     &COMPONENT
//! # }
//! use bimetal_sdk::testing::{Consumed, TestHost};
//! use serde_json::json;
//!
//! let host = TestHost::new(component());
//! let processor = host.create(Signal::Logs, &json!({}))?;
//! processor.start()?;
//! assert_eq!(processor.consume(&[])?, Consumed::PassThrough);
//! processor.shutdown()?;
//! assert!(host.logs().is_empty());
//! # Ok::<(), bimetal_sdk::testing::Failure>(())
//! ```

mod conformance;
mod log;
mod metrics;
mod shim;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use bimetal_abi as abi;
use bimetal_abi::{Kind, Signal, Status};
use serde_json::{Value, json};

use crate::component::Component;
use crate::context::SpanContext;
use crate::error::Error;
use crate::settings::BuildInfo;

pub use conformance::Findings;
pub use log::{LogRecord, Sent};
pub use metrics::Measured;

/// Stands where the Collector stands.
#[derive(Debug)]
pub struct TestHost {
    factory: &'static abi::Factory,
    log: log::Handle,
    resource: Value,
    build: BuildInfo,
    takes_edits: bool,
}

/// One instance; destroyed when dropped.
#[derive(Debug)]
pub struct TestInstance {
    raw: shim::Instance,
    signal: Option<Signal>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumed {
    /// Nothing changed.
    PassThrough,
    /// The new telemetry, as OTLP.
    Replaced(Vec<u8>),
    /// Nothing goes on.
    Dropped,
    /// An exporter took it.
    Taken,
}

/// What travels beside a batch.
#[derive(Clone, Debug, Default)]
pub struct Call {
    deadline: Option<SystemTime>,
    span: Option<SpanContext>,
    request_context: Vec<u8>,
    cancelled: Arc<AtomicU32>,
}

/// What a component answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `STATUS_…` of the C ABI.
    pub status: i32,
    /// Text for people.
    pub message: String,
    /// `ERROR_…` bits.
    pub flags: u64,
    /// HTTP status of the far end, if the component says it.
    pub http_status: Option<i32>,
    /// gRPC code of the far end, if the component says it.
    pub grpc_code: Option<i32>,
    /// Delay that the far end asks for, if the component says it.
    pub retry_after: Option<Duration>,
    /// The part that may be sent again, with its signal, if the component says it.
    pub retry_data: Option<(Signal, Vec<u8>)>,
}

impl TestHost {
    /// A host for one component, with all log levels on.
    pub fn new(component: &'static Component) -> Self {
        Self::driving(component.factory())
    }

    /// A host for a table that came from elsewhere, such as a loaded plugin.
    pub fn driving(factory: &'static abi::Factory) -> Self {
        Self {
            factory,
            log: log::Handle::new(),
            resource: json!({}),
            build: BuildInfo::default(),
            takes_edits: false,
        }
    }

    /// The resource attributes that instances are given.
    #[must_use]
    pub fn with_resource(mut self, resource: Value) -> Self {
        self.resource = resource;
        self
    }

    /// What the Collector calls itself.
    #[must_use]
    pub fn with_build(mut self, command: &str, description: &str, version: &str) -> Self {
        self.build = BuildInfo {
            command: command.to_owned(),
            description: description.to_owned(),
            version: version.to_owned(),
        };
        self
    }

    /// A host that holds the telemetry, as the Collector does: a component that edits answers what
    /// is to be done, and the host does it. What a test sees is the same.
    #[must_use]
    pub fn with_edits(mut self) -> Self {
        self.takes_edits = true;
        self
    }

    /// Only records of `level` and above are wanted.
    #[must_use]
    pub fn with_level(self, level: crate::Level) -> Self {
        self.log.set_level(level as i32);
        self
    }

    /// The component's identity, defaults and schema.
    pub fn describe(&self) -> Result<Value, Failure> {
        let text = shim::describe(self.factory)?;
        serde_json::from_slice(&text)
            .map_err(|error| Failure::broken(format!("description is not JSON: {error}")))
    }

    /// Checks a configuration without making an instance.
    pub fn validate(&self, config: &Value) -> Result<(), Failure> {
        shim::validate(self.factory, self.section(config).as_bytes())
    }

    /// Makes an instance for `signal`; its id is the component's type.
    pub fn create(&self, signal: Signal, config: &Value) -> Result<TestInstance, Failure> {
        self.make(Some(signal), None, config)
    }

    /// Makes an instance of a connector that takes `from` and makes `to`; its id is the component's
    /// type.
    pub fn connector(
        &self,
        from: Signal,
        to: Signal,
        config: &Value,
    ) -> Result<TestInstance, Failure> {
        self.make(Some(from), Some(to), config)
    }

    /// Makes an extension; its id is the component's type.
    pub fn extension(&self, config: &Value) -> Result<TestInstance, Failure> {
        self.make(None, None, config)
    }

    fn make(
        &self,
        signal: Option<Signal>,
        output: Option<Signal>,
        config: &Value,
    ) -> Result<TestInstance, Failure> {
        let raw = shim::Instance::create(
            self.factory,
            self.takes_edits,
            [signal, output].map(|signal| signal.map_or(0, Signal::number)),
            (self.log.component(), self.log.level()),
            self.section(config).as_bytes(),
            self.resource.to_string().as_bytes(),
            json!(self.build).to_string().as_bytes(),
        )?;
        Ok(TestInstance { raw, signal })
    }

    /// Makes an instance and starts it.
    pub fn started(&self, signal: Signal, config: &Value) -> Result<TestInstance, Failure> {
        let instance = self.create(signal, config)?;
        instance.start()?;
        Ok(instance)
    }

    /// What receivers have given to their pipelines so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.log.sent()
    }

    /// From now on pipelines refuse what a receiver gives them; `None`: they take it again.
    pub fn refuses(&self, error: Option<&Error>) {
        self.log.refuse(error.map(|error| log::Refusal {
            flags: match (error.is_permanent(), error.is_retryable()) {
                (true, _) => abi::ERROR_PERMANENT,
                (_, true) => abi::ERROR_RETRYABLE,
                _ => 0,
            },
            message: error.message().to_owned(),
        }));
    }

    /// The section as the component gets it: without the keys that the Collector takes. Nothing is
    /// done for them here.
    fn section(&self, config: &Value) -> String {
        let mut config = config.clone();
        let said = self.describe().unwrap_or_default();
        let taken = said["host_keys"].as_array().into_iter().flatten();
        if let Some(section) = config.as_object_mut() {
            for key in taken.filter_map(Value::as_str) {
                section.remove(key);
            }
        }
        config.to_string()
    }

    /// What the component's instances have logged so far.
    pub fn logs(&self) -> Vec<LogRecord> {
        self.log.records()
    }

    /// What the component's instances have reported so far, with what is wrong.
    pub fn statuses(&self) -> Vec<(Status, String)> {
        self.log.statuses()
    }

    /// What the component's instruments say now, in the order in which they were declared.
    pub fn metrics(&self) -> Vec<Measured> {
        self.log.measured()
    }
}

impl TestInstance {
    /// Starts the instance.
    pub fn start(&self) -> Result<(), Failure> {
        self.raw.start()
    }

    /// Gives one batch to the instance.
    pub fn consume(&self, otlp: &[u8]) -> Result<Consumed, Failure> {
        self.consume_with(&Call::default(), otlp)
    }

    /// Gives one batch to the instance, with a context.
    pub fn consume_with(&self, call: &Call, otlp: &[u8]) -> Result<Consumed, Failure> {
        let none = || Failure::broken("an extension is given no telemetry".to_owned());
        self.raw.consume(call, self.signal.ok_or_else(none)?, otlp)
    }

    /// Tells an extension that every pipeline runs.
    pub fn ready(&self) -> Result<(), Failure> {
        self.raw.notify(abi::EVENT_READY, "")
    }

    /// Tells an extension that the receivers are about to be stopped.
    pub fn not_ready(&self) -> Result<(), Failure> {
        self.raw.notify(abi::EVENT_NOT_READY, "")
    }

    /// Tells an extension that a component has another status.
    pub fn status_changed(&self, kind: Kind, id: &str, status: Status) -> Result<(), Failure> {
        let event = json!({"kind": kind.as_str(), "id": id, "status": status.as_str()});
        self.raw.notify(abi::EVENT_STATUS, &event.to_string())
    }

    /// Tells an extension the Collector's configuration.
    pub fn config_changed(&self, config: &Value) -> Result<(), Failure> {
        self.raw.notify(abi::EVENT_CONFIG, &config.to_string())
    }

    /// Stops the instance.
    pub fn shutdown(&self) -> Result<(), Failure> {
        self.raw.shutdown(0)
    }
}

impl Consumed {
    /// What the next component sees: the new telemetry, the old one, or nothing.
    pub fn next(self, input: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::PassThrough => Some(input.to_vec()),
            Self::Replaced(otlp) => Some(otlp),
            Self::Dropped | Self::Taken => None,
        }
    }
}

impl Call {
    /// The caller waits until then.
    #[must_use]
    pub fn with_deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The span that the call belongs to.
    #[must_use]
    pub fn with_span(mut self, span: SpanContext) -> Self {
        self.span = Some(span);
        self
    }

    /// Client address and metadata, as the Collector's `RequestContext` message.
    #[must_use]
    pub fn with_request_context(mut self, encoded: Vec<u8>) -> Self {
        self.request_context = encoded;
        self
    }

    /// The caller no longer waits; clones of this call share that.
    pub fn cancel(&self) {
        self.cancelled.store(1, Ordering::Release);
    }
}

impl Failure {
    fn broken(message: String) -> Self {
        Self {
            status: abi::STATUS_INVALID,
            message,
            flags: 0,
            http_status: None,
            grpc_code: None,
            retry_after: None,
            retry_data: None,
        }
    }

    /// Sending the same data again cannot succeed.
    pub fn is_permanent(&self) -> bool {
        self.flags & abi::ERROR_PERMANENT != 0
    }

    /// Sending the same data again may succeed.
    pub fn is_retryable(&self) -> bool {
        self.flags & abi::ERROR_RETRYABLE != 0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {}", self.status, self.message)
    }
}

impl std::error::Error for Failure {}
