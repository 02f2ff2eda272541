//! Changes one thing in a copy of a real artifact.
//!
//! In: a file that the builder made. Out: the same file with one byte of code, one value of its
//! manifest or one package hash changed. Invariant: everything else keeps its place, so what a
//! reader notices is the change and not a broken file.

use std::io;

use bimetal_manifest::frame::{frame, unframe};
use camino::Utf8Path;
use fs_err as fs;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection, ObjectSegment, ObjectSymbol};
use serde_json::Value;

/// Section that holds the manifest.
const MANIFEST_SECTION: &str = ".otelcol.manifest";

/// Why a file could not be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum TamperError {
    /// The file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file has not what was to be changed.
    #[error("no {what} in the file")]
    Missing {
        /// What was looked for.
        what: String,
    },
    /// The changed manifest does not fit into its section.
    #[error("the changed manifest needs {needed} bytes, the section has {available}")]
    TooLong {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        available: usize,
    },
}

/// Flips one bit in the middle of the machine code.
pub fn flip_code_byte(file: &Utf8Path) -> Result<(), TamperError> {
    edit(file, |bytes| {
        let (start, length) = section(bytes, ".text")?;
        bytes[start + length / 2] ^= 1;
        Ok(())
    })
}

/// The manifest as it stands in the file.
pub fn manifest(file: &Utf8Path) -> Result<Value, TamperError> {
    let bytes = fs::read(file)?;
    let (start, length) = section(&bytes, MANIFEST_SECTION)?;
    let text = unframe(&bytes[start..start + length]).map_err(|_| missing("manifest"))?;
    serde_json::from_str(text).map_err(|_| missing("manifest"))
}

/// Sets the value at a JSON pointer of the manifest; of the Go part if it is main's.
pub fn set_in_manifest(file: &Utf8Path, pointer: &str, value: Value) -> Result<(), TamperError> {
    edit_manifest(file, |manifest| {
        let place = manifest
            .pointer_mut(pointer)
            .ok_or_else(|| missing(pointer))?;
        *place = value;
        Ok(())
    })
}

/// Gives the dependency `name` another hash of the same form.
pub fn change_dependency(file: &Utf8Path, name: &str) -> Result<(), TamperError> {
    edit_manifest(file, |manifest| {
        let hash = manifest
            .get_mut("dependency_hashes")
            .and_then(|hashes| hashes.get_mut(name))
            .ok_or_else(|| missing(name))?;
        let text = hash.as_str().ok_or_else(|| missing(name))?;
        let (form, digits) = text.split_once(':').ok_or_else(|| missing(name))?;
        *hash = Value::String(format!(
            "{form}:{}",
            digits.chars().rev().collect::<String>()
        ));
        Ok(())
    })
}

/// Changes the hash that Go's linker recorded for `package`.
pub fn change_package_hash(file: &Utf8Path, package: &str) -> Result<(), TamperError> {
    let name = format!("go:link.pkghashbytes.{package}");
    edit(file, |bytes| {
        let elf = parse(bytes)?;
        let address = elf
            .dynamic_symbols()
            .find(|symbol| symbol.name() == Ok(&name))
            .ok_or_else(|| missing(&name))?
            .address();
        let offset = elf
            .segments()
            .find_map(|segment| {
                let inside = address.checked_sub(segment.address())?;
                let (start, length) = segment.file_range();
                (inside < length).then_some(start + inside)
            })
            .and_then(|offset| usize::try_from(offset).ok())
            .ok_or_else(|| missing(&name))?;
        bytes[offset] ^= 1;
        Ok(())
    })
}

fn edit_manifest(
    file: &Utf8Path,
    change: impl FnOnce(&mut Value) -> Result<(), TamperError>,
) -> Result<(), TamperError> {
    edit(file, |bytes| {
        let (start, length) = section(bytes, MANIFEST_SECTION)?;
        let text = unframe(&bytes[start..start + length]).map_err(|_| missing("manifest"))?;
        let mut manifest: Value = serde_json::from_str(text).map_err(|_| missing("manifest"))?;
        change(&mut manifest)?;
        let framed = frame(&manifest.to_string());
        if framed.len() > length {
            return Err(TamperError::TooLong {
                needed: framed.len(),
                available: length,
            });
        }
        bytes[start..start + framed.len()].copy_from_slice(&framed);
        bytes[start + framed.len()..start + length].fill(0);
        Ok(())
    })
}

fn edit(
    file: &Utf8Path,
    change: impl FnOnce(&mut [u8]) -> Result<(), TamperError>,
) -> Result<(), TamperError> {
    let mut bytes = fs::read(file)?;
    change(&mut bytes)?;
    // A new file, not the old one written over: the old one may be mapped by a Collector that runs.
    let mode = fs::metadata(file)?.permissions();
    fs::remove_file(file)?;
    fs::write(file, bytes)?;
    fs::set_permissions(file, mode)?;
    Ok(())
}

fn section(bytes: &[u8], name: &str) -> Result<(usize, usize), TamperError> {
    let (start, length) = parse(bytes)?
        .section_by_name(name)
        .and_then(|section| section.file_range())
        .ok_or_else(|| missing(name))?;
    let range = usize::try_from(start)
        .ok()
        .zip(usize::try_from(length).ok());
    range.ok_or_else(|| missing(name))
}

fn parse(bytes: &[u8]) -> Result<ElfFile64<'_, Endianness>, TamperError> {
    ElfFile64::parse(bytes).map_err(|_| missing("ELF header"))
}

fn missing(what: &str) -> TamperError {
    TamperError::Missing {
        what: what.to_owned(),
    }
}
