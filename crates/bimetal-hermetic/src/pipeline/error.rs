//! What can go wrong in a hermetic build or a rebuild, beside the steps.
//!
//! In: what an engine or another process answered. Out: text and hint. Invariant: an error inside a
//! container is the same error outside.

use std::borrow::Cow;
use std::fmt;

use bimetal_builder::owned::OwnedError;
use bimetal_builder::pipeline::StepError;
use bimetal_files::FileError;
use bimetal_terminal::Hint;

use crate::deliver::DeliverError;
use crate::engine::EngineError;
use crate::environment::EnvironmentError;
use crate::fetch::FetchError;
use crate::inputs::InputsError;
use crate::rebuild::CompareError;
use crate::receive::ReceiveError;

#[derive(Debug, thiserror::Error)]
pub enum HermeticError {
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("cannot find out the digest of the image `{image}`")]
    Pin { image: String, source: EngineError },
    #[error("the build in the container failed at the step `{step}`")]
    Inside {
        step: String,
        source: Cause,
        hint: Option<String>,
        refused: bool,
    },
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, not a number of seconds since 1970")]
    Epoch { value: String },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("{0}")]
    File(#[from] FileError),
}

/// An error that was reported by another process, with what caused it.
#[derive(Debug)]
pub struct Cause {
    pub(super) text: String,
    pub(super) source: Option<Box<Cause>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Hint for HermeticError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Inside { hint, .. } => return hint.as_deref().map(Cow::Borrowed),
            Self::Epoch { .. } => {
                "unset it, or take a time such as that of your last commit: `git log -1 \
                 --format=%ct`"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl StepError for HermeticError {
    const STEP: &'static str = "container";

    fn is_refusal(&self) -> bool {
        matches!(self, Self::Inside { refused: true, .. })
    }
}

impl StepError for FetchError {
    const STEP: &'static str = "fetch";
}

impl StepError for InputsError {
    const STEP: &'static str = "inputs";
}

impl StepError for EnvironmentError {
    const STEP: &'static str = "environment";
}

impl StepError for DeliverError {
    const STEP: &'static str = "deliver";
}

impl StepError for ReceiveError {
    const STEP: &'static str = "container";
}

impl StepError for CompareError {
    const STEP: &'static str = "compare";
}
