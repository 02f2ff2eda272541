//! The sections of two object files, side by side.
//!
//! In: bytes of two files, untrusted. Out: what differs, in the order of the first file. Invariant: never panics; bytes that are no object file
//! have no sections.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use object::read::{File, Object as _, ObjectSection as _, ObjectSymbol as _};
use serde::Serialize;

use super::first_difference;

/// Enough to recognise a version, a path or an address.
const BYTES: usize = 16;

/// One section that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SectionDifference {
    pub(crate) section: String,
    /// Of the first byte that differs, from the section's start.
    pub(crate) offset: u64,
    /// The function or variable that the byte belongs to, where the file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) symbol: Option<String>,
    /// None where one file has no such section.
    pub(crate) recorded_size: Option<u64>,
    pub(crate) rebuilt_size: Option<u64>,
    /// A few bytes from the difference on, in hexadecimal.
    pub(crate) recorded: String,
    pub(crate) rebuilt: String,
}

/// Every section that differs.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Vec<SectionDifference> {
    let (Ok(first), Ok(second)) = (File::parse(one), File::parse(other)) else {
        return Vec::new();
    };
    let (order, one) = sections(&first);
    let (more, other) = sections(&second);
    let names: Vec<String> = order
        .into_iter()
        .chain(more.into_iter().filter(|name| !one.contains_key(name)))
        .collect();
    let mut seen = BTreeSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(name.clone()))
        .filter_map(|name| {
            let (found, wanted) = (one.get(&name), other.get(&name));
            differing(&first, name, found, wanted)
        })
        .collect()
}

/// A section's bytes and address.
struct Section<'a> {
    bytes: &'a [u8],
    size: u64,
    address: u64,
}

/// Names in the order of the file, and what they mean. Of several sections with one name the first counts; linked files have none.
fn sections<'a>(file: &File<'a>) -> (Vec<String>, BTreeMap<String, Section<'a>>) {
    let mut found: Vec<(u64, String, Section<'a>)> = file
        .sections()
        .filter_map(|section| {
            let name = section.name().ok()?.to_owned();
            let offset = section.file_range().map_or(u64::MAX, |(offset, _)| offset);
            let whole = Section {
                // A section without bytes in the file (`.bss`) has a size only.
                bytes: section.data().unwrap_or_default(),
                size: section.size(),
                address: section.address(),
            };
            Some((offset, name, whole))
        })
        .collect();
    found.sort_by_key(|(offset, ..)| *offset);
    let names = found.iter().map(|(_, name, _)| name.clone()).collect();
    let mut by_name = BTreeMap::new();
    for (_, name, section) in found {
        by_name.entry(name).or_insert(section);
    }
    (names, by_name)
}

fn differing(
    file: &File<'_>,
    name: String,
    one: Option<&Section<'_>>,
    other: Option<&Section<'_>>,
) -> Option<SectionDifference> {
    let before = one.map_or(&[][..], |section| section.bytes);
    let after = other.map_or(&[][..], |section| section.bytes);
    let size = |section: Option<&Section<'_>>| section.map(|section| section.size);
    if before == after && size(one) == size(other) {
        return None;
    }
    let offset = first_difference(before, after);
    let symbol = one.and_then(|section| symbol_at(file, section.address + offset as u64));
    Some(SectionDifference {
        section: name,
        offset: offset as u64,
        symbol,
        recorded_size: size(one),
        rebuilt_size: size(other),
        recorded: hex(before, offset),
        rebuilt: hex(after, offset),
    })
}

/// Stripped files still have their dynamic symbols.
fn symbol_at(file: &File<'_>, address: u64) -> Option<String> {
    file.symbols()
        .chain(file.dynamic_symbols())
        .find(|symbol| {
            let start = symbol.address();
            start <= address && address - start < symbol.size()
        })
        .and_then(|symbol| symbol.name().ok().map(str::to_owned))
}

fn hex(bytes: &[u8], offset: usize) -> String {
    let end = bytes.len().min(offset.saturating_add(BYTES));
    crate::stages::hex(bytes.get(offset..end).unwrap_or_default())
}

impl fmt::Display for SectionDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |size: Option<u64>| size.map_or("none".to_owned(), |size| size.to_string());
        write!(formatter, "{} at {:#x}", self.section, self.offset)?;
        if let Some(symbol) = &self.symbol {
            write!(formatter, " (in `{}`)", bimetal_manifest::escape(symbol))?;
        }
        write!(
            formatter,
            ": recorded {} of {} bytes, rebuilt {} of {} bytes",
            if self.recorded.is_empty() {
                "-"
            } else {
                &self.recorded
            },
            size(self.recorded_size),
            if self.rebuilt.is_empty() {
                "-"
            } else {
                &self.rebuilt
            },
            size(self.rebuilt_size),
        )
    }
}
