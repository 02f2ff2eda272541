//! Images of Go's memory that a Go program recorded, as they are and changed.
//!
//! In: `corpus/view/`. Out: nothing. Invariant: a recorded image can be read whole.

use std::fs;
use std::path::Path;

use bimetal_fuzz::image::{FIRST, Image};
use bimetal_fuzz::targets::view;
use bimetal_pdata::Logs;

fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/view");
    fs::read(path.join(name)).unwrap()
}

#[test]
fn a_recorded_batch_is_read_as_what_it_was() {
    for (name, records) in [("logs", 3), ("logs-small", 1)] {
        let file = recorded(name);
        let image = Image::read(&file).unwrap();
        assert_eq!(image.file(), file);
        let encoded = view::encoded(&image).unwrap_or_else(|| panic!("`{name}` cannot be read"));
        assert_eq!(
            Logs::parse(&encoded).unwrap().record_count(),
            records,
            "{name}"
        );
    }
}

/// Cycles, addresses of nothing, lengths of everything: each word of the memory in turn.
#[test]
fn any_word_of_the_memory_may_be_any_other() {
    let file = recorded("logs-small");
    let image = Image::read(&file).unwrap();
    for at in (0..image.memory.len() / 8 * 8).step_by(8) {
        let word = u64::from_ne_bytes(image.memory[at..at + 8].try_into().unwrap());
        let here = FIRST + at as u64;
        let others = [
            0,
            1,
            image.root,
            here,
            here - here.min(8),
            word.wrapping_add(1),
            word.wrapping_sub(1),
            FIRST + image.memory.len() as u64,
            1 << 40,
            u64::MAX,
        ];
        for other in others {
            let mut memory = image.memory.to_vec();
            memory[at..at + 8].copy_from_slice(&other.to_ne_bytes());
            let changed = Image {
                memory: &memory,
                ..image
            };
            view::run(&changed.file());
        }
    }
}

/// Every entry of a list is the list itself, so that each level doubles what there is to read.
#[test]
fn a_list_in_itself_ends() {
    let file = recorded("logs-small");
    let image = Image::read(&file).unwrap();
    let text = b"text";
    let found = image
        .memory
        .windows(text.len())
        .position(|bytes| bytes == text);
    assert!(found.is_some(), "the sample has a list with a text in it");
    // The list of the sample lies where an address leads to a value with that text.
    let words = image.memory.as_chunks::<8>().0;
    let looped = (0..words.len()).filter(|at| {
        let mut memory = image.memory.to_vec();
        // A list of one value becomes one of two, of itself.
        memory[at * 8..at * 8 + 8].copy_from_slice(&2_u64.to_ne_bytes());
        let changed = Image {
            memory: &memory,
            ..image
        };
        view::run(&changed.file());
        view::encoded(&changed).is_none()
    });
    assert!(looped.count() > 0);
}
