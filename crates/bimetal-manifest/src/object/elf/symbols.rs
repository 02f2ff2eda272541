//! The dynamic symbols, passed once.
//!
//! In: the table's place. Out: what plugins and Go need to be known by, or the first exported
//! names. Invariant: the table is streamed; only names of interest are kept.

use std::collections::{BinaryHeap, HashSet};

use object::LittleEndian as LE;
use object::elf;

use super::dynamic::Dynamic;
use super::headers::{Elf, table};
use crate::object::error::ReadError;
use crate::object::facts::{ExportedSymbols, Symbol, SymbolKind, UndefinedSymbol};
use crate::object::go::Scan;
use crate::object::library::versioned;
use crate::object::names::BoundedNames;
use crate::object::strings::Strings;

const SYMBOLS_LIMIT: u64 = 1 << 20;
const CHUNK: u64 = 2048;

type Entry = elf::Sym64<LE>;

/// Looks for the symbols of interest. What Go or the C ABI could have named a function is looked
/// at in libraries only: a program exports more functions than anything else.
pub(super) fn scan(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    is_library: bool,
    mut scan: Scan,
) -> Result<Scan, ReadError> {
    let mut undefined = BoundedNames::new("the undefined symbols");
    each(elf, dynamic, |number, symbol, strings| {
        let name = strings.get(u64::from(symbol.st_name.get(LE)))?;
        if is_undefined(symbol) {
            undefined.count(name)?;
            scan.undefined.push(UndefinedSymbol {
                name: String::from_utf8_lossy(name).into_owned(),
                version: version_number(elf, dynamic, number)?
                    .and_then(|version| dynamic.versions.get(&version).cloned()),
                weak: symbol.st_info.st_bind() == elf::STB_WEAK,
            });
        } else if is_exported(symbol) {
            scan.exported += 1;
            if is_native(name) {
                scan.native_exports.add(name)?;
            }
            let kind = kind(symbol);
            if kind == SymbolKind::Object || is_library {
                let (address, size) = (symbol.st_value.get(LE), symbol.st_size.get(LE));
                scan.look(name, kind, address, size)?;
            }
        }
        Ok(())
    })?;
    scan.undefined.sort();
    Ok(scan)
}

/// The exported symbols that come first by name.
pub(super) fn exported(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    limit: usize,
) -> Result<ExportedSymbols, ReadError> {
    let mut first = FirstSymbols::new(limit);
    each(elf, dynamic, |_, symbol, strings| {
        if is_exported(symbol) {
            first.add(
                strings.get(u64::from(symbol.st_name.get(LE)))?,
                kind(symbol),
            );
        }
        Ok(())
    })?;
    Ok(first.finish())
}

/// Every exported name, alone and with each version that it has.
pub(super) fn exported_versions(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
) -> Result<HashSet<String>, ReadError> {
    let mut found = HashSet::new();
    let mut names = BoundedNames::new("the exported names");
    each(elf, dynamic, |number, symbol, strings| {
        if !is_exported(symbol) {
            return Ok(());
        }
        let name = strings.get(u64::from(symbol.st_name.get(LE)))?;
        names.count(name)?;
        let name = String::from_utf8_lossy(name).into_owned();
        let version = version_number(elf, dynamic, number)?;
        if let Some(version) = version.and_then(|version| dynamic.own_versions.get(&version)) {
            found.insert(versioned(&name, version));
        }
        found.insert(name);
        Ok(())
    })?;
    Ok(found)
}

/// The smallest symbols by name, at most as many as the limit.
pub(super) struct FirstSymbols {
    heap: BinaryHeap<Symbol>,
    limit: usize,
    total: u64,
}

impl FirstSymbols {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            heap: BinaryHeap::new(),
            limit,
            total: 0,
        }
    }

    pub(super) fn add(&mut self, name: &[u8], kind: SymbolKind) {
        self.total += 1;
        let full = self.heap.len() >= self.limit;
        if full
            && self
                .heap
                .peek()
                .is_none_or(|last| last.name.as_bytes() <= name)
        {
            return;
        }
        self.heap.push(Symbol {
            name: String::from_utf8_lossy(name).into_owned(),
            kind,
        });
        if full {
            self.heap.pop();
        }
    }

    pub(super) fn finish(self) -> ExportedSymbols {
        ExportedSymbols {
            symbols: self.heap.into_sorted_vec(),
            total: self.total,
        }
    }
}

fn each(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    mut visit: impl FnMut(u64, &Entry, &mut Strings<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let what = "the dynamic symbols";
    let (Some((offset, count)), Some((start, length))) = (dynamic.symbols, dynamic.strings) else {
        return Ok(());
    };
    if count > SYMBOLS_LIMIT {
        return Err(ReadError::Limit {
            what,
            found: count,
            limit: SYMBOLS_LIMIT,
        });
    }
    let mut strings = Strings::new(elf.bytes, start, length)?;
    let mut done = 0;
    while done < count {
        let part = CHUNK.min(count - done);
        let entries: Vec<Entry> = table(
            elf.bytes,
            offset + done * size_of::<Entry>() as u64,
            part,
            what,
            CHUNK,
        )?;
        for (number, entry) in (done..).zip(&entries) {
            visit(number, entry, &mut strings)?;
        }
        done += part;
    }
    Ok(())
}

/// The number of the version that the symbol with this number must have or has.
fn version_number(elf: &Elf<'_>, dynamic: &Dynamic, number: u64) -> Result<Option<u16>, ReadError> {
    let Some(numbers) = dynamic.version_numbers else {
        return Ok(None);
    };
    let what = "the version of a symbol";
    let place = numbers + number * size_of::<u16>() as u64;
    let bytes = elf.bytes.range(place, size_of::<u16>() as u64, what, 2)?;
    let version = <[u8; 2]>::try_from(bytes.as_slice()).map(u16::from_le_bytes);
    let version = version.map_err(|_| ReadError::Malformed { what })?;
    Ok(Some(version & elf::VERSYM_VERSION))
}

/// Go's names have the package in them; those that Rust or C++ mangle may have dots too.
fn is_native(name: &[u8]) -> bool {
    name.starts_with(b"_ZN")
        || name.starts_with(b"_R")
        || memchr::memchr2(b'.', b':', name).is_none()
}

/// The first entry of every table is none.
fn is_undefined(symbol: &Entry) -> bool {
    symbol.st_shndx.get(LE) == elf::SHN_UNDEF && symbol.st_info.st_bind() != elf::STB_LOCAL
}

fn is_exported(symbol: &Entry) -> bool {
    let visible = matches!(
        symbol.st_other.visibility(),
        elf::STV_DEFAULT | elf::STV_PROTECTED
    );
    let bound = symbol.st_info.st_bind() != elf::STB_LOCAL;
    bound && visible && symbol.st_shndx.get(LE) != elf::SHN_UNDEF
}

fn kind(symbol: &Entry) -> SymbolKind {
    match symbol.st_info.st_type() {
        elf::STT_FUNC | elf::STT_GNU_IFUNC => SymbolKind::Function,
        elf::STT_OBJECT | elf::STT_COMMON | elf::STT_TLS => SymbolKind::Object,
        _ => SymbolKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_kept_and_all_are_counted() {
        let mut first = FirstSymbols::new(2);
        for name in ["d", "b", "a", "c"] {
            first.add(name.as_bytes(), SymbolKind::Function);
        }
        let found = first.finish();
        assert_eq!(found.total, 4);
        assert_eq!(
            found
                .symbols
                .iter()
                .map(|symbol| symbol.name.as_str())
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert!(FirstSymbols::new(0).finish().symbols.is_empty());
    }
}
