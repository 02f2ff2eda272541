//! Memory as Go would hold it, made from decoded messages.
//!
//! In: an `ExportLogsServiceRequest`, and an order of the fields. Out: an [`Image`]: the table that
//! says how it lies, and the address. Invariant: what cannot be said in Go's memory, such as an
//! absent resource, is not in the message.

use std::mem::size_of_val;

use bimetal_abi as abi;
use bimetal_abi::Field;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

/// Fields that the reader does not know have no number; here these tell them apart.
pub(crate) const KEY_STRINDEX: u32 = 100;
pub(crate) const ENTITY_REFS: u32 = 101;
pub(crate) const ONEOF: u32 = 102;

/// What a field holds, before it has an address.
pub(crate) enum Lies {
    Long(u64),
    Int(i32),
    Uint(u32),
    Bool(bool),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Id(Vec<u8>),
    Struct(Node),
    Pointer(Node),
    Structs(Vec<Node>),
    Pointers(Vec<Node>),
    Oneof(Option<(u64, Box<Lies>)>),
    /// These words, whatever they say.
    Words(Vec<u64>),
}

/// A struct.
pub(crate) struct Node {
    pub(crate) message: u32,
    pub(crate) fields: Vec<(u32, Lies)>,
}

/// The memory of one batch.
pub(crate) struct Image {
    pub(crate) table: Vec<Field>,
    sizes: [usize; 11],
    memory: Vec<Box<[u64]>>,
    pub(crate) root: u64,
}

/// The type word of a variant.
pub(crate) fn word(number: u32) -> u64 {
    0x7f00_0000_1000 + 64 * u64::from(number)
}

/// (message, number, kind, message that lies there)
const ROWS: &[(u32, u32, u32, u32)] = &[
    (1, 1, abi::FIELD_POINTERS, 2),
    (2, 1, abi::FIELD_STRUCT, 3),
    (2, 2, abi::FIELD_POINTERS, 4),
    (2, 3, abi::FIELD_STRING, 0),
    (3, 1, abi::FIELD_STRUCTS, 7),
    (3, 2, abi::FIELD_UINT32, 0),
    (3, ENTITY_REFS, abi::FIELD_POINTERS, 0),
    (4, 1, abi::FIELD_STRUCT, 5),
    (4, 2, abi::FIELD_POINTERS, 6),
    (4, 3, abi::FIELD_STRING, 0),
    (5, 1, abi::FIELD_STRING, 0),
    (5, 2, abi::FIELD_STRING, 0),
    (5, 3, abi::FIELD_STRUCTS, 7),
    (5, 4, abi::FIELD_UINT32, 0),
    (6, 1, abi::FIELD_64, 0),
    (6, 2, abi::FIELD_INT32, 0),
    (6, 3, abi::FIELD_STRING, 0),
    (6, 5, abi::FIELD_STRUCT, 8),
    (6, 6, abi::FIELD_STRUCTS, 7),
    (6, 7, abi::FIELD_UINT32, 0),
    (6, 8, abi::FIELD_UINT32, 0),
    (6, 9, abi::FIELD_ID, 0),
    (6, 10, abi::FIELD_ID, 0),
    (6, 11, abi::FIELD_64, 0),
    (6, 12, abi::FIELD_STRING, 0),
    (7, 1, abi::FIELD_STRING, 0),
    (7, 2, abi::FIELD_STRUCT, 8),
    (7, KEY_STRINDEX, abi::FIELD_INT32, 0),
    (8, ONEOF, abi::FIELD_ONEOF, 0),
    (8, 1, abi::FIELD_STRING, 0),
    (8, 2, abi::FIELD_BOOL, 0),
    (8, 3, abi::FIELD_64, 0),
    (8, 4, abi::FIELD_64, 0),
    (8, 5, abi::FIELD_POINTER, 9),
    (8, 6, abi::FIELD_POINTER, 10),
    (8, 7, abi::FIELD_BYTES, 0),
    (9, 1, abi::FIELD_STRUCTS, 8),
    (10, 1, abi::FIELD_STRUCTS, 7),
];

fn size(kind: u32, number: u32, of: u32, sizes: &[usize; 11]) -> usize {
    match kind {
        abi::FIELD_BOOL => 1,
        abi::FIELD_INT32 | abi::FIELD_UINT32 => 4,
        abi::FIELD_64 | abi::FIELD_POINTER => 8,
        abi::FIELD_STRING | abi::FIELD_ONEOF => 16,
        abi::FIELD_ID => [16, 8][usize::from(number == 10)],
        abi::FIELD_STRUCT => sizes[of as usize],
        _ => 24,
    }
}

impl Image {
    /// The batch, with the fields of each struct in an order that `seed` decides.
    pub(crate) fn of(request: &ExportLogsServiceRequest, seed: u64) -> Self {
        Self::of_node(&batch(request), seed)
    }

    pub(crate) fn of_node(batch: &Node, seed: u64) -> Self {
        let mut image = Self {
            table: Vec::new(),
            sizes: [0; 11],
            memory: Vec::new(),
            root: 0,
        };
        // What lies in others first: its size is needed.
        for message in [8, 7, 3, 5, 6, 9, 10, 4, 2, 1] {
            image.lay(message, seed);
        }
        // Elements are as long as they came out.
        for row in &mut image.table {
            if row.size == 0 && row.of != 0 {
                row.size = u32::try_from(image.sizes[row.of as usize]).unwrap();
            }
        }
        let bytes = image.bytes(batch);
        image.root = image.keep(&bytes);
        image
    }

    fn lay(&mut self, message: u32, seed: u64) {
        let mut rows: Vec<_> = ROWS.iter().filter(|row| row.0 == message).collect();
        let order = |number: u32| {
            let mixed =
                (seed ^ u64::from(number * 31 + message)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed >> 32
        };
        rows.sort_by_key(|row| order(row.1));
        let mut end = 0_usize;
        for &&(_, number, kind, of) in &rows {
            let variant = message == abi::MESSAGE_ANY_VALUE && number != ONEOF;
            let len = size(kind, number, of, &self.sizes);
            let align = if kind == abi::FIELD_ID { 1 } else { len.min(8) };
            let offset = if variant {
                0
            } else {
                end.next_multiple_of(align)
            };
            if !variant {
                end = offset + len;
            }
            self.table.push(Field {
                message,
                number: if number >= 100 { 0 } else { number },
                kind,
                offset: u32::try_from(offset).unwrap(),
                of,
                size: if kind == abi::FIELD_ID {
                    u32::try_from(len).unwrap()
                } else {
                    0
                },
                word: if variant { word(number) } else { 0 },
            });
        }
        self.sizes[message as usize] = end.next_multiple_of(8);
    }

    pub(crate) fn table(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for row in &self.table {
            for half in [
                row.message,
                row.number,
                row.kind,
                row.offset,
                row.of,
                row.size,
            ] {
                bytes.extend(half.to_ne_bytes());
            }
            bytes.extend(row.word.to_ne_bytes());
        }
        assert_eq!(bytes.len(), size_of_val(&*self.table));
        bytes
    }

    fn keep(&mut self, bytes: &[u8]) -> u64 {
        let words = bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_ne_bytes(word)
        });
        // Never empty, so that it has an address of its own.
        let words: Box<[u64]> = words.chain([0]).collect();
        let address = words.as_ptr().expose_provenance() as u64;
        self.memory.push(words);
        address
    }

    /// A slice of Go's.
    fn slice(&mut self, bytes: &[u8], len: usize) -> Vec<u8> {
        let address = if len == 0 { 0 } else { self.keep(bytes) };
        [address, len as u64, len as u64]
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect()
    }

    fn bytes(&mut self, node: &Node) -> Vec<u8> {
        let mut bytes = vec![0; self.sizes[node.message as usize]];
        for (number, lies) in &node.fields {
            let (kind, number) = match lies {
                Lies::Oneof(_) => (abi::FIELD_ONEOF, 0),
                _ => (0, if *number >= 100 { 0 } else { *number }),
            };
            let row = self.table.iter().find(|row| {
                row.message == node.message
                    && row.number == number
                    && (kind == 0 || row.kind == kind)
            });
            let offset = row.unwrap().offset as usize;
            let content = self.content(lies);
            bytes[offset..offset + content.len()].copy_from_slice(&content);
        }
        bytes
    }

    fn content(&mut self, lies: &Lies) -> Vec<u8> {
        match lies {
            Lies::Long(number) => number.to_ne_bytes().into(),
            Lies::Int(number) => number.to_ne_bytes().into(),
            Lies::Uint(number) => number.to_ne_bytes().into(),
            Lies::Bool(truth) => vec![u8::from(*truth)],
            Lies::Text(text) => self.slice(text, text.len())[..16].into(),
            Lies::Bytes(bytes) => self.slice(bytes, bytes.len()),
            Lies::Id(id) => id.clone(),
            Lies::Struct(node) => self.bytes(node),
            Lies::Pointer(node) => {
                let bytes = self.bytes(node);
                self.keep(&bytes).to_ne_bytes().into()
            }
            Lies::Structs(nodes) => {
                let bytes: Vec<u8> = nodes.iter().flat_map(|node| self.bytes(node)).collect();
                self.slice(&bytes, nodes.len())
            }
            Lies::Pointers(nodes) => {
                let mut addresses = Vec::new();
                for node in nodes {
                    let bytes = self.bytes(node);
                    addresses.extend(self.keep(&bytes).to_ne_bytes());
                }
                self.slice(&addresses, nodes.len())
            }
            Lies::Oneof(None) => vec![0; 16],
            Lies::Oneof(Some((word, held))) => {
                let held = self.content(held);
                let address = self.keep(&held);
                [*word, address]
                    .iter()
                    .flat_map(|word| word.to_ne_bytes())
                    .collect()
            }
            Lies::Words(words) => words.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        }
    }
}

/// What Go's memory cannot say is not absent but empty.
pub(crate) fn settled(mut request: ExportLogsServiceRequest) -> ExportLogsServiceRequest {
    for resource_logs in &mut request.resource_logs {
        let resource = resource_logs.resource.get_or_insert_default();
        settle(&mut resource.attributes);
        for scope_logs in &mut resource_logs.scope_logs {
            settle(&mut scope_logs.scope.get_or_insert_default().attributes);
            for record in &mut scope_logs.log_records {
                record.body.get_or_insert_default();
                settle(&mut record.attributes);
            }
        }
    }
    request
}

fn settle(attributes: &mut [KeyValue]) {
    for entry in attributes {
        entry.value.get_or_insert_default();
    }
}

/// Without what the view does not know.
pub(crate) fn plain(request: ExportLogsServiceRequest) -> ExportLogsServiceRequest {
    let mut request = settled(request);
    for resource_logs in &mut request.resource_logs {
        let resource = resource_logs.resource.get_or_insert_default();
        resource.entity_refs.clear();
        let mut lists = vec![&mut resource.attributes];
        for scope_logs in &mut resource_logs.scope_logs {
            lists.push(&mut scope_logs.scope.get_or_insert_default().attributes);
            lists.extend(
                scope_logs
                    .log_records
                    .iter_mut()
                    .map(|record| &mut record.attributes),
            );
        }
        lists
            .into_iter()
            .flatten()
            .for_each(|entry| entry.key_strindex = 0);
    }
    request
}

fn batch(request: &ExportLogsServiceRequest) -> Node {
    let resources = request.resource_logs.iter().map(resource).collect();
    node(abi::MESSAGE_LOGS, [(1, Lies::Pointers(resources))])
}

pub(crate) fn node(message: u32, fields: impl IntoIterator<Item = (u32, Lies)>) -> Node {
    let fields = fields.into_iter().collect();
    Node { message, fields }
}

fn text(text: &str) -> Lies {
    Lies::Text(text.into())
}

fn resource(from: &ResourceLogs) -> Node {
    let header = from.resource.clone().unwrap_or_default();
    let refs = vec![0, header.entity_refs.len() as u64, 0];
    let header = node(
        abi::MESSAGE_RESOURCE,
        [
            (1, attributes(&header.attributes)),
            (2, Lies::Uint(header.dropped_attributes_count)),
            (ENTITY_REFS, Lies::Words(refs)),
        ],
    );
    node(
        abi::MESSAGE_RESOURCE_LOGS,
        [
            (1, Lies::Struct(header)),
            (
                2,
                Lies::Pointers(from.scope_logs.iter().map(scope).collect()),
            ),
            (3, text(&from.schema_url)),
        ],
    )
}

fn scope(from: &ScopeLogs) -> Node {
    let header = from.scope.clone().unwrap_or_default();
    let header = node(
        abi::MESSAGE_SCOPE,
        [
            (1, text(&header.name)),
            (2, text(&header.version)),
            (3, attributes(&header.attributes)),
            (4, Lies::Uint(header.dropped_attributes_count)),
        ],
    );
    node(
        abi::MESSAGE_SCOPE_LOGS,
        [
            (1, Lies::Struct(header)),
            (
                2,
                Lies::Pointers(from.log_records.iter().map(record).collect()),
            ),
            (3, text(&from.schema_url)),
        ],
    )
}

fn record(from: &LogRecord) -> Node {
    let id = |id: &[u8], len: usize| {
        let mut bytes = id.to_vec();
        bytes.resize(len, 0);
        Lies::Id(bytes)
    };
    node(
        abi::MESSAGE_LOG_RECORD,
        [
            (1, Lies::Long(from.time_unix_nano)),
            (2, Lies::Int(from.severity_number)),
            (3, text(&from.severity_text)),
            (5, Lies::Struct(value(from.body.as_ref()))),
            (6, attributes(&from.attributes)),
            (7, Lies::Uint(from.dropped_attributes_count)),
            (8, Lies::Uint(from.flags)),
            (9, id(&from.trace_id, 16)),
            (10, id(&from.span_id, 8)),
            (11, Lies::Long(from.observed_time_unix_nano)),
            (12, text(&from.event_name)),
        ],
    )
}

pub(crate) fn attributes(entries: &[KeyValue]) -> Lies {
    Lies::Structs(entries.iter().map(pair).collect())
}

fn pair(entry: &KeyValue) -> Node {
    node(
        abi::MESSAGE_KEY_VALUE,
        [
            (1, text(&entry.key)),
            (2, Lies::Struct(value(entry.value.as_ref()))),
            (KEY_STRINDEX, Lies::Int(entry.key_strindex)),
        ],
    )
}

fn value(from: Option<&AnyValue>) -> Node {
    let held = from.and_then(|value| value.value.as_ref()).map(|held| {
        let (number, lies) = match held {
            Value::StringValue(held) => (1, text(held)),
            Value::BoolValue(held) => (2, Lies::Bool(*held)),
            Value::IntValue(held) => (3, Lies::Long(held.cast_unsigned())),
            Value::DoubleValue(held) => (4, Lies::Long(held.to_bits())),
            Value::ArrayValue(held) => {
                let values = held.values.iter().map(|held| value(Some(held))).collect();
                (
                    5,
                    Lies::Pointer(node(abi::MESSAGE_ARRAY, [(1, Lies::Structs(values))])),
                )
            }
            Value::KvlistValue(held) => (
                6,
                Lies::Pointer(node(abi::MESSAGE_MAP, [(1, attributes(&held.values))])),
            ),
            Value::BytesValue(held) => (7, Lies::Bytes(held.clone())),
            // The public API of the Collector cannot make one.
            Value::StringValueStrindex(held) => (8, Lies::Int(*held)),
        };
        (word(number), Box::new(lies))
    });
    node(abi::MESSAGE_ANY_VALUE, [(ONEOF, Lies::Oneof(held))])
}
