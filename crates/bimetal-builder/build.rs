//! Puts everything that the builder carries into its binary: the Go side of main, the SDK-side
//! crates, our lock file.
//!
//! In: the repository. Out: `carried.rs` with the files' bytes, and `BIMETAL_GENERATOR_HASH`.
//! Invariant: the result depends on names and bytes only, never on where the repository stands or
//! in which order the disk lists it.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest, Sha256};

#[path = "src/model/carried.rs"]
mod carried;

/// Directories with nothing that a build needs.
const SKIPPED: [&str; 6] = [
    "benches",
    "examples",
    "snapshots",
    "target",
    "testdata",
    "tests",
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here.join("../..").canonicalize()?;
    let mut go = BTreeMap::new();
    collect(&root.join("go"), "", &mut go, &is_go_source)?;
    let mut crates = BTreeMap::new();
    for name in carried::CARRIED {
        collect(
            &root.join("crates").join(name),
            name,
            &mut crates,
            &is_crate_source,
        )?;
    }
    let mut templates = BTreeMap::new();
    collect(&here.join("templates"), "", &mut templates, &|_| true)?;
    let workspace =
        BTreeMap::from(["Cargo.toml", "Cargo.lock"].map(|name| (name.to_owned(), root.join(name))));

    let mut text = String::new();
    constant(&mut text, "GO", &go)?;
    constant(&mut text, "CRATES", &crates)?;
    constant(&mut text, "WORKSPACE", &workspace)?;
    constant(&mut text, "TEMPLATES", &templates)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("carried.rs"), text)?;

    let mut sum = Sha256::new();
    for (set, files) in [
        ("go", &go),
        ("crates", &crates),
        ("workspace", &workspace),
        ("templates", &templates),
    ] {
        for (name, path) in files {
            println!("cargo::rerun-if-changed={}", path.display());
            let bytes = fs::read(path)?;
            sum.update(format!("{set}/{name}\0{}\0", bytes.len()));
            sum.update(bytes);
        }
    }
    let mut hash = "sha256:".to_owned();
    for byte in sum.finalize() {
        write!(hash, "{byte:02x}")?;
    }
    println!("cargo::rustc-env=BIMETAL_GENERATOR_HASH={hash}");
    Ok(())
}

/// Adds the files below `directory` by their names from there, each below `prefix`.
fn collect(
    directory: &Path,
    prefix: &str,
    into: &mut BTreeMap<String, PathBuf>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<(), Box<dyn Error>> {
    // A new file must be seen too.
    println!("cargo::rerun-if-changed={}", directory.display());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("the name `{}` is not UTF-8", name.display()))?;
        let relative = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}/{name}")
        };
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &relative, into, wanted)?;
        } else if wanted(&name) {
            into.insert(relative, entry.path());
        }
    }
    Ok(())
}

fn is_go_source(name: &str) -> bool {
    let source = ["go", "c", "h"].iter().any(|ending| {
        Path::new(name)
            .extension()
            .is_some_and(|found| found == *ending)
    });
    name == "go.mod" || (source && !name.ends_with("_test.go"))
}

fn is_crate_source(name: &str) -> bool {
    !name.ends_with("README.md") && name != "Cargo.lock"
}

fn constant(text: &mut String, name: &str, files: &BTreeMap<String, PathBuf>) -> std::fmt::Result {
    writeln!(text, "pub(super) static {name}: &[(&str, &[u8])] = &[")?;
    for (relative, path) in files {
        let path = path.to_str().unwrap_or_default();
        writeln!(text, "    ({relative:?}, include_bytes!({path:?})),")?;
    }
    writeln!(text, "];")
}
