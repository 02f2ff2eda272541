//! Small changes of what a loader reads in a file.
//!
//! In: a good plugin. Out: the same with one to three fields of a header or table changed.
//! Invariant: equal seeds give equal mutants. What is changed is what the file says of itself:
//! code and data stay. So do the addends of relocations. A relocation of one word of data does not
//! become one of another word, or one with another symbol of the file; a symbol is not given the
//! name of another one. That a byte of those changed is what `plugins.lock` finds.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader as _, SectionHeader as _};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// One field: where it stands, how long it is.
#[derive(Clone, Copy)]
struct Field {
    place: usize,
    length: usize,
}

/// The fields of one kind of table.
pub(crate) struct Table {
    name: &'static str,
    fields: Vec<Field>,
    /// Values of eight bytes that would only change other data than the good file's relocations do.
    data: Vec<Range<u64>>,
    /// Values of four bytes, from the start of an entry on, that would only bind another symbol.
    bound: Bound,
}

/// Where in an entry a symbol is named, how long the entry is, and by which numbers of a symbol or
/// offsets of a name.
#[derive(Default)]
struct Bound {
    start: usize,
    place: usize,
    entry: usize,
    values: HashSet<u64>,
}

impl Bound {
    fn has(&self, place: usize, value: u64) -> bool {
        self.entry > 0
            && (place - self.start) % self.entry == self.place
            && self.values.contains(&value)
    }
}

/// One changed field of a file.
pub(crate) struct Change {
    pub(crate) place: usize,
    pub(crate) bytes: Vec<u8>,
    table: &'static str,
    old: u64,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (
            new,
            Self {
                place, table, old, ..
            },
        ) = (number(&self.bytes), self);
        write!(formatter, "{table} at {place:#x}: {old:#x} -> {new:#x}")
    }
}

/// Every table of `file`.
pub(crate) fn tables(file: &[u8]) -> Vec<Table> {
    let header = elf::FileHeader64::<LE>::parse(file).unwrap();
    let start = |offset: u64| usize::try_from(offset).unwrap();
    let mut tables = vec![
        Table::of(
            "ELF header",
            0..64,
            &[8, 8, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2],
        ),
        Table::of(
            "program header",
            rows(start(header.e_phoff.get(LE)), header.e_phnum.get(LE), 56),
            &[4, 4, 8, 8, 8, 8, 8, 8],
        ),
        Table::of(
            "section header",
            rows(start(header.e_shoff.get(LE)), header.e_shnum.get(LE), 64),
            &[4, 4, 8, 8, 8, 8, 4, 4, 8, 8],
        ),
    ];
    let sections = header.sections(LE, file).unwrap();
    for section in sections.iter() {
        let (name, lengths): (_, &[usize]) = match section.sh_type.get(LE) {
            elf::SHT_DYNAMIC => ("dynamic entry", &[8, 8]),
            elf::SHT_DYNSYM => ("symbol", &[4, 1, 1, 2, 8, 8]),
            elf::SHT_GNU_HASH | elf::SHT_HASH => ("hash table", &[4]),
            elf::SHT_GNU_VERSYM => ("symbol version", &[2]),
            elf::SHT_GNU_VERNEED => ("needed version", &[2, 2, 4, 4, 4]),
            // The addend has no place here: a negative length is not taken.
            elf::SHT_RELA => ("relocation", &[8, 4, 4, 0]),
            elf::SHT_STRTAB if section.sh_flags.get(LE).0 & elf::SHF_ALLOC.0 != 0 => {
                ("string", &[1])
            }
            _ => continue,
        };
        let Some((offset, size)) = section.file_range(LE) else {
            continue;
        };
        tables.push(Table::of(
            name,
            start(offset)..start(offset + size),
            lengths,
        ));
    }
    let dynamic = sections.section_by_name(LE, b".dynamic").unwrap().1;
    let dynamic = dynamic.sh_addr.get(LE)..dynamic.sh_addr.get(LE) + dynamic.sh_size.get(LE);
    let writable = |segment: &&elf::ProgramHeader64<LE>| {
        segment.p_type.get(LE) == elf::PT_LOAD && segment.p_flags.get(LE).0 & elf::PF_W.0 != 0
    };
    let segments = header.program_headers(LE, file).unwrap();
    let data = segments.iter().filter(writable).flat_map(|segment| {
        let start = segment.p_vaddr.get(LE);
        let end = start + segment.p_memsz.get(LE);
        [
            start..dynamic.start.clamp(start, end),
            dynamic.end.clamp(start, end)..end,
        ]
    });
    let data: Vec<_> = data.collect();
    let names: HashSet<_> = tables
        .iter()
        .filter(|table| table.name == "symbol")
        .flat_map(|table| table.fields.iter().filter(|field| field.length == 4))
        .map(|field| number(&file[field.place..field.place + 4]))
        .collect();
    let symbols = tables
        .iter()
        .filter(|table| table.name == "symbol")
        .map(|table| table.fields.len() as u64 / 6)
        .sum();
    for table in &mut tables {
        let start = table.fields.first().map_or(0, |field| field.place);
        match table.name {
            "relocation" => {
                table.data.clone_from(&data);
                table.bound = Bound {
                    start,
                    place: 12,
                    entry: 24,
                    values: (1..symbols).collect(),
                };
            }
            "symbol" => {
                table.bound = Bound {
                    start,
                    place: 0,
                    entry: 24,
                    values: names.clone(),
                };
            }
            _ => {}
        }
    }
    tables.retain(|table| !table.fields.is_empty());
    tables
}

fn rows(start: usize, count: u16, length: usize) -> Range<usize> {
    start..start + usize::from(count) * length
}

impl Table {
    /// Entries with fields of these `lengths`; 0 stands for eight bytes that are left alone.
    fn of(name: &'static str, place: Range<usize>, lengths: &[usize]) -> Self {
        let mut fields = Vec::new();
        let mut at = place.start;
        while at < place.end {
            for &length in lengths {
                if length > 0 && at + length <= place.end {
                    fields.push(Field { place: at, length });
                }
                at += if length == 0 { 8 } else { length };
            }
        }
        Self {
            name,
            fields,
            data: Vec::new(),
            bound: Bound::default(),
        }
    }
}

/// Where mutants come from: the same ones for the same seed.
pub(crate) struct Source {
    random: TestRng,
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random.next_u64() % limit as u64).unwrap()
    }

    /// One to three changes of `file`. Each table is as likely as the others, however long it is.
    pub(crate) fn mutant(&mut self, file: &[u8], tables: &[Table]) -> Vec<Change> {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.change(file, tables)).collect()
    }

    fn change(&mut self, file: &[u8], tables: &[Table]) -> Change {
        let table = &tables[self.below(tables.len())];
        let field = table.fields[self.below(table.fields.len())];
        let old = number(&file[field.place..field.place + field.length]);
        let new = self.value(old, field.length, table, file);
        let only_data = field.length == 8 && table.data.iter().any(|place| place.contains(&new));
        if only_data || table.bound.has(field.place, new) {
            return self.change(file, tables);
        }
        let bytes = new.to_le_bytes()[..field.length.min(8)].to_vec();
        Change {
            place: field.place,
            bytes,
            table: table.name,
            old,
        }
    }

    /// Another value: near the old one, one bit away, at a limit, or one that stands elsewhere in
    /// the same table.
    fn value(&mut self, old: u64, length: usize, table: &Table, file: &[u8]) -> u64 {
        let bits = 8 * length.min(8);
        match self.below(6) {
            0 => old ^ (1 << self.below(bits)),
            1 => old.wrapping_add(1 + self.below(64) as u64),
            2 => old.wrapping_sub(1 + self.below(64) as u64),
            3 => [0, 1, u64::MAX, 1 << (bits - 1), 0x1000][self.below(5)],
            4 => {
                let other = table.fields[self.below(table.fields.len())];
                number(&file[other.place..other.place + other.length])
            }
            _ => self.random.next_u64(),
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    let length = bytes.len().min(8);
    whole[..length].copy_from_slice(&bytes[..length]);
    u64::from_le_bytes(whole)
}
