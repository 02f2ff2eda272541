//! Which files of an unpacked Go module differ from its archive: only for the text of an error.
//!
//! In: directory of the module in the module cache. Out: names of changed, added and missing files.
//! Invariant: decides nothing; a missing or damaged archive gives no names.

use std::collections::BTreeMap;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::Crc;
use fs_err as fs;

/// More names do not help a person.
const NAMES: usize = 20;
/// Go's own limit for a module archive.
const ARCHIVE_LIMIT: u64 = 500 << 20;

const END: &[u8; 4] = b"PK\x05\x06";
const ENTRY: &[u8; 4] = b"PK\x01\x02";

/// Compares `files` (named `prefix/…`) with the archive beside the module cache's `directory`.
pub(super) fn differences(
    directory: &Utf8Path,
    prefix: &str,
    files: &BTreeMap<String, Utf8PathBuf>,
) -> Option<Vec<String>> {
    let packed = entries(&read(&archive(directory, prefix)?)?)?;
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

fn read(path: &Utf8Path) -> Option<Vec<u8>> {
    let file = fs::File::open(path.as_std_path()).ok()?;
    let mut bytes = Vec::new();
    file.take(ARCHIVE_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Name -> CRC of every file in a zip archive, from its central directory.
fn entries(zip: &[u8]) -> Option<BTreeMap<String, u32>> {
    let end = zip.windows(4).rposition(|window| window == END)?;
    let count = u16::from_le_bytes(*zip.get(end + 10..)?.first_chunk()?);
    let mut at = usize::try_from(word(zip, end + 16)?).ok()?;
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let entry = zip.get(at..at + 46)?;
        if !entry.starts_with(ENTRY) {
            return None;
        }
        let length = |offset: usize| {
            Some(usize::from(u16::from_le_bytes(
                *entry.get(offset..)?.first_chunk()?,
            )))
        };
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let text = std::str::from_utf8(zip.get(at + 46..at + 46 + name)?).ok()?;
        if !text.ends_with('/') {
            entries.insert(text.to_owned(), word(entry, 16)?);
        }
        at += 46 + name + extra + comment;
    }
    Some(entries)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
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
