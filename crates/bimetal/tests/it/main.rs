//! The builder as people start it: flags, exit codes, what goes to which stream.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it expects"
)]

mod build;
mod flags;
mod hostile_build;
mod init;
mod interrupt;
mod modules;
mod rebuild;
mod sandbox;
mod secrets;
