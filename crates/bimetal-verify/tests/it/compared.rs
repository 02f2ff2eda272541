//! One value changed in a real plugin, at its place in the file: every one that matters is refused.

use bimetal_manifest::frame::{HEADER, frame};
use bimetal_manifest::object::read as read_file;
use bimetal_manifest::schema::Policy;
use bimetal_manifest::{Artifact, ReadError};
use bimetal_verify::{Mismatch, compare};
use camino::Utf8Path;
use object::read::elf::{FileHeader as _, Sym as _};
use object::{LittleEndian as LE, elf};
use serde_json::Value;

use crate::fixture::{fixtures, main, read, temporary, write_at};

/// Keys of the manifest that say something and are compared with nothing. A key that is not here is
/// compared. The type is one of them because it has to differ from every other one, not equal it.
const RECORDED: &[&str] = &[
    "/build_time",
    "/component/module",
    "/component/signals/logs",
    "/component/type",
    "/dependencies/0/hash",
    "/dependencies/0/name",
    "/dependencies/0/source",
    "/dependencies/0/version",
    "/schema_version",
    "/toolchain/text",
];

/// Those of a Rust plugin beside them: Go's variables.
const RECORDED_IN_RUST: &[&str] = &["/environment/GOAMD64"];

/// Every value of `value` that is no object or array, with its place.
fn leaves(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{place}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, &format!("{place}/{number}"), found);
            }
        }
        _ => found.push(place.to_owned()),
    }
}

/// Another value of the same length in the text.
fn other(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "go" || text == "rust" => text.clone().into(),
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            if let Some(last) = characters.last_mut() {
                *last = if *last == '7' { '8' } else { '7' };
            }
            characters.into_iter().collect::<String>().into()
        }
        Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
        other => other.clone(),
    }
}

fn place_of(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|found| found == part)
        .unwrap()
}

fn mismatches(artifact: &Result<Artifact, ReadError>) -> Option<Vec<Mismatch>> {
    artifact
        .as_ref()
        .ok()
        .map(|artifact| compare(main(), artifact, Policy::Exact))
}

fn is_accepted(artifact: &Result<Artifact, ReadError>) -> bool {
    mismatches(artifact).is_some_and(|found| found.is_empty())
}

/// Changes each value of the manifest in the file itself.
fn every_value_of_the_manifest(path: &Utf8Path, recorded: &[&str]) {
    let bytes = fs_err::read(path).unwrap();
    let file = temporary(&bytes);
    assert!(
        is_accepted(&read_file(&file)),
        "{path}: {:?}",
        mismatches(&read_file(&file))
    );
    let text = read(path).manifests.unwrap().text;
    let place = place_of(&bytes, &frame(&text)[..HEADER + text.len()]);
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut places = Vec::new();
    leaves(&whole, "", &mut places);
    assert!(places.len() > 10, "{places:?}");
    let mut changed_places = 0;
    for leaf in places {
        let mut changed = whole.clone();
        let value = changed.pointer_mut(&leaf).unwrap();
        *value = other(value);
        if changed == whole {
            continue;
        }
        changed_places += 1;
        let changed = serde_json::to_string(&changed).unwrap();
        assert_eq!(changed.len(), text.len(), "{leaf}");
        write_at(&file, changed.as_bytes(), (place + HEADER) as u64);
        let artifact = read_file(&file);
        let expected = RECORDED.iter().chain(recorded).any(|key| *key == leaf);
        assert_eq!(
            is_accepted(&artifact),
            expected,
            "{path} {leaf}: {:?}",
            mismatches(&artifact)
        );
    }
    assert!(changed_places > 10, "{changed_places}");
}

#[test]
fn every_value_of_a_go_plugins_manifest_is_compared_or_listed_as_recorded() {
    every_value_of_the_manifest(&fixtures().go_plugin, &[]);
}

#[test]
fn every_value_of_a_rust_plugins_manifest_is_compared_or_listed_as_recorded() {
    every_value_of_the_manifest(&fixtures().rust_plugin, RECORDED_IN_RUST);
}

/// Dynamic symbols with the places of their entries and of their values.
fn symbols(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Vec<(String, u64, u64)> {
    let header = elf::FileHeader64::<LE>::parse(bytes).unwrap();
    let sections = header.sections(LE, bytes).unwrap();
    let table = sections.symbols(LE, bytes, elf::SHT_DYNSYM).unwrap();
    let start = sections.section(table.section()).unwrap().sh_offset.get(LE);
    let segments = header.program_headers(LE, bytes).unwrap();
    let offset = |address: u64| {
        let inside = |segment: &&elf::ProgramHeader64<LE>| {
            segment.p_type.get(LE) == elf::PT_LOAD
                && address.wrapping_sub(segment.p_vaddr.get(LE)) < segment.p_filesz.get(LE)
        };
        segments.iter().find(inside).map_or(0, |segment| {
            address - segment.p_vaddr.get(LE) + segment.p_offset.get(LE)
        })
    };
    (0..)
        .zip(table.iter())
        .filter_map(|(number, symbol)| {
            let name = symbol.name(LE, table.strings()).unwrap();
            let name = String::from_utf8_lossy(name).into_owned();
            wanted(&name).then(|| (name, start + number * 24, offset(symbol.st_value.get(LE))))
        })
        .collect()
}

#[test]
fn one_bit_in_the_hash_of_any_shared_package_is_refused() {
    const PREFIX: &str = "go:link.pkghashbytes.";
    let bytes = fs_err::read(&fixtures().go_plugin).unwrap();
    let file = temporary(&bytes);
    let main = &main().facts.go.as_ref().unwrap().package_hashes;
    let mut shared = 0;
    for (name, _, place) in symbols(&bytes, |name| name.starts_with(PREFIX)) {
        if !main.contains_key(name.strip_prefix(PREFIX).unwrap()) {
            continue;
        }
        shared += 1;
        let start = usize::try_from(place).unwrap();
        for byte in 0..8 {
            write_at(&file, &[bytes[start + byte] ^ 0x10], place + byte as u64);
            assert!(!is_accepted(&read_file(&file)), "{name} {byte}");
            write_at(&file, &[bytes[start + byte]], place + byte as u64);
        }
    }
    assert!(shared > 20, "{shared}");
    assert!(is_accepted(&read_file(&file)));
}

#[test]
fn a_symbol_that_the_loader_passes_over_is_refused() {
    let bytes = fs_err::read(&fixtures().go_plugin).unwrap();
    let file = temporary(&bytes);
    let (mut kinds, mut addresses) = (0, 0);
    for (name, entry, place) in symbols(&bytes, |name| name.starts_with("type:")) {
        if place == 0 {
            continue;
        }
        let start = usize::try_from(entry).unwrap();
        // A type of symbol that is none to look up, and two bindings that are none.
        for kind in [0x13, 0x41, 0xf1] {
            write_at(&file, &[kind], entry + 4);
            assert!(!is_accepted(&read_file(&file)), "{name} {kind:#x}");
            kinds += 1;
        }
        write_at(&file, &bytes[start + 4..=start + 4], entry + 4);
        // An address of zero is none for those who look for the symbol.
        write_at(&file, &[0; 8], entry + 8);
        addresses += usize::from(!is_accepted(&read_file(&file)));
        write_at(&file, &bytes[start + 8..start + 16], entry + 8);
        if kinds == 60 {
            break;
        }
    }
    assert_eq!(kinds, 60);
    assert!(addresses > 0, "{addresses}");
    assert!(is_accepted(&read_file(&file)));
}

#[test]
fn another_character_anywhere_in_the_compilers_version_is_refused() {
    let fixtures = fixtures();
    let cases = [
        (&fixtures.go_plugin, fixtures.go_version.clone()),
        (
            &fixtures.rust_plugin,
            format!("rustc version {}", fixtures.rust_version),
        ),
    ];
    for (path, version) in cases {
        let bytes = fs_err::read(path).unwrap();
        let start = if path == &fixtures.go_plugin {
            place_of(&bytes, b"\xff Go buildinf:") + 33
        } else {
            place_of(&bytes, version.as_bytes())
        };
        assert_eq!(&bytes[start..start + version.len()], version.as_bytes());
        let file = temporary(&bytes);
        // The words in front of rustc's version only say whose version it is.
        let digits = version
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap();
        for at in digits..version.len() {
            let place = (start + at) as u64;
            write_at(&file, b"x", place);
            assert!(!is_accepted(&read_file(&file)), "{path} {at}");
            write_at(&file, &bytes[start + at..=start + at], place);
        }
    }
}

#[test]
fn another_kind_name_or_place_of_the_factory_is_refused() {
    let fixtures = fixtures();
    for (path, end) in [
        (&fixtures.go_plugin, ".NewFactory"),
        (&fixtures.rust_plugin, "_new_factory"),
    ] {
        let bytes = fs_err::read(path).unwrap();
        let found = symbols(&bytes, |name| name.ends_with(end));
        assert_eq!(found.len(), 1, "{found:?}");
        let entry = found[0].1;
        let file = temporary(&bytes);
        // st_name, st_info (an object instead of a function), st_other (hidden), st_shndx
        // (undefined).
        for (field, value) in [
            (0, &[1, 0, 0, 0][..]),
            (4, &[0x11]),
            (5, &[2]),
            (6, &[0, 0]),
        ] {
            write_at(&file, value, entry + field);
            assert!(!is_accepted(&read_file(&file)), "{path} {field}");
            let start = usize::try_from(entry + field).unwrap();
            write_at(&file, &bytes[start..start + value.len()], entry + field);
        }
        assert!(is_accepted(&read_file(&file)));
    }
}

#[test]
fn another_processor_file_type_or_needed_library_is_refused() {
    let fixtures = fixtures();
    for path in [&fixtures.go_plugin, &fixtures.rust_plugin] {
        let bytes = fs_err::read(path).unwrap();
        let file = temporary(&bytes);
        let library = place_of(&bytes, b"\0libc.so.6\0") + 1;
        // e_machine, e_type, and the first letter of a library's name.
        for (place, value) in [(18, 183u8), (16, 2), (16, 1), (library, b'x')] {
            write_at(&file, &[value], place as u64);
            assert!(!is_accepted(&read_file(&file)), "{path} {place}");
            write_at(&file, &[bytes[place]], place as u64);
        }
        assert!(is_accepted(&read_file(&file)));
    }
}
