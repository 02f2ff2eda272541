//! The steps of a build, in order. Each is a function from one type to the next; none keeps state
//! or reads flags.
//!
//! `config -> resolve -> plan (pure) -> generate -> lock -> describe -> stamp -> build -> verify -> package`

pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deliver;
pub(crate) mod describe;
pub(crate) mod environment;
pub(crate) mod fetch;
pub(crate) mod generate;
pub(crate) mod lock;
pub(crate) mod package;
pub(crate) mod plan;
pub(crate) mod receive;
pub(crate) mod resolve;
pub(crate) mod stamp;
pub(crate) mod verify;

pub(crate) use lock::hex;

#[cfg(test)]
mod tests;
