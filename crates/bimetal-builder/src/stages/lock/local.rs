//! Which files of a local directory belong to a module or crate that is not packed yet.
//!
//! In: the directory of a Go module or of a crate. Out: its files under the names that a package of
//! it would have. Invariant: build outputs, version control and nested packages are left out; a
//! link to a file counts as that file, because compilers follow it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::{DirEntry, WalkDir};

use super::tree::{TreeError, relative, utf8};

/// Directories of version control systems.
const CONTROL: &[&str] = &[".bzr", ".git", ".hg", ".svn"];

/// The files of the Go module in `directory`, named `prefix/…`.
pub(super) fn go_module(
    directory: &Utf8Path,
    prefix: &str,
) -> Result<BTreeMap<String, Utf8PathBuf>, TreeError> {
    let mut files = collect(directory, prefix, |entry| {
        entry.path().join("go.mod").is_file()
    })?;
    files.retain(|name, _| !is_vendored(name.strip_prefix(prefix).unwrap_or(name)));
    Ok(files)
}

/// The files of the crate in `directory`, named `prefix/…`.
pub(super) fn package(
    directory: &Utf8Path,
    prefix: &str,
) -> Result<BTreeMap<String, Utf8PathBuf>, TreeError> {
    collect(directory, prefix, |entry| {
        let path = entry.path();
        // Cargo marks its target directories so; older ones have at least the name.
        path.join("CACHEDIR.TAG").is_file()
            || path.join("Cargo.toml").is_file()
            || (entry.depth() == 1 && entry.file_name() == "target")
    })
}

fn collect(
    directory: &Utf8Path,
    prefix: &str,
    foreign: impl Fn(&DirEntry) -> bool,
) -> Result<BTreeMap<String, Utf8PathBuf>, TreeError> {
    let mut files = BTreeMap::new();
    let entries = WalkDir::new(directory).into_iter().filter_entry(|entry| {
        let is_control = entry
            .file_name()
            .to_str()
            .is_some_and(|name| CONTROL.contains(&name));
        entry.depth() == 0 || !(entry.file_type().is_dir() && (is_control || foreign(entry)))
    });
    for entry in entries {
        let entry = entry.map_err(|source| TreeError::Walk {
            path: directory.to_owned(),
            source,
        })?;
        // A link to a file is read by compilers, a link to a directory is not walked by them;
        // sockets and the like are no sources.
        let is_file = entry.file_type().is_file()
            || (entry.file_type().is_symlink() && entry.path().is_file());
        if is_file && entry.file_name() != ".cargo-ok" {
            let path = utf8(entry.path())?;
            files.insert(format!("{prefix}/{}", relative(&path, directory)), path);
        }
    }
    Ok(files)
}

/// Packages in a `vendor` directory are no part of a module; files directly in it are.
fn is_vendored(name: &str) -> bool {
    name.match_indices("/vendor/")
        .any(|(start, vendor)| name[start + vendor.len()..].contains('/'))
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn names(files: &BTreeMap<String, Utf8PathBuf>) -> Vec<&str> {
        files.keys().map(String::as_str).collect()
    }

    fn write(directory: &Utf8Path, paths: &[&str]) {
        for path in paths {
            let file = directory.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, path).unwrap();
        }
    }

    #[test]
    fn a_go_module_leaves_out_nested_modules_vendored_packages_and_version_control() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        write(
            path,
            &[
                "go.mod",
                "a.go",
                "sub/b.go",
                "nested/go.mod",
                "nested/c.go",
                "vendor/modules.txt",
                "vendor/x.y/d.go",
                ".git/config",
            ],
        );
        std::os::unix::fs::symlink("a.go", path.join("link.go")).unwrap();
        let files = go_module(path, "m@v0").unwrap();
        assert_eq!(
            names(&files),
            [
                "m@v0/a.go",
                "m@v0/go.mod",
                "m@v0/link.go",
                "m@v0/sub/b.go",
                "m@v0/vendor/modules.txt"
            ]
        );
    }

    #[test]
    fn a_crate_leaves_out_build_outputs_and_nested_crates() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        write(
            path,
            &[
                "Cargo.toml",
                "src/lib.rs",
                "target/release/x",
                "out/CACHEDIR.TAG",
                "out/y",
                "macros/Cargo.toml",
                "macros/src/lib.rs",
                "src/target/mod.rs",
            ],
        );
        let files = package(path, "c@1").unwrap();
        assert_eq!(
            names(&files),
            ["c@1/Cargo.toml", "c@1/src/lib.rs", "c@1/src/target/mod.rs"]
        );
    }
}
