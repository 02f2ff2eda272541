//! What the benches of verification measure: a real main, the largest real Go plugin of the
//! quickstart, and a hundred plugins made of that one.
//!
//! In: the quickstart's distribution. Out: paths. Invariant: every plugin is accepted by main; one
//! that is not would be measured wrongly.

use std::error::Error;

use bimetal_manifest::object::{Artifact, open};
use bimetal_manifest::schema::Policy;
use bimetal_verify::{Mismatch, compare};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::distribution::{build, repository};

/// How many plugins a set has.
pub const SET: usize = 100;

const PATH: &[u8] = b"internal/plugin/processor-transformprocessor";
const TYPE: &[u8] = b"\"type\":\"transform\"";

/// The artifacts.
#[derive(Debug)]
pub struct Subject {
    /// Main's file.
    pub main_path: Utf8PathBuf,
    /// Main, read.
    pub main: Artifact,
    /// The Go plugin's file.
    pub plugin: Utf8PathBuf,
}

/// Builds the quickstart where that has not happened, and reads main.
pub fn subject() -> Result<Subject, Box<dyn Error>> {
    let config = repository().join("examples/quickstart/builder-config.yaml");
    let distribution = build("otelcol-quickstart", &config)?;
    let (_, main) = open(&distribution.main)?;
    let subject = Subject {
        main_path: distribution.main,
        main,
        plugin: distribution.plugins.join("processor-transform.so"),
    };
    let found = verify(&subject.main, &subject.plugin)?;
    if found.is_empty() {
        Ok(subject)
    } else {
        Err(format!("main does not accept its plugin: {found:?}").into())
    }
}

/// Verifies one plugin: open, read, compare.
#[inline(never)]
pub fn verify(main: &Artifact, plugin: &Utf8Path) -> Result<Vec<Mismatch>, Box<dyn Error>> {
    let (_file, artifact) = open(plugin)?;
    Ok(compare(main, &artifact, Policy::Exact))
}

/// [`SET`] copies of the plugin, each with an import path and a component type of its own.
pub fn set(subject: &Subject, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Box<dyn Error>> {
    let mut bytes = fs::read(&subject.plugin)?;
    let paths = places(&bytes, PATH);
    let types = places(&bytes, TYPE);
    let mut plugins = Vec::with_capacity(SET);
    for number in 0..SET {
        let digits = format!("{number:03}").into_bytes();
        let path = of_equal_hash(PATH, number);
        for place in &paths {
            bytes[*place..place + path.len()].copy_from_slice(&path);
        }
        for place in &types {
            let end = place + TYPE.len() - 1;
            bytes[end - 3..end].copy_from_slice(&digits);
        }
        let path = directory.join(format!("processor-transf{number:03}.so"));
        fs::write(&path, &bytes)?;
        plugins.push(path);
    }
    Ok(plugins)
}

/// Another path for each number, with which every symbol has the hash that it had: the tables by
/// which the loader finds symbols stay right. A byte counts 33 times as much as the one behind it.
fn of_equal_hash(path: &[u8], number: usize) -> Vec<u8> {
    let mut path = path.to_vec();
    let pairs = path.rchunks_exact_mut(2);
    for (_, pair) in pairs.enumerate().filter(|(bit, _)| number >> bit & 1 == 1) {
        pair[0] += 1;
        pair[1] -= 33;
    }
    path
}

fn places(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = bytes[from..]
        .windows(part.len())
        .position(|window| window == part)
    {
        found.push(from + place);
        from += place + part.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::elf::gnu_hash;

    #[test]
    fn the_plugins_of_a_set_have_paths_of_their_own_and_equal_hashes() {
        let paths: std::collections::BTreeSet<_> =
            (0..SET).map(|number| of_equal_hash(PATH, number)).collect();
        assert_eq!(paths.len(), SET);
        for path in paths {
            assert_eq!(gnu_hash(&path), gnu_hash(PATH));
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-".contains(byte);
            assert!(path.iter().all(is_plain), "{path:?}");
        }
    }
}
