//! Telemetry in place, in an image of memory that may hold anything.
//!
//! In: an image with the table of its layout. Out: nothing. Invariant: nothing beside the image is
//! read, and reading it ends; where the reader says that it read all, what it read is OTLP.

use bimetal_abi::Signal;
use bimetal_pdata::{Batch, Layout, Logs, Value};

use crate::image::Image;

/// Values in each other. A reader that goes on in a list that holds itself is one without a limit.
const DEPTH: usize = 64;
/// So many values are looked at.
const VALUES: usize = 100_000;

/// One input.
pub fn run(data: &[u8]) {
    let Some(image) = Image::read(data) else {
        return;
    };
    let Some(layout) = Layout::of(Signal::Logs, image.table) else {
        return;
    };
    Batch::of_image(&layout, image.root, image.memory, encode);
    Batch::of_image(&layout, image.root, image.memory, walk);
    Batch::of_image(&layout, image.root, image.memory, edit);
}

/// The encoding, if all of it can be read.
pub fn encoded(image: &Image<'_>) -> Option<Vec<u8>> {
    let layout = Layout::of(Signal::Logs, image.table)?;
    Batch::of_image(&layout, image.root, image.memory, encode)?
}

fn encode(batch: &Batch<'_>) -> Option<Vec<u8>> {
    let logs = Logs::in_place(batch);
    let encoded = logs.encode();
    if batch.unread() {
        return None;
    }
    let again = Logs::parse(&encoded).expect("what was read is OTLP");
    assert_eq!(again.record_count(), logs.record_count());
    Some(encoded)
}

/// Everything as a component looks at it.
fn walk(batch: &Batch<'_>) {
    let logs = Logs::in_place(batch);
    let mut left = VALUES;
    for resource in logs.resources() {
        values(resource.attributes().iter(), &mut left);
        for scope in resource.scopes() {
            values(scope.attributes().iter(), &mut left);
            for record in scope.records() {
                value(record.body(), DEPTH, &mut left);
                let attributes = record.attributes();
                left = left.saturating_sub(attributes.len());
                attributes.get("text");
                values(attributes.iter(), &mut left);
                if left == 0 {
                    return;
                }
            }
        }
    }
}

fn values<'v, K>(entries: impl Iterator<Item = (K, Value<'v>)>, left: &mut usize) {
    for (_, of) in entries {
        value(of, DEPTH, left);
    }
}

fn value(of: Value<'_>, depth: usize, left: &mut usize) {
    *left = left.saturating_sub(1);
    if depth == 0 || *left == 0 {
        return;
    }
    match of {
        Value::Array(array) => array.iter().for_each(|of| value(of, depth - 1, left)),
        Value::Map(map) => map.iter().for_each(|(_, of)| value(of, depth - 1, left)),
        _ => {}
    }
}

/// What a component that changes telemetry does, and its encoding.
fn edit(batch: &Batch<'_>) {
    let mut logs = Logs::in_place(batch);
    for mut record in logs.records_mut().take(VALUES / 100) {
        let mut attributes = record.attributes_mut();
        attributes.upsert("text", "edited");
        attributes.delete("int");
        attributes.copy(bimetal_pdata::Write::Upsert, "copied", "map");
        attributes.rename("list", "renamed");
    }
    let encoded = logs.encode();
    if !batch.unread() {
        let again = Logs::parse(&encoded).expect("what was edited is OTLP");
        assert_eq!(again.record_count(), logs.record_count());
    }
}
