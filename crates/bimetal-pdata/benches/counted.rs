//! What a component does with 8,192 log records, for counting its instructions.
//!
//! In: the name of a step: where the records lie, and what is done to them. Out: nothing.
//! Invariant: the function `counted` is called once, with the records in place; under callgrind
//! only what happens inside of it is collected.
#![expect(unsafe_code, reason = "vouches for the memory that the benchmark made")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail like a test")]

use std::error::Error;
use std::hint::black_box;

use bimetal_abi::{Edit, Signal};
use bimetal_pdata::{AttributesMut, Batch, EditAnswer, EditList, Layout, Logs, ValueBuf, Write};
use prost::Message;

use crate::image::Image;

mod batch;
#[expect(dead_code, reason = "the tests make more of it")]
#[path = "../tests/it/image.rs"]
mod image;

/// As a component holds it: the key and the value come from a configuration.
enum Action {
    Delete(String),
    Upsert(String, ValueBuf),
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo gives a bench the argument `--bench`.
    let step = std::env::args().nth(1).unwrap_or_default();
    let (place, work) = step.split_once('-').unwrap_or_default();
    let key = "attribute.number.5".to_owned();
    let action = match work {
        "scan" => Action::Delete("absent".to_owned()),
        "upsert" => Action::Upsert(key, "new".into()),
        "delete" => Action::Delete(key),
        _ => return Err(format!("`{step}` is no step").into()),
    };
    let rows = match place {
        "encoded" => encoded(&action).rows.len(),
        "in_place" => in_place(&action).rows.len(),
        "alone" => alone(&action),
        _ => return Err(format!("`{step}` is no step").into()),
    };
    // Rows that lead to a scope stand beside those of the records.
    let edited = rows >= batch::RECORDS.into();
    if edited == (work != "scan") {
        return Ok(());
    }
    Err(format!("{rows} edits").into())
}

fn encoded(action: &Action) -> EditList {
    // It lives on: freed, it would leave an allocator behind that first sweeps up after it.
    let batch = batch::logs(batch::RECORDS);
    let bytes = batch.encode_to_vec();
    counted(|| edits(Logs::parse(black_box(&bytes)).unwrap(), action))
}

fn in_place(action: &Action) -> EditList {
    let batch = batch::logs(batch::RECORDS);
    let image = Image::of(&batch, 0);
    let layout = Layout::of(Signal::Logs, &image.table()).unwrap();
    counted(|| {
        // SAFETY: the image lies as its table says, and lives longer than the batch.
        let in_place = unsafe { Batch::new(&layout, black_box(image.root)) }.unwrap();
        let edits = edits(Logs::in_place(&in_place), action);
        assert!(!in_place.unread());
        edits
    })
}

/// As many batches of one record: what a batch costs before and after its records. Gives the number
/// of rows.
fn alone(action: &Action) -> usize {
    let batch = batch::logs(1);
    let image = Image::of(&batch, 0);
    let layout = Layout::of(Signal::Logs, &image.table()).unwrap();
    let mut room = [0; 128];
    counted(|| {
        let rows = (0..batch::RECORDS).map(|_| {
            // SAFETY: as above.
            let in_place = unsafe { Batch::new(&layout, black_box(image.root)) }.unwrap();
            let mut logs = Logs::in_place(&in_place);
            walk(&mut logs, action);
            assert!(!in_place.unread());
            match logs.changed().then(|| logs.edits_into(&mut room)) {
                None => 0,
                Some(EditAnswer::InRoom { rows, .. }) => rows / size_of::<Edit>(),
                Some(EditAnswer::List(list)) => list.rows.len(),
            }
        });
        rows.sum()
    })
}

/// The loop of a processor, and what goes back to the Collector.
fn edits(mut logs: Logs<'_>, action: &Action) -> EditList {
    walk(&mut logs, action);
    logs.into_edits()
}

fn walk(logs: &mut Logs<'_>, action: &Action) {
    for mut record in logs.records_mut() {
        act(&mut record.attributes_mut(), action);
    }
}

fn act(attributes: &mut AttributesMut<'_>, action: &Action) -> bool {
    match action {
        Action::Delete(key) => attributes.delete(key),
        Action::Upsert(key, value) => attributes.write(Write::Upsert, key, value),
    }
}

#[inline(never)]
fn counted<T>(step: impl FnOnce() -> T) -> T {
    black_box(step)()
}
