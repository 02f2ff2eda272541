//! Files that say of themselves what the loader does not see.
//!
//! In: a plugin that the builder made. Out: the same file with a header or a table bent. Invariant:
//! nothing moves; what a reader notices is what was bent.

use std::ops::Range;

use camino::Utf8Path;
use fs_err as fs;
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader as _, SectionHeader as _};

/// A file in memory, and where its tables stand.
pub(crate) struct Bent {
    pub(crate) bytes: Vec<u8>,
}

const PROGRAM_HEADER: usize = 56;
const DYNAMIC_ENTRY: usize = 16;

impl Bent {
    pub(crate) fn edit(file: &Utf8Path, change: impl FnOnce(&mut Self)) {
        let mut bent = Self {
            bytes: fs::read(file).unwrap(),
        };
        change(&mut bent);
        // A new file: the old one may be the same inode as the distribution's.
        let mode = fs::metadata(file).unwrap().permissions();
        fs::remove_file(file).unwrap();
        fs::write(file, &bent.bytes).unwrap();
        fs::set_permissions(file, mode).unwrap();
    }

    fn header(&self) -> &elf::FileHeader64<LE> {
        elf::FileHeader64::<LE>::parse(&*self.bytes).unwrap()
    }

    /// Places of the program headers.
    pub(crate) fn segments(&self) -> impl Iterator<Item = usize> + use<> {
        let (start, count) = (self.header().e_phoff.get(LE), self.header().e_phnum.get(LE));
        let start = usize::try_from(start).unwrap();
        (0..usize::from(count)).map(move |number| start + number * PROGRAM_HEADER)
    }

    /// Place of the first program header of `kind`.
    pub(crate) fn segment(&self, kind: elf::ProgramType) -> usize {
        let mut segments = self.segments();
        let found = segments.find(|place| self.u32(*place) == kind.0);
        found.unwrap_or_else(|| panic!("no segment {kind:?}"))
    }

    /// Place of the header of a section, and the range of its bytes.
    pub(crate) fn section(&self, name: &str) -> (usize, Range<usize>) {
        let sections = self.header().sections(LE, &*self.bytes).unwrap();
        let (index, section) = sections.section_by_name(LE, name.as_bytes()).unwrap();
        let start = usize::try_from(self.header().e_shoff.get(LE)).unwrap();
        let (offset, size) = section.file_range(LE).unwrap();
        let offset = usize::try_from(offset).unwrap();
        let end = offset + usize::try_from(size).unwrap();
        (start + index.0 * 64, offset..end)
    }

    /// Place of the first dynamic entry with `tag`.
    pub(crate) fn dynamic(&self, tag: elf::DynamicTag) -> usize {
        let (_, range) = self.section(".dynamic");
        let mut places = range.step_by(DYNAMIC_ENTRY);
        let found = places.find(|place| self.u64(*place) == tag.0.cast_unsigned());
        found.unwrap_or_else(|| panic!("no dynamic entry {tag:?}"))
    }

    /// Puts an entry in the place of the first one that is not used.
    pub(crate) fn add_dynamic(&mut self, tag: elf::DynamicTag, value: u64) -> usize {
        let place = self.dynamic(elf::DT_NULL);
        self.put(place, &tag.0.to_le_bytes());
        self.put(place + 8, &value.to_le_bytes());
        place
    }

    /// Puts an entry in the place of one that the loader can do without.
    pub(crate) fn instead_of_a_count(&mut self, tag: elf::DynamicTag, value: u64) {
        let place = self.dynamic(elf::DT_RELACOUNT);
        self.put(place, &tag.0.to_le_bytes());
        self.put(place + 8, &value.to_le_bytes());
    }

    /// Where `text` stands in the string table.
    pub(crate) fn string(&self, text: &str) -> u64 {
        let (_, range) = self.section(".dynstr");
        let wanted = [text.as_bytes(), b"\0"].concat();
        let mut windows = self.bytes[range].windows(wanted.len());
        let place = windows.position(|part| part == wanted);
        place.unwrap_or_else(|| panic!("no name `{text}`")) as u64
    }

    /// Place of the first relocation of type `kind`.
    pub(crate) fn relocation(&self, kind: elf::RelocationType) -> usize {
        let (_, range) = self.section(".rela.dyn");
        let mut places = range.step_by(24);
        let found = places.find(|place| self.u32(place + 8) == kind.0);
        found.unwrap_or_else(|| panic!("no relocation {kind:?}"))
    }

    /// Place of the dynamic symbol `name`.
    pub(crate) fn symbol(&self, name: &str) -> usize {
        let (_, range) = self.section(".dynsym");
        let (wanted, mut places) = (self.string(name), range.step_by(24));
        let found = places.find(|place| u64::from(self.u32(*place)) == wanted);
        found.unwrap_or_else(|| panic!("no symbol `{name}`"))
    }

    pub(crate) fn u32(&self, place: usize) -> u32 {
        u32::from_le_bytes(self.bytes[place..place + 4].try_into().unwrap())
    }

    pub(crate) fn u64(&self, place: usize) -> u64 {
        u64::from_le_bytes(self.bytes[place..place + 8].try_into().unwrap())
    }

    pub(crate) fn put(&mut self, place: usize, bytes: &[u8]) {
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
    }
}
