//! Data points of every kind of metric.
//!
//! In: the bytes of a `…DataPoint` and the metric's kind, which decides the field numbers. Out:
//! [`DataPoint`]. Invariant: only attributes can change.

use crate::attributes::{Attributes, AttributesMut};
use crate::children::Node;
use crate::encode::Sink;
use crate::message::{Record, fields, fixed64, uint32};
use crate::metric::MetricKind;
use crate::wire::Payload;

const COUNT: u32 = 4;
const SUM: u32 = 5;
const AS_DOUBLE: u32 = 4;
const AS_INT: u32 = 6;

/// One data point of any of the five kinds of metric.
#[derive(Debug)]
pub struct DataPoint<'a> {
    record: Record<'a>,
    kind: MetricKind,
}

/// The value of a gauge or a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

impl<'a> DataPoint<'a> {
    pub(crate) fn new(raw: &'a [u8], kind: MetricKind) -> Self {
        Self {
            record: Record::new(raw),
            kind,
        }
    }

    /// The attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        self.record.attributes(self.attributes_field())
    }

    /// The attributes, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_, 'a> {
        let field = self.attributes_field();
        self.record.attributes_mut(field)
    }

    /// The kind of the metric that it belongs to.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// Since when it counts, in nanoseconds since 1970.
    pub fn start_time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 2).unwrap_or_default()
    }

    /// When it was measured, in nanoseconds since 1970.
    pub fn time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 3).unwrap_or_default()
    }

    /// The flags; the lowest bit says that no value was recorded.
    pub fn flags(&self) -> u32 {
        let field = match self.kind {
            MetricKind::Gauge | MetricKind::Sum | MetricKind::Summary => 8,
            MetricKind::Histogram | MetricKind::ExponentialHistogram => 10,
        };
        uint32(self.record.parts(), field)
    }

    /// The value of a gauge or a sum.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "that is how `sfixed64` is encoded"
    )]
    pub fn number(&self) -> Option<Number> {
        if !matches!(self.kind, MetricKind::Gauge | MetricKind::Sum) {
            return None;
        }
        fields(self.record.parts())
            .filter_map(|field| match (field.number, field.payload) {
                (AS_DOUBLE, Payload::Fixed64(bits)) => Some(Number::Double(f64::from_bits(bits))),
                (AS_INT, Payload::Fixed64(bits)) => Some(Number::Int(bits as i64)),
                _ => None,
            })
            .last()
    }

    /// How many values a histogram or a summary has seen.
    pub fn count(&self) -> Option<u64> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => None,
            _ => Some(fixed64(self.record.parts(), COUNT).unwrap_or_default()),
        }
    }

    /// The sum of the values that a histogram or a summary has seen; histograms need not have one.
    pub fn sum(&self) -> Option<f64> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum => None,
            MetricKind::Summary => {
                let bits = fixed64(self.record.parts(), SUM).unwrap_or_default();
                Some(f64::from_bits(bits))
            }
            _ => fixed64(self.record.parts(), SUM).map(f64::from_bits),
        }
    }

    fn attributes_field(&self) -> u32 {
        match self.kind {
            MetricKind::Gauge | MetricKind::Sum | MetricKind::Summary => 7,
            MetricKind::Histogram => 9,
            MetricKind::ExponentialHistogram => 1,
        }
    }
}

impl<'a> Node<'a> for DataPoint<'a> {
    fn raw(&self) -> &'a [u8] {
        self.record.raw
    }

    fn changed(&self) -> bool {
        self.record.changed()
    }

    fn encode_changed(&self, out: &mut impl Sink) {
        self.record.encode(self.attributes_field(), out);
    }
}
