//! Write OpenTelemetry Collector components in Rust.
