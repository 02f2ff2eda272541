//! The contract that every component keeps; alone, since the suite counts what the process has.

use bimetal_sdk::testing::{Findings, TestHost};
use serde_json::json;

#[test]
fn the_processor_keeps_the_contract_of_a_component() -> Result<(), Findings> {
    let config = json!({"actions": [
        {"key": "http.method", "action": "upsert", "value": "POST"},
        {"key": "cached", "action": "delete"},
        {"key": "copy", "action": "insert", "from_attribute": "ratio"},
    ]});
    TestHost::new(bimetal_attributes_processor::component()).conformance(&config)
}
