//! What a file was made of, noted beside it.
//!
//! In: a file, the digest of everything that decides about it. Out: whether it is what equal inputs
//! gave before. Invariant: bytes are compared, of the inputs and of the file; a note that cannot be
//! read counts as none.

use bimetal_files::{Digest, FileError};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    inputs: Digest,
    output: Digest,
}

/// Whether `file` is the one that was made of these inputs, byte for byte.
pub(super) fn is_current(file: &Utf8Path, note: &Utf8Path, inputs: &Digest) -> bool {
    let made = bimetal_files::read(note)
        .ok()
        .and_then(|text| serde_json::from_slice::<Made>(&text).ok());
    made.is_some_and(|made| {
        made.inputs == *inputs && Digest::of_path(file).is_ok_and(|found| found == made.output)
    })
}

/// Notes that `file` was made of these inputs.
pub(super) fn note(file: &Utf8Path, note: &Utf8Path, inputs: Digest) -> Result<(), FileError> {
    let output = Digest::of_path(file)?;
    let made = Made { inputs, output };
    let text = serde_json::to_vec(&made).expect("digests are always JSON");
    bimetal_files::replace(note, &text)
}
