//! What every crate does with files: hash, copy, replace, and keep paths below a root.
//!
//! In: paths and bytes. Out: files, digests, [`FileError`]. Invariant: an error names its file and
//! says what was tried; nothing here knows what a file is for.
#![forbid(unsafe_code)]

mod copy;
mod digest;
mod error;
mod path;
mod read;
mod write;

pub use copy::{Copied, CopyError, copy_file, copy_hashed};
pub use digest::{Digest, DigestError, Hasher, hex};
pub use error::{Action, FileError, NOT_WRITABLE};
pub use path::{EscapeError, RelativePath};
pub use read::{open, read, read_if_present, read_to_string, unless_absent};
pub use write::{
    beside, beside_of, create_directory, fresh_directory, remove_directory, remove_if_present,
    replace, write, write_if_changed,
};

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are.
pub const HINTS: &[Lookup] = &[hint::of::<FileError>];
