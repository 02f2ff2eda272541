//! The steps of a build, in order. Each is a function from one type to the next; none keeps state
//! or reads flags.
//!
//! `config -> resolve -> plan (pure) -> generate -> lock -> describe -> stamp -> build -> verify ->
//! package`

pub mod build;
pub mod config;
pub mod describe;
pub mod generate;
pub mod lock;
pub mod package;
pub mod plan;
pub mod resolve;
pub mod stamp;
pub mod verify;

#[cfg(test)]
mod tests;
