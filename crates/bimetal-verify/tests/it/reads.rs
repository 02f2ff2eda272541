//! How much of a file is read, and in how many pieces.

use std::fmt::Write as _;
use std::sync::OnceLock;

use bimetal_manifest::ReadError;
use bimetal_manifest::object::{exported_symbols, library, open, open_plugin, outline};
use camino::{Utf8Path, Utf8PathBuf};

use crate::fixture::{fixtures, run};

/// Bytes and calls that reading takes.
struct Reads {
    bytes: u64,
    calls: u64,
}

/// What the kernel counts for this thread while `work` runs.
fn reads<T>(work: impl FnOnce() -> Result<T, ReadError>) -> Reads {
    let before = counted();
    work().unwrap();
    let after = counted();
    Reads {
        bytes: after.bytes - before.bytes,
        calls: after.calls - before.calls,
    }
}

fn counted() -> Reads {
    let text = fs_err::read_to_string("/proc/thread-self/io").unwrap();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    Reads {
        bytes: number("rchar:"),
        calls: number("syscr:"),
    }
}

/// A library whose exported names, of Go's form, take more room than is kept of them.
fn with_long_names() -> &'static Utf8Path {
    // Once: one test must not read what another one writes.
    static MADE: OnceLock<Utf8PathBuf> = OnceLock::new();
    MADE.get_or_init(link_long_names)
}

fn link_long_names() -> Utf8PathBuf {
    let directory = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("long-names");
    fs_err::create_dir_all(&directory).unwrap();
    let mut source = ".data\n".to_owned();
    for number in 0..16_384 {
        let name = format!("a{number}.{}", "b".repeat(1000));
        writeln!(
            source,
            ".globl {name}\n.type {name}, @object\n{name}: .byte 0"
        )
        .unwrap();
    }
    source.push_str(".section .note.GNU-stack,\"\",@progbits\n");
    fs_err::write(directory.join("names.s"), source).unwrap();
    let arguments = ["-shared", "-nostdlib", "-o", "names.so", "names.s"];
    run(&directory, "cc", &arguments);
    directory.join("names.so")
}

fn assert_read_once(path: &Utf8Path, reads: &Reads) {
    let size = fs_err::metadata(path).unwrap().len();
    // Blocks that overlap at their ends, and the test's own look at the counter.
    let (bytes, calls) = (size + (256 << 10), 28 + size / (128 << 10));
    assert!(reads.bytes <= bytes, "{path}: {} of {size}", reads.bytes);
    assert!(reads.calls <= calls, "{path}: {} of {calls}", reads.calls);
}

#[test]
fn a_file_is_read_once_however_many_names_it_exports() {
    let path = with_long_names();
    assert!(fs_err::metadata(path).unwrap().len() > 16 << 20);
    assert_read_once(path, &reads(|| open_plugin(path)));
    let file = fs_err::File::open(path).unwrap();
    assert_read_once(path, &reads(|| exported_symbols(file.file(), 50)));
}

#[test]
fn an_outline_costs_the_headers_and_the_manifest_whatever_the_size_is() {
    let fixtures = fixtures();
    for path in [&fixtures.go_plugin, &fixtures.rust_plugin] {
        let file = fs_err::File::open(path).unwrap();
        let manifest = open(path).unwrap().1.manifests.unwrap().text.len() as u64;
        let outlined = outline(file.file()).unwrap();
        assert_eq!(outlined.manifests.unwrap().text.len() as u64, manifest);
        let reads = reads(|| outline(file.file()));
        assert!(
            reads.bytes <= manifest + (80 << 10),
            "{path}: {}",
            reads.bytes
        );
    }
    let long = fs_err::File::open(with_long_names()).unwrap();
    let reads = reads(|| outline(long.file()));
    assert!(reads.bytes <= 80 << 10, "{}", reads.bytes);
}

#[test]
fn small_records_of_plugins_and_system_libraries_are_read_together() {
    let fixtures = fixtures();
    for path in [&fixtures.go_plugin, &fixtures.rust_plugin, &fixtures.main] {
        assert_read_once(path, &reads(|| open(path)));
    }
    let libc = run(Utf8Path::new("/"), "cc", &["-print-file-name=libc.so.6"]);
    let libc = Utf8PathBuf::from(libc.trim());
    assert_read_once(&libc, &reads(|| library(&libc)));
}
