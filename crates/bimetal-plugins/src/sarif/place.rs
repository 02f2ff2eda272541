//! Files as URIs.
//!
//! In: paths. Out: [`Location`]s. Invariant: relative to the working directory or to the plugin
//! directory where the file lies below one of them, and every byte that is not plain is
//! percent-encoded.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::log::Location;

/// The name that code scanners know the directory of the sources by.
const WORKING_DIRECTORY: &str = "%SRCROOT%";
const PLUGIN_DIRECTORY: &str = "PLUGINSDIR";
/// Everything but what a path of a URI may have as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// What locations are relative to.
#[derive(Debug)]
pub(crate) struct Places {
    bases: Vec<(&'static str, Utf8PathBuf)>,
}

impl Places {
    /// For the files of a plugin directory.
    pub(crate) fn of_directory(directory: &Utf8Path) -> Self {
        let mut places = Self::of_files();
        places.bases.push((PLUGIN_DIRECTORY, absolute(directory)));
        places
    }

    /// For files anywhere.
    pub(crate) fn of_files() -> Self {
        let here = std::env::current_dir()
            .ok()
            .and_then(|directory| Utf8PathBuf::from_path_buf(directory).ok())
            // Below the root lies everything, so it would make no path shorter.
            .filter(|directory| directory.parent().is_some());
        Self {
            bases: here
                .map(|directory| (WORKING_DIRECTORY, directory))
                .into_iter()
                .collect(),
        }
    }

    /// Where the bases lie.
    pub(crate) fn bases(&self) -> BTreeMap<&'static str, Location> {
        let base = |(name, path): &(&'static str, Utf8PathBuf)| {
            let mut uri = absolute_uri(path);
            if !uri.ends_with('/') {
                uri.push('/');
            }
            let location = Location {
                uri,
                uri_base_id: None,
            };
            (*name, location)
        };
        self.bases.iter().map(base).collect()
    }

    /// Where `path` lies.
    pub(crate) fn locate(&self, path: &Utf8Path) -> Location {
        let path = absolute(path);
        for (name, base) in &self.bases {
            if let Ok(rest) = path.strip_prefix(base) {
                let uri = if rest.as_str().is_empty() {
                    "./".to_owned()
                } else {
                    encoded(rest)
                };
                return Location {
                    uri,
                    uri_base_id: Some(name),
                };
            }
        }
        Location {
            uri: absolute_uri(&path),
            uri_base_id: None,
        }
    }
}

fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned())
}

fn absolute_uri(path: &Utf8Path) -> String {
    format!("file://{}", encoded(path))
}

fn encoded(path: &Utf8Path) -> String {
    utf8_percent_encode(path.as_str(), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_nearest_base_and_encoded() {
        let places = Places {
            bases: vec![
                (WORKING_DIRECTORY, "/src".into()),
                (PLUGIN_DIRECTORY, "/opt/a b".into()),
            ],
        };
        let located = |path: &str| {
            let Location { uri, uri_base_id } = places.locate(path.into());
            (uri, uri_base_id)
        };
        assert_eq!(
            located("/src/out/x.so"),
            ("out/x.so".to_owned(), Some(WORKING_DIRECTORY))
        );
        assert_eq!(
            located("/opt/a b/c:d%é?#.so"),
            ("c%3Ad%25%C3%A9%3F%23.so".to_owned(), Some(PLUGIN_DIRECTORY))
        );
        assert_eq!(
            located("/opt/a b"),
            ("./".to_owned(), Some(PLUGIN_DIRECTORY))
        );
        assert_eq!(
            located("/elsewhere/x y.so"),
            ("file:///elsewhere/x%20y.so".to_owned(), None)
        );
        assert_eq!(places.bases()[PLUGIN_DIRECTORY].uri, "file:///opt/a%20b/");
    }
}
