//! What happens around an extension, as the host says it.
//!
//! In: a number and a text. Out: an [`Event`]. Invariant: what is not known is refused, never
//! guessed.

use bimetal_abi as abi;
use bimetal_abi::{Kind, Status};
use serde::Deserialize;
use serde_json::Value;

use crate::runtime::instance::Failure;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Event {
    Ready,
    NotReady,
    Status(StatusEvent),
    Config(Value),
}

/// A component has another status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusEvent {
    /// Its kind.
    pub kind: Kind,
    /// `type` or `type/name`.
    pub id: String,
    /// The pipelines that it is in, such as `logs/two`; none for an extension.
    pub pipelines: Vec<String>,
    /// What it is now.
    pub status: Status,
    /// What is wrong with it.
    pub error: Option<String>,
    /// When that began, in nanoseconds since 1970.
    pub unix_ns: u64,
}

#[derive(Deserialize)]
struct Said {
    kind: String,
    id: String,
    #[serde(default)]
    pipelines: Vec<String>,
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    unix_ns: u64,
}

impl Event {
    pub(crate) fn of(number: u32, text: &[u8]) -> Result<Self, Failure> {
        match number {
            abi::EVENT_READY => Ok(Self::Ready),
            abi::EVENT_NOT_READY => Ok(Self::NotReady),
            abi::EVENT_STATUS => Ok(Self::Status(serde_json::from_slice(text).map_err(broken)?)),
            abi::EVENT_CONFIG => Ok(Self::Config(serde_json::from_slice(text).map_err(broken)?)),
            _ => Err(Failure::Unsupported(format!("event {number}"))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` wants it")]
fn broken(error: serde_json::Error) -> Failure {
    Failure::Invalid(format!("an event that cannot be read: {error}"))
}

impl<'de> Deserialize<'de> for StatusEvent {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let said = Said::deserialize(from)?;
        let kind = Kind::from_word(&said.kind);
        let no_kind = || serde::de::Error::custom(format_args!("`{}` is no kind", said.kind));
        let status = Status::from_word(&said.status);
        let no_status = || serde::de::Error::custom(format_args!("`{}` is no status", said.status));
        Ok(Self {
            kind: kind.ok_or_else(no_kind)?,
            id: said.id,
            pipelines: said.pipelines,
            status: status.ok_or_else(no_status)?,
            error: said.error,
            unix_ns: said.unix_ns,
        })
    }
}
