//! Bytes as a file that lies in memory.
//!
//! In: bytes. Out: an open file with exactly these. Invariant: one file per thread, filled anew
//! each time: making one costs more than reading it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::fs::{MemfdFlags, memfd_create};

/// The file, holding `bytes` until the next call.
pub fn holding(bytes: &[u8]) -> &'static File {
    FILE.with(|file| {
        file.set_len(bytes.len() as u64)
            .expect("a memory file takes any length that a vector had");
        file.write_all_at(bytes, 0)
            .expect("a memory file takes what a vector held");
        *file
    })
}

thread_local! {
    static FILE: &'static File = {
        let file = memfd_create("input", MemfdFlags::CLOEXEC)
            .expect("the kernel has memory files since 3.17");
        Box::leak(Box::new(file.into()))
    };
}
