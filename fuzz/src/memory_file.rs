//! Bytes as a file that lies in memory.
//!
//! In: bytes. Out: an open file with exactly these. Invariant: one file per process, filled anew
//! each time: making one costs more than reading it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::LazyLock;

use rustix::fs::{MemfdFlags, memfd_create};

/// The file, holding `bytes` until the next call.
pub fn holding(bytes: &[u8]) -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| {
        memfd_create("input", MemfdFlags::CLOEXEC)
            .expect("the kernel has memory files since 3.17")
            .into()
    });
    FILE.set_len(bytes.len() as u64)
        .expect("a memory file takes any length that a vector had");
    FILE.write_all_at(bytes, 0)
        .expect("a memory file takes what a vector held");
    &FILE
}
