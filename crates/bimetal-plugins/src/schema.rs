//! The JSON Schema of the reports.
//!
//! In: the types of the documents. Out: the text of `docs/reference/plugins-report.schema.json`.
//! Invariant: one document is described by the name in its key `schema`; keys that are not
//! described are allowed, because new ones may come at any time.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::document::{
    CHECK, DirectoryDocument, INSPECT, InspectDocument, LIST, VALIDATE, ValidateDocument,
};

/// The JSON Schema of what `--format json` prints, as it stands in
/// `docs/reference/plugins-report.schema.json`.
pub fn report_schema() -> String {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let directory = generator.subschema_for::<DirectoryDocument>();
    let validate = generator.subschema_for::<ValidateDocument>();
    let inspect = generator.subschema_for::<InspectDocument>();
    let document = |name: &str, schema: &schemars::Schema| {
        let mut schema = schema.clone().to_value();
        schema["properties"] = json!({ "schema": { "const": name } });
        schema
    };
    let definitions: Value = generator.take_definitions(true).into();
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the `plugins` commands print with `--format json`",
        "oneOf": [
            document(LIST, &directory),
            document(CHECK, &directory),
            document(VALIDATE, &validate),
            document(INSPECT, &inspect),
        ],
        "$defs": definitions,
    });
    format!("{whole:#}\n")
}
