//! The `plugins` commands over real artifacts.
//!
//! In: a Go main, Go plugins and a Rust plugin, built here, and copies of them with one thing
//! wrong. Out: reports and exit codes. Invariant: nothing is mocked; what differs between machines
//! is redacted, nothing else.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod damage;
mod directory;
mod fixture;
mod help;
mod hermetic;
mod inspect;
mod reports;
mod run;
mod trying;
mod validate;
