//! What the crate says about files made by real compilers, and about files made to fool it.

mod artifacts;
mod catalog;
mod compat;
mod fixture;
mod hostile;
mod macho;
mod mutation;
mod schema;
