//! What the crate says about files made by real compilers, and about files made to fool it.
#![expect(
    clippy::unwrap_used,
    reason = "tests, and the functions that they share"
)]

mod artifacts;
mod bounds;
mod causes;
mod compared;
mod compat;
mod directory;
mod fixture;
mod hermetic;
mod hostile;
mod listed;
mod loading;
mod mutation;
mod reads;
mod rights;
mod schema;
mod verdict;
