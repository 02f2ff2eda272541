//! The dynamic segment: what a file asks of the loader.
//!
//! In: an image. Out: [`Dynamic`]. Invariant: every list is bounded, every table is found by its
//! address, and a table that has two readings is damage.

use std::collections::BTreeMap;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, DynamicTag};

use super::headers::Elf;
use super::table::{damaged, table};
use super::versions;
use crate::object::error::ReadError;
use crate::object::facts::{GlibcVersion, NeededVersion};
use crate::object::strings::Strings;

const ENTRIES_LIMIT: u64 = 4096;

/// Says that a library with relative relocations in the short form needs a loader that knows them.
const RELR_VERSION: &str = "GLIBC_ABI_DT_RELR";

/// Entries of which there may be several.
const LISTS: [DynamicTag; 5] = [
    elf::DT_NEEDED,
    elf::DT_RPATH,
    elf::DT_RUNPATH,
    elf::DT_AUXILIARY,
    elf::DT_FILTER,
];

/// The loader ends the process where one of these entries has another value.
const FIXED: [(DynamicTag, u64); 5] = [
    (elf::DT_SYMENT, size_of::<elf::Sym64<LE>>() as u64),
    (elf::DT_RELAENT, size_of::<elf::Rela64<LE>>() as u64),
    (elf::DT_RELRENT, 8),
    (elf::DT_PLTREL, 7),
    // The libraries of 64 bits have relocations with an addend only.
    (elf::DT_RELSZ, 0),
];

/// Entries that the loader takes the second of when it has the first, without a look at whether it
/// is there.
const TOGETHER: [(DynamicTag, DynamicTag); 7] = [
    (elf::DT_SYMTAB, elf::DT_SYMENT),
    (elf::DT_SYMTAB, elf::DT_STRTAB),
    (elf::DT_RELA, elf::DT_RELAENT),
    (elf::DT_RELR, elf::DT_RELRENT),
    (elf::DT_JMPREL, elf::DT_PLTREL),
    (elf::DT_VERNEED, elf::DT_VERSYM),
    (elf::DT_VERDEF, elf::DT_VERSYM),
];

/// Bits of `DT_FLAGS_1` that reach beyond the library.
const REQUESTS: [(u64, &str); 5] = [
    (elf::DF_1_NOOPEN.0, "not to be opened at run time"),
    (elf::DF_1_INTERPOSE.0, "interposition"),
    (elf::DF_1_GLOBAL.0, "its symbols for every other library"),
    (elf::DF_1_INITFIRST.0, "to be initialised before others"),
    (elf::DF_1_NODEFLIB.0, "no libraries of the system"),
];

/// What the dynamic segment says.
#[derive(Default)]
pub(super) struct Dynamic {
    values: BTreeMap<u64, u64>,
    pub(super) needed: Vec<String>,
    pub(super) run_paths: Vec<String>,
    pub(super) soname: Option<String>,
    pub(super) requests: Vec<String>,
    /// By the number that symbols name them with.
    pub(super) versions: BTreeMap<u16, NeededVersion>,
    /// The versions that the file itself defines, by the same kind of number.
    pub(super) own_versions: BTreeMap<u16, String>,
    /// Offset and length of the string table in the file.
    pub(super) strings: Option<(u64, u64)>,
    /// Addresses of what is compared, which no relocation may change afterwards.
    pub(super) tables: Vec<Range<u64>>,
}

pub(super) fn read(elf: &Elf<'_>) -> Result<Dynamic, ReadError> {
    let what = "the dynamic segment";
    let Some(segment) = elf.segment(elf::PT_DYNAMIC) else {
        return Ok(Dynamic::default());
    };
    let (offset, length) = (segment.p_offset.get(LE), segment.p_filesz.get(LE));
    let count = length / size_of::<elf::Dyn64<LE>>() as u64;
    let entries: Vec<elf::Dyn64<LE>> = table(elf.bytes, offset, count, what, ENTRIES_LIMIT)?;
    let all = entries.len();
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| (entry.d_tag.get(LE), entry.d_val.get(LE)))
        .take_while(|(tag, _)| *tag != elf::DT_NULL)
        .collect();
    if entries.len() == all {
        return Err(damaged("the dynamic segment has no end"));
    }
    let mut dynamic = Dynamic::default();
    for &(tag, value) in entries.iter().filter(|(tag, _)| !LISTS.contains(tag)) {
        if dynamic
            .values
            .insert(tag.0.cast_unsigned(), value)
            .is_some()
        {
            return Err(damaged("an entry of the dynamic segment occurs twice"));
        }
    }
    for (tag, value) in FIXED {
        if dynamic.value(tag).is_some_and(|found| found != value) {
            return Err(damaged("the entries of a table have another size or form"));
        }
    }
    for (first, second) in TOGETHER {
        if dynamic.value(first).is_some() && dynamic.value(second).is_none() {
            return Err(damaged("the dynamic segment lacks an entry"));
        }
    }
    let start = segment.p_vaddr.get(LE);
    dynamic.tables.push(start..start + length);
    dynamic.requests = dynamic.requests_in(&entries);
    dynamic.locate_strings(elf)?;
    if let Some((offset, length)) = dynamic.strings {
        let mut strings = Strings::new(elf.bytes, offset, length)?;
        dynamic.name(&mut strings, &entries)?;
        if let Some(address) = dynamic.value(elf::DT_VERNEED) {
            let (found, place) = versions::needed(elf, &mut strings, address, &dynamic.needed)?;
            dynamic.versions = found;
            dynamic.tables.push(place);
        }
        if let Some(address) = dynamic.value(elf::DT_VERDEF) {
            let (found, place) = versions::defined(elf, &mut strings, address)?;
            dynamic.own_versions = found;
            dynamic.tables.push(place);
        }
    } else if entries.iter().any(|(tag, _)| *tag == elf::DT_NEEDED) {
        return Err(damaged(
            "the dynamic segment names libraries and has no string table",
        ));
    }
    dynamic.check_relr()?;
    Ok(dynamic)
}

impl Dynamic {
    /// The value of an entry that occurs once.
    pub(super) fn value(&self, tag: DynamicTag) -> Option<u64> {
        self.values.get(&tag.0.cast_unsigned()).copied()
    }

    fn has_flag(&self, tag: DynamicTag, flag: u64) -> bool {
        self.value(tag).is_some_and(|flags| flags & flag != 0)
    }

    /// The file says that it takes part of the fixed room for thread-local variables.
    pub(super) fn static_tls(&self) -> bool {
        self.has_flag(elf::DT_FLAGS, elf::DF_STATIC_TLS.0)
    }

    /// Its own definitions come first for its own code.
    pub(super) fn symbolic(&self) -> bool {
        self.value(elf::DT_SYMBOLIC).is_some() || self.has_flag(elf::DT_FLAGS, elf::DF_SYMBOLIC.0)
    }

    /// A program that may be placed anywhere says so here.
    pub(super) fn is_program(&self) -> bool {
        self.has_flag(elf::DT_FLAGS_1, elf::DF_1_PIE.0)
    }

    /// The address and length of a table that two entries describe, if the file has it.
    pub(super) fn range(
        &self,
        start: DynamicTag,
        length: DynamicTag,
    ) -> Result<Option<Range<u64>>, ReadError> {
        match (self.value(start), self.value(length)) {
            (Some(start), Some(length)) => match start.checked_add(length) {
                Some(end) => Ok(Some(start..end).filter(|_| length > 0)),
                None => Err(damaged("a table ends beyond all addresses")),
            },
            // The loader takes one of the two for the other table's.
            (None, Some(1..)) => Err(damaged("a table has a length and no place")),
            (Some(_), None) => Err(damaged("a table has a place and no length")),
            (None, _) => Ok(None),
        }
    }

    /// The highest `GLIBC_…` among the versions that the file needs.
    pub(super) fn glibc(&self) -> Option<GlibcVersion> {
        let names = self.versions.values().map(|needed| needed.version.as_str());
        names
            .filter(|name| name.starts_with("GLIBC_"))
            .filter_map(GlibcVersion::parse)
            .max()
    }

    fn requests_in(&self, entries: &[(DynamicTag, u64)]) -> Vec<String> {
        let text = self.value(elf::DT_TEXTREL).is_some()
            || self.has_flag(elf::DT_FLAGS, elf::DF_TEXTREL.0);
        let flags = REQUESTS
            .iter()
            .filter(|(flag, _)| self.has_flag(elf::DT_FLAGS_1, *flag))
            .map(|(_, request)| *request);
        let named = [
            (elf::DT_AUDIT, "DT_AUDIT"),
            (elf::DT_DEPAUDIT, "DT_DEPAUDIT"),
            (elf::DT_FILTER, "DT_FILTER"),
            (elf::DT_AUXILIARY, "DT_AUXILIARY"),
        ];
        let named = named
            .into_iter()
            .filter(|(tag, _)| entries.iter().any(|(found, _)| found == tag))
            .map(|(_, request)| request);
        text.then_some("text relocations")
            .into_iter()
            .chain(flags)
            .chain(named)
            .map(str::to_owned)
            .collect()
    }

    fn locate_strings(&mut self, elf: &Elf<'_>) -> Result<(), ReadError> {
        let Some(place) = self.range(elf::DT_STRTAB, elf::DT_STRSZ)? else {
            return Ok(());
        };
        let length = place.end - place.start;
        let offset = elf
            .image
            .offset(place.start, length)
            .ok_or_else(|| damaged("the string table is outside of the segments"))?;
        self.strings = Some((offset, length));
        self.tables.push(place);
        Ok(())
    }

    fn name(
        &mut self,
        strings: &mut Strings<'_>,
        entries: &[(DynamicTag, u64)],
    ) -> Result<(), ReadError> {
        for &(tag, value) in entries {
            if ![
                elf::DT_NEEDED,
                elf::DT_RPATH,
                elf::DT_RUNPATH,
                elf::DT_SONAME,
            ]
            .contains(&tag)
            {
                continue;
            }
            let name = String::from_utf8_lossy(strings.get(value)?).into_owned();
            match tag {
                elf::DT_NEEDED => self.needed.push(name),
                elf::DT_SONAME => self.soname = Some(name),
                _ => self.run_paths.push(name),
            }
        }
        Ok(())
    }

    /// The GNU loader wants a library with short relocations to name what brought them.
    fn check_relr(&self) -> Result<(), ReadError> {
        let needs_libc = |needed: &NeededVersion| needed.library == "libc.so.6";
        let mut of_libc = self.versions.values().filter(|needed| needs_libc(needed));
        let has_relr = self.value(elf::DT_RELR).is_some();
        if has_relr
            && of_libc.clone().next().is_some()
            && !of_libc.any(|needed| needed.version == RELR_VERSION)
        {
            return Err(damaged(
                "short relocations without the version `GLIBC_ABI_DT_RELR`",
            ));
        }
        Ok(())
    }
}
