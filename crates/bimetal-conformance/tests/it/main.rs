//! Real distributions, built by the real builder, run as real processes. What needs more than one Collector is in `tests/all`.

mod attributes;
mod loading;
mod pipeline;
mod scene;
mod starting;
