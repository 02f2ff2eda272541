//! How much memory a file can make the reader take. A test program of its own, because it counts
//! every allocation of the process.
//!
//! The bound holds for the heap, with everything that is read, parsed and compared; it does not
//! depend on the file's size.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests, and the functions that they share; the figures are printed on request"
)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bimetal_manifest::frame::frame;
use bimetal_manifest::object::{exported_symbols, read};
use bimetal_manifest::schema::{MAIN_TEXT_LIMIT, Policy, VALUES_LIMIT};
use bimetal_manifest::{Artifact, Form, ReadError};
use bimetal_verify::compare;
use object::write::{Object, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, SectionKind};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// The most heap that reading and comparing one file may take.
const BOUND: usize = 64 << 20;

/// What an idle test harness may take meanwhile.
const NOISE: usize = 16 << 10;

/// One test at a time: the counter is the process's, and the other tests make large inputs.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const SEED: &str = r#"{"schema_version":1,"artifact":"main","language":"go",
  "toolchain_version":"go1.26.8","build_profile":"release",
    "dependency_hashes":{},"build_flags":[],"target":"x86_64-unknown-linux-gnu",
  "build_time":"2026-11-23T12:34:56Z""#;

/// A program with these sections.
fn program(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    for (name, data) in sections {
        let segment = object.segment_name(StandardSegment::Data).to_vec();
        let section =
            object.add_section(segment, name.as_bytes().to_vec(), SectionKind::ReadOnlyData);
        object.append_section_data(section, data, 8);
    }
    let mut bytes = object.write().unwrap();
    bytes[16] = 2;
    bytes
}

fn with_manifest(text: &str) -> Vec<u8> {
    program(&[(".otelcol.manifest", &frame(text))])
}

/// Build information with `count` times `line`.
fn with_lines(line: &str, count: usize) -> Vec<u8> {
    let text = format!("{}{}{}", "#".repeat(16), line.repeat(count), "#".repeat(16));
    let mut data = b"\xff Go buildinf:\x08\x02".to_vec();
    data.resize(32, 0);
    data.push(0);
    let mut length = text.len();
    while length >= 0x80 {
        data.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    data.push(u8::try_from(length).unwrap());
    data.extend_from_slice(text.as_bytes());
    program(&[
        (".go.buildinfo", &data),
        (".otelcol.manifest", &frame("{}")),
    ])
}

fn temporary(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The most heap that was taken at once, beyond what there was before, while `file` was read and
/// compared with itself.
fn peak(file: &File) -> (usize, Result<Artifact, ReadError>) {
    let profiler = dhat::Profiler::builder().testing().build();
    let before = dhat::HeapStats::get().curr_bytes;
    let artifact = read(file);
    let _ = exported_symbols(file, 100);
    if let Ok(artifact) = &artifact {
        compare(artifact, artifact, Policy::Exact);
    }
    let peak = dhat::HeapStats::get().max_bytes - before;
    drop(profiler);
    (peak, artifact)
}

fn assert_within(name: &str, file: &File) -> Result<Artifact, ReadError> {
    let (peak, artifact) = peak(file);
    println!("{name}: {} kB", peak / 1000);
    assert!(peak <= BOUND, "{name}: {peak}");
    artifact
}

#[test]
fn manifests_that_take_more_memory_than_text_stay_within_the_bound() {
    let _alone = alone();
    let most = VALUES_LIMIT - 64;
    let texts = [
        (
            "numbers",
            format!("[{SEED},\"x\":[{}0]}}]", "0,".repeat(most)),
        ),
        (
            "empty objects",
            format!("[{SEED},\"x\":[{}0]}}]", "{},".repeat(most)),
        ),
        ("short keys", {
            let entries: Vec<_> = (0..most)
                .map(|number| format!("\"{number:x}\":0"))
                .collect();
            format!("[{SEED},\"x\":{{{}}}}}]", entries.join(","))
        }),
        (
            "one long text",
            format!(
                "[{SEED},\"x\":\"{}\"}}]",
                "x".repeat(MAIN_TEXT_LIMIT - 1000)
            ),
        ),
        (
            "escapes",
            format!(
                "[{SEED},\"x\":\"{}\"}}]",
                "\\u0041".repeat(MAIN_TEXT_LIMIT / 6 - 100)
            ),
        ),
        (
            "too many numbers",
            format!(
                "[{SEED},\"x\":[{}0]}}]",
                "0,".repeat(MAIN_TEXT_LIMIT / 2 - 1000)
            ),
        ),
    ];
    for (name, text) in texts {
        let artifact = assert_within(name, &temporary(&with_manifest(&text))).unwrap();
        assert_eq!(artifact.facts.form, Form::Main);
        assert_eq!(
            artifact.manifests.is_ok(),
            name != "too many numbers",
            "{name}"
        );
    }
}

#[test]
fn build_information_of_empty_lines_stays_within_the_bound() {
    let _alone = alone();
    for (line, count) in [
        ("dep\n", 16_000),
        ("build\t=\n", 16_000),
        ("dep\n", 500_000),
    ] {
        let file = temporary(&with_lines(line, count));
        let found = assert_within(&format!("{count} lines"), &file);
        assert_eq!(found.is_ok(), count == 16_000, "{found:?}");
    }
}

#[test]
fn tables_of_headers_at_their_limits_stay_within_the_bound() {
    let _alone = alone();
    let bytes = with_manifest("{}");
    let file = temporary(&bytes);
    // As many section headers as may be, all of them holes.
    let start = bytes.len() as u64;
    file.set_len(start + 65_536 * 64).unwrap();
    file.write_all_at(&start.to_le_bytes(), 40).unwrap();
    file.write_all_at(&[0, 0], 60).unwrap();
    file.write_all_at(&65_536u64.to_le_bytes(), start + 32)
        .unwrap();
    let _ = assert_within("65,536 sections", &file);
    file.write_all_at(&64u64.to_le_bytes(), 32).unwrap();
    file.write_all_at(&[56, 0, 0, 16], 54).unwrap();
    let _ = assert_within("4,096 segments", &file);
}

/// The tables are those of a real linker.
#[test]
fn as_many_symbols_as_may_be_stay_within_the_bound() {
    let _alone = alone();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("symbols");
    fs_err::create_dir_all(&directory).unwrap();
    let mut source = ".data\n".to_owned();
    for number in 0..(1 << 20) - 16 {
        write!(source, ".globl a.{number}\na.{number}: .byte 0\n").unwrap();
    }
    source.push_str(".section .note.GNU-stack,\"\",@progbits\n");
    fs_err::write(directory.join("symbols.s"), source).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a real linker makes the file")]
    let status = std::process::Command::new("cc")
        .args(["-shared", "-nostdlib", "-o", "symbols.so", "symbols.s"])
        .current_dir(&directory)
        .status();
    assert!(status.unwrap().success());
    let file = fs_err::File::open(directory.join("symbols.so")).unwrap();
    assert_within("1,048,560 symbols", file.file()).unwrap();
}

#[test]
fn a_large_file_takes_no_more_memory_than_a_small_one() {
    let _alone = alone();
    let text = format!("[{SEED}}}]");
    let file = temporary(&with_manifest(&text));
    let (small, _) = peak(&file);
    file.set_len(1 << 40).unwrap();
    let (large, artifact) = peak(&file);
    assert!(artifact.unwrap().manifests.is_ok());
    assert!(small.abs_diff(large) <= NOISE, "{small} {large}");
}
