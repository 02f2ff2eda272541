//! Telemetry as it crosses the border.
