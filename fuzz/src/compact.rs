//! Makes a small ELF file of a large one.
//!
//! In: a real artifact. Out: a file with the same headers, addresses and dynamic segment, only the parts that are read from it, and only some of
//! its symbols. Invariant: every byte that is kept is the compiler's; nothing is made up but offsets.

use object::LittleEndian as LE;
use object::elf::{self, Dyn64, FileHeader64, ProgramHeader64, SectionHeader64, Sym64};
use object::pod::{bytes_of, bytes_of_slice, from_bytes, slice_from_all_bytes};

/// Symbols that are kept although nobody looks for them.
const OTHER_SYMBOLS: usize = 12;
/// Package hashes that are kept.
const PACKAGES: usize = 24;
const PACKAGE: &[u8] = b"go:link.pkghashbytes.";

/// Tags whose values do not lead to something that is left out.
const TAGS: [elf::DynamicTag; 12] = [
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
    let mut parts = Vec::new();
    for name in [
        &b".interp"[..],
        b".dynsym",
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
                let symbols = symbols(data, strings, &mut names);
                parts.extend(hashes(file, segments, &symbols, &names));
                bytes_of_slice(&symbols).to_vec()
            }
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

fn symbols(data: &[u8], strings: &[u8], names: &mut Names) -> Vec<Sym64<LE>> {
    let all: &[Sym64<LE>] =
        slice_from_all_bytes(data).expect("a table of symbols has whole entries");
    let (mut packages, mut others) = (0, 0);
    let mut kept = Vec::new();
    for symbol in all {
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
        kept.push(symbol);
    }
    kept
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

/// Writes header, program headers, parts, section names and section headers, one behind the other.
fn lay_out(
    header: &FileHeader64<LE>,
    segments: &[ProgramHeader64<LE>],
    mut parts: Vec<Part>,
) -> Vec<u8> {
    parts.sort_by_key(|part| part.address);
    let stack = segments
        .iter()
        .find(|segment| segment.p_type.get(LE) == elf::PT_GNU_STACK);
    let special = |part: &Part| match part.name {
        b".dynamic" => Some(elf::PT_DYNAMIC),
        b".interp" => Some(elf::PT_INTERP),
        _ => None,
    };
    let loaded = parts.iter().filter(|part| part.address != 0).count();
    let count = loaded + parts.iter().filter_map(special).count() + usize::from(stack.is_some());
    let start = size_of::<FileHeader64<LE>>() + count * size_of::<ProgramHeader64<LE>>();
    let (mut body, mut loads, mut extra) = (Vec::new(), Vec::new(), Vec::new());
    let mut names = Names(vec![0]);
    let mut headers = vec![EMPTY.to_vec()];
    for part in &parts {
        let offset = (start + body.len()) as u64;
        body.extend_from_slice(&part.bytes);
        if part.address != 0 {
            let mut segment = segments[0];
            segment.p_flags = object::U32::new(LE, elf::PF_R);
            segment.p_offset.set(LE, offset);
            segment.p_vaddr.set(LE, part.address);
            segment.p_paddr.set(LE, part.address);
            segment.p_filesz.set(LE, part.bytes.len() as u64);
            segment.p_memsz.set(LE, part.bytes.len() as u64);
            segment.p_align.set(LE, 1);
            segment.p_type = object::U32::new(LE, elf::PT_LOAD);
            loads.extend_from_slice(bytes_of(&segment));
            if let Some(kind) = special(part) {
                segment.p_type = object::U32::new(LE, kind);
                extra.extend_from_slice(bytes_of(&segment));
            }
        }
        if let Some(mut section) = part.header {
            section.sh_name.set(LE, names.add(part.name) as u32);
            section.sh_offset.set(LE, offset);
            section.sh_size.set(LE, part.bytes.len() as u64);
            headers.push(bytes_of(&section).to_vec());
        }
    }
    let names_at = (start + body.len()) as u64;
    let (mut own, _) = from_bytes::<Section>(&EMPTY)
        .map(|(section, rest)| (*section, rest))
        .expect("a header of zeros is a header");
    own.sh_type = object::U32::new(LE, elf::SHT_STRTAB);
    own.sh_name.set(LE, names.add(b".shstrtab") as u32);
    own.sh_offset.set(LE, names_at);
    own.sh_size.set(LE, names.0.len() as u64);
    headers.push(bytes_of(&own).to_vec());
    body.extend_from_slice(&names.0);
    let mut header = *header;
    header.e_phoff.set(LE, size_of::<FileHeader64<LE>>() as u64);
    header.e_phnum.set(LE, count as u16);
    header.e_shoff.set(LE, (start + body.len()) as u64);
    header.e_shnum.set(LE, headers.len() as u16);
    header
        .e_shstrndx
        .set(LE, elf::SymbolSection(headers.len() as u16 - 1));
    let stack = stack.map_or(&[][..], |segment| bytes_of(segment));
    [
        bytes_of(&header),
        &loads,
        &extra,
        stack,
        &body,
        &headers.concat(),
    ]
    .concat()
}
