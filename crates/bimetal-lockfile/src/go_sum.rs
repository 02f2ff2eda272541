//! go.sum.
//!
//! In: its text. Out: module and version -> `h1:` of the module's files. Invariant: the sums of go.mod files are left out.

use std::collections::HashMap;

/// Module and version -> `h1:` of the module's files.
pub fn sums(text: &str) -> HashMap<(String, String), String> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (module, version, sum) = (words.next()?, words.next()?, words.next()?);
            (!version.ends_with("/go.mod") && sum.starts_with("h1:"))
                .then(|| ((module.to_owned(), version.to_owned()), sum.to_owned()))
        })
        .collect()
}
