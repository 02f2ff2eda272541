//! Tests of [`super`], with the C library that is in this process.

use super::*;
use crate::object::bytes::Bytes;

#[test]
fn the_first_names_are_kept_and_all_are_counted() {
    let mut first = FirstSymbols::new(2);
    for name in ["d", "b", "a", "c"] {
        first.add(name.as_bytes(), SymbolKind::Function);
    }
    let found = first.finish();
    assert_eq!(found.total, 4);
    assert_eq!(
        found
            .symbols
            .iter()
            .map(|symbol| symbol.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert!(FirstSymbols::new(0).finish().symbols.is_empty());
}

/// The C library is a library of some thousand symbols that every Linux has.
fn c_library() -> std::fs::File {
    let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
    let place = maps
        .split_whitespace()
        .find(|word| word.ends_with("/libc.so.6"))
        .unwrap();
    fs_err::File::open(place).unwrap().into_file()
}

#[test]
fn a_string_table_in_blocks_gives_the_symbols_of_one_that_is_held_whole() {
    let file = c_library();
    let bytes = Bytes::new(&file).unwrap();
    let elf = Elf::new(&bytes).unwrap();
    let mut dynamic = crate::object::elf::dynamic::read(&elf).unwrap();
    let hashes = Hashes::read(&elf, &mut dynamic).unwrap();
    let symbols = Symbols::find(&elf, &mut dynamic, hashes.count).unwrap();
    let (start, length) = dynamic.strings.unwrap();
    let names = |strings| {
        let mut names = Vec::new();
        each_with(&elf, strings, &symbols, |number, symbol, strings| {
            let name = strings.get(u64::from(symbol.st_name.get(LE)))?;
            names.push((number, name.to_vec()));
            Ok(())
        })
        .unwrap();
        names
    };
    let whole = names(Strings::new(&bytes, start, length).unwrap());
    let mut in_blocks = names(Strings::in_blocks(&bytes, start, length, 512).unwrap());
    assert!(whole.len() > 1000 && whole != in_blocks);
    in_blocks.sort();
    assert_eq!(whole, in_blocks);
}
