//! Write OpenTelemetry Collector components in Rust.
//!
//! In: safe Rust of the author. Out: `bimetal_abi::Factory`. Invariant: nothing unwinds across the
//! C ABI, every byte is freed by the side that made it, and authors never see a pointer. Unsafe
//! code is in `shim` and `export` modules only.
//!
//! A component is a plain library crate. It implements a trait, says what it is, and is then linked
//! into a Collector or built as a plugin for one, from the same source and through the same table
//! of functions.
//!
//! ```
//! use bimetal_sdk::config::{ConfigErrors, Validate};
//! use bimetal_sdk::{
//!     Component, Context, Error, Logs, Outcome,
//!     Processor, Settings, Signal, Stability,
//! };
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// Section `redactor` of the Collector's configuration.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! #[serde(default)]
//! pub struct Config {
//!     /// Attributes whose values are hidden.
//!     keys: Vec<String>,
//!     /// What is shown instead.
//!     mask: String,
//! }
//!
//! impl Default for Config {
//!     fn default() -> Self {
//!         Self { keys: Vec::new(), mask: "****".to_owned() }
//!     }
//! }
//!
//! impl Validate for Config {
//!     fn validate(&self) -> Result<(), ConfigErrors> {
//!         let mut errors = ConfigErrors::new();
//!         for (index, key) in self.keys.iter().enumerate() {
//!             if key.is_empty() {
//!                 errors.push(format!("keys::{index}"), "must not be empty");
//!             }
//!         }
//!         errors.into_result()
//!     }
//! }
//!
//! pub struct Redactor {
//!     config: Config,
//! }
//!
//! impl Processor for Redactor {
//!     type Config = Config;
//!
//!     fn new(settings: &Settings, config: Config) -> Result<Self, Error> {
//!         let entry = settings.logger.at(bimetal_sdk::Level::Debug);
//!         entry.field("keys", config.keys.len()).write("redacting");
//!         Ok(Self { config })
//!     }
//!
//!     fn process_logs(&self, _: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
//!         for mut record in logs.records_mut() {
//!             let mut attributes = record.attributes_mut();
//!             for key in &self.config.keys {
//!                 attributes.update(key, self.config.mask.as_str());
//!             }
//!         }
//!         Ok(Outcome::Continue)
//!     }
//! }
//!
//! /// What the builder calls, whether it links the component in or makes a plugin of it.
//! pub fn component() -> &'static Component {
//!     static COMPONENT: Component =
//!         Component::processor::<Redactor>("redactor", &[(Signal::Logs, Stability::Alpha)]);
//!     &COMPONENT
//! }
//! # use bimetal_sdk::testing::TestHost;
//! # let host = TestHost::new(component());
//! # let config = serde_json::json!({"keys": ["token", ""]});
//! # let error = host.create(Signal::Logs, &config).unwrap_err();
//! # assert_eq!(error.message, "keys::1: must not be empty");
//! # assert!(host.started(Signal::Logs, &serde_json::json!({})).is_ok());
//! # assert_eq!(host.logs()[0].message, "redacting");
//! ```
#![warn(missing_docs, missing_debug_implementations)]

pub mod config;
#[doc(hidden)]
pub mod export;
pub mod testing;

mod component;
mod connector;
mod consumer;
mod context;
mod describe;
mod error;
mod exporter;
mod extension;
mod logger;
mod processor;
mod receiver;
mod runtime;
mod settings;
mod status;

pub use bimetal_abi as abi;
pub use bimetal_abi::{Kind, Signal, Stability, Status};
pub use bimetal_pdata as pdata;
pub use bimetal_pdata::{Logs, Metrics, Traces};
pub use component::{Component, describe};
pub use connector::Connector;
pub use consumer::{Consumer, Delivery};
pub use context::{Context, SpanContext};
pub use error::Error;
pub use exporter::{Batching, Exporter, Partition, Queue, Retry, Sending, Sizer};
pub use extension::Extension;
pub use logger::{Entry, Level, Logger};
pub use processor::Processor;
pub use receiver::Receiver;
pub use runtime::batch::Outcome;
pub use runtime::event::StatusEvent;
pub use runtime::metrics::{
    Counter, Declaration, Gauge, Histogram, Instrument, Meter, Number, UpDownCounter,
};
pub use settings::{BuildInfo, Settings};
pub use status::StatusReporter;
pub use {schemars, serde, serde_json};
