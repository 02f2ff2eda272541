//! A file, its facts and its manifests.
//!
//! In: an open file or a path. Out: an [`Artifact`]. Invariant: a file without a good manifest
//! still gives its facts.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use bimetal_terminal::Hint;
use camino::Utf8Path;
use rustix::fs::{Mode, OFlags};
use serde::Serialize;

use super::bytes::Bytes;
use super::elf;
use super::error::ReadError;
use super::facts::{ExportedSymbols, Facts, Form, ObjectType};
use super::form::form;
use super::found::{Found, Section};
use super::library::Library;
use super::size::check_plugin_size;
use crate::frame::{self, FrameError};
use crate::schema::{
    self, ArtifactKind, Component, Language, MAIN_TEXT_LIMIT, Manifest, ParseError, TEXT_LIMIT,
};

/// Most bytes that a manifest section may have.
const SECTION_LIMIT: u64 = (MAIN_TEXT_LIMIT + frame::HEADER + 4096) as u64;

/// A file that was read.
#[derive(Debug)]
pub struct Artifact {
    /// What the object format says.
    pub facts: Facts,
    /// What the builder wrote into it.
    pub manifests: Result<Manifests, ManifestError>,
}

/// The manifest of a plugin, or those of main.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifests {
    /// The text in the section, as it stands there.
    #[serde(skip)]
    pub text: String,
    /// A plugin has one. Main has its Go part, then its Rust part if there is one.
    pub parts: Vec<Manifest>,
}

/// Why an object file has no manifest that could be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("it has no manifest")]
    Missing,
    #[error("it has {count} manifest sections")]
    Several { count: usize },
    #[error("its manifest section has {size} bytes, the limit is {limit}")]
    TooLarge { size: u64, limit: u64 },
    #[error("its manifest section is compressed, empty in the file or outside of it")]
    NotInFile,
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Parse(#[from] ParseError),
    #[error("its manifest is one of {found}, the file is a {expected}")]
    Kind {
        found: &'static str,
        expected: &'static str,
    },
    #[error("its manifests do not say which is the Go part and which the Rust part")]
    Parts,
}

impl Hint for ManifestError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Parse(_) => None,
            _ => {
                Some("build the artifact with `bimetal`, which embeds exactly one manifest".into())
            }
        }
    }
}

/// Reads the artifact in `file`; the descriptor's position does not matter and does not change.
pub fn read(file: &File) -> Result<Artifact, ReadError> {
    let bytes = Bytes::new(file)?;
    check_magic(&bytes)?;
    let Found {
        mut facts,
        section,
        evidence,
    } = elf::read(&bytes)?;
    let has_section = !matches!(section, Section::None);
    facts.form = form(&facts, &evidence, has_section);
    let manifests = manifests(&bytes, &section, facts.form)?;
    Ok(Artifact { facts, manifests })
}

/// Reads the plugin in `file`, unless it is larger than a plugin may be.
pub fn read_plugin(file: &File) -> Result<Artifact, ReadError> {
    check_plugin_size(Bytes::new(file)?.size())?;
    read(file)
}

/// Reads the manifest of the plugin in `file` and little else, whatever the file's size is. The
/// facts are those of the headers, and the form is the one that the manifest claims.
pub fn outline(file: &File) -> Result<Artifact, ReadError> {
    let bytes = Bytes::new(file)?;
    check_plugin_size(bytes.size())?;
    check_magic(&bytes)?;
    let (mut facts, section) = elf::outline(&bytes)?;
    let manifests = manifests(&bytes, &section, facts.form)?;
    if let (ObjectType::Shared, None, Ok(Manifests { parts, .. })) =
        (facts.object_type, &facts.interpreter, &manifests)
    {
        facts.form = match parts.first().map(|part| part.language) {
            Some(Language::Go) => Form::GoPlugin,
            Some(Language::Rust) => Form::RustPlugin,
            None => Form::Other,
        };
    }
    Ok(Artifact { facts, manifests })
}

/// Reads the manifests of the main in `file` and little else. The facts are those of the headers,
/// and the form is what the manifests claim.
pub fn outline_of_main(file: &File) -> Result<Artifact, ReadError> {
    let bytes = Bytes::new(file)?;
    check_magic(&bytes)?;
    let (mut facts, section) = elf::outline(&bytes)?;
    let manifests = manifests(&bytes, &section, Form::Main)?;
    if manifests.is_ok() {
        facts.form = Form::Main;
    }
    Ok(Artifact { facts, manifests })
}

/// Opens and reads the artifact at `path`, which may be a link to a regular file. Neither waits for
/// a pipe nor takes a terminal.
pub fn open(path: &Utf8Path) -> Result<(File, Artifact), ReadError> {
    let file = open_for_reading(path).map_err(|source| ReadError::Open { source })?;
    let artifact = read(&file)?;
    Ok((file, artifact))
}

/// Same as [`open`], for a file that is to be a plugin: a larger one than a plugin may be is not
/// read.
pub fn open_plugin(path: &Utf8Path) -> Result<(File, Artifact), ReadError> {
    let file = open_for_reading(path).map_err(|source| ReadError::Open { source })?;
    let artifact = read_plugin(&file)?;
    Ok((file, artifact))
}

/// Opens `path` for reading without waiting for a writer. The reader finds out whether
/// it is a regular file.
pub fn open_for_reading(path: &Utf8Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(rustix::fs::open(path.as_std_path(), flags, Mode::empty())?.into())
}

/// The exported symbols of `file` that come first by name, at most `limit`.
pub fn exported_symbols(file: &File, limit: usize) -> Result<ExportedSymbols, ReadError> {
    let bytes = Bytes::new(file)?;
    check_magic(&bytes)?;
    elf::exported_symbols(&bytes, limit)
}

/// Reads the ELF library at `path`.
pub fn library(path: &Utf8Path) -> Result<Library, ReadError> {
    let file = open_for_reading(path).map_err(|source| ReadError::Open { source })?;
    elf::library(&Bytes::new(&file)?)
}

impl Artifact {
    /// Same as [`read`].
    pub fn read(file: &File) -> Result<Self, ReadError> {
        read(file)
    }

    /// The part in `language`.
    pub fn manifest(&self, language: Language) -> Option<&Manifest> {
        self.parts().iter().find(|part| part.language == language)
    }

    /// The manifest of a plugin, or the first one of main.
    pub fn first_manifest(&self) -> Option<&Manifest> {
        self.parts().first()
    }

    /// The manifest of a plugin, or those of main; none if they cannot be used.
    pub fn parts(&self) -> &[Manifest] {
        let manifests = self.manifests.as_ref();
        manifests.map_or(&[], |manifests| &manifests.parts)
    }

    /// The one component of a plugin.
    pub fn component(&self) -> Option<&Component> {
        self.first_manifest()?.component.as_ref()
    }

    /// The components that main lists.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.parts().iter().flat_map(|part| &part.components)
    }
}

/// Whether the file starts like ELF; what else it is by its first bytes is said where it can be.
fn check_magic(bytes: &Bytes<'_>) -> Result<(), ReadError> {
    if bytes.size() == 0 {
        return Err(ReadError::Empty);
    }
    let start = bytes.start(16)?;
    match start.as_slice() {
        [0x7f, b'E', b'L', b'F', ..] => Ok(()),
        [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] => Err(ReadError::Unsupported {
            what: "a Mach-O file",
        }),
        [b'M', b'Z', ..] => Err(ReadError::Unsupported {
            what: "a Windows library",
        }),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => Err(ReadError::NotAnObject {
            found: "an archive of objects",
        }),
        [b'#', b'!', ..] => Err(ReadError::NotAnObject { found: "a script" }),
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Err(ReadError::NotAnObject {
                found: "compressed data",
            })
        }
        text if text
            .iter()
            .all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) =>
        {
            Err(ReadError::NotAnObject { found: "text" })
        }
        _ => Err(ReadError::NotAnObject {
            found: "other data",
        }),
    }
}

/// The outer result is about reading the file, the inner one about what stands there.
fn manifests(
    bytes: &Bytes<'_>,
    section: &Section,
    form: Form,
) -> Result<Result<Manifests, ManifestError>, ReadError> {
    let (offset, size) = match *section {
        Section::None => return Ok(Err(ManifestError::Missing)),
        Section::Several(count) => return Ok(Err(ManifestError::Several { count })),
        Section::NotInFile => return Ok(Err(ManifestError::NotInFile)),
        Section::At { offset, size } => (offset, size),
    };
    if size > SECTION_LIMIT {
        return Ok(Err(ManifestError::TooLarge {
            size,
            limit: SECTION_LIMIT,
        }));
    }
    let data = bytes.range(offset, size, "the manifest section", SECTION_LIMIT)?;
    Ok(manifests_in(&data, form))
}

fn manifests_in(data: &[u8], form: Form) -> Result<Manifests, ManifestError> {
    let text = frame::unframe(data)?;
    let parts = if form == Form::Main {
        let parts = schema::parse_main(text)?;
        check_parts(&parts)?;
        parts
    } else {
        if text.len() > TEXT_LIMIT {
            return Err(ParseError::TooLong {
                length: text.len(),
                limit: TEXT_LIMIT,
            }
            .into());
        }
        let manifest = Manifest::parse(text)?;
        if manifest.artifact != ArtifactKind::Plugin {
            return Err(ManifestError::Kind {
                found: "main",
                expected: "library",
            });
        }
        vec![manifest]
    };
    Ok(Manifests {
        text: text.to_owned(),
        parts,
    })
}

/// Main has a Go part first and at most one Rust part after it.
fn check_parts(parts: &[Manifest]) -> Result<(), ManifestError> {
    if parts.iter().any(|part| part.artifact != ArtifactKind::Main) {
        return Err(ManifestError::Kind {
            found: "a plugin",
            expected: "program",
        });
    }
    let languages: Vec<_> = parts.iter().map(|part| part.language).collect();
    match languages.as_slice() {
        [Language::Go] | [Language::Go, Language::Rust] => Ok(()),
        _ => Err(ManifestError::Parts),
    }
}
