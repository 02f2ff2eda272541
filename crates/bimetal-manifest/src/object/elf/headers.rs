//! The tables that an ELF file starts from.
//!
//! In: a file. Out: [`Elf`]: program headers, section headers, section names. Invariant: what lies
//! outside of the file, is too large or could be loaded in two ways gives an error.

use object::LittleEndian as LE;
use object::elf;
use object::pod;

use super::image::{Image, Segment};
use super::table::table;
use crate::object::bytes::Bytes;
use crate::object::error::ReadError;

const SEGMENTS_LIMIT: u64 = 4096;
const SECTIONS_LIMIT: u64 = 65_536;
const NAMES_LIMIT: u64 = 1 << 20;

pub(super) type SectionHeader = elf::SectionHeader64<LE>;

/// The headers of a file.
pub(super) struct Elf<'b> {
    pub(super) bytes: &'b Bytes<'b>,
    pub(super) machine: elf::Machine,
    pub(super) file_type: elf::FileType,
    pub(super) segments: Vec<Segment>,
    pub(super) image: Image,
    sections: Vec<SectionHeader>,
    names: Vec<u8>,
}

impl<'b> Elf<'b> {
    pub(super) fn new(bytes: &'b Bytes<'b>) -> Result<Self, ReadError> {
        let ident = bytes.start(16)?;
        match (ident.get(4), ident.get(5)) {
            (Some(2), Some(1)) => {}
            (Some(1 | 2), Some(1 | 2)) => {
                return Err(ReadError::Unsupported {
                    what: "an ELF file of 32 bits or in big-endian order",
                });
            }
            (Some(_), Some(_)) => {
                return Err(ReadError::Malformed {
                    what: "the ELF header",
                });
            }
            _ => {
                return Err(ReadError::Truncated {
                    what: "the ELF header",
                    end: 64,
                    size: bytes.size(),
                });
            }
        }
        check_ident(&ident)?;
        let start = bytes.range(0, 64, "the ELF header", 64)?;
        let (header, _) = pod::from_bytes::<elf::FileHeader64<LE>>(&start).map_err(|()| {
            ReadError::Malformed {
                what: "the ELF header",
            }
        })?;
        if header.e_version.get(LE) != u32::from(elf::EV_CURRENT.0) {
            return Err(ReadError::Malformed {
                what: "the ELF header",
            });
        }
        let segments = segments(bytes, header)?;
        let image = Image::new(bytes, &segments)?;
        let sections = sections(bytes, header)?;
        let names = section_names(bytes, header, &sections)?;
        Ok(Self {
            bytes,
            machine: header.e_machine.get(LE),
            file_type: header.e_type.get(LE),
            image,
            segments,
            sections,
            names,
        })
    }

    /// The first segment of `kind`.
    pub(super) fn segment(&self, kind: elf::ProgramType) -> Option<&Segment> {
        self.segments
            .iter()
            .find(|segment| segment.p_type.get(LE) == kind)
    }

    pub(super) fn sections(&self) -> impl Iterator<Item = &SectionHeader> {
        self.sections.iter()
    }

    pub(super) fn sections_named(&self, name: &str) -> impl Iterator<Item = &SectionHeader> {
        self.sections
            .iter()
            .filter(move |section| self.name(section) == Some(name.as_bytes()))
    }

    fn name(&self, section: &SectionHeader) -> Option<&[u8]> {
        let start = usize::try_from(section.sh_name.get(LE)).ok()?;
        let rest = self.names.get(start..)?;
        rest.split(|&byte| byte == 0).next()
    }
}

/// The section has bytes in the file, and they are what they seem.
pub(super) fn in_file(section: &SectionHeader) -> bool {
    section.sh_type.get(LE) != elf::SHT_NOBITS
        && section.sh_flags.get(LE).0 & elf::SHF_COMPRESSED.0 == 0
}

/// What the loader looks at before anything else: version of the format, operating system, and that
/// the rest of the mark, with the version of the system's ABI, is empty.
fn check_ident(ident: &[u8]) -> Result<(), ReadError> {
    let version = ident.get(6) == Some(&elf::EV_CURRENT.0);
    let system = ident.get(7).copied().unwrap_or_default();
    if version
        && ident
            .get(8..)
            .is_none_or(|rest| rest.iter().all(|&byte| byte == 0))
    {
        if [elf::ELFOSABI_SYSV.0, elf::ELFOSABI_GNU.0].contains(&system) {
            return Ok(());
        }
        return Err(ReadError::Unsupported {
            what: "an ELF file for another operating system",
        });
    }
    Err(ReadError::Malformed {
        what: "the ELF header",
    })
}

fn segments(bytes: &Bytes<'_>, header: &elf::FileHeader64<LE>) -> Result<Vec<Segment>, ReadError> {
    let what = "the program headers";
    let count = u64::from(header.e_phnum.get(LE));
    if count == 0 {
        return Ok(Vec::new());
    }
    if usize::from(header.e_phentsize.get(LE)) != size_of::<Segment>() {
        return Err(ReadError::Malformed { what });
    }
    table(bytes, header.e_phoff.get(LE), count, what, SEGMENTS_LIMIT)
}

fn sections(
    bytes: &Bytes<'_>,
    header: &elf::FileHeader64<LE>,
) -> Result<Vec<SectionHeader>, ReadError> {
    let what = "the section headers";
    let offset = header.e_shoff.get(LE);
    if offset == 0 {
        return Ok(Vec::new());
    }
    if usize::from(header.e_shentsize.get(LE)) != size_of::<SectionHeader>() {
        return Err(ReadError::Malformed { what });
    }
    let mut count = u64::from(header.e_shnum.get(LE));
    if count == 0 {
        // A count that does not fit its field stands in the first header.
        let first: Vec<SectionHeader> = table(bytes, offset, 1, what, 1)?;
        count = first.first().map_or(0, |section| section.sh_size.get(LE));
    }
    table(bytes, offset, count, what, SECTIONS_LIMIT)
}

fn section_names(
    bytes: &Bytes<'_>,
    header: &elf::FileHeader64<LE>,
    sections: &[SectionHeader],
) -> Result<Vec<u8>, ReadError> {
    let what = "the section names";
    let Some(first) = sections.first() else {
        return Ok(Vec::new());
    };
    let index = match header.e_shstrndx.get(LE) {
        elf::SHN_XINDEX => usize::try_from(first.sh_link.get(LE)).unwrap_or(usize::MAX),
        index => usize::from(index.0),
    };
    let section = sections
        .get(index)
        .filter(|section| in_file(section))
        .ok_or(ReadError::Malformed { what })?;
    bytes.range(
        section.sh_offset.get(LE),
        section.sh_size.get(LE),
        what,
        NAMES_LIMIT,
    )
}
