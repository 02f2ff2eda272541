//! What the process has: threads, open files, memory.
//!
//! In: nothing. Out: what grew. Invariant: what a few other tests of the process do is below what
//! counts.

use std::fs;

use super::KEPT_BYTES;

/// Pages are counted as the smallest that there are.
const PAGE: usize = 4096;

/// At some moment.
pub(super) struct Usage {
    threads: usize,
    files: usize,
    memory: usize,
}

impl Usage {
    #[expect(
        clippy::disallowed_methods,
        reason = "what cannot be read counts as nothing, so that no error needs a path"
    )]
    pub(super) fn now() -> Self {
        let count = |directory: &str| fs::read_dir(directory).map_or(0, Iterator::count);
        let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        Self {
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
            memory: resident.unwrap_or(0) * PAGE,
        }
    }

    /// What there is more of now, after so many cycles that ought to leave nothing.
    pub(super) fn grown(&self, cycles: usize) -> Vec<String> {
        let now = Self::now();
        let grown = [
            ("threads", self.threads, now.threads, cycles / 2),
            ("open files", self.files, now.files, cycles / 2),
            ("bytes", self.memory, now.memory, cycles * KEPT_BYTES),
        ];
        let over = grown
            .into_iter()
            .filter_map(|(what, before, now, allowed)| {
                let more = now.saturating_sub(before);
                (more > allowed).then(|| format!("{more} {what} in {cycles} cycles"))
            });
        over.collect()
    }
}
