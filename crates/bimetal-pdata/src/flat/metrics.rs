//! Metrics that a component makes.
//!
//! In: metrics with their points, as an author gives them. Out: rows. Invariant: as for all new
//! telemetry.

use super::new::{NewScope, NewTelemetry};
use crate::metric::OfMetrics;
use crate::point::Number;
use crate::rows::Writer;
use crate::value::Value;

/// Metrics that did not come from the Collector.
pub type NewMetrics = NewTelemetry<OfMetrics>;

/// A metric to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewMetric<'v> {
    /// The name.
    pub name: &'v str,
    /// What it measures, for people.
    pub description: &'v str,
    /// The unit, as UCUM writes it.
    pub unit: &'v str,
    /// The points.
    pub data: NewData<'v>,
}

/// The data of a metric to be made.
#[derive(Clone, Copy, Debug)]
pub enum NewData<'v> {
    /// The latest of several values.
    Gauge(&'v [NewNumberPoint<'v>]),
    /// A sum.
    Sum {
        /// The points.
        points: &'v [NewNumberPoint<'v>],
        /// OTLP's number of the aggregation temporality.
        temporality: i32,
        /// Whether it never falls.
        monotonic: bool,
    },
    /// A histogram with explicit bounds.
    Histogram {
        /// The points.
        points: &'v [NewHistogramPoint<'v>],
        /// OTLP's number of the aggregation temporality.
        temporality: i32,
    },
}

/// A point of a gauge or a sum to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewNumberPoint<'v> {
    /// Since when it counts, in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// When it was measured, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// The value.
    pub value: Number,
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// The flags; the lowest bit says that no value was recorded.
    pub flags: u32,
}

/// A point of a histogram to be made. What is left at its default is not set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewHistogramPoint<'v> {
    /// Since when it counts, in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// When it was measured, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// How many values it has seen.
    pub count: u64,
    /// The sum of these.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// How many of them each bucket has.
    pub bucket_counts: &'v [u64],
    /// Where the next bucket begins.
    pub explicit_bounds: &'v [f64],
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// The flags; the lowest bit says that no value was recorded.
    pub flags: u32,
}

impl NewScope<'_, OfMetrics> {
    /// Adds a metric.
    pub fn metric(&mut self, metric: &NewMetric<'_>) {
        self.record_of(|out| {
            out.text_field(1, metric.name);
            out.text_field(2, metric.description);
            out.text_field(3, metric.unit);
            match metric.data {
                NewData::Gauge(points) => {
                    out.message(5);
                    out.items_field(1, points, number_point);
                }
                NewData::Sum {
                    points,
                    temporality,
                    monotonic,
                } => {
                    out.message(7);
                    out.items_field(1, points, number_point);
                    out.number_field(2, temporality.cast_unsigned().into());
                    out.number_field(3, monotonic.into());
                }
                NewData::Histogram {
                    points,
                    temporality,
                } => {
                    out.message(9);
                    out.items_field(1, points, histogram_point);
                    out.number_field(2, temporality.cast_unsigned().into());
                }
            }
            out.end();
        });
    }
}

fn number_point(out: &mut Writer, point: &NewNumberPoint<'_>) {
    out.number_field(2, point.start_time_unix_nano);
    out.number_field(3, point.time_unix_nano);
    // A value is set even if it is zero.
    match point.value {
        Number::Double(value) => out.number(4, value.to_bits()),
        Number::Int(value) => out.number(6, value.cast_unsigned()),
    }
    out.pairs(7, point.attributes);
    out.number_field(8, point.flags.into());
}

fn histogram_point(out: &mut Writer, point: &NewHistogramPoint<'_>) {
    out.number_field(2, point.start_time_unix_nano);
    out.number_field(3, point.time_unix_nano);
    out.number_field(4, point.count);
    out.numbers(6, point.bucket_counts.iter().copied());
    out.numbers(7, point.explicit_bounds.iter().map(|bound| bound.to_bits()));
    for (number, value) in [(5, point.sum), (11, point.min), (12, point.max)] {
        if let Some(value) = value {
            out.number(number, value.to_bits());
        }
    }
    out.pairs(9, point.attributes);
    out.number_field(10, point.flags.into());
}
