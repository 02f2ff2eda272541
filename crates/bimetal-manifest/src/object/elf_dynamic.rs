//! The dynamic segment: what a file asks of the loader.
//!
//! In: headers. Out: [`Dynamic`]. Invariant: every list is bounded, every offset is checked.

use object::LittleEndian as LE;
use object::elf;
use object::pod;

use super::elf::Elf;
use super::elf_headers::{SectionHeader, table};
use super::error::ReadError;
use super::facts::GlibcVersion;
use super::strings::Strings;

const ENTRIES_LIMIT: u64 = 4096;
const VERSIONS_LIMIT: usize = 4096;
const VERSIONS_BYTES: u64 = 256 << 10;

/// What the dynamic segment says.
#[derive(Default)]
pub(super) struct Dynamic {
    pub(super) needed: Vec<String>,
    pub(super) run_paths: Vec<String>,
    pub(super) requests: Vec<String>,
    pub(super) static_tls: bool,
    pub(super) glibc: Option<GlibcVersion>,
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
}

pub(super) fn read(elf: &Elf<'_>) -> Result<Dynamic, ReadError> {
    let what = "the dynamic segment";
    let Some(segment) = elf.segment(elf::PT_DYNAMIC) else {
        return Ok(Dynamic::default());
    };
    let length = segment.p_filesz.get(LE);
    // The loader looks for the segment in memory; a file offset that leads elsewhere would hide what it finds.
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
        dynamic.glibc = glibc(elf, &mut strings, &addresses)?;
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
        elf::DT_FLAGS => {
            dynamic.static_tls |= value & elf::DF_STATIC_TLS.0 != 0;
            (value & elf::DF_TEXTREL.0 != 0).then_some("text relocations")
        }
        elf::DT_FLAGS_1 => {
            dynamic.is_program |= value & elf::DF_1_PIE.0 != 0;
            (value & elf::DF_1_INTERPOSE.0 != 0).then_some("interposition")
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

/// Finds the tables in the file. Only the section header tells how many symbols there are, so it has to be the header of that table.
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
    Ok(())
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

/// The highest `GLIBC_…` among the versions that the file needs.
fn glibc(
    elf: &Elf<'_>,
    strings: &mut Strings<'_>,
    addresses: &Addresses,
) -> Result<Option<GlibcVersion>, ReadError> {
    let what = "the needed versions";
    let Some(address) = addresses.versions else {
        return Ok(None);
    };
    let sized = |section: &&SectionHeader| section.sh_addr.get(LE) == address;
    let section = elf
        .sections_of(elf::SHT_GNU_VERNEED)
        .find(sized)
        .ok_or(ReadError::Malformed { what })?;
    let length = section.sh_size.get(LE);
    let offset = elf
        .offset(address, length)
        .ok_or(ReadError::Malformed { what })?;
    let data = elf.bytes.range(offset, length, what, VERSIONS_BYTES)?;
    let mut highest = None;
    let mut seen = 0;
    let mut library = 0;
    loop {
        let need: &elf::Verneed<LE> = entry(&data, library)?;
        let mut at = step(library, need.vn_aux.get(LE))?;
        for _ in 0..need.vn_cnt.get(LE) {
            seen += 1;
            if seen > VERSIONS_LIMIT {
                return Err(ReadError::Limit {
                    what,
                    found: seen as u64,
                    limit: VERSIONS_LIMIT as u64,
                });
            }
            let version: &elf::Vernaux<LE> = entry(&data, at)?;
            let text = strings.get(u64::from(version.vna_name.get(LE)))?;
            if text.starts_with(b"GLIBC_") {
                highest = highest.max(std::str::from_utf8(text).ok().and_then(GlibcVersion::parse));
            }
            at = step(at, version.vna_next.get(LE))?;
        }
        seen += 1;
        match need.vn_next.get(LE) {
            0 => return Ok(highest),
            _ if seen > VERSIONS_LIMIT => {
                return Err(ReadError::Limit {
                    what,
                    found: seen as u64,
                    limit: VERSIONS_LIMIT as u64,
                });
            }
            next => library = step(library, next)?,
        }
    }
}

fn entry<T: pod::Pod>(data: &[u8], at: usize) -> Result<&T, ReadError> {
    let what = "the needed versions";
    let rest = data.get(at..).ok_or(ReadError::Malformed { what })?;
    pod::from_bytes(rest)
        .map(|(entry, _)| entry)
        .map_err(|()| ReadError::Malformed { what })
}

fn step(at: usize, distance: u32) -> Result<usize, ReadError> {
    let what = "the needed versions";
    usize::try_from(distance)
        .ok()
        .and_then(|distance| at.checked_add(distance))
        .ok_or(ReadError::Malformed { what })
}
