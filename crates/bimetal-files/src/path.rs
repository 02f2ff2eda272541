//! A relative path that cannot lead out of the directory it is read in.
//!
//! In: a text, often of a file that anybody can edit. Out: a [`RelativePath`]. Invariant: at least
//! one name, and nothing but names: neither a root nor `..`.

use std::fmt;
use std::ops::Deref;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Checked once; joined to a directory, it names something below that directory. Links on the way
/// are not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(Utf8PathBuf);

/// A path that leads out of its directory, or to the directory itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` does not name a file below its directory")]
pub struct EscapeError {
    /// As it was written.
    pub path: Utf8PathBuf,
}

impl RelativePath {
    /// Checks `path`; a `.` in it is left out.
    pub fn parse(path: impl AsRef<Utf8Path>) -> Result<Self, EscapeError> {
        let path = path.as_ref();
        let mut names = Utf8PathBuf::new();
        for part in path.components() {
            match part {
                Utf8Component::CurDir => {}
                Utf8Component::Normal(name) => names.push(name),
                _ => names.clear(),
            }
            // `..`, or a root, which can only come first.
            if names.as_str().is_empty() && part != Utf8Component::CurDir {
                break;
            }
        }
        if names.as_str().is_empty() {
            return Err(EscapeError {
                path: path.to_owned(),
            });
        }
        Ok(Self(names))
    }

    /// The way from `root` down to `path`.
    pub fn below(root: &Utf8Path, path: &Utf8Path) -> Result<Self, EscapeError> {
        let error = || EscapeError {
            path: path.to_owned(),
        };
        Self::parse(path.strip_prefix(root).map_err(|_| error())?).map_err(|_| error())
    }

    /// The path itself.
    pub fn into_path(self) -> Utf8PathBuf {
        self.0
    }
}

impl Deref for RelativePath {
    type Target = Utf8Path;

    fn deref(&self) -> &Utf8Path {
        &self.0
    }
}

impl AsRef<Utf8Path> for RelativePath {
    fn as_ref(&self) -> &Utf8Path {
        &self.0
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_names_are_accepted() {
        let parse = |path: &str| RelativePath::parse(path).map(|path| path.to_string()).ok();
        assert_eq!(parse("a/b").as_deref(), Some("a/b"));
        assert_eq!(parse("./a//b/.").as_deref(), Some("a/b"));
        for path in [
            "",
            ".",
            "./",
            "/",
            "/a",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a/../../b",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn what_lies_elsewhere_is_not_below() {
        let below = |path: &str| RelativePath::below("/out".into(), path.into());
        assert_eq!(below("/out/a").unwrap().as_str(), "a");
        assert!(
            below("/out").is_err() && below("/outer/a").is_err() && below("/out/../a").is_err()
        );
    }

    proptest! {
        #[test]
        fn no_path_that_was_accepted_leaves_its_root(
            parts in prop::collection::vec(
                prop_oneof!["\\.{0,3}", "[a-c]{0,2}", "/{1,2}", "\\PC{0,3}"], 0..8),
        ) {
            for text in [parts.join("/"), parts.concat()] {
                let Ok(path) = RelativePath::parse(&text) else { continue };
                let root = Utf8Path::new("/root");
                let mut depth = 0_usize;
                for part in root.join(&path).strip_prefix(root).unwrap().components() {
                    prop_assert!(matches!(part, Utf8Component::Normal(_)), "{text}");
                    depth += 1;
                }
                prop_assert!(depth > 0);
                prop_assert_eq!(RelativePath::parse(path.as_str()), Ok(path.clone()));
            }
        }

        #[test]
        fn every_path_that_names_something_below_by_names_alone_is_accepted(
            names in prop::collection::vec(
                prop_oneof!["[a-z.]{0,3}[a-z]", "[a-z][a-z.]{0,3}", "\\.{3,4}"], 1..5),
        ) {
            let text = names.join("/");
            let path = RelativePath::parse(&text).map(RelativePath::into_path);
            prop_assert_eq!(path, Ok(text.into()));
        }
    }
}
