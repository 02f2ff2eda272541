//! Metrics.
//!
//! In: an `ExportMetricsServiceRequest`. Out: [`Metric`]s with their data points. Invariant: of the
//! five kinds of data, the last one set counts, and the kind does not change.

use crate::message::{At, AtMut, Items, ItemsMut, Message, retain};
use crate::nested::Nested;
use crate::point::{
    DataPoint, DataPointMut, EXPONENTIAL_POINT, HISTOGRAM_POINT, MetricKind, NUMBER_POINT,
    PointsOf, SUMMARY_POINT,
};
use crate::schema::Kind;
use crate::table::table;
use crate::telemetry::{ResourceItems, ScopeItems, Telemetry, signal};

const GAUGE_FIELD: u32 = 5;
const SUM_FIELD: u32 = 7;
const HISTOGRAM_FIELD: u32 = 9;
const EXPONENTIAL_FIELD: u32 = 10;
const SUMMARY_FIELD: u32 = 11;
const POINTS: u32 = 1;
const TEMPORALITY: u32 = 2;
const MONOTONIC: u32 = 3;

/// A batch of metrics.
pub type Metrics<'a> = Telemetry<'a, OfMetrics>;
/// One resource and the metrics that it sent.
pub type ResourceMetrics<'r> = ResourceItems<'r, OfMetrics>;
/// One scope and its metrics.
pub type ScopeMetrics<'r> = ScopeItems<'r, OfMetrics>;

signal! {
    /// Metrics, as a parameter of [`Telemetry`].
    OfMetrics, SIGNAL_METRICS, Metric, MetricMut,
    METRICS = "ExportMetricsServiceRequest", RESOURCE_METRICS = "ResourceMetrics" resource_metrics,
    SCOPE_METRICS = "ScopeMetrics" scope_metrics, METRIC metrics
}

table! {
    /// One metric.
    METRIC = "Metric" (Metric, MetricMut) {
        /// The name.
        1 name, set_name: text;
        /// What it measures, for people.
        2 description, set_description: text;
        /// The unit, as UCUM writes it.
        3 unit, set_unit: text;
        GAUGE_FIELD gauge: only Kind::Data(&GAUGE);
        SUM_FIELD sum: only Kind::Data(&SUM);
        HISTOGRAM_FIELD histogram: only Kind::Data(&HISTOGRAM);
        EXPONENTIAL_FIELD exponential_histogram: only Kind::Data(&EXPONENTIAL_HISTOGRAM);
        SUMMARY_FIELD summary: only Kind::Data(&SUMMARY);
        /// What is known about the metric, beside its data.
        12 metadata: attributes;
    }
    GAUGE = "Gauge" () {
        POINTS data_points: only Kind::Items(&NUMBER_POINT);
    }
    SUM = "Sum" () {
        POINTS data_points: only Kind::Items(&NUMBER_POINT);
        TEMPORALITY aggregation_temporality: only Kind::Varint;
        MONOTONIC is_monotonic: only Kind::Varint;
    }
    HISTOGRAM = "Histogram" () {
        POINTS data_points: only Kind::Items(&HISTOGRAM_POINT);
        TEMPORALITY aggregation_temporality: only Kind::Varint;
    }
    EXPONENTIAL_HISTOGRAM = "ExponentialHistogram" () {
        POINTS data_points: only Kind::Items(&EXPONENTIAL_POINT);
        TEMPORALITY aggregation_temporality: only Kind::Varint;
    }
    SUMMARY = "Summary" () {
        POINTS data_points: only Kind::Items(&SUMMARY_POINT);
    }
}

/// The data of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Data<'r> {
    at: At<'r>,
    kind: MetricKind,
}

impl<'r> Data<'r> {
    /// The kind of data.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// OTLP's number of the aggregation temporality; 0 for kinds that have none.
    pub fn aggregation_temporality(&self) -> i32 {
        match self.kind {
            MetricKind::Gauge | MetricKind::Summary => 0,
            _ => self.at.message.int32(TEMPORALITY),
        }
    }

    /// Whether it is a sum that never falls.
    pub fn is_monotonic(&self) -> bool {
        self.kind == MetricKind::Sum && self.at.message.varint(MONOTONIC) != 0
    }

    /// The data points, as handles of any type.
    pub(crate) fn points<T>(&self) -> Items<'r, T> {
        self.at.items(POINTS)
    }
}

impl<'r> Metric<'r> {
    /// The data; `None` when there is none, or one that this crate does not know.
    pub fn data(&self) -> Option<Data<'r>> {
        let (kind, message) = data(self.0.message)?;
        let at = At { message, ..self.0 };
        Some(Data { at, kind })
    }

    /// The kind of data; `None` when there is none, or one that this crate does not know.
    pub fn kind(&self) -> Option<MetricKind> {
        self.data().map(|data| data.kind)
    }

    /// The data points, whatever the kind.
    pub fn data_points(&self) -> impl Iterator<Item = DataPoint<'r>> + use<'r> {
        let data = self.data().into_iter();
        data.flat_map(|data| {
            data.points().map(move |at| DataPoint {
                at,
                kind: data.kind,
            })
        })
    }

    /// How many data points there are.
    pub fn data_point_count(&self) -> usize {
        self.data_points().count()
    }
}

impl Metrics<'_> {
    /// The data points of all metrics, to edit.
    #[inline]
    pub fn data_points_mut(&mut self) -> impl Iterator<Item = DataPointMut<'_>> {
        Nested::new(self.records_mut(), MetricMut::into_data_points)
    }
}

/// The data points of one metric, if it has data, and the kind of them.
#[derive(Debug)]
struct PointsMut<'r>(Option<(ItemsMut<'r, AtMut<'r>>, PointsOf)>);

impl<'r> Iterator for PointsMut<'r> {
    type Item = DataPointMut<'r>;

    #[inline]
    fn next(&mut self) -> Option<DataPointMut<'r>> {
        let (items, points) = self.0.as_mut()?;
        let (at, points) = (items.next()?, *points);
        Some(DataPointMut { at, points })
    }
}

impl<'r> MetricMut<'r> {
    /// The data points, to edit.
    pub fn data_points_mut(&mut self) -> impl Iterator<Item = DataPointMut<'_>> {
        MetricMut(self.0.reborrow()).into_data_points()
    }

    /// The data points, to edit, where the metric itself is no longer needed.
    pub fn into_data_points(self) -> impl Iterator<Item = DataPointMut<'r>> {
        PointsMut(data(self.0.message).map(|(kind, message)| {
            let points = AtMut { message, ..self.0 }.items(POINTS);
            (points, PointsOf::new(kind))
        }))
    }

    /// Keeps the data points for which `keep` says so.
    pub fn retain_data_points(&mut self, mut keep: impl FnMut(&mut DataPointMut<'_>) -> bool) {
        if let Some((kind, message)) = data(self.0.message) {
            let at = AtMut {
                message,
                ..self.0.reborrow()
            };
            let points = PointsOf::new(kind);
            retain(at.items(POINTS), |at| {
                keep(&mut DataPointMut { at, points })
            });
        }
    }
}

/// The message with the data points, and the kind of it.
fn data(metric: Message<'_>) -> Option<(MetricKind, Message<'_>)> {
    metric.one_of(|number, payload, data| {
        let kind = match number {
            GAUGE_FIELD => MetricKind::Gauge,
            SUM_FIELD => MetricKind::Sum,
            HISTOGRAM_FIELD => MetricKind::Histogram,
            EXPONENTIAL_FIELD => MetricKind::ExponentialHistogram,
            SUMMARY_FIELD => MetricKind::Summary,
            _ => return None,
        };
        payload.content()?;
        Some((kind, data))
    })
}
