//! Mach-O of 64 bits in little-endian order.
//!
//! In: a file that starts like one. Out: its facts and the place of its manifest. Invariant: read
//! for inspection; no plugin of this form has been loaded in a test.

use object::LittleEndian as LE;
use object::macho;
use object::pod;

use super::artifact::{Found, Section};
use super::build_info::{self, BuildInfo};
use super::bytes::Bytes;
use super::elf_headers::table;
use super::elf_symbols::FirstSymbols;
use super::error::ReadError;
use super::facts::{ExportedSymbols, Facts, Form, Format, ObjectType, SymbolKind};
use super::form::Evidence;
use super::go::{self, Scan};
use super::strings::Strings;
use crate::frame::MACHO_SECTION;

const COMMANDS_LIMIT: u32 = 4096;
const COMMANDS_BYTES: u64 = 8 << 20;
const SECTIONS_LIMIT: usize = 65_536;
const SYMBOLS_LIMIT: u64 = 1 << 20;
const CHUNK: u64 = 2048;
const NAMES_LIMIT: usize = 4096;

type Entry = macho::Nlist64<LE>;

/// The load commands of a file.
struct MachO<'b> {
    bytes: &'b Bytes<'b>,
    cpu: macho::CpuType,
    file_type: macho::FileType,
    segments: Vec<macho::SegmentCommand64<LE>>,
    sections: Vec<macho::Section64<LE>>,
    needed: Vec<String>,
    run_paths: Vec<String>,
    symbols: Option<macho::SymtabCommand<LE>>,
}

pub(super) fn read(bytes: &Bytes<'_>) -> Result<Found, ReadError> {
    let file = MachO::new(bytes)?;
    let build_info = file.build_info()?;
    let mut scan = Scan::new(build_info.as_ref());
    file.each_exported(|name, kind, address| {
        scan.exported += 1;
        scan.look(name, kind, address, 0)
    })?;
    let evidence = Evidence {
        is_program: file.file_type == macho::MH_EXECUTE,
        build_mode: build_info
            .as_ref()
            .and_then(|info| info.setting("-buildmode"))
            .map(str::to_owned),
        joins_go: scan.joins_go,
    };
    let offset = |address, length| file.offset(address, length);
    let go = build_info
        .map(|info| go::facts(bytes, info, &scan, offset))
        .transpose()?;
    let section = file.manifest();
    let facts = Facts {
        size: bytes.size(),
        format: Format::MachO,
        machine: match file.cpu {
            macho::CPU_TYPE_X86_64 => "x86_64".to_owned(),
            macho::CPU_TYPE_ARM64 => "aarch64".to_owned(),
            macho::CpuType(number) => format!("mach-o-cpu-{number}"),
        },
        object_type: match file.file_type {
            macho::MH_EXECUTE => ObjectType::Executable,
            macho::MH_DYLIB | macho::MH_BUNDLE => ObjectType::Shared,
            macho::MH_OBJECT => ObjectType::Relocatable,
            _ => ObjectType::Other,
        },
        form: Form::Other,
        interpreter: None,
        needed: file.needed,
        run_paths: file.run_paths,
        loader_requests: Vec::new(),
        glibc: None,
        static_tls: false,
        tls_size: 0,
        // References of a Mach-O file name the library that they are bound to.
        symbolic: true,
        needed_versions: Vec::new(),
        undefined: Vec::new(),
        native_exports: Vec::new(),
        exported: scan.exported,
        plugin_symbols: scan.plugin_symbols,
        comments: Vec::new(),
        go,
    };
    Ok(Found {
        facts,
        section,
        evidence,
    })
}

pub(super) fn exported_symbols(
    bytes: &Bytes<'_>,
    limit: usize,
) -> Result<ExportedSymbols, ReadError> {
    let mut first = FirstSymbols::new(limit);
    MachO::new(bytes)?.each_exported(|name, kind, _| {
        first.add(name, kind);
        Ok(())
    })?;
    Ok(first.finish())
}

impl<'b> MachO<'b> {
    fn new(bytes: &'b Bytes<'b>) -> Result<Self, ReadError> {
        let what = "the Mach-O header";
        let length = size_of::<macho::MachHeader64<LE>>() as u64;
        let start = bytes.range(0, length, what, length)?;
        let header: &macho::MachHeader64<LE> = entry(&start, 0)?;
        let commands = header.ncmds.get(LE);
        if commands > COMMANDS_LIMIT {
            return Err(ReadError::Limit {
                what,
                found: commands.into(),
                limit: COMMANDS_LIMIT.into(),
            });
        }
        let data = bytes.range(
            length,
            header.sizeofcmds.get(LE).into(),
            "the load commands",
            COMMANDS_BYTES,
        )?;
        let mut file = Self {
            bytes,
            cpu: header.cputype.get(LE),
            file_type: header.filetype.get(LE),
            segments: Vec::new(),
            sections: Vec::new(),
            needed: Vec::new(),
            run_paths: Vec::new(),
            symbols: None,
        };
        let mut at = 0;
        for _ in 0..commands {
            let command: &macho::LoadCommand<LE> = entry(&data, at)?;
            let size = usize::try_from(command.cmdsize.get(LE)).map_err(|_| damaged())?;
            let end = at
                .checked_add(size.max(size_of::<macho::LoadCommand<LE>>()))
                .ok_or_else(damaged)?;
            file.take(command.cmd.get(LE), data.get(at..end).ok_or_else(damaged)?)?;
            at = end;
        }
        Ok(file)
    }

    fn take(&mut self, kind: macho::LoadCommandType, data: &[u8]) -> Result<(), ReadError> {
        match kind {
            macho::LC_SEGMENT_64 => self.segment(data)?,
            macho::LC_SYMTAB => {
                let symbols: &macho::SymtabCommand<LE> = entry(data, 0)?;
                if self.symbols.replace(*symbols).is_some() {
                    return Err(damaged());
                }
            }
            macho::LC_LOAD_DYLIB
            | macho::LC_LOAD_WEAK_DYLIB
            | macho::LC_REEXPORT_DYLIB
            | macho::LC_LAZY_LOAD_DYLIB
            | macho::LC_LOAD_UPWARD_DYLIB => {
                let library: &macho::DylibCommand<LE> = entry(data, 0)?;
                self.needed
                    .push(text(data, library.dylib.name.offset.get(LE))?);
            }
            macho::LC_RPATH => {
                let path: &macho::RpathCommand<LE> = entry(data, 0)?;
                self.run_paths.push(text(data, path.path.offset.get(LE))?);
            }
            _ => {}
        }
        Ok(())
    }

    fn segment(&mut self, data: &[u8]) -> Result<(), ReadError> {
        let segment: &macho::SegmentCommand64<LE> = entry(data, 0)?;
        self.bytes.check(
            segment.fileoff.get(LE),
            segment.filesize.get(LE),
            "a segment",
        )?;
        self.segments.push(*segment);
        let count = usize::try_from(segment.nsects.get(LE)).map_err(|_| damaged())?;
        if self.sections.len().saturating_add(count) > SECTIONS_LIMIT {
            return Err(ReadError::Limit {
                what: "the sections",
                found: count as u64,
                limit: SECTIONS_LIMIT as u64,
            });
        }
        let rest = &data[size_of::<macho::SegmentCommand64<LE>>()..];
        let (sections, _) =
            pod::slice_from_bytes::<macho::Section64<LE>>(rest, count).map_err(|()| damaged())?;
        self.sections.extend_from_slice(sections);
        Ok(())
    }

    fn offset(&self, address: u64, length: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let inside = address.checked_sub(segment.vmaddr.get(LE))?;
            let end = inside.checked_add(length)?;
            if end > segment.filesize.get(LE) {
                None
            } else {
                segment.fileoff.get(LE).checked_add(inside)
            }
        })
    }

    fn build_info(&self) -> Result<Option<BuildInfo>, ReadError> {
        let found = self
            .sections
            .iter()
            .find(|section| fixed(&section.sectname) == build_info::MACHO_SECTION.as_bytes());
        let Some(section) = found.filter(|section| has_bytes(section)) else {
            return Ok(None);
        };
        build_info::read(
            self.bytes,
            section.offset.get(LE).into(),
            section.size.get(LE),
        )
        .map(Some)
    }

    fn manifest(&self) -> Section {
        let (segment, name) = MACHO_SECTION;
        let is_ours = |section: &&macho::Section64<LE>| {
            fixed(&section.segname) == segment.as_bytes()
                && fixed(&section.sectname) == name.as_bytes()
        };
        let mut found = self.sections.iter().filter(is_ours);
        let Some(section) = found.next() else {
            return Section::None;
        };
        match 1 + found.count() {
            1 if has_bytes(section) && section.size.get(LE) > 0 => Section::At {
                offset: section.offset.get(LE).into(),
                size: section.size.get(LE),
            },
            1 => Section::NotInFile,
            count => Section::Several(count),
        }
    }

    /// Every exported symbol, without the underscore that all names have.
    fn each_exported(
        &self,
        mut visit: impl FnMut(&[u8], SymbolKind, u64) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let what = "the symbols";
        let Some(symbols) = &self.symbols else {
            return Ok(());
        };
        let count = u64::from(symbols.nsyms.get(LE));
        if count > SYMBOLS_LIMIT {
            return Err(ReadError::Limit {
                what,
                found: count,
                limit: SYMBOLS_LIMIT,
            });
        }
        let mut strings = Strings::new(
            self.bytes,
            symbols.stroff.get(LE).into(),
            symbols.strsize.get(LE).into(),
        )?;
        let start = u64::from(symbols.symoff.get(LE));
        let mut done = 0;
        while done < count {
            let part = CHUNK.min(count - done);
            let entries: Vec<Entry> = table(
                self.bytes,
                start + done * size_of::<Entry>() as u64,
                part,
                what,
                CHUNK,
            )?;
            for entry in entries.iter().filter(|entry| is_exported(entry)) {
                let name = strings.get(entry.n_strx.get(LE).into())?;
                visit(
                    name.strip_prefix(b"_").unwrap_or(name),
                    self.kind(entry),
                    entry.n_value.get(LE),
                )?;
            }
            done += part;
        }
        Ok(())
    }

    fn kind(&self, entry: &Entry) -> SymbolKind {
        let section = usize::from(entry.n_sect)
            .checked_sub(1)
            .and_then(|index| self.sections.get(index));
        let code = macho::S_ATTR_PURE_INSTRUCTIONS.0 | macho::S_ATTR_SOME_INSTRUCTIONS.0;
        match section {
            Some(section) if section.flags.get(LE).0 & code != 0 => SymbolKind::Function,
            Some(_) => SymbolKind::Object,
            None => SymbolKind::Other,
        }
    }
}

fn is_exported(entry: &Entry) -> bool {
    let kind = entry.n_type;
    !kind.is_stab() && kind.is_ext() && !kind.is_pext() && kind.typ() == macho::N_SECT
}

fn has_bytes(section: &macho::Section64<LE>) -> bool {
    section.flags.get(LE).0 & macho::SECTION_TYPE != u32::from(macho::S_ZEROFILL.0)
}

fn fixed(name: &[u8; 16]) -> &[u8] {
    name.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn text(data: &[u8], offset: u32) -> Result<String, ReadError> {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|offset| data.get(offset..))
        .ok_or_else(damaged)?;
    let text = rest.split(|&byte| byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(&text[..text.len().min(NAMES_LIMIT)]).into_owned())
}

fn entry<T: pod::Pod>(data: &[u8], at: usize) -> Result<&T, ReadError> {
    let rest = data.get(at..).ok_or_else(damaged)?;
    pod::from_bytes(rest)
        .map(|(entry, _)| entry)
        .map_err(|()| damaged())
}

fn damaged() -> ReadError {
    ReadError::Malformed {
        what: "the load commands",
    }
}
