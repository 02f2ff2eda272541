//! Files that are broken, or made to fool or exhaust the reader.

use bimetal_manifest::frame::{FrameError, frame};
use bimetal_manifest::object::{exported_symbols, open, read as read_file};
use bimetal_manifest::schema::{ParseError, Policy};
use bimetal_manifest::{Artifact, Form, ManifestError, ReadError};
use bimetal_terminal::Hint as _;
use bimetal_verify::compare;
use bimetal_verify::compare::Check;
use camino::Utf8Path;
use object::read::elf::FileHeader as _;
use object::write::{Object, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, LittleEndian, SectionKind, elf};

use crate::fixture::{self, fixtures, read, run, temporary, write_at};

fn read_bytes(bytes: &[u8]) -> Result<Artifact, ReadError> {
    read_file(&temporary(bytes))
}

fn library() -> Vec<u8> {
    fs_err::read(&fixtures().library).unwrap()
}

/// An object file with these manifest sections, marked as a shared library.
fn written(architecture: Architecture, endianness: Endianness, sections: &[&[u8]]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, architecture, endianness);
    for data in sections {
        let segment = object.segment_name(StandardSegment::Data).to_vec();
        let section = object.add_section(
            segment,
            b".otelcol.manifest".to_vec(),
            SectionKind::ReadOnlyData,
        );
        object.append_section_data(section, data, 8);
    }
    let mut bytes = object.write().unwrap();
    bytes[if endianness == Endianness::Little {
        16
    } else {
        17
    }] = 3;
    bytes
}

/// Offset of the header of the section `name`.
fn header_of(bytes: &[u8], name: &str) -> usize {
    let header = elf::FileHeader64::<LittleEndian>::parse(bytes).unwrap();
    let sections = header.sections(LittleEndian, bytes).unwrap();
    let (index, _) = sections
        .section_by_name(LittleEndian, name.as_bytes())
        .unwrap();
    let start: u64 = header.e_shoff(LittleEndian);
    usize::try_from(start).unwrap() + index.0 * size_of::<elf::SectionHeader64<LittleEndian>>()
}

#[test]
fn a_text_an_empty_file_a_script_and_other_data_are_named() {
    assert!(matches!(read_bytes(b""), Err(ReadError::Empty)));
    let cases: [(&[u8], &str); 6] = [
        (b"hello", "text"),
        (b"#!/bin/sh\n", "script"),
        (b"!<arch>\nx", "archive"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"\x00\x01\x02", "other data"),
        (b"\x7fEL", "other data"),
    ];
    for (bytes, word) in cases {
        let error = read_bytes(bytes).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.hint().is_some());
    }
    for start in [&b"MZ\x90\x00"[..], b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf"] {
        assert!(matches!(
            read_bytes(start),
            Err(ReadError::Unsupported { .. })
        ));
    }
}

#[test]
fn directories_and_pipes_are_refused_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    assert!(matches!(open(directory), Err(ReadError::NotRegular)));
    run(directory, "mkfifo", &["pipe.so"]);
    assert!(matches!(
        open(&directory.join("pipe.so")),
        Err(ReadError::NotRegular)
    ));
    assert!(matches!(
        open(&directory.join("missing.so")),
        Err(ReadError::Open { .. })
    ));
    assert!(open(&directory.join("missing.so")).unwrap_err().is_io());
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = library();
    assert!(read_bytes(&whole).is_ok());
    for end in 0..whole.len() {
        assert!(read_bytes(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn real_plugins_cut_anywhere_are_truncated() {
    for path in [
        &fixtures().go_plugin,
        &fixtures().rust_plugin,
        &fixtures().main,
    ] {
        let whole = fs_err::read(path).unwrap();
        let file = temporary(&whole);
        for part in (64..whole.len()).step_by(whole.len() / 97).rev() {
            file.set_len(part as u64).unwrap();
            assert!(
                matches!(read_file(&file), Err(ReadError::Truncated { .. })),
                "{path} {part}"
            );
        }
    }
}

#[test]
fn two_manifest_sections_or_two_manifests_in_one_are_refused() {
    let one = frame("{}");
    let bytes = written(Architecture::X86_64, Endianness::Little, &[&one, &one]);
    assert_eq!(
        read_bytes(&bytes).unwrap().manifests,
        Err(ManifestError::Several { count: 2 })
    );
    let directory = tempfile::tempdir().unwrap();
    let merged = fixture::library(
        Utf8Path::from_path(directory.path()).unwrap(),
        &["{}", "{}"],
    );
    assert_eq!(
        read(&merged).manifests,
        Err(ManifestError::Frame(FrameError::Trailing))
    );
}

#[test]
fn a_manifest_of_100_megabytes_is_refused_before_it_is_read() {
    let bytes = library();
    let header = header_of(&bytes, ".otelcol.manifest");
    let file = temporary(&bytes);
    let size: u64 = 100 << 20;
    // What is loaded has to lie in a segment; the manifest need not be loaded.
    write_at(&file, &[0; 8], header as u64 + 8);
    write_at(
        &file,
        &(bytes.len() as u64).to_le_bytes(),
        header as u64 + 24,
    );
    write_at(&file, &size.to_le_bytes(), header as u64 + 32);
    file.set_len(bytes.len() as u64 + size).unwrap();
    let artifact = read_file(&file).unwrap();
    assert!(matches!(
        artifact.manifests,
        Err(ManifestError::TooLarge { size: found, .. }) if found == size
    ));
}

#[test]
fn a_manifest_that_is_compressed_or_empty_in_the_file_is_refused() {
    let bytes = library();
    let header = header_of(&bytes, ".otelcol.manifest");
    for (offset, value) in [(4, elf::SHT_NOBITS.0), (8, 1 << 11), (32, 0)] {
        let file = temporary(&bytes);
        write_at(&file, &value.to_le_bytes(), (header + offset) as u64);
        let found = read_file(&file).unwrap().manifests;
        assert_eq!(found, Err(ManifestError::NotInFile), "{offset}");
    }
}

#[test]
fn a_manifest_that_is_no_json_deep_or_twice_the_same_key_is_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        "x",
        "[]",
        "{\"a\":1,\"a\":2}",
        &deep,
        "{\"schema_version\":1}",
    ] {
        let bytes = written(Architecture::X86_64, Endianness::Little, &[&frame(text)]);
        let found = read_bytes(&bytes).unwrap().manifests.unwrap_err();
        assert!(
            matches!(
                found,
                ManifestError::Parse(ParseError::Json { .. } | ParseError::Shape { .. })
            ),
            "{found:?}"
        );
    }
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    let bytes = written(Architecture::X86_64, Endianness::Little, &[&frame(&long)]);
    let found = read_bytes(&bytes).unwrap().manifests.unwrap_err();
    assert!(
        matches!(found, ManifestError::Parse(ParseError::TooLong { .. })),
        "{found:?}"
    );
}

#[test]
fn a_file_for_another_processor_is_read_and_refused() {
    let text = read(&fixtures().rust_plugin).manifests.unwrap().text;
    let bytes = written(Architecture::Aarch64, Endianness::Little, &[&frame(&text)]);
    let plugin = read_bytes(&bytes).unwrap();
    assert_eq!(plugin.facts.machine, "aarch64");
    let found = compare(&read(&fixtures().main), &plugin, Policy::Exact);
    assert!(
        found.iter().any(|mismatch| mismatch.check == Check::Target),
        "{found:?}"
    );
    assert!(found.iter().any(
        |mismatch| mismatch.check == Check::ManifestContradictsBinary
            && mismatch.subject == "target"
    ));
    for (architecture, endianness) in [
        (Architecture::I386, Endianness::Little),
        (Architecture::S390x, Endianness::Big),
    ] {
        let bytes = written(architecture, endianness, &[]);
        assert!(
            matches!(read_bytes(&bytes), Err(ReadError::Unsupported { .. })),
            "{architecture:?}"
        );
    }
}

#[test]
fn a_library_without_a_manifest_still_gives_its_facts() {
    let directory = tempfile::tempdir().unwrap();
    let path = fixture::library(Utf8Path::from_path(directory.path()).unwrap(), &[]);
    let artifact = read(&path);
    assert_eq!(artifact.manifests, Err(ManifestError::Missing));
    assert_eq!(artifact.facts.form, Form::RustPlugin);
}

#[test]
fn a_plugin_with_mains_manifest_is_refused() {
    let text = read(&fixtures().main).manifests.unwrap().text;
    let bytes = written(Architecture::X86_64, Endianness::Little, &[&frame(&text)]);
    assert!(read_bytes(&bytes).unwrap().manifests.is_err());
    let one = &text[1..text.len() - 1]
        .split("},{\"schema_version\"")
        .next()
        .unwrap()
        .to_owned();
    let bytes = written(
        Architecture::X86_64,
        Endianness::Little,
        &[&frame(&format!("{one}}}"))],
    );
    let found = read_bytes(&bytes).unwrap().manifests;
    assert_eq!(
        found,
        Err(ManifestError::Kind {
            found: "main",
            expected: "library"
        })
    );
}

#[test]
fn tables_that_claim_to_be_huge_are_refused_by_their_size() {
    let bytes = library();
    let huge = u64::MAX / 64 * 64;
    for name in [".dynsym", ".shstrtab"] {
        for size in [huge, 1 << 40, 1 << 31] {
            let file = temporary(&bytes);
            write_at(
                &file,
                &size.to_le_bytes(),
                header_of(&bytes, name) as u64 + 32,
            );
            assert!(read_file(&file).is_err(), "{name} {size}");
        }
    }
    // The count of sections that does not fit its field stands in the first section.
    let file = temporary(&bytes);
    write_at(&file, &[0, 0], 60);
    let first = u64::from_le_bytes(bytes[40..48].try_into().unwrap());
    write_at(&file, &(1u64 << 40).to_le_bytes(), first + 32);
    assert!(matches!(read_file(&file), Err(ReadError::Limit { .. })));
    let file = temporary(&bytes);
    write_at(&file, &[0xff, 0xff], 56);
    assert!(matches!(read_file(&file), Err(ReadError::Limit { .. })));
}

#[test]
fn section_headers_that_hide_what_the_loader_uses_are_damage() {
    let bytes = library();
    let file = temporary(&bytes);
    // Fewer symbols by another address: the loader would still use the table that the dynamic
    // segment names.
    write_at(
        &file,
        &0x1234_u64.to_le_bytes(),
        header_of(&bytes, ".dynsym") as u64 + 16,
    );
    assert!(matches!(read_file(&file), Err(ReadError::Malformed { .. })));
    let found = exported_symbols(&file, 10).unwrap();
    assert!(found.total > 0, "the loader's table is read");
}

#[test]
fn names_of_libraries_with_terminal_sequences_are_escaped() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let text = read(&fixtures().rust_plugin).manifests.unwrap().text;
    fs_err::write(directory.join("evil.c"), "int evil(void) { return 1; }").unwrap();
    run(
        directory,
        "cc",
        &[
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-Wl,-soname,evil\u{1b}[2J.so",
            "-o",
            "evil.so",
            "evil.c",
        ],
    );
    let source = "int evil(void); int otelcol_processor_new_factory(void) { return evil(); }";
    fs_err::write(
        directory.join("p.c"),
        format!("{source}\n{}", fixture::c_section(&text, "manifest")),
    )
    .unwrap();
    let rpath = "-Wl,-rpath,/tmp/\u{1b}[31m";
    run(
        directory,
        "cc",
        &[
            "-shared",
            "-fPIC",
            "-nostdlib",
            rpath,
            "-o",
            "p.so",
            "p.c",
            "./evil.so",
        ],
    );
    let plugin = read(&directory.join("p.so"));
    let found = compare(&read(&fixtures().main), &plugin, Policy::Abi);
    let subjects: Vec<_> = found
        .iter()
        .map(|mismatch| (mismatch.check, mismatch.subject.as_str()))
        .collect();
    assert!(
        subjects.contains(&(Check::NeededLibrary, "evil\\u{1b}[2J.so")),
        "{subjects:?}"
    );
    assert!(
        subjects.contains(&(Check::RunPath, "/tmp/\\u{1b}[31m")),
        "{subjects:?}"
    );
}

#[test]
fn requests_that_weaken_the_process_are_seen() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    fs_err::write(directory.join("p.c"), "int f(void) { return 1; }").unwrap();
    run(
        directory,
        "cc",
        &[
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-Wl,-z,execstack,-z,interpose,--audit,a.so,-f,b.so",
            "-o",
            "p.so",
            "p.c",
        ],
    );
    let requests = read(&directory.join("p.so")).facts.loader_requests;
    for request in [
        "an executable stack",
        "interposition",
        "DT_AUDIT",
        "DT_AUXILIARY",
    ] {
        assert!(
            requests.iter().any(|found| found == request),
            "{request}: {requests:?}"
        );
    }
}

#[test]
fn a_library_that_says_it_is_not_to_be_opened_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    fs_err::write(directory.join("p.c"), "int otelcol_x(void) { return 0; }").unwrap();
    let arguments = [
        "-shared",
        "-fPIC",
        "-nostdlib",
        "-Wl,-z,nodlopen",
        "-op.so",
        "p.c",
    ];
    run(directory, "cc", &arguments);
    let requests = read(&directory.join("p.so")).facts.loader_requests;
    assert_eq!(requests, ["not to be opened at run time"]);
}

#[test]
fn marks_and_alignments_that_the_loader_refuses_are_seen() {
    let bytes = library();
    assert!(read_bytes(&bytes).is_ok());
    // Version of the format, another system, something where nothing may be.
    for (place, value) in [(6, 2), (7, 9), (12, 1)] {
        let mut changed = bytes.clone();
        changed[place] = value;
        assert!(read_bytes(&changed).is_err(), "{place}");
    }
    let headers = usize::try_from(u64::from_le_bytes(bytes[32..40].try_into().unwrap())).unwrap();
    // The first segment is one to load; its last field is the alignment.
    assert_eq!(bytes[headers..headers + 4], elf::PT_LOAD.0.to_le_bytes());
    for align in [0, 1, 3, 8, 4097, u64::MAX] {
        let mut changed = bytes.clone();
        changed[headers + 48..headers + 56].copy_from_slice(&u64::to_le_bytes(align));
        assert!(read_bytes(&changed).is_err(), "{align}");
    }
}

#[test]
fn a_second_dynamic_segment_or_segments_over_each_other_are_damage() {
    let bytes = library();
    let headers = usize::try_from(u64::from_le_bytes(bytes[32..40].try_into().unwrap())).unwrap();
    let count = usize::from(u16::from_le_bytes(bytes[56..58].try_into().unwrap()));
    let kind =
        |number: usize| u32::from_le_bytes(bytes[headers + number * 56..][..4].try_into().unwrap());
    let find = |wanted: u32| {
        (0..count)
            .filter(|&number| kind(number) == wanted)
            .collect::<Vec<_>>()
    };
    let (dynamic, loads) = (find(elf::PT_DYNAMIC.0)[0], find(elf::PT_LOAD.0));
    let other = (0..count)
        .find(|number| *number != dynamic && !loads.contains(number))
        .unwrap();
    let mut changed = bytes.clone();
    changed.copy_within(
        headers + dynamic * 56..headers + (dynamic + 1) * 56,
        headers + other * 56,
    );
    assert!(matches!(
        read_bytes(&changed),
        Err(ReadError::Malformed { .. })
    ));
    let mut changed = bytes.clone();
    changed.copy_within(
        headers + loads[0] * 56..headers + (loads[0] + 1) * 56,
        headers + loads[1] * 56,
    );
    assert!(matches!(
        read_bytes(&changed),
        Err(ReadError::Malformed { .. })
    ));
}
