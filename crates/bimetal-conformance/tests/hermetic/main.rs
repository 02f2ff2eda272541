//! What needs real container engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod failures;
mod machine;
mod story;
