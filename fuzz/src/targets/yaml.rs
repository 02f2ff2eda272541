//! The builder's configuration.
//!
//! In: bytes as the file. Out: nothing. Invariant: every problem of the text has a place in it, and
//! a variable over the file counts whatever the file says.

use std::os::fd::AsRawFd as _;

use bimetal_builder::stages::config;
use bimetal_builder::yaml;
use camino::Utf8PathBuf;

use crate::memory_file;

/// One input.
pub fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Err(error) = yaml::parse("fuzz.yaml", text)
    {
        assert!(error.place.position.is_some(), "{error}");
    }
    let file = memory_file::holding(data);
    let path = Utf8PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let variables = [("dist.name".to_owned(), "otelcol-fuzz".to_owned())];
    if let Ok(config) = config::read(Some(&path), variables.into_iter()) {
        assert_eq!(config.dist.name, "otelcol-fuzz");
    }
}
