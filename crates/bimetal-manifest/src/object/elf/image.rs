//! The memory of a file, as the loader lays it out.
//!
//! In: program headers. Out: [`Image`]: addresses -> bytes and rights. Invariant: an address has
//! one reading. The loader maps whole pages, and a later segment covers an earlier one. So segments
//! that share a page are refused, and only bytes that a segment takes from the file are given: not
//! the file's next bytes behind its end, not the zeros, not the gap between two segments.
//!
//! What is compared is looked up here by address, never by an offset that a header tells.

use object::LittleEndian as LE;
use object::elf;

use super::table::damaged;
use crate::object::bytes::Bytes;
use crate::object::error::ReadError;

/// The smallest page that any processor has, and the only one on amd64 whatever `p_align` says.
const PAGE: u64 = 4096;
/// Largest alignment of a segment: the loader reserves as much on top, and fails if it cannot.
const ALIGN_LIMIT: u64 = 1 << 30;
/// Addresses that one library may take. Its code reaches no further with 32-bit distances.
const SIZE_LIMIT: u64 = 2 << 30;
/// Largest alignment of thread-local variables.
const TLS_ALIGN_LIMIT: u64 = 1 << 16;

/// Kinds of segment of which the loader would use the last, and other tools the first.
const UNIQUE: [elf::ProgramType; 8] = [
    elf::PT_DYNAMIC,
    elf::PT_INTERP,
    elf::PT_PHDR,
    elf::PT_TLS,
    elf::PT_GNU_STACK,
    elf::PT_GNU_RELRO,
    elf::PT_GNU_EH_FRAME,
    elf::PT_GNU_PROPERTY,
];

/// Kinds of segment that lie inside a loaded one and are found by their address.
const INSIDE: [elf::ProgramType; 5] = [
    elf::PT_DYNAMIC,
    elf::PT_PHDR,
    elf::PT_TLS,
    elf::PT_GNU_EH_FRAME,
    elf::PT_GNU_PROPERTY,
];

/// One program header.
pub(super) type Segment = elf::ProgramHeader64<LE>;

/// The loaded segments of a file, by address.
pub(super) struct Image {
    loads: Vec<Load>,
}

/// One loaded segment.
pub(super) struct Load {
    pub(super) start: u64,
    /// Where the bytes of the file end and the zeros begin.
    file_end: u64,
    pub(super) end: u64,
    offset: u64,
    pub(super) writable: bool,
    pub(super) executable: bool,
}

impl Image {
    pub(super) fn new(bytes: &Bytes<'_>, segments: &[Segment]) -> Result<Self, ReadError> {
        for kind in UNIQUE {
            if of(segments, kind).count() > 1 {
                return Err(damaged("a segment occurs twice"));
            }
        }
        let mut loads: Vec<Load> = Vec::new();
        for segment in of(segments, elf::PT_LOAD) {
            let load = load(bytes, segment)?;
            if loads
                .last()
                .is_some_and(|before| page_up(before.end) > page_down(load.start))
            {
                return Err(damaged("segments share a page, or are not in order"));
            }
            loads.push(load);
        }
        if let (Some(first), Some(last)) = (loads.first(), loads.last())
            && last.end - page_down(first.start) > SIZE_LIMIT
        {
            return Err(ReadError::Limit {
                what: "the addresses that the segments take",
                found: last.end - page_down(first.start),
                limit: SIZE_LIMIT,
            });
        }
        let image = Self { loads };
        for kind in INSIDE {
            for segment in of(segments, kind).filter(|segment| segment.p_filesz.get(LE) > 0) {
                // A file offset that leads elsewhere would hide what the loader finds in memory.
                let (start, length) = (segment.p_vaddr.get(LE), segment.p_filesz.get(LE));
                if image.offset(start, length) != Some(segment.p_offset.get(LE)) {
                    return Err(damaged("a segment is not where its address leads"));
                }
            }
        }
        of(segments, elf::PT_DYNAMIC).try_for_each(check_dynamic)?;
        of(segments, elf::PT_TLS).try_for_each(check_thread_locals)?;
        of(segments, elf::PT_GNU_RELRO).try_for_each(|segment| image.check_relro(segment))?;
        Ok(image)
    }

    /// Nothing is loaded.
    pub(super) fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// Where the `length` bytes that the loader takes from the file to `address` stand there.
    pub(super) fn offset(&self, address: u64, length: u64) -> Option<u64> {
        let load = self.load(address, length)?;
        let end = address.checked_add(length)?;
        (end <= load.file_end).then(|| load.offset + (address - load.start))
    }

    /// How many bytes from `address` on come from the file.
    pub(super) fn room(&self, address: u64) -> u64 {
        self.load(address, 0)
            .map_or(0, |load| load.file_end.saturating_sub(address))
    }

    /// The segment whose memory, zeros included, holds `length` bytes at `address`.
    pub(super) fn load(&self, address: u64, length: u64) -> Option<&Load> {
        let end = address.checked_add(length)?;
        let next = self.loads.partition_point(|load| load.start <= address);
        let load = &self.loads[next.checked_sub(1)?];
        (end <= load.end).then_some(load)
    }

    /// Code can run at `address`.
    pub(super) fn is_code(&self, address: u64) -> bool {
        self.load(address, 1)
            .is_some_and(|load| load.executable && address < load.file_end)
    }

    /// After relocation the loader takes the right to write away. It finds the pages by rounding
    /// the start and the end down.
    fn check_relro(&self, segment: &Segment) -> Result<(), ReadError> {
        let (start, length) = (segment.p_vaddr.get(LE), segment.p_memsz.get(LE));
        let end = start.checked_add(length).map(page_down);
        let load = self.load(start, 0).filter(|load| load.writable);
        match (load, end) {
            (Some(load), Some(end)) if end <= page_up(load.end) => Ok(()),
            _ if length == 0 => Ok(()),
            _ => Err(damaged("what becomes read-only is not a writable segment")),
        }
    }
}

fn of(segments: &[Segment], kind: elf::ProgramType) -> impl Iterator<Item = &Segment> {
    segments
        .iter()
        .filter(move |segment| segment.p_type.get(LE) == kind)
}

fn load(bytes: &Bytes<'_>, segment: &Segment) -> Result<Load, ReadError> {
    let (start, offset) = (segment.p_vaddr.get(LE), segment.p_offset.get(LE));
    let (in_file, in_memory) = (segment.p_filesz.get(LE), segment.p_memsz.get(LE));
    bytes.check(offset, in_file, "a segment")?;
    let align = segment.p_align.get(LE);
    if !align.is_power_of_two()
        || !(PAGE..=ALIGN_LIMIT).contains(&align)
        || start.wrapping_sub(offset) & (align - 1) != 0
    {
        return Err(damaged("a segment does not lie on pages"));
    }
    if in_memory < in_file {
        return Err(damaged("a segment is larger in the file than in memory"));
    }
    let end = start
        .checked_add(in_memory)
        .filter(|end| end.checked_add(PAGE).is_some())
        .ok_or_else(|| damaged("segments share a page, or are not in order"))?;
    let flags = segment.p_flags.get(LE).0;
    if flags & elf::PF_R.0 == 0 && in_memory > 0 {
        return Err(damaged("a segment that cannot be read"));
    }
    Ok(Load {
        start,
        file_end: start + in_file,
        end,
        offset,
        writable: flags & elf::PF_W.0 != 0,
        executable: flags & elf::PF_X.0 != 0,
    })
}

/// The loader reads to the end mark, others to the end that the header tells.
fn check_dynamic(segment: &Segment) -> Result<(), ReadError> {
    if segment.p_memsz.get(LE) == segment.p_filesz.get(LE) {
        Ok(())
    } else {
        Err(damaged("the dynamic segment has two lengths"))
    }
}

fn check_thread_locals(segment: &Segment) -> Result<(), ReadError> {
    let align = segment.p_align.get(LE);
    let whole = segment.p_filesz.get(LE) <= segment.p_memsz.get(LE);
    if whole && align <= TLS_ALIGN_LIMIT && (align == 0 || align.is_power_of_two()) {
        Ok(())
    } else {
        Err(damaged("the segment of thread-local variables"))
    }
}

fn page_down(address: u64) -> u64 {
    address & !(PAGE - 1)
}

/// Ends of segments are checked to leave a page above them.
fn page_up(address: u64) -> u64 {
    page_down(address.saturating_add(PAGE - 1))
}
