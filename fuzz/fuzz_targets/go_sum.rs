//! The reader of go.sum.
//!
//! In: bytes as its text. Out: nothing. Invariant: what was read and written again reads the same.
#![no_main]

use bimetal_lockfile::GoSum;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(sums) = GoSum::parse(text) else {
        return;
    };
    assert!(sums.iter().count() <= text.lines().count());
    let written = sums
        .iter()
        .map(|(module, version, sum)| format!("{module} {version} {sum}\n"))
        .collect::<String>();
    assert_eq!(GoSum::parse(&written).as_ref(), Ok(&sums));
    for (module, version, sum) in sums.iter() {
        assert_eq!(sums.get(module, version), Some(sum));
        assert!(text.contains(sum));
    }
});
