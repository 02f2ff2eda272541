//! What the section headers say of the loaded part, against what the loader takes.
//!
//! In: an image, its dynamic segment, sections. Out: nothing, or damage. Invariant: sections decide
//! nothing; they are a second description by the same linker, and a file whose two descriptions
//! differ was changed after it was linked.

use object::LittleEndian as LE;
use object::elf::{self, DynamicTag};

use super::dynamic::Dynamic;
use super::headers::{Elf, SectionHeader};
use super::table::damaged;
use crate::object::error::ReadError;

/// Entries that lead to the start of a section.
const STARTS: [DynamicTag; 14] = [
    elf::DT_HASH,
    elf::DT_GNU_HASH,
    elf::DT_STRTAB,
    elf::DT_SYMTAB,
    elf::DT_VERSYM,
    elf::DT_VERNEED,
    elf::DT_VERDEF,
    elf::DT_RELA,
    elf::DT_JMPREL,
    elf::DT_RELR,
    elf::DT_INIT,
    elf::DT_FINI,
    elf::DT_INIT_ARRAY,
    elf::DT_FINI_ARRAY,
];

/// Tables that end where a section ends.
const TABLES: [(DynamicTag, DynamicTag); 6] = [
    (elf::DT_STRTAB, elf::DT_STRSZ),
    (elf::DT_RELA, elf::DT_RELASZ),
    (elf::DT_JMPREL, elf::DT_PLTRELSZ),
    (elf::DT_RELR, elf::DT_RELRSZ),
    (elf::DT_INIT_ARRAY, elf::DT_INIT_ARRAYSZ),
    (elf::DT_FINI_ARRAY, elf::DT_FINI_ARRAYSZ),
];

pub(super) fn check(elf: &Elf<'_>, dynamic: &Dynamic, symbols: u64) -> Result<(), ReadError> {
    let loaded: Vec<_> = elf
        .sections()
        .filter(|section| is_loaded(section))
        .collect();
    if loaded.is_empty() || elf.image.is_empty() {
        return Ok(());
    }
    for section in &loaded {
        check_place(elf, section)?;
    }
    let differs = damaged("the sections are not where the dynamic segment leads");
    let start = |address| {
        loaded
            .iter()
            .any(|section| section.sh_addr.get(LE) == address)
    };
    let ends = |address| loaded.iter().any(|section| end(section) == Some(address));
    let mut starts = STARTS.iter().filter_map(|tag| dynamic.value(*tag));
    if !starts.all(|address| address == 0 || start(address)) {
        return Err(differs);
    }
    for (tag, length) in TABLES {
        if dynamic
            .range(tag, length)?
            .is_some_and(|place| !ends(place.end))
        {
            return Err(differs);
        }
    }
    let size = symbols * size_of::<elf::Sym64<LE>>() as u64;
    if let Some(address) = dynamic.value(elf::DT_SYMTAB)
        && symbols > 0
        && !ends(address.saturating_add(size))
    {
        return Err(differs);
    }
    check_thread_locals(elf, &loaded)
}

/// Room for thread-local variables without a value takes no addresses.
fn is_loaded(section: &SectionHeader) -> bool {
    section.sh_flags.get(LE).0 & elf::SHF_ALLOC.0 != 0 && section.sh_size.get(LE) > 0
}

fn is_thread_local(section: &SectionHeader) -> bool {
    section.sh_flags.get(LE).0 & elf::SHF_TLS.0 != 0
}

fn end(section: &SectionHeader) -> Option<u64> {
    section.sh_addr.get(LE).checked_add(section.sh_size.get(LE))
}

/// The section lies in a segment, at its place in the file and with its rights.
fn check_place(elf: &Elf<'_>, section: &SectionHeader) -> Result<(), ReadError> {
    let (address, size) = (section.sh_addr.get(LE), section.sh_size.get(LE));
    let is_empty = section.sh_type.get(LE) == elf::SHT_NOBITS;
    if is_empty && is_thread_local(section) {
        return Ok(());
    }
    let flags = section.sh_flags.get(LE).0;
    let fits = elf.image.load(address, size).is_some_and(|load| {
        (flags & elf::SHF_WRITE.0 == 0 || load.writable)
            && (flags & elf::SHF_EXECINSTR.0 == 0 || load.executable)
    });
    let is_there = is_empty || elf.image.offset(address, size) == Some(section.sh_offset.get(LE));
    if fits && is_there {
        Ok(())
    } else {
        Err(damaged("a section is not where the segments have it"))
    }
}

fn check_thread_locals(elf: &Elf<'_>, loaded: &[&SectionHeader]) -> Result<(), ReadError> {
    let sections = loaded.iter().filter(|section| is_thread_local(section));
    let start = sections
        .clone()
        .map(|section| section.sh_addr.get(LE))
        .min();
    let last = sections.filter_map(|section| end(section)).max();
    let segment = elf.segment(elf::PT_TLS);
    let (found, size) = segment.map_or((None, 0), |segment| {
        (Some(segment.p_vaddr.get(LE)), segment.p_memsz.get(LE))
    });
    let wanted = start
        .zip(last)
        .map_or(0, |(start, last)| last.saturating_sub(start));
    if found == start && size == wanted {
        Ok(())
    } else {
        Err(damaged(
            "the sections of thread-local variables are not the segment's",
        ))
    }
}
