//! Versions of symbols: those that a file needs of its libraries, and those that a library defines.
//!
//! In: the addresses that the dynamic segment gives. Out: names by number, and the addresses that
//! were read. Invariant: the lists are chains of distances in one segment; a chain ends with the
//! segment or at a limit. The loader compares hashes before names, so each hash is that of its
//! name.

use std::collections::BTreeMap;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::pod;

use super::headers::Elf;
use super::table::damaged;
use crate::object::error::ReadError;
use crate::object::facts::NeededVersion;
use crate::object::strings::Strings;

const VERSIONS_LIMIT: usize = 4096;
const VERSIONS_BYTES: u64 = 256 << 10;
/// Longest name of a library or version, in bytes.
const NAME_LIMIT: usize = 256;

const NEEDED: &str = "the needed versions";
const DEFINED: &str = "the defined versions";

/// The versions that the file needs of the `libraries` that it needs.
pub(super) fn needed(
    elf: &Elf<'_>,
    strings: &mut Strings<'_>,
    address: u64,
    libraries: &[String],
) -> Result<(BTreeMap<u16, NeededVersion>, Range<u64>), ReadError> {
    let mut chain = Chain::new(elf, address, NEEDED)?;
    let (mut found, mut at) = (BTreeMap::new(), 0);
    loop {
        let need: elf::Verneed<LE> = chain.entry(at)?;
        let library = text(strings, need.vn_file.get(LE), NEEDED)?;
        if need.vn_version.get(LE) != elf::VER_NEED_CURRENT || !libraries.contains(&library) {
            return Err(damaged(NEEDED));
        }
        let mut inner = step(at, need.vn_aux.get(LE), NEEDED)?;
        for left in (0..need.vn_cnt.get(LE)).rev() {
            let version: elf::Vernaux<LE> = chain.entry(inner)?;
            let needed = NeededVersion {
                library: library.clone(),
                version: text(strings, version.vna_name.get(LE), NEEDED)?,
                weak: version.vna_flags.get(LE).0 & elf::VER_FLG_WEAK.0 != 0,
            };
            let number = version.vna_other.get(LE).0 & elf::VERSYM_VERSION;
            if version.vna_hash.get(LE) != elf::hash(needed.version.as_bytes())
                || number < 2
                || found.insert(number, needed).is_some()
            {
                return Err(damaged(NEEDED));
            }
            let next = version.vna_next.get(LE);
            // The loader follows the distances and does not count.
            if (next == 0) != (left == 0) {
                return Err(damaged(NEEDED));
            }
            inner = step(inner, next, NEEDED)?;
        }
        match need.vn_next.get(LE) {
            0 => return Ok((found, chain.place(address))),
            next => at = step(at, next, NEEDED)?,
        }
    }
}

/// The versions that the file defines; one of them is the name of the file itself.
pub(super) fn defined(
    elf: &Elf<'_>,
    strings: &mut Strings<'_>,
    address: u64,
) -> Result<(BTreeMap<u16, String>, Range<u64>), ReadError> {
    let mut chain = Chain::new(elf, address, DEFINED)?;
    let (mut found, mut at) = (BTreeMap::new(), 0);
    loop {
        let definition: elf::Verdef<LE> = chain.entry(at)?;
        let inner = step(at, definition.vd_aux.get(LE), DEFINED)?;
        // The first name is the version's own, the others are those of the versions before it.
        let name: elf::Verdaux<LE> = chain.entry(inner)?;
        let name = text(strings, name.vda_name.get(LE), DEFINED)?;
        let number = definition.vd_ndx.get(LE).0 & elf::VERSYM_VERSION;
        if definition.vd_version.get(LE) != elf::VER_DEF_CURRENT
            || definition.vd_hash.get(LE) != elf::hash(name.as_bytes())
            || found.insert(number, name).is_some()
        {
            return Err(damaged(DEFINED));
        }
        match definition.vd_next.get(LE) {
            0 => return Ok((found, chain.place(address))),
            next => at = step(at, next, DEFINED)?,
        }
    }
}

/// The bytes of one such list, to the end of the segment or to a limit.
struct Chain {
    bytes: Vec<u8>,
    what: &'static str,
    /// How many more entries there may be.
    left: usize,
    /// How many bytes were looked at.
    length: usize,
}

impl Chain {
    fn new(elf: &Elf<'_>, address: u64, what: &'static str) -> Result<Self, ReadError> {
        let length = elf.image.room(address).min(VERSIONS_BYTES);
        let offset = elf.image.offset(address, length).ok_or(damaged(what))?;
        let bytes = elf.bytes.range(offset, length, what, VERSIONS_BYTES)?;
        Ok(Self {
            bytes,
            what,
            left: VERSIONS_LIMIT,
            length: 0,
        })
    }

    fn entry<T: pod::Pod>(&mut self, at: usize) -> Result<T, ReadError> {
        let what = self.what;
        self.left = self.left.checked_sub(1).ok_or(ReadError::Limit {
            what,
            found: VERSIONS_LIMIT as u64 + 1,
            limit: VERSIONS_LIMIT as u64,
        })?;
        let rest = self.bytes.get(at..).ok_or(damaged(what))?;
        let (entry, _) = pod::from_bytes(rest).map_err(|()| damaged(what))?;
        self.length = self.length.max(at + size_of::<T>());
        Ok(*entry)
    }

    fn place(&self, address: u64) -> Range<u64> {
        address..address + self.length as u64
    }
}

fn step(at: usize, distance: u32, what: &'static str) -> Result<usize, ReadError> {
    usize::try_from(distance)
        .ok()
        .and_then(|distance| at.checked_add(distance))
        .ok_or(damaged(what))
}

fn text(strings: &mut Strings<'_>, offset: u32, what: &'static str) -> Result<String, ReadError> {
    let name = strings.get(u64::from(offset))?;
    if name.len() > NAME_LIMIT {
        return Err(damaged(what));
    }
    Ok(String::from_utf8_lossy(name).into_owned())
}
