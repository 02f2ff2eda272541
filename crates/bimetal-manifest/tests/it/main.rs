//! The checked-in JSON Schema.

use bimetal_manifest::schema::json_schema;
use camino::Utf8PathBuf;

#[test]
fn the_checked_in_schema_is_that_of_the_types() {
    let path = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference/manifest.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        fs_err::write(&path, json_schema()).unwrap();
    }
    let checked_in = fs_err::read_to_string(&path).unwrap();
    assert!(
        checked_in == json_schema(),
        "run `cargo xtask schemas`, and look at what changed"
    );
}
