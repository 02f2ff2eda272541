//! What components under test measure.
//!
//! In: instruments from the host's table. Out: what they say when they are asked. Invariant: as in
//! the Collector, values are read through the words that the component gave.

mod shim;

use bimetal_abi::InstrumentKind;
use serde_json::Value;

pub(super) use shim::{Cells, host_declare, host_record};

/// What one instrument says under one set of attributes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// Name of the metric.
    pub name: String,
    /// Its unit; may be empty.
    pub unit: String,
    /// Counter, gauge and so on.
    pub kind: InstrumentKind,
    /// The set of attributes; an empty object where none was declared.
    pub attributes: Value,
    /// The total or the value; of a histogram every value that was recorded, in order.
    pub values: Vec<f64>,
}

/// One instrument.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) kind: InstrumentKind,
    pub(super) floating: bool,
    pub(super) sets: Vec<Value>,
    pub(super) cells: Cells,
}

impl Declared {
    /// What there is to read; a counter that was never added to has nothing, as in the Collector.
    pub(super) fn read(&self, recorded: impl Fn(usize) -> Vec<u64>) -> Vec<Measured> {
        self.cells.refresh();
        let word = |at| self.cells.word(at);
        let bits = |set: usize| match self.kind {
            InstrumentKind::Counter | InstrumentKind::UpDownCounter => {
                Vec::from_iter(Some(word(set)).filter(|total| *total != 0))
            }
            InstrumentKind::Gauge if word(2 * set) == 0 => Vec::new(),
            InstrumentKind::Gauge => vec![word(2 * set + 1)],
            InstrumentKind::Histogram => recorded(set),
        };
        let measured = |(set, attributes): (usize, &Value)| Measured {
            name: self.name.clone(),
            unit: self.unit.clone(),
            kind: self.kind,
            attributes: attributes.clone(),
            values: bits(set)
                .into_iter()
                .map(|bits| self.number(bits))
                .collect(),
        };
        let all = self.sets.iter().enumerate().map(measured);
        all.filter(|one| !one.values.is_empty()).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "tests count to less than 2^52")]
    fn number(&self, bits: u64) -> f64 {
        if self.floating {
            f64::from_bits(bits)
        } else {
            bits.cast_signed() as f64
        }
    }
}
