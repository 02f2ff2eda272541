//! Mach-O files, written by the `object` crate. No plugin of this form has been loaded.

use bimetal_manifest::compat::open_questions;
use bimetal_manifest::frame::{MACHO_SECTION, frame};
use bimetal_manifest::object::{Format, SymbolKind, exported_symbols, read as read_file};
use bimetal_manifest::schema::Policy;
use bimetal_manifest::{Form, ManifestError, compare};
use object::write::{MachOBuildVersion, Object, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolScope};

use crate::fixture::{fixtures, read, temporary};

const DYLIB: u32 = 6;

fn dylib(manifests: &[&[u8]]) -> Vec<u8> {
    let mut object = Object::new(
        BinaryFormat::MachO,
        Architecture::Aarch64,
        Endianness::Little,
    );
    let mut version = MachOBuildVersion::default();
    version.platform = object::macho::PLATFORM_MACOS;
    object.set_macho_build_version(version);
    let text = object.add_section(b"__TEXT".to_vec(), b"__text".to_vec(), SectionKind::Text);
    let offset = object.append_section_data(text, &[0xc0, 0x03, 0x5f, 0xd6], 4);
    for (name, scope) in [
        ("otelcol_processor_new_factory", SymbolScope::Dynamic),
        ("hidden", SymbolScope::Linkage),
    ] {
        object.add_symbol(Symbol {
            name: name.as_bytes().to_vec(),
            value: offset,
            size: 4,
            kind: object::SymbolKind::Text,
            scope,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    for data in manifests {
        let (segment, name) = MACHO_SECTION;
        let section = object.add_section(segment.into(), name.into(), SectionKind::Data);
        object.append_section_data(section, data, 8);
    }
    let mut bytes = object.write().unwrap();
    bytes[12..16].copy_from_slice(&DYLIB.to_le_bytes());
    bytes
}

#[test]
fn manifest_symbols_and_form_are_read() {
    let text = read(&fixtures().rust_plugin).manifests.unwrap().text;
    let file = temporary(&dylib(&[&frame(&text)]));
    let artifact = read_file(&file).unwrap();
    assert_eq!(
        (artifact.facts.format, artifact.facts.machine.as_str()),
        (Format::MachO, "aarch64")
    );
    assert_eq!(artifact.facts.form, Form::RustPlugin);
    assert_eq!(artifact.component().unwrap().type_name, "crab");
    let symbols = exported_symbols(&file, 10).unwrap();
    assert_eq!(symbols.symbols.len(), 1, "{symbols:?}");
    assert_eq!(symbols.symbols[0].name, "otelcol_processor_new_factory");
    assert_eq!(symbols.symbols[0].kind, SymbolKind::Function);
    let main = read(&fixtures().main);
    assert!(!compare(&main, &artifact, Policy::Abi).is_empty());
    assert!(!open_questions(&main, &artifact, Policy::Abi).is_empty());
}

#[test]
fn several_or_no_manifests_are_named() {
    let one = frame("{}");
    let manifests = |sections: &[&[u8]]| read_file(&temporary(&dylib(sections))).unwrap().manifests;
    assert_eq!(manifests(&[]), Err(ManifestError::Missing));
    assert_eq!(
        manifests(&[&one, &one]),
        Err(ManifestError::Several { count: 2 })
    );
}

#[test]
fn a_file_cut_anywhere_is_no_panic_and_every_byte_can_be_wrong() {
    let whole = dylib(&[&frame("{}")]);
    for end in 0..whole.len() {
        let _ = read_file(&temporary(&whole[..end]));
    }
    let mut changed = whole.clone();
    for place in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            changed[place] = value;
            let file = temporary(&changed);
            let _ = (read_file(&file), exported_symbols(&file, 10));
        }
        changed[place] = whole[place];
    }
}
