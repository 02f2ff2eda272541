//! The answer of a tool, kept for the next run.
//!
//! In: where it is kept, the digest of everything that it depends on. Out: the answer. Invariant:
//! one that was not written whole, or was changed since, counts as none.

use bimetal_files::Digest;
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Remembered {
    inputs: Digest,
    /// Of the text, which stands in a file of its own.
    answer: Digest,
}

/// The answer to equal inputs; `path` has no ending.
pub fn recall(path: &Utf8Path, inputs: &Digest) -> Option<Vec<u8>> {
    let record = bimetal_files::read(&path.with_extension("json")).ok()?;
    let remembered: Remembered = serde_json::from_slice(&record).ok()?;
    if remembered.inputs != *inputs {
        return None;
    }
    let answer = bimetal_files::read(&path.with_extension("txt")).ok()?;
    (remembered.answer == Digest::of(&answer)).then_some(answer)
}

/// Keeps an answer.
///
/// # Panics
/// Never: digests are always JSON.
pub fn remember(path: &Utf8Path, inputs: Digest, answer: &[u8]) {
    let remembered = Remembered {
        inputs,
        answer: Digest::of(answer),
    };
    let record = serde_json::to_vec(&remembered).expect("digests are always JSON");
    // Without a memory the next run asks again.
    let _ = bimetal_files::replace(&path.with_extension("txt"), answer)
        .and_then(|()| bimetal_files::replace(&path.with_extension("json"), &record));
}
