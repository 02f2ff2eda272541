//! Copies of plugins with one thing wrong.
//!
//! In: an artifact. Out: a copy. Invariant: only the named thing differs.

use camino::Utf8Path;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// Copies `from` with every `old` inside its manifest section replaced by `new` of the same length.
pub(crate) fn with_manifest_text(from: &Utf8Path, to: &Utf8Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len(), "the section keeps its size");
    let mut bytes = fs_err::read(from).unwrap();
    let (start, size) = section(&bytes, bimetal_manifest::frame::SECTION);
    let text = &mut bytes[start..start + size];
    let place = text
        .windows(old.len())
        .position(|window| window == old.as_bytes())
        .expect("the text is in the manifest");
    text[place..place + new.len()].copy_from_slice(new.as_bytes());
    fs_err::write(to, bytes).unwrap();
}

/// Copies `from` with another hash for the Go package `package`.
pub(crate) fn with_package_hash(from: &Utf8Path, to: &Utf8Path, package: &str) {
    let mut bytes = fs_err::read(from).unwrap();
    let place = {
        let file = object::File::parse(&*bytes).unwrap();
        let name = format!("go:link.pkghashbytes.{package}");
        let symbol = file
            .dynamic_symbols()
            .find(|symbol| symbol.name() == Ok(&name))
            .expect("the package is in the plugin");
        let section = file
            .section_by_index(symbol.section_index().unwrap())
            .unwrap();
        let (offset, _) = section.file_range().unwrap();
        usize::try_from(offset + symbol.address() - section.address()).unwrap()
    };
    bytes[place] ^= 0xff;
    fs_err::write(to, bytes).unwrap();
}

/// Copies `from` with another hash for every Go package; gives their names.
pub(crate) fn with_package_hashes(from: &Utf8Path, to: &Utf8Path) -> Vec<String> {
    let mut bytes = fs_err::read(from).unwrap();
    let mut places = Vec::new();
    {
        let file = object::File::parse(&*bytes).unwrap();
        for symbol in file.dynamic_symbols() {
            let name = symbol.name().unwrap();
            let Some(package) = name.strip_prefix("go:link.pkghashbytes.") else {
                continue;
            };
            let section = file
                .section_by_index(symbol.section_index().unwrap())
                .unwrap();
            let (offset, _) = section.file_range().unwrap();
            let place = offset + symbol.address() - section.address();
            // What main does not have is compared with nothing.
            if !package.starts_with("bimetal.test/") {
                places.push((package.to_owned(), usize::try_from(place).unwrap()));
            }
        }
    }
    for (_, place) in &places {
        bytes[*place] ^= 0xff;
    }
    fs_err::write(to, bytes).unwrap();
    places.into_iter().map(|(package, _)| package).collect()
}

/// Copies the first half of `from`.
pub(crate) fn truncated(from: &Utf8Path, to: &Utf8Path) {
    let bytes = fs_err::read(from).unwrap();
    fs_err::write(to, &bytes[..bytes.len() / 2]).unwrap();
}

/// Copies `from` and flips one bit of its code.
pub(crate) fn with_changed_code(from: &Utf8Path, to: &Utf8Path) {
    let mut bytes = fs_err::read(from).unwrap();
    let (start, size) = section(&bytes, ".text");
    bytes[start + size / 2] ^= 1;
    fs_err::write(to, bytes).unwrap();
}

fn section(bytes: &[u8], name: &str) -> (usize, usize) {
    let file = object::File::parse(bytes).unwrap();
    let section = file.section_by_name(name).expect("the section is there");
    let (offset, size) = section.file_range().unwrap();
    (
        usize::try_from(offset).unwrap(),
        usize::try_from(size).unwrap(),
    )
}
