//! Makes a small ELF file of a large one.
//!
//! In: a real artifact. Out: a file with the same dynamic segment, only the parts that are read
//! from it, and only some of its symbols. Invariant: every byte that is kept is the compiler's;
//! nothing is made up but offsets, addresses,
//! rights and the table that symbols are found by.

use object::LittleEndian as LE;
use object::elf::{self, Dyn64, FileHeader64, ProgramHeader64, SectionHeader64, Sym64};
use object::pod::{bytes_of, bytes_of_slice, from_bytes, slice_from_all_bytes};

/// Symbols that are kept although nothing looks for them.
const OTHER_SYMBOLS: usize = 12;
/// Package hashes that are kept.
const PACKAGES: usize = 24;
const PACKAGE: &[u8] = b"go:link.pkghashbytes.";
/// Bytes of code that stand for all of it.
const CODE: usize = 64;

/// Tags whose values do not lead to something that is left out.
const TAGS: [elf::DynamicTag; 14] = [
    elf::DT_GNU_HASH,
    elf::DT_NEEDED,
    elf::DT_SONAME,
    elf::DT_RPATH,
    elf::DT_RUNPATH,
    elf::DT_STRTAB,
    elf::DT_STRSZ,
    elf::DT_SYMTAB,
    elf::DT_SYMENT,
    elf::DT_VERNEED,
    elf::DT_VERNEEDNUM,
    elf::DT_VERSYM,
    elf::DT_FLAGS,
    elf::DT_FLAGS_1,
];

type Section = SectionHeader64<LE>;

/// The first header of every table: it describes nothing.
const EMPTY: [u8; size_of::<Section>()] = [0; size_of::<Section>()];

/// A part of the file that is kept: what it is, where the loader would put it, and its bytes.
struct Part {
    name: &'static [u8],
    address: u64,
    bytes: Vec<u8>,
    header: Option<Section>,
}

/// A string table that grows.
struct Names(Vec<u8>);

impl Names {
    fn add(&mut self, name: &[u8]) -> usize {
        let place = self.0.len();
        self.0.extend_from_slice(name);
        self.0.push(0);
        place
    }
}

/// The small file.
pub fn compact(file: &[u8]) -> Vec<u8> {
    let (header, _) = from_bytes::<FileHeader64<LE>>(file).expect("an ELF file has a header");
    let segments: &[ProgramHeader64<LE>] =
        table(file, header.e_phoff.get(LE), header.e_phnum.get(LE).into());
    let sections: &[Section] = table(file, header.e_shoff.get(LE), header.e_shnum.get(LE).into());
    let section_names = content(file, &sections[usize::from(header.e_shstrndx.get(LE).0)]);
    let find = |name: &[u8]| {
        sections
            .iter()
            .find(|section| text(section_names, section.sh_name.get(LE) as usize) == name)
    };
    let strings = find(b".dynstr").map_or(&[][..], |section| content(file, section));
    let mut names = Names(vec![0]);
    let (mut parts, mut kept) = (Vec::new(), Vec::new());
    for name in [
        &b".interp"[..],
        b".dynsym",
        b".gnu.hash",
        b".text",
        b".gnu.version",
        b".gnu.version_r",
        b".otelcol.manifest",
        b".dynamic",
        b".go.buildinfo",
        b".comment",
    ] {
        let Some(section) = find(name) else { continue };
        let data = content(file, section);
        let bytes = match name {
            b".dynsym" => {
                let (numbers, symbols) = symbols(data, strings, &mut names);
                kept = numbers;
                parts.extend(hashes(file, segments, &symbols, &names));
                bytes_of_slice(&symbols).to_vec()
            }
            b".gnu.hash" => hash_table(kept.len()),
            b".text" => data[..data.len().min(CODE)].to_vec(),
            b".gnu.version" => kept
                .iter()
                .flat_map(|number| &data[number * 2..number * 2 + 2])
                .copied()
                .collect(),
            b".gnu.version_r" => versions(data, strings, &mut names),
            b".dynamic" => bytes_of_slice(&dynamic(data, strings, &mut names)).to_vec(),
            _ => data.to_vec(),
        };
        parts.push(Part {
            name,
            address: section.sh_addr.get(LE),
            bytes,
            header: Some(*section),
        });
    }
    if let Some(section) = find(b".dynstr") {
        let length = names.0.len() as u64;
        parts.push(Part {
            name: b".dynstr",
            address: section.sh_addr.get(LE),
            bytes: names.0,
            header: Some(*section),
        });
        set_length(&mut parts, length);
    }
    lay_out(header, segments, parts)
}

fn table<T: object::pod::Pod>(file: &[u8], offset: u64, count: u64) -> &[T] {
    let start = offset as usize;
    slice_from_all_bytes(&file[start..start + count as usize * size_of::<T>()])
        .expect("entries without alignment fit any place")
}

fn content<'f>(file: &'f [u8], section: &Section) -> &'f [u8] {
    let start = section.sh_offset.get(LE) as usize;
    &file[start..start + section.sh_size.get(LE) as usize]
}

fn text(table: &[u8], start: usize) -> &[u8] {
    table[start..]
        .split(|&byte| byte == 0)
        .next()
        .unwrap_or_default()
}

/// A table of the older form, in which one list holds all symbols.
fn hash_table(symbols: usize) -> Vec<u8> {
    let count = symbols as u32;
    let next = (1..count).map(|number| (number + 1) % count);
    let words = [1, count, 1 % count, 0].into_iter().chain(next);
    words.flat_map(u32::to_le_bytes).collect()
}

/// The symbols that are kept, and their numbers in the table.
fn symbols(data: &[u8], strings: &[u8], names: &mut Names) -> (Vec<usize>, Vec<Sym64<LE>>) {
    let all: &[Sym64<LE>] =
        slice_from_all_bytes(data).expect("a table of symbols has whole entries");
    let (mut packages, mut others) = (0, 0);
    let (mut numbers, mut kept) = (Vec::new(), Vec::new());
    for (number, symbol) in all.iter().enumerate() {
        let name = text(strings, symbol.st_name.get(LE) as usize);
        let is_wanted = name.starts_with(b"otelcol_")
            || name.starts_with(b"collector_plugin_")
            || name.starts_with(b"runtime.addmoduledata")
            || name.ends_with(b"moduledatap")
            || name.ends_with(b"moduledata")
            || name.ends_with(b".NewFactory");
        if name.starts_with(PACKAGE) {
            packages += 1;
            if packages > PACKAGES {
                continue;
            }
        } else if !is_wanted {
            others += 1;
            if others > OTHER_SYMBOLS {
                continue;
            }
        }
        let mut symbol = *symbol;
        let place = if name.is_empty() { 0 } else { names.add(name) };
        symbol.st_name.set(LE, place as u32);
        numbers.push(number);
        kept.push(symbol);
    }
    (numbers, kept)
}

/// The eight bytes of each package hash that is kept.
fn hashes(
    file: &[u8],
    segments: &[ProgramHeader64<LE>],
    symbols: &[Sym64<LE>],
    names: &Names,
) -> Vec<Part> {
    symbols
        .iter()
        .filter(|symbol| text(&names.0, symbol.st_name.get(LE) as usize).starts_with(PACKAGE))
        .filter_map(|symbol| {
            let address = symbol.st_value.get(LE);
            let segment = segments.iter().find(|segment| {
                let inside = address.wrapping_sub(segment.p_vaddr.get(LE));
                segment.p_type.get(LE) == elf::PT_LOAD && inside < segment.p_filesz.get(LE)
            })?;
            let place = segment.p_offset.get(LE) + address - segment.p_vaddr.get(LE);
            Some(Part {
                name: b"",
                address,
                bytes: file[place as usize..][..8].to_vec(),
                header: None,
            })
        })
        .collect()
}

fn versions(data: &[u8], strings: &[u8], names: &mut Names) -> Vec<u8> {
    let mut bytes = data.to_vec();
    let number = |bytes: &[u8], at: usize| {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
    };
    let rename = |bytes: &mut [u8], at: usize, names: &mut Names| {
        let place = names.add(text(strings, number(data, at))) as u32;
        bytes[at..at + 4].copy_from_slice(&place.to_le_bytes());
    };
    let mut library = 0;
    loop {
        rename(&mut bytes, library + 4, names);
        let mut at = library + number(data, library + 8);
        loop {
            rename(&mut bytes, at + 8, names);
            match number(data, at + 12) {
                0 => break,
                next => at += next,
            }
        }
        match number(data, library + 12) {
            0 => return bytes,
            next => library += next,
        }
    }
}

fn dynamic(data: &[u8], strings: &[u8], names: &mut Names) -> Vec<Dyn64<LE>> {
    let all: &[Dyn64<LE>] =
        slice_from_all_bytes(data).expect("a dynamic segment has whole entries");
    let mut kept: Vec<_> = all
        .iter()
        .filter(|entry| TAGS.contains(&entry.d_tag.get(LE)))
        .copied()
        .collect();
    for entry in &mut kept {
        if [
            elf::DT_NEEDED,
            elf::DT_SONAME,
            elf::DT_RPATH,
            elf::DT_RUNPATH,
        ]
        .contains(&entry.d_tag.get(LE))
        {
            let place = names.add(text(strings, entry.d_val.get(LE) as usize));
            entry.d_val.set(LE, place as u64);
        }
        if entry.d_tag.get(LE) == elf::DT_GNU_HASH {
            entry.d_tag.set(LE, elf::DT_HASH);
        }
    }
    kept.extend(all.iter().find(|entry| entry.d_tag.get(LE) == elf::DT_NULL));
    kept
}

/// The table of strings has its length in the dynamic segment too.
fn set_length(parts: &mut [Part], length: u64) {
    let Some(part) = parts.iter_mut().find(|part| part.name == b".dynamic") else {
        return;
    };
    for entry in part.bytes.chunks_exact_mut(16) {
        if entry[..8] == elf::DT_STRSZ.0.to_le_bytes() {
            entry[8..].copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// Writes header, program headers, parts, section names and section headers, one behind the other,
/// as one segment from address 0 on: an address is then a place in the file.
fn lay_out(
    header: &FileHeader64<LE>,
    segments: &[ProgramHeader64<LE>],
    mut parts: Vec<Part>,
) -> Vec<u8> {
    let stack = segments
        .iter()
        .find(|segment| segment.p_type.get(LE) == elf::PT_GNU_STACK);
    let specials = parts.iter().filter_map(special).count();
    let count = 1 + specials + usize::from(stack.is_some());
    let start = size_of::<FileHeader64<LE>>() + count * size_of::<ProgramHeader64<LE>>();
    let mut places = Vec::with_capacity(parts.len());
    let mut end = start;
    for part in &parts {
        places.push(end as u64);
        end = (end + part.bytes.len()).next_multiple_of(8);
    }
    let moves: Vec<_> = parts
        .iter()
        .zip(&places)
        .filter(|(part, _)| part.address != 0)
        .map(|(part, place)| {
            // A table that grew must not take the addresses of what stood behind it.
            let length = part.bytes.len() as u64;
            let before = part
                .header
                .map_or(length, |section| section.sh_size.get(LE));
            (part.address, length.min(before), *place)
        })
        .collect();
    let code = parts.iter().zip(&places);
    let code = code.filter(|(part, _)| part.name == b".text");
    let code = code.map(|(_, place)| *place).next().unwrap_or_default();
    for part in &mut parts {
        follow(part, &moves, code);
    }
    let mut programs = bytes_of(&program(&segments[0], elf::PT_LOAD, 0, end as u64)).to_vec();
    let mut names = Names(vec![0]);
    let mut headers = EMPTY.to_vec();
    let mut body = Vec::new();
    for (part, place) in parts.iter().zip(places) {
        body.resize(place as usize - start, 0);
        body.extend_from_slice(&part.bytes);
        let length = part.bytes.len() as u64;
        if let Some(kind) = special(part) {
            programs.extend_from_slice(bytes_of(&program(&segments[0], kind, place, length)));
        }
        if let Some(mut section) = part.header {
            if part.address != 0 {
                section.sh_addr.set(LE, place);
            }
            if part.name == b".gnu.hash" {
                section.sh_type = object::U32::new(LE, elf::SHT_HASH);
            }
            // All parts are in one segment that holds code too.
            let flags = section.sh_flags.get(LE).0 & !elf::SHF_WRITE.0;
            section.sh_flags = object::U64::new(LE, elf::SectionFlags(flags));
            section.sh_name.set(LE, names.add(part.name) as u32);
            section.sh_offset.set(LE, place);
            section.sh_size.set(LE, length);
            headers.extend_from_slice(bytes_of(&section));
        }
    }
    body.resize(end - start, 0);
    programs.extend_from_slice(stack.map_or(&[][..], |segment| bytes_of(segment)));
    let (mut own, _) = from_bytes::<Section>(&EMPTY)
        .map(|(section, rest)| (*section, rest))
        .expect("a header of zeros is a header");
    own.sh_type = object::U32::new(LE, elf::SHT_STRTAB);
    own.sh_name.set(LE, names.add(b".shstrtab") as u32);
    own.sh_offset.set(LE, end as u64);
    own.sh_size.set(LE, names.0.len() as u64);
    headers.extend_from_slice(bytes_of(&own));
    let count_of_sections = headers.len() / size_of::<Section>();
    let mut header = *header;
    header.e_phoff.set(LE, size_of::<FileHeader64<LE>>() as u64);
    header.e_phnum.set(LE, count as u16);
    header.e_shoff.set(LE, (end + names.0.len()) as u64);
    header.e_shnum.set(LE, count_of_sections as u16);
    header
        .e_shstrndx
        .set(LE, elf::SymbolSection(count_of_sections as u16 - 1));
    [bytes_of(&header), &programs, &body, &names.0, &headers].concat()
}

/// The segment that a part is, beside being in memory.
fn special(part: &Part) -> Option<elf::ProgramType> {
    match part.name {
        b".dynamic" => Some(elf::PT_DYNAMIC),
        b".interp" => Some(elf::PT_INTERP),
        _ => None,
    }
}

fn program(
    like: &ProgramHeader64<LE>,
    kind: elf::ProgramType,
    place: u64,
    length: u64,
) -> ProgramHeader64<LE> {
    let mut segment = *like;
    segment.p_type = object::U32::new(LE, kind);
    segment.p_flags = object::U32::new(LE, elf::ProgramFlags(elf::PF_R.0 | elf::PF_X.0));
    segment.p_offset.set(LE, place);
    segment.p_vaddr.set(LE, place);
    segment.p_paddr.set(LE, place);
    segment.p_filesz.set(LE, length);
    segment.p_memsz.set(LE, length);
    let align = if kind == elf::PT_LOAD { 4096 } else { 8 };
    segment.p_align.set(LE, align);
    segment
}

/// Turns the addresses in a part that lead to another part to where that one is now: `moves` has
/// old address, length and new address. A symbol of what was left out leads to the start of the
/// file, that of a function to the `code` that is kept.
fn follow(part: &mut Part, moves: &[(u64, u64, u64)], code: u64) {
    // Where the address stands in an entry of 16 and of 24 bytes.
    let (length, at) = match part.name {
        b".dynamic" => (16, 8),
        b".dynsym" => (24, 8),
        _ => return,
    };
    for entry in part.bytes.chunks_exact_mut(length) {
        let is_address = length == 24
            || [
                elf::DT_STRTAB,
                elf::DT_SYMTAB,
                elf::DT_VERNEED,
                elf::DT_VERSYM,
                elf::DT_HASH,
            ]
            .iter()
            .any(|tag| entry[..8] == tag.0.to_le_bytes());
        let is_function = length == 24 && entry[4] & 15 == elf::STT_FUNC.0;
        let field = &mut entry[at..at + 8];
        let old = u64::from_le_bytes(field.try_into().expect("eight bytes"));
        let found = moves
            .iter()
            .find(|(address, length, _)| (*address..address + length).contains(&old));
        if let Some((address, _, place)) = found
            && is_address
        {
            field.copy_from_slice(&(place + old - address).to_le_bytes());
        } else if length == 24 && old != 0 {
            let place = if is_function { code } else { 0 };
            field.copy_from_slice(&place.to_le_bytes());
        }
    }
}
