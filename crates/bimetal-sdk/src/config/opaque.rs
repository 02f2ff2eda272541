//! Text that must not be shown.
//!
//! In: text. Out: itself to the component, `[REDACTED]` to everybody else. Invariant: neither
//! `Debug` nor serde shows it.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

thread_local! {
    /// Set while the SDK itself lays a section over the defaults.
    static REVEALED: Cell<bool> = const { Cell::new(false) };
}

/// A secret in a configuration; the Collector's `configopaque.String`.
///
/// ```
/// use bimetal_sdk::config::OpaqueString;
///
/// let token = OpaqueString::from("hunter2");
/// assert_eq!(token.expose(), "hunter2");
/// assert_eq!(format!("{token:?}"), "[REDACTED]");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct OpaqueString(String);

impl OpaqueString {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for OpaqueString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for OpaqueString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for OpaqueString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl Serialize for OpaqueString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = if REVEALED.get() || self.0.is_empty() {
            &self.0
        } else {
            "[REDACTED]"
        };
        serializer.serialize_str(shown)
    }
}

impl JsonSchema for OpaqueString {
    fn schema_name() -> Cow<'static, str> {
        "OpaqueString".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

/// Runs `body` with secrets serialised as they are.
pub(super) fn revealed<T>(body: impl FnOnce() -> T) -> T {
    struct Hide(bool);
    impl Drop for Hide {
        fn drop(&mut self) {
            REVEALED.set(self.0);
        }
    }
    let _hide = Hide(REVEALED.replace(true));
    body()
}
