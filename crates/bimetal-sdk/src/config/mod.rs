//! A component's section of the Collector's configuration.
//!
//! In: the resolved section as JSON. Out: the author's type, merged over its defaults and
//! validated, or every complaint with its path. Invariant: nothing is ignored and nothing is
//! guessed: keys are case-sensitive, unknown ones are errors, types are not converted.

mod decode;
mod described;
mod duration;
mod errors;
mod merge;
mod near;
mod opaque;
mod schema;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use described::{HostKey, described};
pub use duration::{Duration, DurationError};
pub use errors::{ConfigError, ConfigErrors};
pub use opaque::OpaqueString;

/// Key of the object that stands for a leaf which came from `${…}`:
/// `{"\0expanded": {"value": <JSON>, "original": "<text>"}}`.
pub const EXPANDED: &str = "\0expanded";

/// Key of the object that stands for a number which JSON lacks: `{"\0number": "inf"}`, or `-inf`
/// or `NaN`.
pub const NUMBER: &str = "\0number";

/// Checks what types cannot say. Called after the section was decoded.
///
/// ```
/// use bimetal_sdk::config::{ConfigErrors, Validate};
///
/// struct Config {
///     endpoint: String,
///     batch: usize,
/// }
///
/// impl Validate for Config {
///     fn validate(&self) -> Result<(), ConfigErrors> {
///         let mut errors = ConfigErrors::new();
///         if self.endpoint.is_empty() {
///             errors.push("endpoint", "must be set");
///         }
///         if self.batch == 0 {
///             errors.push("batch", "must be at least 1");
///         }
///         errors.into_result()
///     }
/// }
///
/// let errors = Config { endpoint: String::new(), batch: 0 }.validate().unwrap_err();
/// assert_eq!(errors.to_string(), "endpoint: must be set\nbatch: must be at least 1");
/// ```
pub trait Validate {
    /// Every complaint, not only the first.
    fn validate(&self) -> Result<(), ConfigErrors> {
        Ok(())
    }
}

/// What a configuration type must be: plain serde with defaults, a JSON Schema, and [`Validate`].
pub trait Section: DeserializeOwned + Serialize + Default + JsonSchema + Validate {}

impl<T: DeserializeOwned + Serialize + Default + JsonSchema + Validate> Section for T {}

/// The configuration of a component that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Empty {}

impl Validate for Empty {}

/// Decodes a section over the type's defaults and validates it.
///
/// ```
/// use bimetal_sdk::config::{Empty, from_json};
/// let errors = from_json::<Empty>(br#"{"acton": 1}"#).unwrap_err();
/// assert_eq!(errors.to_string(), "acton: unknown key");
/// ```
pub fn from_json<T: Section>(section: &[u8]) -> Result<T, ConfigErrors> {
    let section = parse(section)?;
    let defaults = opaque::revealed(|| serde_json::to_value(T::default()))
        .map_err(|error| ConfigErrors::one("", format!("the defaults are not JSON: {error}")))?;
    let config: T = decode::decode(&merge::over(defaults, section))?;
    config.validate()?;
    Ok(config)
}

fn parse(section: &[u8]) -> Result<Value, ConfigErrors> {
    if section.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(section) {
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(ConfigErrors::one("", "the section is not a map")),
        Err(error) => Err(ConfigErrors::one(
            "",
            format!("the section is not JSON: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests;
