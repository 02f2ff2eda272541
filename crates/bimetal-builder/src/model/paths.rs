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
