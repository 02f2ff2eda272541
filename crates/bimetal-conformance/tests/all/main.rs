//! What is slow: comparison with OCB, all five kinds as plugins, rebuilds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod five_kinds;
mod ocb;
mod rebuild;
