//! What the Collector does for an exporter: a time limit, a queue, further attempts.
//!
//! In: an author's defaults. Out: keys of the exporter's section, as `exporterhelper` has them.
//! Invariant: the Collector reads and checks what a user writes there; this is what they begin
//! with.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::config::{Duration, HostKey};
use crate::error::Error;

/// What the Collector does around an exporter, with the defaults of its configuration keys. What is
/// `None` it does not do, and then there is no such key.
///
/// ```
/// use bimetal_sdk::config::Duration;
/// use bimetal_sdk::{Queue, Sending};
///
/// let sending = Sending {
///     timeout: Some(Duration::from_secs(30)),
///     queue: Some(Queue { queue_size: 200, ..Queue::default() }),
///     ..Sending::default()
/// };
/// assert!(sending.retry.is_some_and(|retry| retry.enabled));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    /// Key `timeout`: how long one attempt may take; zero for as long as it likes. The exporter
    /// sees it in its [`Context`](crate::Context).
    pub timeout: Option<Duration>,
    /// Section `sending_queue`.
    pub queue: Option<Queue>,
    /// Section `retry_on_failure`.
    pub retry: Option<Retry>,
}

/// Section `sending_queue`: telemetry waits in a queue, and its sender does not wait for the
/// exporter.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Queue {
    /// Whether there is a queue.
    pub enabled: bool,
    /// The sender waits until its telemetry is exported.
    pub wait_for_result: bool,
    /// What `queue_size` counts.
    pub sizer: Sizer,
    /// The most that waits.
    pub queue_size: u64,
    /// When the queue is full the sender waits for space; else it gets an error and may try again.
    pub block_on_overflow: bool,
    /// The extension that keeps the queue over a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// How many requests are exported at once.
    pub num_consumers: u32,
    /// Requests are put together before they are exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batching>,
}

/// Section `sending_queue::batch`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct Batching {
    /// Whether requests are put together.
    pub enabled: bool,
    /// The longest that telemetry waits for more.
    pub flush_timeout: Duration,
    /// What the sizes count: items or bytes.
    pub sizer: Sizer,
    /// So much is exported without waiting any longer.
    pub min_size: u64,
    /// What is larger is divided; zero for no limit.
    pub max_size: u64,
    /// Which requests may be put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
}

/// Section `sending_queue::batch::partition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct Partition {
    /// Requests that differ in these metadata of their clients stay apart.
    pub metadata_keys: Vec<String>,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sizer {
    /// What the exporter is given at once.
    Requests,
    /// Log records, spans, data points.
    Items,
    /// Bytes of OTLP.
    Bytes,
}

/// Section `retry_on_failure`: what failed, and not for good, is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Retry {
    /// Whether there is a further attempt.
    pub enabled: bool,
    /// The time before the second attempt.
    pub initial_interval: Duration,
    /// By how much of itself each interval differs by chance.
    pub randomization_factor: f64,
    /// How much longer each interval is than the one before.
    pub multiplier: f64,
    /// The longest interval.
    pub max_interval: Duration,
    /// After that telemetry is given up; zero for never.
    pub max_elapsed_time: Duration,
}

/// What a schema says of every key.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is asked for")]
struct Keys {
    /// How long one attempt may take; zero for no limit.
    timeout: Duration,
    /// What waits to be exported.
    sending_queue: Queue,
    /// What is done after a failure.
    retry_on_failure: Retry,
}

impl Default for Sending {
    /// As the Collector's own OTLP exporters: five seconds, a queue, further attempts.
    fn default() -> Self {
        Self {
            timeout: Some(Duration::from_secs(5)),
            queue: Some(Queue::default()),
            retry: Some(Retry::default()),
        }
    }
}

impl Sending {
    /// The exporter is called by the sender itself, once, and there is no key.
    pub const fn none() -> Self {
        Self {
            timeout: None,
            queue: None,
            retry: None,
        }
    }

    /// The keys that the Collector takes.
    pub(super) fn host_keys(&self) -> Result<Vec<HostKey>, Error> {
        let mut settings = SchemaSettings::default();
        settings.inline_subschemas = true;
        let mut keys = settings.into_generator().into_root_schema_for::<Keys>();
        let mut keys = keys.remove("properties").unwrap_or_default();
        let defaults = [
            ("timeout", serde_json::to_value(self.timeout)?),
            ("sending_queue", serde_json::to_value(&self.queue)?),
            ("retry_on_failure", serde_json::to_value(&self.retry)?),
        ];
        let there = defaults.into_iter().filter(|(_, value)| !value.is_null());
        let keys = there.map(|(name, default)| HostKey {
            name,
            default,
            schema: keys.get_mut(name).map(Value::take).unwrap_or_default(),
        });
        Ok(keys.collect())
    }
}

impl Default for Queue {
    /// A thousand requests, ten of which are exported at once.
    fn default() -> Self {
        Self {
            enabled: true,
            wait_for_result: false,
            sizer: Sizer::Requests,
            queue_size: 1000,
            block_on_overflow: false,
            storage: None,
            num_consumers: 10,
            batch: None,
        }
    }
}

impl Default for Batching {
    /// 8192 items, or what came within 200 milliseconds.
    fn default() -> Self {
        Self {
            enabled: true,
            flush_timeout: Duration::from_millis(200),
            sizer: Sizer::Items,
            min_size: 8192,
            max_size: 0,
            partition: None,
        }
    }
}

impl Default for Retry {
    /// After five seconds, then ever later up to thirty, for five minutes.
    fn default() -> Self {
        Self {
            enabled: true,
            initial_interval: Duration::from_secs(5),
            randomization_factor: 0.5,
            multiplier: 1.5,
            max_interval: Duration::from_secs(30),
            max_elapsed_time: Duration::from_secs(300),
        }
    }
}
