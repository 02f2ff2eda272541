//! The `attributes` processor: inserts, updates, upserts and deletes attributes of log records,
//! spans and data points.
//!
//! In: telemetry and a list of actions, with the keys that OpenTelemetry Collector Contrib has.
//! Out: the same telemetry with other attributes. Invariant: actions run in order, on one attribute
//! list at a time; what no action touches is passed on as it came.
//!
//! ```
//! use bimetal_sdk::Signal;
//! use bimetal_sdk::testing::{Consumed, TestHost};
//! use serde_json::json;
//!
//! let host = TestHost::new(bimetal_attributes_processor::component());
//! let config = json!({"actions": [{"key": "team", "value": "payments", "action": "insert"}]});
//! let processor = host.started(Signal::Logs, &config)?;
//! assert_eq!(processor.consume(&[])?, Consumed::PassThrough);
//! # Ok::<(), bimetal_sdk::testing::Failure>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

mod action;
mod config;

use bimetal_sdk::pdata::AttributesMut;
use bimetal_sdk::{
    Component, Context, Error, Logs, Metrics, Outcome, Processor, Settings, Signal, Stability,
    Traces,
};

use action::Action;
use config::Config;

/// The processor, to be linked in or built as a plugin.
pub fn component() -> &'static Component {
    static COMPONENT: Component = Component::processor::<Attributes>(
        "attributes",
        &[
            (Signal::Traces, Stability::Alpha),
            (Signal::Metrics, Stability::Alpha),
            (Signal::Logs, Stability::Alpha),
        ],
    );
    &COMPONENT
}

struct Attributes {
    actions: Vec<Action>,
}

impl Attributes {
    #[inline]
    fn edit(&self, mut attributes: AttributesMut<'_>) {
        for action in &self.actions {
            action.apply(&mut attributes);
        }
    }
}

impl Processor for Attributes {
    type Config = Config;

    fn new(_: &Settings, config: Config) -> Result<Self, Error> {
        let actions = config.actions()?;
        Ok(Self { actions })
    }

    fn process_logs(&self, _: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        for mut record in logs.records_mut() {
            self.edit(record.attributes_mut());
        }
        Ok(Outcome::Continue)
    }

    fn process_traces(&self, _: &Context<'_>, traces: &mut Traces<'_>) -> Result<Outcome, Error> {
        for mut span in traces.records_mut() {
            self.edit(span.attributes_mut());
        }
        Ok(Outcome::Continue)
    }

    fn process_metrics(
        &self,
        _: &Context<'_>,
        metrics: &mut Metrics<'_>,
    ) -> Result<Outcome, Error> {
        for mut point in metrics.data_points_mut() {
            self.edit(point.attributes_mut());
        }
        Ok(Outcome::Continue)
    }
}
