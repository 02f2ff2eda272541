//! The same edits to the view and to the decoded message give the same message.

use bimetal_pdata::{Attributes, AttributesMut, Logs, Metrics, Traces};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use proptest::prelude::*;
use prost::Message;

use crate::applied::assert_agrees;
use crate::model::{self, Edit, value_buf};

/// Each list gets the edits from another starting point, so that lists differ and some stay as they
/// are.
#[derive(Clone)]
struct Script<'e> {
    edits: &'e [Edit],
    list: usize,
    any: bool,
}

impl<'e> Script<'e> {
    fn new(edits: &'e [Edit]) -> Self {
        Self {
            edits,
            list: 0,
            any: false,
        }
    }

    fn next(&mut self) -> &'e [Edit] {
        self.list += 1;
        &self.edits[(self.list % 3).min(self.edits.len())..]
    }

    fn view(&mut self, mut attributes: AttributesMut<'_>) {
        for edit in self.next() {
            self.any |= edit.apply(&mut attributes);
        }
    }

    fn model(&mut self, attributes: &mut Vec<KeyValue>) {
        for edit in self.next() {
            edit.apply_to_model(attributes);
        }
    }
}

fn assert_reads(view: Attributes<'_>, model: &[KeyValue]) {
    assert_eq!(view.len(), model.len());
    for ((key, value), entry) in view.iter().zip(model) {
        assert_eq!(key, entry.key.as_str());
        assert_eq!(value, value_buf(entry.value.as_ref()).as_value());
    }
}

/// An absent resource or scope is as good as one without attributes, until something is inserted.
fn header<H: Default>(header: &mut Option<H>, edit: impl FnOnce(&mut H) -> bool) {
    let absent = header.is_none();
    if !edit(header.get_or_insert_default()) && absent {
        *header = None;
    }
}

proptest! {
    #[test]
    fn edits_of_logs_agree_with_the_decoded_message(
        mut model in model::logs(), edits in model::edits(),
    ) {
        let bytes = model.encode_to_vec();
        let mut logs = Logs::parse(&bytes).unwrap();
        let came = model.clone();
        let (mut view, mut other) = (Script::new(&edits), Script::new(&edits));
        for (mut resource, twin) in logs.resources_mut().zip(&mut model.resource_logs) {
            view.view(resource.attributes_mut());
            header(&mut twin.resource, |twin| {
                other.model(&mut twin.attributes);
                !twin.attributes.is_empty()
            });
            for (mut scope, twin) in resource.scopes_mut().zip(&mut twin.scope_logs) {
                view.view(scope.attributes_mut());
                header(&mut twin.scope, |twin| {
                    other.model(&mut twin.attributes);
                    !twin.attributes.is_empty()
                });
                for (mut record, twin) in scope.records_mut().zip(&mut twin.log_records) {
                    view.view(record.attributes_mut());
                    other.model(&mut twin.attributes);
                    assert_reads(record.attributes(), &twin.attributes);
                }
            }
        }
        prop_assert_eq!(logs.changed(), view.any);
        assert_agrees(logs, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn edits_of_spans_agree_with_the_decoded_message(
        mut model in model::traces(), edits in model::edits(),
    ) {
        let bytes = model.encode_to_vec();
        let mut traces = Traces::parse(&bytes).unwrap();
        let came = model.clone();
        let (mut view, mut other) = (Script::new(&edits), Script::new(&edits));
        for mut span in traces.records_mut() {
            view.view(span.attributes_mut());
        }
        for resource in &mut model.resource_spans {
            for span in resource.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
                other.model(&mut span.attributes);
            }
        }
        prop_assert_eq!(traces.changed(), view.any);
        assert_agrees(traces, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn edits_of_data_points_agree_with_the_decoded_message(
        mut model in model::metrics(), edits in model::edits(),
    ) {
        let bytes = model.encode_to_vec();
        let mut metrics = Metrics::parse(&bytes).unwrap();
        let came = model.clone();
        let (mut view, mut other) = (Script::new(&edits), Script::new(&edits));
        for mut point in metrics
                .records_mut()
                .flat_map(bimetal_pdata::MetricMut::into_data_points)
            {
            view.view(point.attributes_mut());
        }
        for resource in &mut model.resource_metrics {
            for metric in resource.scope_metrics.iter_mut().flat_map(|scope| &mut scope.metrics) {
                for attributes in model::point_attributes(metric) {
                    other.model(attributes);
                }
            }
        }
        prop_assert_eq!(metrics.changed(), view.any);
        assert_agrees(metrics, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn removing_records_agrees_with_the_decoded_message(
        mut model in model::logs(), edits in model::edits(),
    ) {
        let bytes = model.encode_to_vec();
        let mut logs = Logs::parse(&bytes).unwrap();
        let came = model.clone();
        let keep = |severity: i32| severity % 3 != 0;
        let before = logs.record_count();
        logs.retain_records(|record| {
            for edit in &edits {
                edit.apply(&mut record.attributes_mut());
            }
            keep(record.severity_number())
        });
        model.resource_logs.retain_mut(|resource| {
            let empty = resource.scope_logs.is_empty();
            resource.scope_logs.retain_mut(|scope| {
                let empty = scope.log_records.is_empty();
                scope.log_records.retain_mut(|record| {
                    for edit in &edits {
                        edit.apply_to_model(&mut record.attributes);
                    }
                    keep(record.severity_number)
                });
                empty || !scope.log_records.is_empty()
            });
            empty || !resource.scope_logs.is_empty()
        });
        prop_assert!(logs.changed() || logs.record_count() == before);
        assert_agrees(logs, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn edits_in_any_order_are_the_same_edits(
        mut model in model::logs(),
        first in model::edits(),
        second in model::edits(),
        backwards in any::<bool>(),
    ) {
        let bytes = model.encode_to_vec();
        let mut logs = Logs::parse(&bytes).unwrap();
        let came = model.clone();
        for edits in [&first, &second] {
            let mut records: Vec<_> = logs.records_mut().collect();
            if backwards {
                records.reverse();
            }
            // Of all records the first edit, then of all the second one.
            for edit in edits {
                for record in &mut records {
                    edit.apply(&mut record.attributes_mut());
                }
            }
        }
        logs.retain_resources(|resource| {
            for edit in &first {
                edit.apply(&mut resource.attributes_mut());
            }
            resource.scope_count() != 1
        });
        model.resource_logs.retain_mut(|resource| {
            header(&mut resource.resource, |resource| {
                for edit in &first {
                    edit.apply_to_model(&mut resource.attributes);
                }
                !resource.attributes.is_empty()
            });
            for record in resource.scope_logs.iter_mut().flat_map(|scope| &mut scope.log_records) {
                for edit in first.iter().chain(&second) {
                    edit.apply_to_model(&mut record.attributes);
                }
            }
            resource.scope_logs.len() != 1
        });
        for (record, twin) in logs.records().zip(
            model.resource_logs.iter().flat_map(|resource| &resource.scope_logs)
                .flat_map(|scope| &scope.log_records),
        ) {
            assert_reads(record.attributes(), &twin.attributes);
        }
        assert_agrees(logs, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn removing_data_points_agrees_with_the_decoded_message(mut model in model::metrics()) {
        let bytes = model.encode_to_vec();
        let mut metrics = Metrics::parse(&bytes).unwrap();
        let came = model.clone();
        for mut metric in metrics.records_mut() {
            metric.retain_data_points(|point| point.attributes().len() % 2 == 0);
        }
        for resource in &mut model.resource_metrics {
            for metric in resource.scope_metrics.iter_mut().flat_map(|scope| &mut scope.metrics) {
                retain_points(metric);
            }
        }
        assert_agrees(metrics, &bytes, came, &model, |batch| batch);
    }
}

proptest! {
    #[test]
    fn a_list_that_is_damaged_is_refused_or_carried_out(
        model in model::metrics(),
        edits in model::edits(),
        damage in prop::collection::vec(damage(), 1..4),
    ) {
        let bytes = model.encode_to_vec();
        let mut metrics = Metrics::parse(&bytes).unwrap();
        for mut metric in metrics.records_mut() {
            metric.set_name("name");
            for mut point in metric.data_points_mut() {
                point.set_flags(7);
                for edit in &edits {
                    edit.apply(&mut point.attributes_mut());
                }
            }
            metric.retain_data_points(|point| point.attributes().len() != 1);
        }
        let mut list = metrics.into_edits();
        prop_assume!(!list.rows.is_empty());
        for (row, field, value) in &damage {
            let count = list.rows.len();
            let row = &mut list.rows[row.index(count)];
            match field {
                0..=9 => row.kind = value % 13,
                10..=14 => row.level = value % 7,
                15..=19 => row.value = value % 8,
                20..=24 => row.item = (value % 4).into(),
                25..=29 => row.index = (value % 13).into(),
                30..=32 => row.value_len = (*value).into(),
                33..=35 => row.bits = u64::from(*value) << (8 * (field - 33)),
                36..=37 => row.key = u32::MAX - u32::from(*value),
                _ => row.key_len = (*value).into(),
            }
        }
        if let Ok(carried) = Metrics::carry_out(&bytes, list) {
            prop_assert!(Metrics::parse(&carried).is_ok());
        }
    }
}

/// Which row, what of it, and what that becomes.
fn damage() -> impl Strategy<Value = (prop::sample::Index, usize, u8)> {
    (any::<prop::sample::Index>(), 0..40_usize, any::<u8>())
}

fn retain_points(metric: &mut opentelemetry_proto::tonic::metrics::v1::Metric) {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    match &mut metric.data {
        None => {}
        Some(Data::Gauge(data)) => data.data_points.retain(|p| p.attributes.len() % 2 == 0),
        Some(Data::Sum(data)) => data.data_points.retain(|p| p.attributes.len() % 2 == 0),
        Some(Data::Histogram(data)) => data.data_points.retain(|p| p.attributes.len() % 2 == 0),
        Some(Data::ExponentialHistogram(data)) => {
            data.data_points.retain(|p| p.attributes.len() % 2 == 0);
        }
        Some(Data::Summary(data)) => data.data_points.retain(|p| p.attributes.len() % 2 == 0),
    }
}
