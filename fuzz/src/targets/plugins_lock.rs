//! The reader of `plugins.lock`.
//!
//! In: bytes as its text. Out: nothing. Invariant: every name is that of a file in the directory, a
//! lock that was written reads the same, and a digest that is not listed for a file never counts as
//! pinned.

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::lock::LockStatus;

/// One input.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(lock) = Lock::parse(text) else {
        return;
    };
    let written = lock.to_text();
    assert_eq!(
        Lock::parse(&written).expect("what was written can be read"),
        lock
    );
    let other = Digest::of(data);
    for plugin in lock.plugins() {
        assert_eq!(plugin.file.split('/').count(), 1);
        assert!(!matches!(plugin.file.as_str(), "" | "." | ".."));
        assert_eq!(
            lock.status(&plugin.file, &plugin.sha256),
            LockStatus::Pinned
        );
        if other != plugin.sha256 {
            assert_eq!(lock.status(&plugin.file, &other), LockStatus::Changed);
        }
    }
}
