//! The rows of the tables at the component.
//!
//! In: nothing. Out: every row. Invariant: the sides of a row do the same work.

use serde_json::{Value, json};

use super::driver::{Block, Program, Variant};

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Rust against contrib's Go.
    Contrib,
    /// The same without reading in place.
    WithoutView,
    /// A plugin against the same linked in.
    Plugin,
    /// New telemetry from Rust against the same decoded by Go.
    New,
    /// The crossing alone.
    Crossing,
}

/// Two sides that are compared.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) group: Group,
    pub(crate) a: Lane,
    pub(crate) b: Lane,
    /// What of A is not its own, and is taken off.
    pub(crate) less: Option<Lane>,
    /// The ratio that must be reached; none where A/A is the measure.
    pub(crate) must: Option<f64>,
}

impl Row {
    /// The table that the row stands in.
    pub(crate) fn table(&self) -> &'static str {
        match self.group {
            Group::Contrib => self.a.block.signal,
            Group::WithoutView => "view-off",
            Group::Plugin => "plugins",
            Group::New => "new",
            Group::Crossing => "crossing",
        }
    }
}

/// A component under a configuration, in a Collector.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) variant: Variant,
    /// Whether equal lanes are instances in one process, or processes.
    pub(crate) in_one_process: bool,
    block: Block,
}

impl Lane {
    /// The Collector and the block of one of two equal lanes.
    pub(crate) fn of(&self, copy: u8, batches: u64) -> (Program, Block) {
        let (process, instance) = if self.in_one_process {
            (0, copy)
        } else {
            (copy, 0)
        };
        let program = Program {
            variant: self.variant,
            copy: process,
        };
        let block = Block {
            instance,
            batches,
            ..self.block.clone()
        };
        (program, block)
    }

    pub(crate) fn records(&self) -> u64 {
        self.block.records
    }

    pub(crate) fn changes(&self) -> bool {
        self.block.changes
    }
}

const SIZES: [u64; 3] = [8192, 100, 1];
const SIGNALS: [&str; 3] = ["logs", "traces", "metrics"];

/// What is done to an attribute list.
struct Work {
    name: &'static str,
    action: fn() -> Value,
    changes: bool,
    room: bool,
    /// What must be reached with 8,192 records.
    must: f64,
}

const WORK: [Work; 5] = [
    Work {
        name: "no key matches",
        action: || json!({"key": "absent", "action": "delete"}),
        changes: false,
        room: false,
        must: 0.9,
    },
    Work {
        name: "upsert an existing key",
        action: || json!({"key": "attribute.5", "value": "new", "action": "upsert"}),
        changes: true,
        room: false,
        must: 0.6,
    },
    Work {
        name: "upsert a new key, lists full",
        action: || json!({"key": "added", "value": "new", "action": "upsert"}),
        changes: true,
        room: false,
        must: 0.8,
    },
    Work {
        name: "upsert a new key, room left",
        action: || json!({"key": "added", "value": "new", "action": "upsert"}),
        changes: true,
        room: true,
        must: 0.6,
    },
    Work {
        name: "delete",
        action: || json!({"key": "attribute.5", "action": "delete"}),
        changes: true,
        room: false,
        must: 0.9,
    },
];

/// Every row, in the order of the tables.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = Vec::new();
    for signal in SIGNALS {
        for work in &WORK {
            for records in SIZES {
                rows.push(against_contrib(Variant::Linked, signal, work, records));
            }
        }
    }
    for work in &WORK[..2] {
        for records in SIZES {
            rows.push(against_contrib(
                Variant::LinkedWithoutView,
                "logs",
                work,
                records,
            ));
        }
    }
    for records in SIZES {
        rows.push(plugin(
            "attributes",
            "Rust",
            &attributes("logs", &WORK[1], records),
        ));
    }
    for records in SIZES {
        rows.push(plugin("transform", "Go", &transform(records)));
    }
    rows.extend(SIZES.map(new_records));
    rows.push(crossing());
    rows
}

/// A batch for which Rust makes others, up to the next component, against `UnmarshalLogs`.
fn new_records(records: u64) -> Row {
    let lane = |processor| Lane {
        variant: Variant::Linked,
        in_one_process: true,
        block: Block {
            processor,
            config: json!({"records": records}),
            ..attributes("logs", &WORK[0], records)
        },
    };
    Row {
        name: format!("new log records, {records}"),
        group: Group::New,
        a: lane("maker"),
        b: lane("unmarshal"),
        less: None,
        must: Some(if records == 8192 { 0.2 } else { 1.0 }),
    }
}

fn against_contrib(variant: Variant, signal: &'static str, work: &Work, records: u64) -> Row {
    let lane = |processor| Lane {
        variant,
        in_one_process: true,
        block: Block {
            processor,
            ..attributes(signal, work, records)
        },
    };
    let (group, prefix, must) = match (variant, records) {
        (Variant::LinkedWithoutView, _) => (Group::WithoutView, "view off, ", 8.0),
        (_, 8192) => (Group::Contrib, "", work.must),
        (_, 100) => (Group::Contrib, "", 1.0),
        _ => (Group::Contrib, "", 1.5),
    };
    Row {
        name: format!("{prefix}{signal}, {}, {records}", work.name),
        group,
        a: lane("attributes"),
        b: lane("contrib_attributes"),
        less: None,
        must: Some(must),
    }
}

fn plugin(name: &str, language: &str, block: &Block) -> Row {
    let lane = |variant| Lane {
        variant,
        in_one_process: false,
        block: block.clone(),
    };
    Row {
        name: format!("{language} `{name}`, {}, {}", block.signal, block.records),
        group: Group::Plugin,
        a: lane(Variant::Plugins),
        b: lane(Variant::Linked),
        less: None,
        must: None,
    }
}

/// An empty batch through a Rust processor, without what upstream's helper around it takes.
fn crossing() -> Row {
    let lane = |processor| Lane {
        variant: Variant::Linked,
        in_one_process: true,
        block: Block {
            processor,
            ..attributes("logs", &WORK[0], 0)
        },
    };
    Row {
        name: "empty crossing".to_owned(),
        group: Group::Crossing,
        a: lane("attributes"),
        b: lane("cgo"),
        less: Some(lane("helper")),
        must: Some(2.5),
    }
}

fn attributes(signal: &'static str, work: &Work, records: u64) -> Block {
    Block {
        processor: "attributes",
        config: json!({"actions": [(work.action)()]}),
        signal,
        instance: 0,
        records,
        batches: 1,
        changes: work.changes,
        room: work.room,
    }
}

fn transform(records: u64) -> Block {
    Block {
        processor: "transform",
        config: json!({"log_statements": ["set(log.attributes[\"attribute.5\"], \"new\")"]}),
        ..attributes("logs", &WORK[1], records)
    }
}
