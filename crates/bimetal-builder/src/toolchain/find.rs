//! Finds programs.
//!
//! In: a name, the search path. Out: an absolute path. Invariant: runs nothing.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::paths::absolute;

/// A program by its absolute path, or by its name in the directories of `search_path`.
pub fn find_tool(name: &str, search_path: &str) -> Option<Utf8PathBuf> {
    find(name, Utf8Path::new("/"), search_path)
}

/// A program by path, or by name in the directories of `search`.
pub fn find(name: &str, current: &Utf8Path, search: &str) -> Option<Utf8PathBuf> {
    if name.contains('/') {
        let path = absolute(current, name);
        return is_program(&path).then_some(path);
    }
    let directories = std::env::split_paths(search)
        .filter_map(|directory| Utf8PathBuf::from_path_buf(directory).ok());
    directories
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|path| is_program(path))
}

#[cfg(unix)]
pub fn is_program(path: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub fn is_program(path: &Utf8Path) -> bool {
    path.is_file()
}
