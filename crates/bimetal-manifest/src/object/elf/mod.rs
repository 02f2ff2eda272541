//! ELF of 64 bits in little-endian order.
//!
//! In: a file that starts like one. Out: its facts and the place of its manifest. Invariant: what
//! is compared is read through the [`image`] that the loader makes of the file, by address. Section
//! headers lead only to what is never loaded; where they tell of the rest, they have to agree.

mod agreement;
mod dynamic;
mod hash;
mod headers;
mod image;
mod relocations;
mod symbols;
mod table;
mod versions;

use object::LittleEndian as LE;
use object::elf;

use self::dynamic::Dynamic;
use self::hash::Hashes;
use self::headers::{Elf, in_file};
use self::symbols::{Strict, Symbols};
use crate::frame;
use crate::object::build_info::BuildInfo;
use crate::object::bytes::Bytes;
use crate::object::error::ReadError;
use crate::object::facts::{ExportedSymbols, Facts, Form, Format, ObjectType};
use crate::object::form::Evidence;
use crate::object::found::{Found, Section};
use crate::object::go::Scan;
use crate::object::library::Library;
use crate::object::{build_info, go};

const PATH_LIMIT: u64 = 4096;
const COMMENT_LIMIT: u64 = 64 << 10;
const COMMENTS_LIMIT: usize = 64;

pub(super) fn read(bytes: &Bytes<'_>) -> Result<Found, ReadError> {
    let elf = Elf::new(bytes)?;
    let mut dynamic = dynamic::read(&elf)?;
    let interpreter = elf.interpreter()?;
    let is_library = interpreter.is_none() && elf.file_type == elf::ET_DYN && !dynamic.is_program();
    let build_info = elf.build_info()?;
    let hashes = Hashes::read(&elf, &mut dynamic)?;
    let symbols = Symbols::find(&elf, &mut dynamic, hashes.count)?;
    let scan = Scan::new(build_info.as_ref());
    let (scan, static_tls) = if is_library {
        let relocations = relocations::read(&elf, &mut dynamic)?;
        let strict = Strict {
            hashes,
            relocations: &relocations,
        };
        let scan = symbols::scan(&elf, &dynamic, &symbols, Some(&strict), scan)?;
        agreement::check(&elf, &dynamic, symbols.count)?;
        (scan, relocations.static_tls)
    } else {
        let scan = symbols::scan(&elf, &dynamic, &symbols, None, scan)?;
        (scan, false)
    };
    let evidence = Evidence {
        is_program: elf.file_type == elf::ET_EXEC || (elf.file_type == elf::ET_DYN && !is_library),
        build_mode: build_info
            .as_ref()
            .and_then(|info| info.setting("-buildmode"))
            .map(str::to_owned),
        joins_go: scan.joins_go,
    };
    let go = build_info
        .map(|info| {
            go::facts(bytes, info, &scan, |address, length| {
                elf.image.offset(address, length)
            })
        })
        .transpose()?;
    let glibc = dynamic.glibc();
    let (symbolic, static_tls) = (dynamic.symbolic(), static_tls || dynamic.static_tls());
    let mut loader_requests = dynamic.requests;
    loader_requests.extend(elf.writable_code());
    let facts = Facts {
        interpreter,
        needed: dynamic.needed,
        run_paths: dynamic.run_paths,
        soname: dynamic.soname,
        loader_requests,
        glibc,
        static_tls,
        tls_size: elf
            .segment(elf::PT_TLS)
            .map_or(0, |segment| segment.p_memsz.get(LE)),
        symbolic,
        needed_versions: dynamic.versions.into_values().collect(),
        undefined: scan.undefined,
        native_exports: scan.native_exports.into_sorted(),
        exported: scan.exported,
        plugin_symbols: scan.plugin_symbols,
        comments: elf.comments()?,
        go,
        ..headers(&elf)
    };
    Ok(Found {
        facts,
        section: elf.manifest(),
        evidence,
    })
}

/// What the headers say, and where the manifest is.
pub(super) fn outline(bytes: &Bytes<'_>) -> Result<(Facts, Section), ReadError> {
    let elf = Elf::new(bytes)?;
    let facts = Facts {
        interpreter: elf.interpreter()?,
        ..headers(&elf)
    };
    Ok((facts, elf.manifest()))
}

fn headers(elf: &Elf<'_>) -> Facts {
    Facts {
        size: elf.bytes.size(),
        format: Format::Elf,
        machine: machine(elf.machine),
        object_type: match elf.file_type {
            elf::ET_EXEC => ObjectType::Executable,
            elf::ET_DYN => ObjectType::Shared,
            elf::ET_REL => ObjectType::Relocatable,
            _ => ObjectType::Other,
        },
        form: Form::Other,
        interpreter: None,
        needed: Vec::new(),
        run_paths: Vec::new(),
        soname: None,
        loader_requests: Vec::new(),
        glibc: None,
        static_tls: false,
        tls_size: 0,
        symbolic: false,
        needed_versions: Vec::new(),
        undefined: Vec::new(),
        native_exports: Vec::new(),
        exported: 0,
        plugin_symbols: Vec::new(),
        comments: Vec::new(),
        go: None,
    }
}

pub(super) fn exported_symbols(
    bytes: &Bytes<'_>,
    limit: usize,
) -> Result<ExportedSymbols, ReadError> {
    let elf = Elf::new(bytes)?;
    let mut dynamic = dynamic::read(&elf)?;
    let symbols = counted(&elf, &mut dynamic)?;
    symbols::exported(&elf, &dynamic, &symbols, limit)
}

pub(super) fn library(bytes: &Bytes<'_>) -> Result<Library, ReadError> {
    let elf = Elf::new(bytes)?;
    let mut dynamic = dynamic::read(&elf)?;
    let symbols = counted(&elf, &mut dynamic)?;
    Ok(Library {
        machine: machine(elf.machine),
        exports: symbols::exported_versions(&elf, &dynamic, &symbols)?,
        needed: dynamic.needed,
        versions: dynamic.own_versions.into_values().collect(),
    })
}

fn counted(elf: &Elf<'_>, dynamic: &mut Dynamic) -> Result<Symbols, ReadError> {
    let hashes = Hashes::read(elf, dynamic)?;
    Symbols::find(elf, dynamic, hashes.count)
}

impl Elf<'_> {
    fn interpreter(&self) -> Result<Option<String>, ReadError> {
        let Some(segment) = self.segment(elf::PT_INTERP) else {
            return Ok(None);
        };
        let what = "the name of the loader";
        let bytes = self.bytes.range(
            segment.p_offset.get(LE),
            segment.p_filesz.get(LE),
            what,
            PATH_LIMIT,
        )?;
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    fn comments(&self) -> Result<Vec<String>, ReadError> {
        let Some(section) = self
            .sections_named(".comment")
            .find(|section| in_file(section))
        else {
            return Ok(Vec::new());
        };
        let length = section.sh_size.get(LE).min(COMMENT_LIMIT);
        let bytes = self.bytes.range(
            section.sh_offset.get(LE),
            length,
            "the section `.comment`",
            COMMENT_LIMIT,
        )?;
        let mut comments = Vec::new();
        for text in bytes
            .split(|&byte| byte == 0)
            .filter(|text| !text.is_empty())
        {
            let text = String::from_utf8_lossy(text).into_owned();
            if comments.len() < COMMENTS_LIMIT && !comments.contains(&text) {
                comments.push(text);
            }
        }
        Ok(comments)
    }

    fn build_info(&self) -> Result<Option<BuildInfo>, ReadError> {
        let Some(section) = self
            .sections_named(build_info::SECTION)
            .find(|section| in_file(section))
        else {
            return Ok(None);
        };
        build_info::read(
            self.bytes,
            section.sh_offset.get(LE),
            section.sh_size.get(LE),
        )
        .map(Some)
    }

    fn manifest(&self) -> Section {
        let mut found = self.sections_named(frame::SECTION);
        let Some(section) = found.next() else {
            return Section::None;
        };
        let count = 1 + found.count();
        if count > 1 {
            Section::Several(count)
        } else if !in_file(section) || section.sh_size.get(LE) == 0 {
            Section::NotInFile
        } else {
            Section::At {
                offset: section.sh_offset.get(LE),
                size: section.sh_size.get(LE),
            }
        }
    }

    /// Memory to write and execute. The loader makes every stack executable for a file that does
    /// not say that it needs none; it looks at no other bit.
    fn writable_code(&self) -> impl Iterator<Item = String> {
        let both = elf::PF_W.0 | elf::PF_X.0;
        let code = self.segments.iter().any(|segment| {
            segment.p_type.get(LE) == elf::PT_LOAD && segment.p_flags.get(LE).0 & both == both
        });
        let stack = self
            .segment(elf::PT_GNU_STACK)
            .is_none_or(|segment| segment.p_flags.get(LE).0 & elf::PF_X.0 != 0);
        let code = code.then(|| "a segment to write and execute".to_owned());
        let stack = stack.then(|| "an executable stack".to_owned());
        code.into_iter().chain(stack)
    }
}

/// The first part of Rust's target triple.
fn machine(machine: elf::Machine) -> String {
    match machine {
        elf::EM_X86_64 => "x86_64".to_owned(),
        elf::EM_AARCH64 => "aarch64".to_owned(),
        elf::EM_RISCV => "riscv64gc".to_owned(),
        elf::EM_PPC64 => "powerpc64le".to_owned(),
        elf::EM_LOONGARCH => "loongarch64".to_owned(),
        elf::Machine(number) => format!("elf-machine-{number}"),
    }
}
