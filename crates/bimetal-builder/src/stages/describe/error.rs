//! What can go wrong while components are described.
//!
//! In: what a tool or a file said. Out: text and hint. Invariant: where one component is to blame,
//! it is named, or the file that describes it.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::Hint;

use crate::toolchain::InvocationError;
use crate::yaml::YamlError;

#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    #[error("the type of the {kind} `{entry}` is not known: it has no metadata.yaml for a {kind}")]
    Unknown { entry: String, kind: &'static str },
    #[error("`{type_name}` in `{origin}` is no type of a component")]
    Type { type_name: String, origin: String },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot parse the metadata of a component")]
    Yaml { source: YamlError },
    #[error("the {kind} `{type_name}` is there twice: `{first}` and `{second}`")]
    Twice {
        kind: &'static str,
        type_name: String,
        first: String,
        second: String,
    },
    #[error("failed to compile the Rust components")]
    Compile { source: InvocationError },
    #[error("the crate `{name}` cannot be described")]
    Run {
        name: String,
        source: InvocationError,
    },
    #[error("unexpected description of the crate `{name}`: {reason}")]
    Answer { name: String, reason: String },
    #[error("the crate `{name}` is a {found} and stands in the list of {wanted}s")]
    Kind {
        name: String,
        found: &'static str,
        wanted: &'static str,
    },
}

impl Hint for DescribeError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Unknown { .. } => {
                "add `type: …` (and `signals: {…}`) to the entry in the configuration"
            }
            Self::Type { .. } => {
                "a type starts with a letter and has letters, digits and `_`, at most 63"
            }
            Self::Twice { .. } => "remove one of the two entries",
            Self::Kind { .. } => "move the entry to the list of its kind",
            Self::Compile { source } if source.is_failure() => {
                "a component crate has `pub fn component() -> &'static bimetal_sdk::Component`; \
                 what stands in `local/` is a copy, so correct the crate that `path` names"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
