//! The tree of each signal, log records and spans, by the foreign traits.
//!
//! In: our handles. Out: `LogsDataView`, `TracesView`, `MetricsView` and what is below them.
//! Invariant: as for [`super`].

use otel_arrow_dfe_pdata_views::views::common::Str;
use otel_arrow_dfe_pdata_views::views::{logs, metrics, trace};
use otel_arrow_dfe_pdata_views::{SpanId, TraceId};

use super::{attributes, list, same, types};
use crate::log::{LogRecord, OfLogs};
use crate::message::Items;
use crate::metric::{Metric, OfMetrics};
use crate::span::{OfTraces, Span, SpanEvent, SpanLink, SpanStatus};
use crate::telemetry::{Resource, ResourceItems, Scope, ScopeItems, Telemetry};
use crate::value::Value;

/// The three upper levels of a signal.
macro_rules! tree {
    (
        $signal:ident, $theirs:ident, $data:ident { $resource:ident, $resource_iter:ident },
        $resource_view:ident { $scope:ident },
        $scope_view:ident { $record:ident = $type:ident, $record_iter:ident $records:ident },
        $schema_url:ty $(, $set:ident)?
    ) => {
        impl $theirs::$data for Telemetry<'_, $signal> {
            types!('x;
                $resource = ResourceItems<'x, $signal>;
                $resource_iter = Items<'x, ResourceItems<'x, $signal>>;
            );

            fn resources(&self) -> Self::$resource_iter<'_> {
                Self::resources(self)
            }
        }

        impl<'r> $theirs::$resource_view for ResourceItems<'r, $signal> {
            types!('x;
                Resource = Resource<'r>;
                $scope = ScopeItems<'r, $signal>;
                ScopesIter = Items<'r, ScopeItems<'r, $signal>>;
            );

            fn resource(&self) -> Option<Resource<'r>> {
                Some(Self::resource(self))
            }

            fn scopes(&self) -> Self::ScopesIter<'_> {
                Self::scopes(self)
            }

            same! { schema_url: Option<Str<'_>>, set_text; }
        }

        impl<'r> $theirs::$scope_view for ScopeItems<'r, $signal> {
            types!('x;
                Scope = Scope<'r>;
                $record = $type<'r>;
                $record_iter = Items<'r, $type<'r>>;
            );

            fn scope(&self) -> Option<Scope<'r>> {
                Some(Self::scope(self))
            }

            fn $records(&self) -> Items<'r, $type<'r>> {
                self.records()
            }

            fn schema_url(&self) -> $schema_url {
                same!(@ Self::schema_url(self).as_bytes() $(, $set)?)
            }
        }
    };
}

tree! {
    OfLogs, logs, LogsDataView { ResourceLogs, ResourcesIter }, ResourceLogsView { ScopeLogs },
    ScopeLogsView { LogRecord = LogRecord, LogRecordsIter log_records }, Option<Str<'_>>, set
}
tree! {
    OfTraces, trace, TracesView { ResourceSpans, ResourcesIter }, ResourceSpansView { ScopeSpans },
    ScopeSpansView { Span = Span, SpanIter spans }, Option<Str<'_>>, set
}
tree! {
    OfMetrics, metrics, MetricsView { ResourceMetrics, ResourceMetricsIter },
    ResourceMetricsView { ScopeMetrics },
    ScopeMetricsView { Metric = Metric, MetricIter metrics }, Str<'_>
}

impl<'r> logs::LogRecordView for LogRecord<'r> {
    types!('x; Body = Value<'x>;);

    fn body(&self) -> Option<Value<'_>> {
        let body = Self::body(self);
        (!body.is_empty()).then_some(body)
    }

    attributes!(AttributeIter attributes, dropped_attributes_count);
    same! {
        time_unix_nano: Option<u64>, set;
        observed_time_unix_nano: Option<u64>, set;
        severity_number: Option<i32>, set;
        severity_text: Option<Str<'_>>, set_text;
        flags: Option<u32>, set;
        trace_id: Option<&TraceId>, set_id;
        span_id: Option<&SpanId>, set_id;
        event_name: Option<Str<'_>>, set_text;
    }
}

impl<'r> trace::SpanView for Span<'r> {
    types!('x; Status = SpanStatus<'r>;);

    fn status(&self) -> Option<SpanStatus<'r>> {
        Some(Self::status(self))
    }

    attributes!(AttributeIter attributes, dropped_attributes_count);
    list!(Event = SpanEvent, EventsIter events);
    list!(Link = SpanLink, LinksIter links);
    same! {
        trace_id: Option<&TraceId>, set_id;
        span_id: Option<&SpanId>, set_id;
        trace_state: Option<Str<'_>>, set_text;
        parent_span_id: Option<&SpanId>, set_id;
        flags: Option<u32>, set;
        name: Option<Str<'_>>, set_text;
        kind: i32;
        start_time_unix_nano: Option<u64>, set;
        end_time_unix_nano: Option<u64>, set;
        dropped_events_count: u32;
        dropped_links_count: u32;
    }
}

impl<'r> trace::EventView for SpanEvent<'r> {
    attributes!(AttributeIter attributes, dropped_attributes_count);
    same! {
        time_unix_nano: Option<u64>, set;
        name: Option<Str<'_>>, set_text;
    }
}

impl<'r> trace::LinkView for SpanLink<'r> {
    attributes!(AttributeIter attributes, dropped_attributes_count);
    same! {
        trace_id: Option<&TraceId>, set_id;
        span_id: Option<&SpanId>, set_id;
        trace_state: Option<Str<'_>>, set_text;
        flags: Option<u32>, set;
    }
}

impl trace::StatusView for SpanStatus<'_> {
    fn status_code(&self) -> i32 {
        self.code()
    }

    same! { message: Option<Str<'_>>, set_text; }
}
