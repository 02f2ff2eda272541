//! An answer that is not what the tool is known to give.
//!
//! In: why it cannot be understood. Out: [`AnswerError`]. Invariant: the tool is named; the answer
//! itself is not repeated.

use std::fmt::Display;

/// What a tool answered cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("unexpected answer of `{tool}`: {reason}")]
pub struct AnswerError {
    pub tool: &'static str,
    pub reason: String,
}

impl AnswerError {
    /// For `map_err`, after an answer of `tool` was parsed.
    pub fn of<E: Display>(tool: &'static str) -> impl Fn(E) -> Self {
        move |error| Self {
            tool,
            reason: error.to_string(),
        }
    }
}
