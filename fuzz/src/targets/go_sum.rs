//! The reader of go.sum.
//!
//! In: bytes as its text. Out: nothing. Invariant: what was read and written again reads the same.

use bimetal_lockfile::GoSum;

/// One input.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(sums) = GoSum::parse(text) else {
        return;
    };
    let entries = || {
        let go_mods = sums
            .go_mods()
            .map(|(module, version, sum)| (module, format!("{version}/go.mod"), sum));
        sums.iter()
            .map(|(module, version, sum)| (module, version.to_owned(), sum))
            .chain(go_mods)
    };
    assert!(entries().count() <= text.lines().count());
    let written = entries()
        .map(|(module, version, sum)| format!("{module} {version} {sum}\n"))
        .collect::<String>();
    assert_eq!(GoSum::parse(&written).as_ref(), Ok(&sums));
    assert!(entries().all(|(_, _, sum)| text.contains(sum)));
    for (module, version, sum) in sums.iter() {
        assert_eq!(sums.get(module, version), Some(sum));
    }
}
