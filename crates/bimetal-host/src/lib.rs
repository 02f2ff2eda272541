//! The Rust side of a Collector that loads plugins.
