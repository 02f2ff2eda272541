//! The dynamic symbols, passed once.
//!
//! In: the table's place. Out: what plugins and Go need to be known by, or the first exported names. Invariant: the table is streamed; only
//! names of interest are kept.

use std::collections::BinaryHeap;

use object::LittleEndian as LE;
use object::elf;

use super::elf::Elf;
use super::elf_dynamic::Dynamic;
use super::elf_headers::table;
use super::error::ReadError;
use super::facts::{ExportedSymbols, Symbol, SymbolKind};
use super::go::Scan;
use super::strings::Strings;

const SYMBOLS_LIMIT: u64 = 1 << 20;
const CHUNK: u64 = 2048;

type Entry = elf::Sym64<LE>;

/// Looks for the symbols of interest. Functions are looked at in libraries only: a program exports more of them than anything else.
pub(super) fn scan(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    is_library: bool,
    mut scan: Scan,
) -> Result<Scan, ReadError> {
    each(elf, dynamic, |symbol, strings| {
        let kind = kind(symbol);
        scan.exported += 1;
        if kind == SymbolKind::Object || is_library {
            scan.look(
                strings.get(u64::from(symbol.st_name.get(LE)))?,
                kind,
                symbol.st_value.get(LE),
            )?;
        }
        Ok(())
    })?;
    Ok(scan)
}

/// The exported symbols that come first by name.
pub(super) fn exported(
    elf: &Elf<'_>,
    dynamic: &Dynamic,
    limit: usize,
) -> Result<ExportedSymbols, ReadError> {
    let mut first = FirstSymbols::new(limit);
    each(elf, dynamic, |symbol, strings| {
        first.add(
            strings.get(u64::from(symbol.st_name.get(LE)))?,
            kind(symbol),
        );
        Ok(())
    })?;
    Ok(first.finish())
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
    mut visit: impl FnMut(&Entry, &mut Strings<'_>) -> Result<(), ReadError>,
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
        for entry in entries.iter().filter(|entry| is_exported(entry)) {
            visit(entry, &mut strings)?;
        }
        done += part;
    }
    Ok(())
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
