//! One test body, two drivers; benches static against plugin.
