//! The sections of two object files, side by side.
//!
//! In: bytes of two files, untrusted. Out: what differs, in the order of the first file. Invariant:
//! never panics, and no byte is compared more often than a file has bytes; what is no object file
//! has no sections.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use object::SectionIndex;
use object::read::{File, Object as _, ObjectSection as _, ObjectSymbol as _};
use serde::Serialize;

use super::first_difference;

/// Enough to recognise a version, a path or an address.
const BYTES: usize = 16;

/// One section that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionDifference {
    pub section: String,
    /// Of the first byte that differs, from the section's start.
    pub offset: u64,
    /// The function or variable that the byte belongs to, where the file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// None where one file has no such section.
    pub recorded_size: Option<u64>,
    pub rebuilt_size: Option<u64>,
    /// A few bytes from the difference on, in hexadecimal.
    pub recorded: String,
    pub rebuilt: String,
}

/// The first `limit` sections that differ, and how many do.
pub(super) fn compare(one: &[u8], other: &[u8], limit: usize) -> (Vec<SectionDifference>, usize) {
    let (Ok(first), Ok(second)) = (File::parse(one), File::parse(other)) else {
        return (Vec::new(), 0);
    };
    let (Some(recorded), Some(rebuilt)) = (
        sections(&first, one.len() as u64),
        sections(&second, other.len() as u64),
    ) else {
        return (Vec::new(), 0);
    };
    let by_name: BTreeMap<&Name, &Section<'_>> =
        rebuilt.iter().map(|(name, found)| (name, found)).collect();
    let known: BTreeSet<&Name> = recorded.iter().map(|(name, _)| name).collect();
    let pairs = recorded
        .iter()
        .map(|(name, found)| (name, Some(found), by_name.get(name).copied()));
    let added = rebuilt
        .iter()
        .filter(|(name, _)| !known.contains(name))
        .map(|(name, found)| (name, None, Some(found)));
    let (mut shown, mut count) = (Vec::new(), 0);
    for (name, one, other) in pairs.chain(added) {
        let Some(mut difference) = differing(name, one, other) else {
            continue;
        };
        count += 1;
        if shown.len() < limit {
            // A walk over all symbols, so only for what is shown.
            difference.symbol =
                one.and_then(|section| symbol_at(&first, section, difference.offset));
            shown.push(difference);
        }
    }
    (shown, count)
}

/// A section's name, and which of those with this name it is.
type Name = (String, usize);

struct Section<'a> {
    index: SectionIndex,
    bytes: &'a [u8],
    size: u64,
    address: u64,
}

/// In the order of the file; `None` where sections claim more bytes than the file has, as no linker
/// writes them.
fn sections<'a>(file: &File<'a>, length: u64) -> Option<Vec<(Name, Section<'a>)>> {
    let mut found: Vec<(u64, String, Section<'a>)> = file
        .sections()
        .map(|section| {
            let name = section.name_bytes().unwrap_or_default();
            let offset = section.file_range().map_or(u64::MAX, |(offset, _)| offset);
            let whole = Section {
                index: section.index(),
                // A section without bytes in the file (`.bss`) has a size only.
                bytes: section.data().unwrap_or_default(),
                size: section.size(),
                address: section.address(),
            };
            (offset, String::from_utf8_lossy(name).into_owned(), whole)
        })
        .collect();
    found.sort_by_key(|(offset, ..)| *offset);
    let (mut seen, mut left) = (BTreeMap::new(), length);
    found
        .into_iter()
        .map(|(_, name, section)| {
            left = left.checked_sub(section.bytes.len() as u64)?;
            let number: &mut usize = seen.entry(name.clone()).or_default();
            *number += 1;
            Some(((name, *number), section))
        })
        .collect()
}

fn differing(
    (name, _): &Name,
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
    Some(SectionDifference {
        section: name.clone(),
        offset: offset as u64,
        symbol: None,
        recorded_size: size(one),
        rebuilt_size: size(other),
        recorded: hex(before, offset),
        rebuilt: hex(after, offset),
    })
}

/// Stripped files still have their dynamic symbols. In files that are not linked every section
/// starts at 0, so the section counts too.
fn symbol_at(file: &File<'_>, section: &Section<'_>, offset: u64) -> Option<String> {
    let address = section.address.checked_add(offset)?;
    file.symbols()
        .chain(file.dynamic_symbols())
        .find(|symbol| {
            symbol.section_index() == Some(section.index)
                && address
                    .checked_sub(symbol.address())
                    .is_some_and(|into| into < symbol.size())
        })
        .and_then(|symbol| symbol.name().ok().map(str::to_owned))
}

/// A few bytes from `offset` on.
pub(super) fn hex(bytes: &[u8], offset: usize) -> String {
    let end = bytes.len().min(offset.saturating_add(BYTES));
    bimetal_files::hex(bytes.get(offset..end).unwrap_or_default())
}

/// Hexadecimal digits, or a mark that there are none.
pub(super) fn or_dash(digits: &str) -> &str {
    if digits.is_empty() { "-" } else { digits }
}

impl fmt::Display for SectionDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size =
            |size: Option<u64>| size.map_or("absent".to_owned(), |size| format!("of {size} bytes"));
        let name = match self.section.as_str() {
            "" => "a section without a name".into(),
            name => bimetal_terminal::escape(name),
        };
        write!(formatter, "{name} at {:#x}", self.offset)?;
        if let Some(symbol) = &self.symbol {
            write!(formatter, " (in `{}`)", bimetal_terminal::escape(symbol))?;
        }
        write!(
            formatter,
            ": recorded {} {}, rebuilt {} {}",
            or_dash(&self.recorded),
            size(self.recorded_size),
            or_dash(&self.rebuilt),
            size(self.rebuilt_size),
        )
    }
}
