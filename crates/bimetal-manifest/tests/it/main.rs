//! What the crate says about files made by real compilers, and about files made to fool it.
#![expect(
    clippy::unwrap_used,
    reason = "tests, and the functions that they share"
)]

mod artifacts;
mod catalog;
mod causes;
mod compat;
mod fixture;
mod hostile;
mod loading;
mod macho;
mod mutation;
mod schema;
