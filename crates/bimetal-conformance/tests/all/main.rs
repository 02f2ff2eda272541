//! What is slow: comparison with OCB, all five kinds as plugins, rebuilds.

mod five_kinds;
mod ocb;
mod rebuild;
