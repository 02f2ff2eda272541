//! The dynamic segment: what a file asks of the loader.
//!
//! In: headers. Out: [`Dynamic`]. Invariant: every list is bounded, every offset is checked.

use std::collections::BTreeMap;

use object::LittleEndian as LE;
use object::elf;

use super::headers::{Elf, table};
use super::versions;
use crate::object::error::ReadError;
use crate::object::facts::{GlibcVersion, NeededVersion};
use crate::object::strings::Strings;

const ENTRIES_LIMIT: u64 = 4096;

/// What the dynamic segment says.
#[derive(Default)]
pub(super) struct Dynamic {
    pub(super) needed: Vec<String>,
    pub(super) run_paths: Vec<String>,
    pub(super) requests: Vec<String>,
    pub(super) static_tls: bool,
    pub(super) symbolic: bool,
    /// By the number that symbols name them with.
    pub(super) versions: BTreeMap<u16, NeededVersion>,
    /// The versions that the file itself defines, by the same kind of number.
    pub(super) own_versions: BTreeMap<u16, String>,
    /// Offset in the file of one such number for each symbol.
    pub(super) version_numbers: Option<u64>,
    /// A program that may be placed anywhere says so here.
    pub(super) is_program: bool,
    /// Offset and length of the string table in the file.
    pub(super) strings: Option<(u64, u64)>,
    /// Offset and count of the symbols in the file.
    pub(super) symbols: Option<(u64, u64)>,
}

#[derive(Default)]
struct Addresses {
    strings: Option<u64>,
    strings_length: u64,
    symbols: Option<u64>,
    versions: Option<u64>,
    own_versions: Option<u64>,
    version_numbers: Option<u64>,
}

pub(super) fn read(elf: &Elf<'_>) -> Result<Dynamic, ReadError> {
    let what = "the dynamic segment";
    let Some(segment) = elf.segment(elf::PT_DYNAMIC) else {
        return Ok(Dynamic::default());
    };
    let length = segment.p_filesz.get(LE);
    // The loader looks for the segment in memory; a file offset that leads elsewhere would hide
    // what it finds.
    if elf.offset(segment.p_vaddr.get(LE), length) != Some(segment.p_offset.get(LE)) {
        return Err(ReadError::Malformed { what });
    }
    let count = length / size_of::<elf::Dyn64<LE>>() as u64;
    let entries: Vec<elf::Dyn64<LE>> = table(
        elf.bytes,
        segment.p_offset.get(LE),
        count,
        what,
        ENTRIES_LIMIT,
    )?;
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| (entry.d_tag.get(LE), entry.d_val.get(LE)))
        .take_while(|(tag, _)| *tag != elf::DT_NULL)
        .collect();
    let mut dynamic = Dynamic::default();
    let mut addresses = Addresses::default();
    for &(tag, value) in &entries {
        take(&mut dynamic, &mut addresses, tag, value);
    }
    locate(elf, &mut dynamic, &addresses)?;
    if let Some((offset, length)) = dynamic.strings {
        let mut strings = Strings::new(elf.bytes, offset, length)?;
        name(&mut dynamic, &mut strings, &entries)?;
        if let Some(address) = addresses.versions {
            dynamic.versions = versions::needed(elf, &mut strings, address)?;
        }
        if let Some(address) = addresses.own_versions {
            dynamic.own_versions = versions::defined(elf, &mut strings, address)?;
        }
    } else if entries.iter().any(|(tag, _)| *tag == elf::DT_NEEDED) {
        return Err(ReadError::Malformed {
            what: "the dynamic segment names libraries and has no string table",
        });
    }
    Ok(dynamic)
}

fn take(dynamic: &mut Dynamic, addresses: &mut Addresses, tag: elf::DynamicTag, value: u64) {
    let request = match tag {
        elf::DT_STRTAB => {
            addresses.strings = Some(value);
            None
        }
        elf::DT_STRSZ => {
            addresses.strings_length = value;
            None
        }
        elf::DT_SYMTAB => {
            addresses.symbols = Some(value);
            None
        }
        elf::DT_VERNEED => {
            addresses.versions = Some(value);
            None
        }
        elf::DT_VERDEF => {
            addresses.own_versions = Some(value);
            None
        }
        elf::DT_VERSYM => {
            addresses.version_numbers = Some(value);
            None
        }
        elf::DT_SYMBOLIC => {
            dynamic.symbolic = true;
            None
        }
        elf::DT_FLAGS => {
            dynamic.static_tls |= value & elf::DF_STATIC_TLS.0 != 0;
            dynamic.symbolic |= value & elf::DF_SYMBOLIC.0 != 0;
            (value & elf::DF_TEXTREL.0 != 0).then_some("text relocations")
        }
        elf::DT_FLAGS_1 => {
            dynamic.is_program |= value & elf::DF_1_PIE.0 != 0;
            if value & elf::DF_1_NOOPEN.0 != 0 {
                Some("not to be opened at run time")
            } else {
                (value & elf::DF_1_INTERPOSE.0 != 0).then_some("interposition")
            }
        }
        elf::DT_TEXTREL => Some("text relocations"),
        elf::DT_AUDIT => Some("DT_AUDIT"),
        elf::DT_DEPAUDIT => Some("DT_DEPAUDIT"),
        elf::DT_FILTER => Some("DT_FILTER"),
        elf::DT_AUXILIARY => Some("DT_AUXILIARY"),
        _ => None,
    };
    if let Some(request) = request
        && !dynamic.requests.iter().any(|known| known == request)
    {
        dynamic.requests.push(request.to_owned());
    }
}

/// Finds the tables in the file. Only the section header tells how many symbols there are, so it
/// has to be the header of that table.
fn locate(elf: &Elf<'_>, dynamic: &mut Dynamic, addresses: &Addresses) -> Result<(), ReadError> {
    if let Some(address) = addresses.strings {
        let offset = elf
            .offset(address, addresses.strings_length)
            .ok_or(ReadError::Malformed {
                what: "the string table is outside of the segments",
            })?;
        dynamic.strings = Some((offset, addresses.strings_length));
    }
    let mut headers = elf.sections_of(elf::SHT_DYNSYM);
    let (Some(address), Some(header)) = (addresses.symbols, headers.next()) else {
        return Ok(());
    };
    let damaged = ReadError::Malformed {
        what: "the section of dynamic symbols is not the table that the loader uses",
    };
    let size = header.sh_size.get(LE);
    let offset = elf.offset(address, size);
    if headers.next().is_some()
        || header.sh_addr.get(LE) != address
        || offset != Some(header.sh_offset.get(LE))
        || header.sh_entsize.get(LE) != size_of::<elf::Sym64<LE>>() as u64
    {
        return Err(damaged);
    }
    let count = size / size_of::<elf::Sym64<LE>>() as u64;
    dynamic.symbols = offset.map(|offset| (offset, count));
    if let Some(address) = addresses.version_numbers {
        let length = count.saturating_mul(size_of::<u16>() as u64);
        let numbers = elf.offset(address, length).ok_or(ReadError::Malformed {
            what: "the versions of the symbols are outside of the segments",
        })?;
        dynamic.version_numbers = Some(numbers);
    }
    Ok(())
}

impl Dynamic {
    /// The highest `GLIBC_…` among the versions that the file needs.
    pub(super) fn glibc(&self) -> Option<GlibcVersion> {
        let names = self.versions.values().map(|needed| needed.version.as_str());
        names
            .filter(|name| name.starts_with("GLIBC_"))
            .filter_map(GlibcVersion::parse)
            .max()
    }
}

fn name(
    dynamic: &mut Dynamic,
    strings: &mut Strings<'_>,
    entries: &[(elf::DynamicTag, u64)],
) -> Result<(), ReadError> {
    for &(tag, value) in entries {
        let list = match tag {
            elf::DT_NEEDED => &mut dynamic.needed,
            elf::DT_RPATH | elf::DT_RUNPATH => &mut dynamic.run_paths,
            _ => continue,
        };
        list.push(String::from_utf8_lossy(strings.get(value)?).into_owned());
    }
    Ok(())
}
