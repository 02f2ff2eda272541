//! The JSON records that the builder and `rebuild` read back: `.bimetal.json`, `inputs.json`,
//! `plan.json`, `rebuild.json`.
//!
//! In: bytes as each of them. Out: nothing. Invariant: what was read and written again reads the
//! same, and no path of a list of inputs leads out of their directory.

use bimetal_builder::model::Plan;
use bimetal_builder::owned::Ours;
use bimetal_builder::pipeline::LastBuild;
use bimetal_files::RelativePath;
use bimetal_hermetic::fetch::{Recorded, parse_list};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One input.
pub fn run(data: &[u8]) {
    round_trip::<Ours>(data);
    if let Ok(list) = parse_list(data) {
        assert!(list.keys().all(|path| RelativePath::parse(path).is_ok()));
        let text = serde_json::to_vec(&list).expect("digests by path are always JSON");
        assert_eq!(parse_list(&text).expect("what was written reads"), list);
    }
    round_trip::<LastBuild<Plan>>(data);
    round_trip::<Recorded>(data);
}

/// Not all of these types have equality, so their texts are compared.
fn round_trip<T: Serialize + DeserializeOwned>(data: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(data) else {
        return;
    };
    let text = serde_json::to_string(&read).expect("a record is always JSON");
    let again: T = serde_json::from_str(&text).expect("what was written reads");
    let again = serde_json::to_string(&again).expect("a record is always JSON");
    assert_eq!(again, text);
}
