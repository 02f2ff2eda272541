//! The dynamic symbols, passed once.
//!
//! In: the table's place. Out: what plugins and Go need to be known by, or the first exported
//! names. Invariant: only names of interest are kept, and the order in which symbols pass makes no
//! difference. Each one of a library is where its type says, and is found by its name.

use std::collections::{BinaryHeap, HashSet};

use object::LittleEndian as LE;
use object::elf;
use object::endian::U16;

use super::dynamic::Dynamic;
use super::hash::Hashes;
use super::headers::Elf;
use super::relocations::{Relocations, Use};
use super::table::{self, SYMBOLS_LIMIT, damaged, table};
use crate::object::error::ReadError;
use crate::object::facts::{ExportedSymbols, Symbol, SymbolKind, UndefinedSymbol};
use crate::object::form::is_plugin_symbol;
use crate::object::go::Scan;
use crate::object::library::versioned;
use crate::object::names::BoundedNames;
use crate::object::strings::Strings;

const WHAT: &str = "the dynamic symbols";

type Entry = elf::Sym64<LE>;

/// Where the symbols stand in the file, and the number of the version of each.
#[derive(Default)]
pub(super) struct Symbols {
    offset: u64,
    pub(super) count: u64,
    versions: Vec<u16>,
}

impl Symbols {
    /// `count` symbols, as the hash tables have it.
    pub(super) fn find(
        elf: &Elf<'_>,
        dynamic: &mut Dynamic,
        count: Option<u64>,
    ) -> Result<Self, ReadError> {
        let (Some(count), Some(address)) = (count, dynamic.value(elf::DT_SYMTAB)) else {
            return Ok(Self::default());
        };
        if count > SYMBOLS_LIMIT {
            return Err(ReadError::Limit {
                what: WHAT,
                found: count,
                limit: SYMBOLS_LIMIT,
            });
        }
        let length = count * size_of::<Entry>() as u64;
        let offset = elf.image.offset(address, length);
        let offset = offset.ok_or(damaged("the dynamic symbols are outside of the segments"))?;
        dynamic.tables.push(address..address + length);
        let mut versions = Vec::new();
        if let Some(address) = dynamic.value(elf::DT_VERSYM) {
            let what = "the versions of the symbols are outside of the segments";
            let length = count * size_of::<u16>() as u64;
            let offset = elf.image.offset(address, length).ok_or(damaged(what))?;
            let numbers: Vec<U16<LE>> = table(elf.bytes, offset, count, what, SYMBOLS_LIMIT)?;
            versions = numbers.iter().map(|number| number.get(LE)).collect();
            dynamic.tables.push(address..address + length);
        }
        Ok(Self {
            offset,
            count,
            versions,
        })
    }

    /// The number of the version that the symbol with this number must have or has.
    fn version(&self, number: u64) -> Option<u16> {
        let place = usize::try_from(number).ok()?;
        self.versions.get(place).copied()
    }
}

/// What a library is checked against, beyond what is read of every file.
pub(super) struct Strict<'r> {
    pub(super) hashes: Hashes,
    pub(super) relocations: &'r Relocations,
}

/// Looks for the symbols of interest. What Go or the C ABI could have named a function is looked
/// at in libraries only: a program exports more functions than anything else.
pub(super) fn scan(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    symbols: &Symbols,
    strict: Option<&Strict<'_>>,
    mut scan: Scan,
) -> Result<Scan, ReadError> {
    let mut undefined = BoundedNames::new("the undefined symbols");
    let is_library = strict.is_some();
    each(elf, dynamic, symbols, |number, symbol, strings| {
        let name = strings.get(u64::from(symbol.st_name.get(LE)))?;
        let version = symbols.version(number).unwrap_or_default();
        if let Some(strict) = strict {
            strict.hashes.check(number, name, is_exported(symbol))?;
            let used = strict.relocations.of(number);
            check(elf, dynamic, symbol, version, used)?;
        }
        if is_undefined(symbol) {
            undefined.count(name)?;
            scan.undefined.push(UndefinedSymbol {
                name: String::from_utf8_lossy(name).into_owned(),
                version: dynamic
                    .versions
                    .get(&(version & elf::VERSYM_VERSION))
                    .cloned(),
                weak: symbol.st_info.st_bind() == elf::STB_WEAK,
            });
        } else if is_exported(symbol) {
            scan.exported += 1;
            if is_native(name) {
                scan.native_exports.add(name)?;
            }
            let mut kind = kind(symbol);
            if is_plugin_symbol(name) && !is_findable(elf, symbol, version) {
                kind = SymbolKind::Other;
            }
            if kind == SymbolKind::Object || is_library {
                let (address, size) = (symbol.st_value.get(LE), symbol.st_size.get(LE));
                scan.look(name, kind, address, size)?;
            }
        }
        Ok(())
    })?;
    if strict.is_some_and(|strict| strict.relocations.symbols() > symbols.count.max(1)) {
        return Err(damaged("a relocation with a symbol that is not there"));
    }
    scan.undefined.sort();
    scan.plugin_symbols.sort();
    Ok(scan)
}

/// The loader gives `symbol` to who asks for it by its name, and what stands there is what its type
/// says.
fn is_findable(elf: &Elf<'_>, symbol: &Entry, version: u16) -> bool {
    let (address, size) = (symbol.st_value.get(LE), symbol.st_size.get(LE));
    let is_there = match symbol.st_info.st_type() {
        elf::STT_FUNC => elf.image.is_code(address),
        elf::STT_OBJECT => elf.image.offset(address, size).is_some(),
        _ => false,
    };
    // A hidden version is for those who ask for that version.
    is_there && symbol.st_shndx.get(LE) != elf::SHN_ABS && version & elf::VERSYM_HIDDEN.0 == 0
}

/// What the loader will take a symbol of a library for, it is.
fn check(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    symbol: &Entry,
    version: u16,
    used: Use,
) -> Result<(), ReadError> {
    let number = version & elf::VERSYM_VERSION;
    if number > 1
        && !dynamic.versions.contains_key(&number)
        && !dynamic.own_versions.contains_key(&number)
    {
        return Err(damaged("a symbol with a version that is not there"));
    }
    let is_local = symbol.st_info.st_bind() == elf::STB_LOCAL
        || matches!(
            symbol.st_other.visibility(),
            elf::STV_HIDDEN | elf::STV_INTERNAL
        );
    let is_thread_local = symbol.st_info.st_type() == elf::STT_TLS;
    if (used.address && is_thread_local) || (used.thread_local && !is_thread_local) {
        return Err(damaged("a relocation with a symbol of another type"));
    }
    if symbol.st_shndx.get(LE) == elf::SHN_UNDEF {
        // Such a symbol would not be looked up: its address would be that of the file.
        return if is_local && (used.address || used.thread_local) {
            Err(damaged("a relocation with a symbol that is nowhere"))
        } else {
            Ok(())
        };
    }
    let address = symbol.st_value.get(LE);
    if !is_local && is_passed_over(symbol, used) {
        return Err(damaged("a symbol that the loader passes over"));
    }
    let is_there = match symbol.st_info.st_type() {
        _ if symbol.st_shndx.get(LE) == elf::SHN_ABS => true,
        elf::STT_FUNC | elf::STT_GNU_IFUNC => elf.image.is_code(address),
        elf::STT_TLS => elf
            .segment(elf::PT_TLS)
            .is_some_and(|segment| address <= segment.p_memsz.get(LE)),
        _ => elf.image.load(address, 0).is_some(),
    };
    if is_there {
        Ok(())
    } else {
        Err(damaged("a symbol that is not where its type says"))
    }
}

/// Who looks for the symbol by its name does not get it: in glibc's `do_lookup_x` its binding or
/// its type is none of those that are defined, or its address is zero.
fn is_passed_over(symbol: &Entry, used: Use) -> bool {
    let bound = matches!(
        symbol.st_info.st_bind(),
        elf::STB_GLOBAL | elf::STB_WEAK | elf::STB_GNU_UNIQUE
    );
    let typed = matches!(
        symbol.st_info.st_type(),
        elf::STT_NOTYPE
            | elf::STT_OBJECT
            | elf::STT_FUNC
            | elf::STT_COMMON
            | elf::STT_TLS
            | elf::STT_GNU_IFUNC
    );
    // What no relocation looks for may lie at zero, as the start of the file does.
    let is_nowhere = used.address
        && symbol.st_value.get(LE) == 0
        && symbol.st_shndx.get(LE) != elf::SHN_ABS
        && symbol.st_info.st_type() != elf::STT_TLS;
    !bound || !typed || is_nowhere
}

/// The exported symbols that come first by name.
pub(super) fn exported(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    symbols: &Symbols,
    limit: usize,
) -> Result<ExportedSymbols, ReadError> {
    let mut first = FirstSymbols::new(limit);
    each(elf, dynamic, symbols, |_, symbol, strings| {
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
    symbols: &Symbols,
) -> Result<HashSet<String>, ReadError> {
    let mut found = HashSet::new();
    let mut names = BoundedNames::new("the exported names");
    each(elf, dynamic, symbols, |number, symbol, strings| {
        if !is_exported(symbol) {
            return Ok(());
        }
        let name = strings.get(u64::from(symbol.st_name.get(LE)))?;
        names.count(name)?;
        let name = String::from_utf8_lossy(name).into_owned();
        let version = symbols.version(number).unwrap_or_default() & elf::VERSYM_VERSION;
        if let Some(version) = dynamic.own_versions.get(&version) {
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
    symbols: &Symbols,
    visit: impl FnMut(u64, &Entry, &mut Strings<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    match dynamic.strings {
        Some((start, length)) => {
            let strings = Strings::new(elf.bytes, start, length)?;
            each_with(elf, strings, symbols, visit)
        }
        None => Ok(()),
    }
}

fn each_with(
    elf: &Elf<'_>,
    mut strings: Strings<'_>,
    symbols: &Symbols,
    mut visit: impl FnMut(u64, &Entry, &mut Strings<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    if strings.is_whole() {
        // Symbols as they lie, and names here and there: of all orders the one in which the least
        // is fetched from memory that is far.
        return table::each(
            elf.bytes,
            symbols.offset,
            symbols.count,
            WHAT,
            |number, entry| visit(number, entry, &mut strings),
        );
    }
    let mut entries: Vec<(u32, Entry)> = Vec::new();
    entries.reserve_exact(usize::try_from(symbols.count).unwrap_or_default());
    table::each(
        elf.bytes,
        symbols.offset,
        symbols.count,
        WHAT,
        |number, entry| {
            entries.push((u32::try_from(number).unwrap_or(u32::MAX), *entry));
            Ok(())
        },
    )?;
    // The hash tables want symbols in another order than their names lie in. Following them would
    // read a large string table many times over.
    entries.sort_unstable_by_key(|(number, entry)| (entry.st_name.get(LE), *number));
    for (number, entry) in &entries {
        visit(u64::from(*number), entry, &mut strings)?;
    }
    Ok(())
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
mod tests;
