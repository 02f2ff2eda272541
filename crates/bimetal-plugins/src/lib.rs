//! The `plugins` commands of a Collector and of the builder.
