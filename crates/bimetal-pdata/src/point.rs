//! Data points of every kind of metric.
//!
//! In: a `…DataPoint` message and the metric's kind. Out: [`DataPoint`], and the points of each
//! kind. Invariant: of points can change: attributes, times, flags, the number of a gauge or sum.

use crate::attributes::{Attributes, AttributesMut};
use crate::edits::Written;
use crate::message::{At, AtMut, Message, Numbers};
use crate::otlp::wire::{Payload, WIRE_FIXED64, WIRE_VARINT};
use crate::schema::{Kind, Schema};
use crate::table::table;

const START: u32 = 2;
const TIME: u32 = 3;
const AS_DOUBLE: u32 = 4;
const AS_INT: u32 = 6;
const BUCKET_COUNTS: u32 = 6;
const EXPLICIT_BOUNDS: u32 = 7;
const COUNTS: u32 = 2;
const EXEMPLAR_DOUBLE: u32 = 3;

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

/// One data point of any of the five kinds of metric.
#[derive(Clone, Copy, Debug)]
pub struct DataPoint<'r> {
    pub(crate) at: At<'r>,
    pub(crate) kind: MetricKind,
}

/// One data point of any of the five kinds of metric, to edit.
#[derive(Debug)]
pub struct DataPointMut<'r> {
    pub(crate) at: AtMut<'r>,
    pub(crate) points: PointsOf,
}

/// What the data points of one metric are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointsOf {
    pub(crate) kind: MetricKind,
    /// The field with the attributes, looked up once for all of them.
    attributes: u32,
    schema: &'static Schema,
}

impl PointsOf {
    pub(crate) fn new(kind: MetricKind) -> Self {
        let schema = match kind {
            MetricKind::Gauge | MetricKind::Sum => &NUMBER_POINT,
            MetricKind::Histogram => &HISTOGRAM_POINT,
            MetricKind::ExponentialHistogram => &EXPONENTIAL_POINT,
            MetricKind::Summary => &SUMMARY_POINT,
        };
        Self {
            kind,
            attributes: schema.attributes(),
            schema,
        }
    }

    fn flags(self) -> u32 {
        let named = |row: &&(u32, &str, Kind)| row.1 == "flags";
        self.schema.fields.iter().find(named).map_or(0, |row| row.0)
    }
}

/// The value of a gauge or a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

table! {
    /// A data point of a gauge or a sum.
    NUMBER_POINT = "NumberDataPoint" (NumberPoint) {
        /// Since when it counts, in nanoseconds since 1970.
        2 start_time_unix_nano: fixed64;
        /// When it was measured, in nanoseconds since 1970.
        3 time_unix_nano: fixed64;
        AS_DOUBLE as_double: only Kind::Number;
        /// Single values that were measured.
        5 exemplars: list Exemplar of EXEMPLAR;
        AS_INT as_int: only Kind::Number;
        /// The attributes.
        7 attributes: attributes;
        /// The flags; the lowest bit says that no value was recorded.
        8 flags: uint32;
    }

    /// A data point of a histogram.
    HISTOGRAM_POINT = "HistogramDataPoint" (HistogramPoint) {
        /// Since when it counts, in nanoseconds since 1970.
        2 start_time_unix_nano: fixed64;
        /// When it was measured, in nanoseconds since 1970.
        3 time_unix_nano: fixed64;
        /// How many values it has seen.
        4 count: fixed64;
        /// The sum of the values that it has seen.
        5 sum: optional_double;
        BUCKET_COUNTS bucket_counts: only Kind::Numbers(WIRE_FIXED64);
        EXPLICIT_BOUNDS explicit_bounds: only Kind::Numbers(WIRE_FIXED64);
        /// Single values that were measured.
        8 exemplars: list Exemplar of EXEMPLAR;
        /// The attributes.
        9 attributes: attributes;
        /// The flags; the lowest bit says that no value was recorded.
        10 flags: uint32;
        /// The least value that it has seen.
        11 min: optional_double;
        /// The greatest value that it has seen.
        12 max: optional_double;
    }

    /// A data point of an exponential histogram.
    EXPONENTIAL_POINT = "ExponentialHistogramDataPoint" (ExponentialPoint) {
        /// The attributes.
        1 attributes: attributes;
        /// Since when it counts, in nanoseconds since 1970.
        2 start_time_unix_nano: fixed64;
        /// When it was measured, in nanoseconds since 1970.
        3 time_unix_nano: fixed64;
        /// How many values it has seen.
        4 count: fixed64;
        /// The sum of the values that it has seen.
        5 sum: optional_double;
        /// The resolution: a bucket is `2^(2^-scale)` times as wide as the one before.
        6 scale: sint32;
        /// How many values were zero.
        7 zero_count: fixed64;
        /// Buckets of values above zero.
        8 positive: one Buckets of BUCKETS;
        /// Buckets of values below zero.
        9 negative: one Buckets of BUCKETS;
        /// The flags; the lowest bit says that no value was recorded.
        10 flags: uint32;
        /// Single values that were measured.
        11 exemplars: list Exemplar of EXEMPLAR;
        /// The least value that it has seen.
        12 min: optional_double;
        /// The greatest value that it has seen.
        13 max: optional_double;
        /// Up to which width values count as zero.
        14 zero_threshold: double;
    }

    /// A data point of a summary.
    SUMMARY_POINT = "SummaryDataPoint" (SummaryPoint) {
        /// Since when it counts, in nanoseconds since 1970.
        2 start_time_unix_nano: fixed64;
        /// When it was measured, in nanoseconds since 1970.
        3 time_unix_nano: fixed64;
        /// How many values it has seen.
        4 count: fixed64;
        /// The sum of the values that it has seen.
        5 sum: double;
        /// The quantiles.
        6 quantile_values: list Quantile of QUANTILE;
        /// The attributes.
        7 attributes: attributes;
        /// The flags; the lowest bit says that no value was recorded.
        8 flags: uint32;
    }

    /// A quantile of a summary.
    QUANTILE = "ValueAtQuantile" (Quantile) {
        /// Which quantile, from 0 to 1.
        1 quantile: double;
        /// The value.
        2 value: double;
    }

    /// Buckets of an exponential histogram.
    BUCKETS = "Buckets" (Buckets) {
        /// The index of the first bucket.
        1 offset: sint32;
        COUNTS bucket_counts: only Kind::Numbers(WIRE_VARINT);
    }

    /// One of the values that were measured.
    EXEMPLAR = "Exemplar" (Exemplar) {
        /// When it was measured, in nanoseconds since 1970.
        2 time_unix_nano: fixed64;
        EXEMPLAR_DOUBLE as_double: only Kind::Number;
        /// The span in which it was measured; all zero when there is none.
        4 span_id: span_id;
        /// The trace in which it was measured; all zero when there is none.
        5 trace_id: trace_id;
        AS_INT as_int: only Kind::Number;
        /// The attributes that the data point does not have.
        7 filtered_attributes: attributes;
    }
}

/// Calls an accessor that the points of all kinds have.
macro_rules! each {
    ($point:expr, $name:ident) => {
        match $point.kind {
            MetricKind::Gauge | MetricKind::Sum => NumberPoint($point.at).$name(),
            MetricKind::Histogram => HistogramPoint($point.at).$name(),
            MetricKind::ExponentialHistogram => ExponentialPoint($point.at).$name(),
            MetricKind::Summary => SummaryPoint($point.at).$name(),
        }
    };
}

impl NumberPoint<'_> {
    /// The value; `None` when there is none.
    pub fn number(&self) -> Option<Number> {
        match self.0.last_set(&[AS_DOUBLE, AS_INT]) {
            Some((_, Written::Double(double))) => Some(Number::Double(double)),
            Some((_, set)) => Some(Number::Int(set.bits().cast_signed())),
            None => number(self.0.message, AS_DOUBLE),
        }
    }
}

impl<'r> HistogramPoint<'r> {
    /// How many values there are in each bucket.
    pub fn bucket_counts(&self) -> Numbers<'r> {
        self.0.message.numbers(BUCKET_COUNTS, WIRE_FIXED64)
    }

    /// The upper bounds of all buckets but the last.
    pub fn explicit_bounds(&self) -> std::iter::Map<Numbers<'r>, fn(u64) -> f64> {
        let bounds = self.0.message.numbers(EXPLICIT_BOUNDS, WIRE_FIXED64);
        bounds.map(f64::from_bits)
    }
}

impl<'r> Buckets<'r> {
    /// How many values there are in each bucket.
    pub fn bucket_counts(&self) -> Numbers<'r> {
        self.0.message.numbers(COUNTS, WIRE_VARINT)
    }
}

impl Exemplar<'_> {
    /// The value; `None` when there is none.
    pub fn number(&self) -> Option<Number> {
        number(self.0.message, EXEMPLAR_DOUBLE)
    }
}

impl<'r> DataPoint<'r> {
    /// The attributes.
    pub fn attributes(&self) -> Attributes<'r> {
        each!(self, attributes)
    }

    /// The kind of the metric that it belongs to.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// Since when it counts, in nanoseconds since 1970.
    pub fn start_time_unix_nano(&self) -> u64 {
        each!(self, start_time_unix_nano)
    }

    /// When it was measured, in nanoseconds since 1970.
    pub fn time_unix_nano(&self) -> u64 {
        each!(self, time_unix_nano)
    }

    /// The flags; the lowest bit says that no value was recorded.
    pub fn flags(&self) -> u32 {
        each!(self, flags)
    }

    /// The value of a gauge or a sum.
    pub fn number(&self) -> Option<Number> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => NumberPoint(self.at).number(),
            _ => None,
        }
    }

    /// How many values a histogram or a summary has seen.
    pub fn count(&self) -> Option<u64> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => None,
            MetricKind::Histogram => Some(HistogramPoint(self.at).count()),
            MetricKind::ExponentialHistogram => Some(ExponentialPoint(self.at).count()),
            MetricKind::Summary => Some(SummaryPoint(self.at).count()),
        }
    }

    /// The sum of the values that a histogram or a summary has seen; histograms need not have one.
    pub fn sum(&self) -> Option<f64> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => None,
            MetricKind::Histogram => HistogramPoint(self.at).sum(),
            MetricKind::ExponentialHistogram => ExponentialPoint(self.at).sum(),
            MetricKind::Summary => Some(SummaryPoint(self.at).sum()),
        }
    }
}

impl DataPointMut<'_> {
    /// The same, to read.
    pub fn as_read(&self) -> DataPoint<'_> {
        DataPoint {
            at: self.at.as_read(),
            kind: self.points.kind,
        }
    }

    /// The attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        each!(self.as_read(), attributes)
    }

    /// The attributes, to edit.
    #[inline]
    pub fn attributes_mut(&mut self) -> AttributesMut<'_> {
        AttributesMut::new(&self.at, self.at.message, self.points.attributes)
    }

    /// Since when it counts, in nanoseconds since 1970.
    ///
    /// Sets it, and says whether that changed anything.
    pub fn set_start_time_unix_nano(&mut self, new: u64) -> bool {
        self.as_read().start_time_unix_nano() != new && self.at.set(START, new)
    }

    /// When it was measured, in nanoseconds since 1970.
    ///
    /// Sets it, and says whether that changed anything.
    pub fn set_time_unix_nano(&mut self, new: u64) -> bool {
        self.as_read().time_unix_nano() != new && self.at.set(TIME, new)
    }

    /// The flags; the lowest bit says that no value was recorded.
    ///
    /// Sets them, and says whether that changed anything.
    pub fn set_flags(&mut self, new: u32) -> bool {
        self.as_read().flags() != new && self.at.set(self.points.flags(), new)
    }

    /// The value of a gauge or a sum.
    ///
    /// Sets it, and says whether that changed anything: points of other kinds have none, and stay
    /// as they are.
    pub fn set_number(&mut self, new: Number) -> bool {
        if !matches!(self.points.kind, MetricKind::Gauge | MetricKind::Sum) {
            return false;
        }
        match (self.as_read().number(), new) {
            (Some(Number::Int(old)), Number::Int(new)) if old == new => false,
            (Some(Number::Double(old)), Number::Double(new)) if old.to_bits() == new.to_bits() => {
                false
            }
            (_, Number::Int(new)) => self.at.set(AS_INT, new),
            (_, Number::Double(new)) => self.at.set(AS_DOUBLE, new),
        }
    }
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "that is how `sfixed64` is encoded"
)]
fn number(message: Message<'_>, double: u32) -> Option<Number> {
    message.one_of(|number, payload, _| match payload {
        Payload::Fixed64(bits) if number == double => Some(Number::Double(f64::from_bits(bits))),
        Payload::Fixed64(bits) if number == AS_INT => Some(Number::Int(bits as i64)),
        _ => None,
    })
}
