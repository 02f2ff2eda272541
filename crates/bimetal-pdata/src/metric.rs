//! Metrics.
//!
//! In: the bytes of an `ExportMetricsServiceRequest`. Out: [`Metric`]s with their data points.
//! Invariant: of the five kinds of data, the last one set counts; only points and their attributes
//! can change.

use bimetal_abi::SIGNAL_METRICS;

use crate::children::{Children, Node};
use crate::encode::{Encode, Sink};
use crate::message::{int32, text, varint};
use crate::point::DataPoint;
use crate::schema::{self, Schema};
use crate::telemetry::{Leaf, ResourceItems, ScopeItems, Telemetry};
use crate::text::Text;
use crate::wire::Fields;

const POINTS: u32 = 1;
const TEMPORALITY: u32 = 2;
const MONOTONIC: u32 = 3;

/// A batch of metrics.
pub type Metrics<'a> = Telemetry<'a, Metric<'a>>;
/// One resource and the metrics that it sent.
pub type ResourceMetrics<'a> = ResourceItems<'a, Metric<'a>>;
/// One scope and its metrics.
pub type ScopeMetrics<'a> = ScopeItems<'a, Metric<'a>>;

/// What kind of data a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// The latest of several values.
    Gauge,
    /// A sum.
    Sum,
    /// A histogram with explicit bounds.
    Histogram,
    /// A histogram with exponential bounds.
    ExponentialHistogram,
    /// Quantiles.
    Summary,
}

/// One metric.
#[derive(Debug)]
pub struct Metric<'a> {
    raw: &'a [u8],
    data: Option<Data<'a>>,
}

#[derive(Debug)]
struct Data<'a> {
    raw: &'a [u8],
    kind: MetricKind,
    points: Children<DataPoint<'a>>,
}

impl<'a> Metric<'a> {
    /// The name.
    pub fn name(&self) -> Text<'a> {
        text(&[self.raw], 1)
    }

    /// What it measures, for people.
    pub fn description(&self) -> Text<'a> {
        text(&[self.raw], 2)
    }

    /// The unit.
    pub fn unit(&self) -> Text<'a> {
        text(&[self.raw], 3)
    }

    /// The kind of data; `None` when there is none, or one that this crate does not know.
    pub fn kind(&self) -> Option<MetricKind> {
        self.data.as_ref().map(|data| data.kind)
    }

    /// OTLP's number of the aggregation temporality; 0 for kinds that have none.
    pub fn aggregation_temporality(&self) -> i32 {
        match &self.data {
            Some(data) if data.kind.has_temporality() => int32(&[data.raw], TEMPORALITY),
            _ => 0,
        }
    }

    /// Whether it is a sum that never falls.
    pub fn is_monotonic(&self) -> bool {
        self.data.as_ref().is_some_and(|data| {
            data.kind == MetricKind::Sum && varint(&[data.raw], MONOTONIC).unwrap_or_default() != 0
        })
    }

    /// The data points, whatever the kind.
    pub fn data_points(&self) -> impl Iterator<Item = &DataPoint<'a>> {
        self.data.iter().flat_map(|data| data.points.nodes())
    }

    /// The data points, to edit.
    pub fn data_points_mut(&mut self) -> impl Iterator<Item = &mut DataPoint<'a>> {
        self.data
            .iter_mut()
            .flat_map(|data| data.points.nodes_mut())
    }

    /// Keeps the data points for which `keep` says so.
    pub fn retain_data_points(&mut self, keep: impl FnMut(&mut DataPoint<'a>) -> bool) {
        if let Some(data) = &mut self.data {
            data.points.retain(keep);
        }
    }

    /// How many data points there are.
    pub fn data_point_count(&self) -> usize {
        self.data_points().count()
    }
}

impl MetricKind {
    fn of(field: u32) -> Option<Self> {
        Some(match field {
            5 => Self::Gauge,
            7 => Self::Sum,
            9 => Self::Histogram,
            10 => Self::ExponentialHistogram,
            11 => Self::Summary,
            _ => return None,
        })
    }

    fn has_temporality(self) -> bool {
        matches!(
            self,
            Self::Sum | Self::Histogram | Self::ExponentialHistogram
        )
    }
}

impl<'a> Leaf<'a> for Metric<'a> {
    const SIGNAL: u32 = SIGNAL_METRICS;
    const SCHEMA: &'static Schema = &schema::METRICS;

    fn read(raw: &'a [u8]) -> Self {
        let data = Fields::of(raw)
            .filter_map(|field| Some((MetricKind::of(field.number)?, field.payload.content()?)))
            .last()
            .map(|(kind, raw)| Data {
                raw,
                kind,
                points: Children::read(raw, POINTS, |raw| DataPoint::new(raw, kind)),
            });
        Self { raw, data }
    }
}

impl<'a> Node<'a> for Metric<'a> {
    fn raw(&self) -> &'a [u8] {
        self.raw
    }

    fn changed(&self) -> bool {
        self.data.as_ref().is_some_and(|data| data.points.changed())
    }

    fn encode_changed(&self, out: &mut impl Sink) {
        for field in Fields::of(self.raw) {
            let data = self.data.as_ref().filter(|data| {
                field
                    .payload
                    .content()
                    .is_some_and(|content| std::ptr::eq(content, data.raw))
            });
            match data {
                Some(data) => out.message(field.number, data),
                None => out.bytes(field.raw),
            }
        }
    }
}

impl Encode for Data<'_> {
    fn encode(&self, out: &mut impl Sink) {
        self.points
            .encode(self.raw, out, |field, out| out.bytes(field.raw));
    }
}
