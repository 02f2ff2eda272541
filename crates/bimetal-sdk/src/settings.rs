//! What a component is given when it is made.
//!
//! In: the host's `create` record. Out: owned values. Invariant: nothing here borrows from the
//! host.

use bimetal_abi::Signal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consumer::Next;
use crate::logger::Logger;
use crate::runtime::metrics::Meter;
use crate::status::StatusReporter;

/// What an instance knows about itself besides its configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// `type` or `type/name`, as in the Collector's configuration.
    pub id: String,
    /// The signal that this instance is for; none for an extension.
    pub signal: Option<Signal>,
    /// The signal that this instance of a connector makes; none for the other kinds.
    pub output: Option<Signal>,
    /// Resource attributes of the Collector's own telemetry.
    pub resource: Map<String, Value>,
    /// What the Collector calls itself.
    pub build: BuildInfo,
    /// Writes into the Collector's log, under the component's name.
    pub logger: Logger,
    /// Reports what the component is to the Collector.
    pub status: StatusReporter,
    /// Declares what the component measures.
    pub meter: Meter,
    /// Where a receiver's telemetry goes.
    pub(crate) next: Option<Next>,
}

/// What a Collector calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BuildInfo {
    /// Name of the program, such as `otelcol`.
    pub command: String,
    /// Text for people.
    pub description: String,
    /// Version of the distribution.
    pub version: String,
}
