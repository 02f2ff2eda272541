//! Real files, cut and bent where their tables begin and end.

use std::fs::File;

use bimetal_manifest::object::{exported_symbols, read as read_file};
use bimetal_manifest::schema::Policy;
use bimetal_manifest::{Artifact, ReadError};
use bimetal_verify::compare;
use camino::Utf8PathBuf;
use object::read::elf::FileHeader as _;
use object::{LittleEndian as LE, elf};

use crate::fixture::{fixtures, main, temporary, write_at};
use crate::verdict::assert_sound;

/// One entry of a table in the file: where it stands, and what it leads to.
struct Entry {
    place: u64,
    offset: u64,
    size: u64,
}

fn sections(bytes: &[u8]) -> Vec<Entry> {
    let header = elf::FileHeader64::<LE>::parse(bytes).unwrap();
    let start = header.e_shoff.get(LE);
    let sections = header.section_headers(LE, bytes).unwrap();
    (0..)
        .zip(sections)
        .map(|(number, section)| Entry {
            place: start + number * 64,
            offset: section.sh_offset.get(LE),
            size: match section.sh_type.get(LE) {
                elf::SHT_NOBITS => 0,
                _ => section.sh_size.get(LE),
            },
        })
        .collect()
}

fn segments(bytes: &[u8]) -> Vec<Entry> {
    let header = elf::FileHeader64::<LE>::parse(bytes).unwrap();
    let start = header.e_phoff.get(LE);
    let segments = header.program_headers(LE, bytes).unwrap();
    (0..)
        .zip(segments)
        .map(|(number, segment)| Entry {
            place: start + number * 56,
            offset: segment.p_offset.get(LE),
            size: segment.p_filesz.get(LE),
        })
        .collect()
}

fn real_files() -> [(&'static Utf8PathBuf, Vec<u8>); 3] {
    let fixtures = fixtures();
    [&fixtures.main, &fixtures.go_plugin, &fixtures.rust_plugin]
        .map(|path| (path, fs_err::read(path).unwrap()))
}

/// The file may be refused or, where nothing that matters was changed, accepted; then everything
/// compared is as main has it.
fn outcome(file: &File, name: &str) -> Result<Artifact, ReadError> {
    let artifact = read_file(file)?;
    if compare(main(), &artifact, Policy::Exact).is_empty() {
        assert_sound(main(), &artifact, name);
    }
    Ok(artifact)
}

#[test]
fn a_file_cut_at_the_bounds_of_a_section_or_segment_or_one_byte_beside_it_is_refused() {
    for (path, bytes) in real_files() {
        let mut cuts: Vec<u64> = sections(&bytes)
            .iter()
            .chain(&segments(&bytes))
            .flat_map(|entry| [entry.offset, entry.offset + entry.size, entry.place])
            .flat_map(|bound| [bound.saturating_sub(1), bound, bound + 1])
            .filter(|cut| *cut < bytes.len() as u64)
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        assert!(cuts.len() > 100, "{path} {}", cuts.len());
        let file = temporary(&bytes);
        for cut in cuts.into_iter().rev() {
            file.set_len(cut).unwrap();
            assert!(
                outcome(&file, path.as_str()).is_err(),
                "{path} cut at {cut}"
            );
        }
    }
}

#[test]
fn headers_that_lead_out_of_the_file_never_make_a_mismatch_pass() {
    for (path, bytes) in real_files() {
        let file = temporary(&bytes);
        let length = bytes.len() as u64;
        let sections = sections(&bytes).into_iter().map(|entry| (entry, 24, 32));
        let segments = segments(&bytes).into_iter().map(|entry| (entry, 8, 32));
        for (entry, offset_at, size_at) in sections.chain(segments) {
            let places = [(offset_at, entry.offset), (size_at, entry.size)];
            for (field, original) in places {
                let wrong = [u64::MAX, length, 1 << 40, 0];
                for value in wrong.into_iter().filter(|value| *value != original) {
                    write_at(&file, &value.to_le_bytes(), entry.place + field);
                    let _ = outcome(&file, path.as_str());
                }
                let old = &bytes[usize::try_from(entry.place + field).unwrap()..][..8];
                write_at(&file, old, entry.place + field);
            }
        }
        assert!(outcome(&file, path.as_str()).is_ok());
    }
}

#[test]
fn segments_that_lead_out_of_the_file_are_refused() {
    for (path, bytes) in real_files() {
        let file = temporary(&bytes);
        let header = elf::FileHeader64::<LE>::parse(bytes.as_slice()).unwrap();
        let loaded = header.program_headers(LE, bytes.as_slice()).unwrap();
        let loaded = segments(&bytes)
            .into_iter()
            .zip(loaded)
            .filter(|(_, segment)| segment.p_type.get(LE) == elf::PT_LOAD);
        for (entry, _) in loaded {
            for (field, value) in [
                (8, u64::MAX),
                (8, bytes.len() as u64),
                (32, u64::MAX),
                (32, 1 << 40),
            ] {
                write_at(&file, &value.to_le_bytes(), entry.place + field);
                assert!(
                    outcome(&file, path.as_str()).is_err(),
                    "{path} {field} {value}"
                );
                let old = &bytes[usize::try_from(entry.place + field).unwrap()..][..8];
                write_at(&file, old, entry.place + field);
            }
        }
    }
}

#[test]
fn segments_that_cover_each_other_are_refused_in_real_files() {
    for (path, bytes) in real_files() {
        let header = elf::FileHeader64::<LE>::parse(bytes.as_slice()).unwrap();
        let loaded = header.program_headers(LE, bytes.as_slice()).unwrap();
        let loaded: Vec<_> = segments(&bytes)
            .into_iter()
            .zip(loaded)
            .filter(|(_, segment)| segment.p_type.get(LE) == elf::PT_LOAD)
            .collect();
        for pair in loaded.windows(2) {
            let [(first, _), (second, later)] = pair else {
                continue;
            };
            let file = temporary(&bytes);
            // The first one reaches into the second one, and the second one starts below the first.
            let reach = later.p_vaddr.get(LE) + later.p_memsz.get(LE);
            write_at(&file, &reach.to_le_bytes(), first.place + 40);
            assert!(
                matches!(
                    outcome(&file, path.as_str()),
                    Err(ReadError::Malformed { .. })
                ),
                "{path}"
            );
            let file = temporary(&bytes);
            write_at(&file, &0u64.to_le_bytes(), second.place + 16);
            assert!(outcome(&file, path.as_str()).is_err(), "{path}");
        }
    }
}

#[test]
fn counts_of_headers_at_their_extremes_never_make_a_mismatch_pass() {
    // e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx, two bytes each.
    for (path, bytes) in real_files() {
        let file = temporary(&bytes);
        for field in [54, 56, 58, 60, 62] {
            for value in [0u16, 1, 2, 63, 0x7fff, 0xff00, 0xfffe, 0xffff] {
                write_at(&file, &value.to_le_bytes(), field);
                let _ = outcome(&file, path.as_str());
            }
            let field = usize::try_from(field).unwrap();
            write_at(&file, &bytes[field..field + 2], field as u64);
        }
        // With no section headers at all the manifest cannot be found.
        write_at(&file, &0u64.to_le_bytes(), 40);
        let found = outcome(&file, path.as_str());
        assert!(found.is_err() || found.is_ok_and(|artifact| artifact.manifests.is_err()));
    }
}

/// Replaces every NUL of a section by a letter.
fn without_ends(bytes: &[u8], name: &str) -> Vec<u8> {
    let header = elf::FileHeader64::<LE>::parse(bytes).unwrap();
    let sections = header.sections(LE, bytes).unwrap();
    let (_, section) = sections.section_by_name(LE, name.as_bytes()).unwrap();
    let start = usize::try_from(section.sh_offset.get(LE)).unwrap();
    let end = start + usize::try_from(section.sh_size.get(LE)).unwrap();
    let mut changed = bytes.to_vec();
    for byte in &mut changed[start..end] {
        if *byte == 0 {
            *byte = b'A';
        }
    }
    changed
}

#[test]
fn string_tables_without_an_end_are_read_to_a_limit_and_refused() {
    for (path, bytes) in real_files() {
        for table in [".dynstr", ".shstrtab"] {
            let file = temporary(&without_ends(&bytes, table));
            let _ = exported_symbols(&file, 50);
            let accepted = read_file(&file)
                .is_ok_and(|artifact| compare(main(), &artifact, Policy::Exact).is_empty());
            assert!(!accepted, "{path} {table}");
        }
    }
}
