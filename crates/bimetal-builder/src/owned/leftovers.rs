//! What a builder that was killed left beside its files.
//!
//! In: the output directory, taken for this builder alone. Out: the same without temporary files.
//! Invariant: removed is only what has the name of a temporary file for one that the record lists,
//! or that lies in the work directory.

use std::collections::{BTreeMap, BTreeSet};

use bimetal_files::{FileError, RelativePath, beside_of, remove_if_present, unless_absent};
use camino::{Utf8Path, Utf8PathBuf};

use super::{Ours, OwnedError, RECORD};

/// What `modules` writes, beside what the record lists.
const LOCKS: [&str; 2] = ["rust/Cargo.lock", RECORD];
/// Directories in which everything is ours.
const WORK: [&str; 4] = [
    ".bimetal",
    ".bimetal/build",
    ".bimetal/cargo/.bimetal-home",
    ".bimetal/stamp",
];

/// Removes temporary files of earlier builders. Left among the sources of a crate, one would be
/// hashed as one of them.
pub fn remove_leftovers(out: &Utf8Path) -> Result<(), OwnedError> {
    let ours = Ours::load(out)?;
    let listed = [&ours.sources, &ours.stamped, &ours.artifacts];
    let mut directories: BTreeMap<Utf8PathBuf, BTreeSet<String>> = BTreeMap::new();
    // The record is a file that anybody can edit.
    let names = listed.into_iter().flat_map(BTreeMap::keys);
    for path in names
        .filter_map(|name| RelativePath::parse(name).ok())
        .map(RelativePath::into_path)
        .chain(LOCKS.map(Utf8PathBuf::from))
    {
        let directory = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let name = path.file_name().unwrap_or_default().to_owned();
        directories.entry(directory).or_default().insert(name);
    }
    for (directory, names) in &directories {
        remove(out, directory, |name| names.contains(name))?;
    }
    for directory in WORK {
        remove(out, directory.into(), |_| true)?;
    }
    Ok(())
}

fn remove(
    out: &Utf8Path,
    directory: &Utf8Path,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), FileError> {
    let directory = out.join(directory);
    let failed = FileError::reading(&directory);
    // A link could lead to what is another's.
    let real = unless_absent(directory.canonicalize_utf8()).map_err(failed)?;
    let root = out.canonicalize_utf8().map_err(failed)?;
    let Some(real) = real.filter(|real| real.is_dir() && real.starts_with(root)) else {
        return Ok(());
    };
    for entry in real.read_dir_utf8().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if beside_of(entry.file_name()).is_some_and(&is_ours)
            && entry.file_type().map_err(failed)?.is_file()
        {
            remove_if_present(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    #[test]
    fn temporary_files_of_ours_are_removed_and_those_of_others_stay() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let out = &root.join("out");
        for directory in ["out/rust/sdk", "out/.bimetal/stamp", "elsewhere"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("elsewhere"), out.join("link")).unwrap();
        let mut ours = Ours::default();
        for name in ["rust/sdk/lib.rs", "main.go", "link/x", "../elsewhere/x"] {
            ours.sources.insert(name.into(), String::new());
        }
        ours.save(out).unwrap();
        let gone = [
            "rust/sdk/.lib.rs.8144.tmp",
            ".main.go.1.tmp",
            ".bimetal/.plan.json.2.tmp",
            ".bimetal/stamp/.main.json.3.tmp",
            "..bimetal.json.4.tmp",
        ];
        let stay = [
            "rust/sdk/lib.rs",
            "rust/sdk/.other.rs.8144.tmp",
            "rust/sdk/.lib.rs.mine.tmp",
            "../elsewhere/.x.1.tmp",
        ];
        for name in gone.iter().chain(&stay) {
            fs::write(out.join(name), "").unwrap();
        }
        remove_leftovers(out).unwrap();
        for name in gone {
            assert!(!out.join(name).exists(), "{name}");
        }
        for name in stay {
            assert!(out.join(name).exists(), "{name}");
        }
    }
}
