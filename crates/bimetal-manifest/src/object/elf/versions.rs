//! Versions of symbols: those that a file needs of its libraries, and those that a library defines.
//!
//! In: the addresses that the dynamic segment gives. Out: names by number. Invariant: the lists are
//! chains of distances in the file; a chain ends with the section or at a limit.

use std::collections::BTreeMap;

use object::LittleEndian as LE;
use object::elf;
use object::pod;

use super::headers::{Elf, SectionHeader};
use crate::object::error::ReadError;
use crate::object::facts::NeededVersion;
use crate::object::strings::Strings;

const VERSIONS_LIMIT: usize = 4096;
const VERSIONS_BYTES: u64 = 256 << 10;
/// Longest name of a library or version that is kept, in bytes.
const NAME_LIMIT: usize = 256;

const NEEDED: &str = "the needed versions";
const DEFINED: &str = "the defined versions";

/// The versions that the file needs of the libraries that it needs.
pub(super) fn needed(
    elf: &Elf<'_>,
    strings: &mut Strings<'_>,
    address: u64,
) -> Result<BTreeMap<u16, NeededVersion>, ReadError> {
    let chain = Chain::new(elf, elf::SHT_GNU_VERNEED, address, NEEDED)?;
    let (mut found, mut left, mut at) = (BTreeMap::new(), VERSIONS_LIMIT, 0);
    loop {
        let need: &elf::Verneed<LE> = chain.entry(at, &mut left)?;
        let library = text(strings, need.vn_file.get(LE))?;
        let mut inner = chain.step(at, need.vn_aux.get(LE))?;
        for _ in 0..need.vn_cnt.get(LE) {
            let version: &elf::Vernaux<LE> = chain.entry(inner, &mut left)?;
            let needed = NeededVersion {
                library: library.clone(),
                version: text(strings, version.vna_name.get(LE))?,
                weak: version.vna_flags.get(LE).0 & elf::VER_FLG_WEAK.0 != 0,
            };
            found.insert(version.vna_other.get(LE).0 & elf::VERSYM_VERSION, needed);
            inner = chain.step(inner, version.vna_next.get(LE))?;
        }
        match need.vn_next.get(LE) {
            0 => return Ok(found),
            next => at = chain.step(at, next)?,
        }
    }
}

/// The versions that the file defines; one of them is the name of the file itself.
pub(super) fn defined(
    elf: &Elf<'_>,
    strings: &mut Strings<'_>,
    address: u64,
) -> Result<BTreeMap<u16, String>, ReadError> {
    let chain = Chain::new(elf, elf::SHT_GNU_VERDEF, address, DEFINED)?;
    let (mut found, mut left, mut at) = (BTreeMap::new(), VERSIONS_LIMIT, 0);
    loop {
        let definition: &elf::Verdef<LE> = chain.entry(at, &mut left)?;
        let inner = chain.step(at, definition.vd_aux.get(LE))?;
        // The first name is the version's own, the others are those of the versions before it.
        let name: &elf::Verdaux<LE> = chain.entry(inner, &mut left)?;
        found.insert(
            definition.vd_ndx.get(LE).0 & elf::VERSYM_VERSION,
            text(strings, name.vda_name.get(LE))?,
        );
        match definition.vd_next.get(LE) {
            0 => return Ok(found),
            next => at = chain.step(at, next)?,
        }
    }
}

/// The bytes of one such list.
struct Chain {
    bytes: Vec<u8>,
    what: &'static str,
}

impl Chain {
    fn new(
        elf: &Elf<'_>,
        kind: elf::SectionType,
        address: u64,
        what: &'static str,
    ) -> Result<Self, ReadError> {
        let is_it = |section: &&SectionHeader| section.sh_addr.get(LE) == address;
        let section = elf
            .sections_of(kind)
            .find(is_it)
            .ok_or(ReadError::Malformed { what })?;
        let length = section.sh_size.get(LE);
        let offset = elf
            .offset(address, length)
            .ok_or(ReadError::Malformed { what })?;
        let bytes = elf.bytes.range(offset, length, what, VERSIONS_BYTES)?;
        Ok(Self { bytes, what })
    }

    /// The entry at `at`; `left` says how many more there may be.
    fn entry<T: pod::Pod>(&self, at: usize, left: &mut usize) -> Result<&T, ReadError> {
        let what = self.what;
        *left = left.checked_sub(1).ok_or(ReadError::Limit {
            what,
            found: VERSIONS_LIMIT as u64 + 1,
            limit: VERSIONS_LIMIT as u64,
        })?;
        let rest = self.bytes.get(at..).ok_or(ReadError::Malformed { what })?;
        pod::from_bytes(rest)
            .map(|(entry, _)| entry)
            .map_err(|()| ReadError::Malformed { what })
    }

    fn step(&self, at: usize, distance: u32) -> Result<usize, ReadError> {
        usize::try_from(distance)
            .ok()
            .and_then(|distance| at.checked_add(distance))
            .ok_or(ReadError::Malformed { what: self.what })
    }
}

/// A name of the string table, no longer than names of libraries and versions are.
fn text(strings: &mut Strings<'_>, offset: u32) -> Result<String, ReadError> {
    let name = strings.get(u64::from(offset))?;
    let name = &name[..name.len().min(NAME_LIMIT)];
    Ok(String::from_utf8_lossy(name).into_owned())
}
