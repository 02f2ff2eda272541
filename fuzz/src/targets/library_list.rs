//! The loader's list of libraries, `ld.so.cache`.
//!
//! In: bytes as the file. Out: nothing. Invariant: a path that is found stands in the bytes behind
//! a zero, and no name leads to more of them than the bytes have room for.

use bimetal_verify::system::LibraryList;

/// Names that are asked for: one that seeds have, one of a test library, none.
const NAMES: [&str; 4] = ["libc.so.6", "libm.so.6", "libfuzz.so.1", ""];
/// Bytes of an entry.
const ENTRY: usize = 24;

/// One input.
pub fn run(data: &[u8]) {
    let list = LibraryList::of(data.to_vec());
    for name in NAMES {
        let mut found = 0;
        for path in list.paths(name) {
            found += 1;
            let text = [path.as_bytes(), &[0]].concat();
            assert!(data.windows(text.len()).any(|part| part == text));
        }
        assert!(found <= data.len() / ENTRY);
    }
}
