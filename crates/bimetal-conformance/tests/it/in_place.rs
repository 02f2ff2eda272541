//! Go and Rust on telemetry in place, with the pinned release of pdata. Other releases are in
//! `tests/all`.

use bimetal_conformance::in_place::{TESTS, go_test, passed};

#[test]
fn rust_reads_of_each_signal_what_go_made_and_go_builds_what_rust_says() {
    let said = go_test(&[]).unwrap();
    assert_eq!(passed(&said), TESTS, "{said}");
}
