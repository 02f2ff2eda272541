//! What a batch of each signal is made of where it lies in Go's memory.
//!
//! In: a signal and the host's table. Out: a [`Layout`]. Invariant: this is the one place that
//! knows the numbers of messages at the C ABI; the first message of a signal is the whole batch.

use bimetal_abi as abi;

use crate::goview::{Layout, SignalMessages};
use crate::log::{LOG_RECORD, LOGS, RESOURCE_LOGS, SCOPE_LOGS};
use crate::metric::{
    EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, METRIC, METRICS, RESOURCE_METRICS, SCOPE_METRICS, SUM,
    SUMMARY,
};
use crate::point::{
    BUCKETS, EXEMPLAR, EXPONENTIAL_POINT, HISTOGRAM_POINT, NUMBER_POINT, QUANTILE, SUMMARY_POINT,
};
use crate::schema::{ANY_VALUE, ARRAY_VALUE, KEY_VALUE, KEY_VALUE_LIST};
use crate::span::{EVENT, LINK, RESOURCE_SPANS, SCOPE_SPANS, SPAN, STATUS, TRACES};
use crate::telemetry::{RESOURCE, SCOPE};

/// Declares the messages of a signal; those that all signals share are added.
macro_rules! messages {
    ($signal:ident: $($number:ident = $schema:ident),+) => {
        const $signal: &SignalMessages = &[
            $((abi::$number, &$schema),)+
            (abi::MESSAGE_RESOURCE, &RESOURCE),
            (abi::MESSAGE_SCOPE, &SCOPE),
            (abi::MESSAGE_KEY_VALUE, &KEY_VALUE),
            (abi::MESSAGE_ANY_VALUE, &ANY_VALUE),
            (abi::MESSAGE_ARRAY, &ARRAY_VALUE),
            (abi::MESSAGE_MAP, &KEY_VALUE_LIST),
        ];
    };
}

messages! {
    OF_LOGS: MESSAGE_LOGS = LOGS, MESSAGE_RESOURCE_LOGS = RESOURCE_LOGS,
    MESSAGE_SCOPE_LOGS = SCOPE_LOGS, MESSAGE_LOG_RECORD = LOG_RECORD
}

messages! {
    OF_TRACES: MESSAGE_TRACES = TRACES, MESSAGE_RESOURCE_SPANS = RESOURCE_SPANS,
    MESSAGE_SCOPE_SPANS = SCOPE_SPANS, MESSAGE_SPAN = SPAN, MESSAGE_EVENT = EVENT,
    MESSAGE_LINK = LINK, MESSAGE_STATUS = STATUS
}

messages! {
    OF_METRICS: MESSAGE_METRICS = METRICS, MESSAGE_RESOURCE_METRICS = RESOURCE_METRICS,
    MESSAGE_SCOPE_METRICS = SCOPE_METRICS, MESSAGE_METRIC = METRIC, MESSAGE_GAUGE = GAUGE,
    MESSAGE_SUM = SUM, MESSAGE_HISTOGRAM = HISTOGRAM,
    MESSAGE_EXPONENTIAL_HISTOGRAM = EXPONENTIAL_HISTOGRAM, MESSAGE_SUMMARY = SUMMARY,
    MESSAGE_NUMBER_POINT = NUMBER_POINT, MESSAGE_HISTOGRAM_POINT = HISTOGRAM_POINT,
    MESSAGE_EXPONENTIAL_POINT = EXPONENTIAL_POINT, MESSAGE_BUCKETS = BUCKETS,
    MESSAGE_SUMMARY_POINT = SUMMARY_POINT, MESSAGE_QUANTILE = QUANTILE, MESSAGE_EXEMPLAR = EXEMPLAR
}

impl Layout {
    /// How telemetry of a signal lies, as the host's table of `bimetal_abi::Field`s says; `None` if
    /// that is not as this crate expects.
    pub fn of(signal: abi::Signal, table: &[u8]) -> Option<Self> {
        let messages = match signal {
            abi::Signal::Logs => OF_LOGS,
            abi::Signal::Traces => OF_TRACES,
            abi::Signal::Metrics => OF_METRICS,
            abi::Signal::Profiles => return None,
        };
        Self::read(messages, table)
    }
}
