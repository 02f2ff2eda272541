//! Makes the seeds of the fuzz targets from real artifacts.
//!
//! In: the `target` directory after the tests of `bimetal-manifest` and the quickstart; samples.
//! Out: files below `corpus/`. Invariant: what is written can be read; a seed that the reader
//! refuses is a mistake of this program, those of `damaged` excepted.

use std::error::Error;
use std::fs;
use std::path::Path;

use bimetal_files::Digest;
use bimetal_fuzz::compact::compact;
use bimetal_fuzz::{memory_file, samples};
use bimetal_manifest::Lock;
use bimetal_manifest::frame::frame;
use bimetal_manifest::lock::LockedPlugin;
use bimetal_manifest::object::read;
use bimetal_manifest::schema::{Kind, Policy};
use bimetal_verify::compare;

/// Lines of a lock file that are kept.
const LINES: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let fixtures = repository.join("target/tmp/manifest-fixtures");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let directory = corpus.join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(name), bytes)
    };
    for (target, name, bytes) in samples::all() {
        write(target, name, &bytes)?;
    }
    let mut locked = Vec::new();
    let main = read(memory_file::holding(&compact(&fs::read(
        fixtures.join("main/main"),
    )?)))?;
    for (name, file) in [
        ("main", "main/main"),
        ("go-plugin", "go-plugin/plugin.so"),
        ("rust-plugin", "rust-plugin/plugin.so"),
        ("library", "library/library.so"),
    ] {
        let whole = fs::read(fixtures.join(file))?;
        let small = compact(&whole);
        let artifact = read(memory_file::holding(&small))?;
        // A fuzzer finds what is accepted wrongly near what is accepted rightly.
        if name.ends_with("-plugin") {
            let found = compare(&main, &artifact, Policy::Exact);
            assert!(found.is_empty(), "{name}: {found:?}");
        }
        let manifests = artifact.manifests?;
        write("object", name, &small)?;
        write("manifest", name, &frame(&manifests.text))?;
        write(
            "manifest",
            &format!("{name}.json"),
            manifests.text.as_bytes(),
        )?;
        // The places where a table ends are those that a reader forgets.
        for (number, part) in [64, small.len() / 2, small.len() - 64]
            .into_iter()
            .enumerate()
        {
            write("object", &format!("{name}-cut-{number}"), &small[..part])?;
        }
        if let Some(section) = section(&small, b"\xff Go buildinf:") {
            write("build_info", name, section)?;
            write(
                "build_info",
                &format!("{name}-cut"),
                &section[..section.len() / 2],
            )?;
        }
        locked.push(LockedPlugin {
            file: format!("{name}.so"),
            sha256: Digest::of(&whole),
            size: whole.len() as u64,
            kind: Kind::Processor,
            type_name: name.replace('-', "_"),
        });
    }
    write(
        "plugins_lock",
        "plugins.lock",
        Lock::new(locked)?.to_text().as_bytes(),
    )?;
    write(
        "plugins_lock",
        "empty",
        Lock::new(Vec::new())?.to_text().as_bytes(),
    )?;
    for (target, file) in [
        ("go_sum", "target/distributions/otelcol-quickstart/go.sum"),
        ("cargo_lock", "Cargo.lock"),
    ] {
        let text = fs::read_to_string(repository.join(file))?;
        let start: Vec<_> = text.lines().take(LINES).collect();
        let start = start.join("\n");
        write(target, "start", start.as_bytes())?;
        write(target, "cut", &start.as_bytes()[..start.len() - 7])?;
        let twice = format!(
            "{start}\n{}",
            start
                .replace("h1:", "h1:A")
                .replace("checksum = \"", "checksum = \"0")
        );
        write(target, "twice", twice.as_bytes())?;
    }
    hostile(&write)?;
    Ok(())
}

/// The bytes from `magic` on, as far as the text behind it can reach.
fn section<'f>(file: &'f [u8], magic: &[u8]) -> Option<&'f [u8]> {
    let start = file.windows(magic.len()).position(|part| part == magic)?;
    Some(&file[start..file.len().min(start + 2048)])
}

/// Texts that are made to fool or to exhaust a reader.
fn hostile(
    write: &impl Fn(&str, &str, &[u8]) -> std::io::Result<()>,
) -> Result<(), Box<dyn Error>> {
    write("object", "hostile-magic-only", b"\x7fELF\x02\x01\x01")?;
    write("object", "hostile-archive", b"!<arch>\n")?;
    write("manifest", "hostile-deep", "[".repeat(200).as_bytes())?;
    write(
        "manifest",
        "hostile-twice",
        b"{\"schema_version\":1,\"schema_version\":2}",
    )?;
    write(
        "manifest",
        "hostile-number",
        b"[{\"a\":1e999,\"b\":0.1,\"c\":18446744073709551616}]",
    )?;
    write(
        "manifest",
        "hostile-length",
        &[&frame("{}")[..12], &u64::MAX.to_le_bytes(), b"{}"].concat(),
    )?;
    write(
        "plugins_lock",
        "hostile-path",
        b"{\"version\":1,\"plugins\":[{\"file\":\"../a.so\"}]}",
    )?;
    write(
        "plugins_lock",
        "hostile-version",
        b"{\"version\":99999999999}",
    )?;
    write(
        "build_info",
        "hostile-length",
        &[&b"\xff Go buildinf:\x08\x02"[..], &[0; 16], &[0xff; 10]].concat(),
    )?;
    write("go_sum", "hostile-words", b"a b\na b c d\n\ta\t\t\n")?;
    write(
        "cargo_lock",
        "hostile-deep",
        format!("a = {}", "[".repeat(300)).as_bytes(),
    )?;
    write(
        "cargo_lock",
        "hostile-keys",
        b"package = []\n[[package]]\nname.a = 1\n",
    )?;
    Ok(())
}
