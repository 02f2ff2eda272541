//! Which part of an ELF file a byte belongs to that lies in no section.
//!
//! In: bytes of a file, untrusted, and an offset. Out: words for a person. Invariant: never panics;
//! of other files nothing is said.

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, FileKind};

/// What stands at `offset`, in words that follow "in".
pub(super) fn part(bytes: &[u8], offset: usize) -> Option<String> {
    let offset = offset as u64;
    match FileKind::parse(bytes).ok()? {
        FileKind::Elf32 => of_elf::<FileHeader32<Endianness>>(bytes, offset),
        FileKind::Elf64 => of_elf::<FileHeader64<Endianness>>(bytes, offset),
        _ => None,
    }
}

fn of_elf<Header: FileHeader<Endian = Endianness>>(bytes: &[u8], offset: u64) -> Option<String> {
    let header = Header::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    if offset < size_of::<Header>() as u64 {
        return Some("the ELF header".to_owned());
    }
    let segments = header.program_headers(endian, bytes).ok()?;
    if let Some(number) = row::<Header::ProgramHeader>(header.e_phoff(endian).into(), offset)
        && let Some(segment) = segments.get(number)
    {
        return Some(format!(
            "program header {number} (type {:#x})",
            segment.p_type(endian).0
        ));
    }
    let sections = header.sections(endian, bytes).ok()?;
    if let Some(number) = row::<Header::SectionHeader>(header.e_shoff(endian).into(), offset)
        && let Some(section) = sections.iter().nth(number)
    {
        let name = sections.section_name(endian, section).unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        return Some(format!(
            "the header of section `{}`",
            bimetal_terminal::escape(&name)
        ));
    }
    let end = sections
        .iter()
        .filter_map(|section| section.file_range(endian))
        .map(|(start, size)| start.saturating_add(size))
        .max()
        .unwrap_or_default();
    Some(if offset < end {
        "the space between two sections".to_owned()
    } else {
        "what follows the sections".to_owned()
    })
}

/// Which entry of a table of `Row`s that starts at `table` has the byte at `offset`, if the table
/// is long enough.
fn row<Row>(table: u64, offset: u64) -> Option<usize> {
    let into = offset.checked_sub(table)?;
    usize::try_from(into / size_of::<Row>() as u64).ok()
}
