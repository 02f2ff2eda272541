//! `SHA256SUMS` of a hermetic distribution.
//!
//! In: bytes as its text. Out: nothing. Invariant: every path stays below its directory, and what
//! was read and written again reads the same.

use bimetal_files::RelativePath;
use bimetal_hermetic::attest::{read_sums, sums};

/// One input.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(files) = read_sums(text) else {
        return;
    };
    assert!(files.len() <= text.lines().count());
    assert!(files.keys().all(|path| RelativePath::parse(path).is_ok()));
    assert_eq!(read_sums(&sums(&files)).as_ref(), Ok(&files));
}
