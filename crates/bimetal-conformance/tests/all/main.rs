//! What is slow: OCB beside us, all five kinds as plugins, rebuilds, mains without Go plugins,
//! mains of several releases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod five_kinds;
mod ocb;
mod rebuild;
mod releases;
mod rust_only;
