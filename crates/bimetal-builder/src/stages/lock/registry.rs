//! Whether an unpacked crate is what its archive holds, and the archive what Cargo.lock names.
//!
//! In: directory of the crate below `registry/src`, or where `cargo vendor` put it, and checksum of
//! Cargo.lock. Out: `sha256:` of the archive, or what was changed. Invariant: every file of the
//! archive is compared byte by byte, and a file that the archive does not have is an error: cargo
//! would compile it.

use std::collections::BTreeSet;
use std::io::{self, Read};

use bimetal_files::{FileError, unless_absent};
use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;
use fs_err as fs;
use walkdir::WalkDir;

use super::error::LockError;
use super::tree::{self};

/// Cargo's marks that it unpacked or vendored everything.
const MARKS: [&str; 2] = [".cargo-ok", CHECKSUMS];
/// What a vendored crate has and an unpacked one has not.
const CHECKSUMS: &str = ".cargo-checksum.json";
/// Left out by `cargo vendor`; no compiler reads them.
const NOT_VENDORED: [&str; 2] = [".gitattributes", ".gitignore"];
/// Directory of the archives, beside that of the vendored crates.
pub const ARCHIVES: &str = "archives";

/// One crate that cargo unpacked.
#[derive(Clone, Debug)]
pub struct Unpacked {
    pub name: String,
    pub version: String,
    /// `CARGO_HOME/registry/src/<registry>/<name>-<version>`, or
    /// `<anything>/vendor/<name>-<version>`.
    pub directory: Utf8PathBuf,
    /// sha256 of the archive, in hexadecimal, as Cargo.lock has it.
    pub checksum: String,
}

impl Unpacked {
    /// Cargo writes its checksums into vendored crates only.
    fn is_vendored(&self) -> bool {
        self.directory.join(CHECKSUMS).exists()
    }
}

/// The `sha256:` of the crate's archive, after comparing everything.
pub fn verify(unpacked: &Unpacked) -> Result<String, LockError> {
    let archive = archive(unpacked);
    let found = tree::digest(&archive).map_err(|source| LockError::Hash {
        what: format!(
            "the archive of crate `{}` {}",
            unpacked.name, unpacked.version
        ),
        source,
    })?;
    let found = found.to_string();
    if found != unpacked.checksum {
        return Err(LockError::ArchiveChanged {
            unpacked: format!("`{}` {}", unpacked.name, unpacked.version),
            path: archive,
            found,
            wanted: unpacked.checksum.clone(),
        });
    }
    let packed = compare(unpacked, &archive)?;
    no_more_than(unpacked, &packed)?;
    Ok(format!("sha256:{found}"))
}

fn archive(unpacked: &Unpacked) -> Utf8PathBuf {
    let name = format!("{}-{}.crate", unpacked.name, unpacked.version);
    let registry = unpacked.directory.parent().unwrap_or(&unpacked.directory);
    if unpacked.is_vendored() {
        return registry.with_file_name(ARCHIVES).join(name);
    }
    let root = registry
        .parent()
        .and_then(Utf8Path::parent)
        .unwrap_or(registry);
    root.join("cache")
        .join(registry.file_name().unwrap_or_default())
        .join(name)
}

fn compare(unpacked: &Unpacked, archive: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>, LockError> {
    let unreadable = |source| LockError::Archive {
        name: unpacked.name.clone(),
        version: unpacked.version.clone(),
        path: archive.to_owned(),
        source,
    };
    let file = fs::File::open(archive.as_std_path()).map_err(unreadable)?;
    let mut tar = tar::Archive::new(GzDecoder::new(io::BufReader::new(file)));
    let root = format!("{}-{}", unpacked.name, unpacked.version);
    let mut packed = BTreeSet::new();
    for entry in tar.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(unreadable)?.into_owned();
        let path = Utf8PathBuf::from_path_buf(path)
            .map_err(|_| unreadable(io::Error::other("a file name is not UTF-8")))?;
        let relative = path
            .strip_prefix(&root)
            .map_err(|_| unreadable(io::Error::other(format!("`{path}` is not below `{root}`"))))?;
        let is_left_out = unpacked.is_vendored()
            && relative
                .file_name()
                .is_some_and(|name| NOT_VENDORED.contains(&name));
        if MARKS.contains(&relative.as_str()) || is_left_out {
            continue;
        }
        let path = unpacked.directory.join(relative);
        let same = is_same(&path, &mut entry).map_err(FileError::reading(&path))?;
        if !same {
            return Err(changed(unpacked, path, "differs from the archive"));
        }
        packed.insert(path);
    }
    Ok(packed)
}

fn is_same(path: &Utf8Path, entry: &mut impl Read) -> io::Result<bool> {
    if !unless_absent(fs::symlink_metadata(path))?.is_some_and(|metadata| metadata.is_file()) {
        return Ok(false);
    }
    let mut file = fs::File::open(path.as_std_path())?;
    let (mut wanted, mut found) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let length = fill(entry, &mut wanted)?;
        if fill(&mut file, &mut found)? != length || wanted[..length] != found[..length] {
            return Ok(false);
        }
        if length < wanted.len() {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

fn no_more_than(unpacked: &Unpacked, packed: &BTreeSet<Utf8PathBuf>) -> Result<(), LockError> {
    for entry in WalkDir::new(&unpacked.directory) {
        let entry = entry.map_err(|error| FileError::reading(&unpacked.directory)(error.into()))?;
        if entry.file_type().is_dir()
            || (entry.depth() == 1 && MARKS.iter().any(|mark| entry.file_name() == *mark))
        {
            continue;
        }
        let path = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
        if !packed.contains(&path) {
            return Err(changed(unpacked, path, "is not in the archive"));
        }
    }
    Ok(())
}

fn changed(unpacked: &Unpacked, path: Utf8PathBuf, difference: &'static str) -> LockError {
    LockError::CrateChanged {
        name: unpacked.name.clone(),
        version: unpacked.version.clone(),
        path,
        difference,
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// A `CARGO_HOME` with one crate of two files.
    fn home() -> (tempfile::TempDir, Unpacked) {
        let home = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(home.path()).unwrap().join("registry");
        let directory = root.join("src/index-1/small-1.0.0");
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, text) in [("Cargo.toml", "[package]"), ("src/lib.rs", "fn f() {}")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("small-1.0.0/{name}"), text.as_bytes())
                .unwrap();
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        fs::write(directory.join(MARKS[0]), "{}").unwrap();
        let bytes = tar.into_inner().unwrap().finish().unwrap();
        let cache = root.join("cache/index-1");
        fs::create_dir_all(&cache).unwrap();
        let archive = cache.join("small-1.0.0.crate");
        fs::write(&archive, bytes).unwrap();
        let checksum = tree::digest(&archive).unwrap().to_string();
        let unpacked = Unpacked {
            name: "small".to_owned(),
            version: "1.0.0".to_owned(),
            directory,
            checksum,
        };
        (home, unpacked)
    }

    #[test]
    fn a_crate_that_is_unchanged_has_the_sum_of_its_archive() {
        let (_home, unpacked) = home();
        assert_eq!(
            verify(&unpacked).unwrap(),
            format!("sha256:{}", unpacked.checksum)
        );
    }

    #[test]
    fn a_changed_file_is_named() {
        let (_home, unpacked) = home();
        let path = unpacked.directory.join("src/lib.rs");
        fs::write(&path, "fn g() {}").unwrap();
        let error = verify(&unpacked).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "crate `small` 1.0.0 was changed after its download: `{path}` differs from the \
                 archive"
            )
        );
    }

    #[test]
    fn a_build_script_that_was_added_is_named() {
        let (_home, unpacked) = home();
        fs::write(unpacked.directory.join("build.rs"), "fn main() {}").unwrap();
        let error = verify(&unpacked).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("build.rs` is not in the archive"),
            "{error}"
        );
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_refused() {
        let (_home, unpacked) = home();
        let path = unpacked.directory.join("src/lib.rs");
        fs::rename(&path, unpacked.directory.join("../elsewhere")).unwrap();
        std::os::unix::fs::symlink(unpacked.directory.join("../elsewhere"), &path).unwrap();
        assert!(matches!(
            verify(&unpacked),
            Err(LockError::CrateChanged { .. })
        ));
    }

    #[test]
    fn another_archive_than_that_of_the_lock_is_refused() {
        let (_home, mut unpacked) = home();
        unpacked.checksum = "00".repeat(32);
        assert!(matches!(
            verify(&unpacked),
            Err(LockError::ArchiveChanged { .. })
        ));
    }
}
