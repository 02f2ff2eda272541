//! Metrics and their points, by the foreign traits.
//!
//! In: our handles. Out: `MetricView`, `DataView` and the points of each kind. Invariant: as for
//! [`super`].

use otel_arrow_dfe_pdata_views::views::common::Str;
use otel_arrow_dfe_pdata_views::views::metrics::{self as theirs, AggregationTemporality};
use otel_arrow_dfe_pdata_views::{SpanId, TraceId};

use super::{attributes, list, same, types};
use crate::message::{Items, Numbers};
use crate::metric::{Data, Metric};
use crate::point::{
    Buckets, Exemplar, ExponentialPoint, HistogramPoint, MetricKind, Number, NumberPoint, Quantile,
    SummaryPoint,
};

/// The data of each kind.
macro_rules! data {
    ($($view:ident: $point:ident = $type:ident, $iter:ident { $($same:tt)* })*) => {
        $(
            impl<'r> theirs::$view for Data<'r> {
                types!('x; $point = $type<'r>; $iter = Items<'r, $type<'r>>;);
                same! { $($same)* }

                fn data_points(&self) -> Items<'r, $type<'r>> {
                    self.points()
                }
            }
        )*
    };
}

/// A kind as an associated type of `DataView`.
macro_rules! kinds {
    ($($kind:ident $name:ident;)*) => {
        $(
            types!('x; $kind = Data<'r>;);

            fn $name(&self) -> Option<Data<'r>> {
                (self.kind() == MetricKind::$kind).then_some(*self)
            }
        )*
    };
}

/// What all points have.
macro_rules! point {
    () => {
        attributes!(AttributeIter attributes);
        same! {
            start_time_unix_nano: u64;
            time_unix_nano: u64;
        }

        fn flags(&self) -> theirs::DataPointFlags {
            theirs::DataPointFlags::new(Self::flags(self))
        }
    };
}

impl<'r> theirs::MetricView for Metric<'r> {
    types!('x; Data = Data<'x>;);

    attributes!(AttributeIter metadata);
    same! {
        data: Option<Data<'_>>;
        name: Str<'_>, bytes;
        description: Str<'_>, bytes;
        unit: Str<'_>, bytes;
    }
}

impl<'r> theirs::DataView<'r> for Data<'r> {
    fn value_type(&self) -> theirs::DataType {
        match self.kind() {
            MetricKind::Gauge => theirs::DataType::Gauge,
            MetricKind::Sum => theirs::DataType::Sum,
            MetricKind::Histogram => theirs::DataType::Histogram,
            MetricKind::ExponentialHistogram => theirs::DataType::ExponentialHistogram,
            MetricKind::Summary => theirs::DataType::Summary,
        }
    }

    kinds! {
        Gauge as_gauge;
        Sum as_sum;
        Histogram as_histogram;
        ExponentialHistogram as_exponential_histogram;
        Summary as_summary;
    }
}

data! {
    GaugeView: NumberDataPoint = NumberPoint, NumberDataPointIter {}
    SumView: NumberDataPoint = NumberPoint, NumberDataPointIter {
        aggregation_temporality: AggregationTemporality, temporality;
        is_monotonic: bool;
    }
    HistogramView: HistogramDataPoint = HistogramPoint, HistogramDataPointIter {
        aggregation_temporality: AggregationTemporality, temporality;
    }
    ExponentialHistogramView:
        ExponentialHistogramDataPoint = ExponentialPoint, ExponentialHistogramDataPointIter {
        aggregation_temporality: AggregationTemporality, temporality;
    }
    SummaryView: SummaryDataPoint = SummaryPoint, SummaryDataPointIter {}
}

impl<'r> theirs::NumberDataPointView for NumberPoint<'r> {
    fn value(&self) -> Option<theirs::Value> {
        self.number().map(value)
    }

    point!();
    list!(Exemplar = Exemplar, ExemplarIter exemplars);
}

impl<'r> theirs::HistogramDataPointView for HistogramPoint<'r> {
    types!('x;
        BucketCountIter = Numbers<'r>;
        ExplicitBoundsIter = std::iter::Map<Numbers<'r>, fn(u64) -> f64>;
    );

    point!();
    list!(Exemplar = Exemplar, ExemplarIter exemplars);
    same! {
        bucket_counts: Numbers<'r>;
        explicit_bounds: Self::ExplicitBoundsIter<'_>;
        count: u64;
        sum: Option<f64>;
        min: Option<f64>;
        max: Option<f64>;
    }
}

impl<'r> theirs::ExponentialHistogramDataPointView for ExponentialPoint<'r> {
    types!('x; Buckets = Buckets<'r>;);

    fn positive(&self) -> Option<Buckets<'r>> {
        Some(Self::positive(self))
    }

    fn negative(&self) -> Option<Buckets<'r>> {
        Some(Self::negative(self))
    }

    point!();
    list!(Exemplar = Exemplar, ExemplarIter exemplars);
    same! {
        count: u64;
        sum: Option<f64>;
        scale: i32;
        zero_count: u64;
        min: Option<f64>;
        max: Option<f64>;
        zero_threshold: f64;
    }
}

impl<'r> theirs::SummaryDataPointView for SummaryPoint<'r> {
    point!();
    list!(ValueAtQuantile = Quantile, ValueAtQuantileIter quantile_values);
    same! {
        count: u64;
        sum: f64;
    }
}

impl theirs::ValueAtQuantileView for Quantile<'_> {
    same! {
        quantile: f64;
        value: f64;
    }
}

impl<'r> theirs::BucketsView for Buckets<'r> {
    types!('x; BucketCountIter = Numbers<'r>;);

    same! {
        offset: i32;
        bucket_counts: Numbers<'r>;
    }
}

impl<'r> theirs::ExemplarView for Exemplar<'r> {
    fn value(&self) -> Option<theirs::Value> {
        self.number().map(value)
    }

    attributes!(AttributeIter filtered_attributes);
    same! {
        time_unix_nano: u64;
        span_id: Option<&SpanId>, set_id;
        trace_id: Option<&TraceId>, set_id;
    }
}

fn value(number: Number) -> theirs::Value {
    match number {
        Number::Int(int) => theirs::Value::Integer(int),
        Number::Double(double) => theirs::Value::Double(double),
    }
}
