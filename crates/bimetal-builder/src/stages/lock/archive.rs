//! Which files of an unpacked Go module differ from its archive: only for the text of an error.
//!
//! In: directory of the module in the module cache. Out: names of changed, added and missing files.
//! Invariant: decides nothing; a missing or damaged archive gives no names.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::Crc;
use fs_err as fs;
use zip::ZipArchive;

/// More names do not help a person.
const NAMES: usize = 20;

/// Compares `files` (named `prefix/…`) with the archive beside the module cache's `directory`.
pub(super) fn differences(
    directory: &Utf8Path,
    prefix: &str,
    files: &BTreeMap<String, Utf8PathBuf>,
) -> Option<Vec<String>> {
    let packed = entries(&archive(directory, prefix)?)?;
    let strip = |name: &str| name[prefix.len() + 1..].to_owned();
    let mut names = Vec::new();
    for (name, path) in files {
        match packed.get(name) {
            None => names.push(format!("{} (added)", strip(name))),
            Some(wanted) if crc(path)? != *wanted => names.push(strip(name)),
            Some(_) => {}
        }
    }
    let missing = packed.keys().filter(|name| !files.contains_key(*name));
    names.extend(
        missing.filter_map(|name| Some(format!("{} (removed)", name.get(prefix.len() + 1..)?))),
    );
    names.truncate(NAMES);
    Some(names)
}

fn archive(directory: &Utf8Path, prefix: &str) -> Option<Utf8PathBuf> {
    let cache = directory.as_str().strip_suffix(&escape(prefix))?;
    let (module, version) = prefix.rsplit_once('@')?;
    Some(
        format!(
            "{cache}cache/download/{}",
            cached_name(module, version, "zip")
        )
        .into(),
    )
}

/// Where a module's file (`zip`, `mod`, `info`) stands in the module cache's `cache/download`, and
/// in a proxy.
pub fn cached_name(module: &str, version: &str, end: &str) -> String {
    format!("{}/@v/{}.{end}", escape(module), escape(version))
}

/// The module cache writes capitals as `!` and the small letter.
fn escape(path: &str) -> String {
    path.chars().fold(String::new(), |mut escaped, letter| {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
        escaped
    })
}

/// Name -> CRC of every file in a zip archive, from its directory.
fn entries(path: &Utf8Path) -> Option<BTreeMap<String, u32>> {
    let file = fs::File::open(path.as_std_path()).ok()?;
    let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).ok()?;
        if !entry.is_dir() {
            entries.insert(entry.name().ok()?.into_owned(), entry.crc32());
        }
    }
    Some(entries)
}

fn crc(path: &Utf8Path) -> Option<u32> {
    let mut file = fs::File::open(path.as_std_path()).ok()?;
    let mut crc = Crc::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(crc.sum()),
            length => crc.update(&buffer[..length]),
        }
    }
}
