//! Paths without asking the file system: symbolic links stay what they are, as in OCB.
//!
//! In: paths as a user wrote them. Out: absolute or relative ones. Invariant: pure.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// `path` from `base`, without `.` and `..`.
pub fn absolute(base: &Utf8Path, path: impl AsRef<Utf8Path>) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for component in base.join(path.as_ref()).components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                result.pop();
            }
            other => result.push(other.as_str()),
        }
    }
    result
}

/// The way from the directory `from` to `to`; both absolute and clean.
pub fn relative(from: &Utf8Path, to: &Utf8Path) -> Utf8PathBuf {
    pathdiff::diff_utf8_paths(to, from)
        .filter(|way| !way.as_str().is_empty())
        .unwrap_or_else(|| Utf8PathBuf::from("."))
}

/// `to` as go.mod names a directory: from `from`, unless it is to be absolute.
pub fn relative_or_absolute(from: &Utf8Path, to: &Utf8Path, is_absolute: bool) -> String {
    if is_absolute {
        return to.to_string();
    }
    let relative = relative(from, to);
    if is_directory(relative.as_str()) {
        relative.into_string()
    } else {
        format!("./{relative}")
    }
}

/// Whether Go takes the right side of a `replace` for a directory: only what starts with a dot or
/// a slash.
pub fn is_directory(target: &str) -> bool {
    ["./", "../", "/"]
        .iter()
        .any(|start| target.starts_with(start))
        || matches!(target, "." | "..")
}

/// A path as go.mod takes it: quoted if it has to be.
pub fn in_go_mod(path: &str) -> String {
    let plain = path
        .chars()
        .all(|c| !c.is_whitespace() && !"\"'`(),".contains(c));
    if plain {
        path.to_owned()
    } else {
        format!("\"{path}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_two_directories_is_found_without_looking() {
        let way =
            |from: &str, to: &str| relative(Utf8Path::new(from), Utf8Path::new(to)).into_string();
        assert_eq!(way("/a/b", "/a/c/d"), "../c/d");
        assert_eq!(way("/a/b", "/a/b/c"), "c");
        assert_eq!(way("/a/b", "/a/b"), ".");
        assert_eq!(way("/a", "/"), "..");
    }

    #[test]
    fn dots_disappear() {
        assert_eq!(absolute(Utf8Path::new("/a/b"), "../c/./d/"), "/a/c/d");
        assert_eq!(absolute(Utf8Path::new("/a"), "../../.."), "/");
        assert_eq!(absolute(Utf8Path::new("/a"), "/x"), "/x");
    }
}
