//! Reads the files of a plugin directory.
//!
//! In: a directory. Out: [`Catalog`], sorted by file name. Invariant: everything about one file
//! comes from one descriptor.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::report::Problem;
use bimetal_files::Digest;
use bimetal_manifest::object::{self, Artifact, ReadError};
use bimetal_terminal::escape;

/// Most files that a plugin directory may have.
pub const ENTRIES_LIMIT: usize = 4096;

/// Ends of the names of plugin files.
const EXTENSIONS: &[&str] = &["so"];

/// The plugin files of a directory.
#[derive(Debug)]
pub struct Catalog {
    /// The directory.
    pub directory: Utf8PathBuf,
    /// Sorted by file name.
    pub entries: Vec<CatalogEntry>,
}

/// One file.
#[derive(Debug)]
pub struct CatalogEntry {
    /// Name in the directory; what is not UTF-8 in it is replaced.
    pub file: String,
    /// Digest, where it was asked for and could be taken.
    pub sha256: Option<Digest>,
    /// What the file is, or why that cannot be told.
    pub artifact: Result<Artifact, ReadError>,
}

/// What a scan does beyond reading manifests.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScanOptions {
    /// Take the digest of every file.
    pub digests: bool,
}

/// Why a directory cannot be scanned.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the plugin directory `{path}` does not exist")]
    Missing { path: Utf8PathBuf },
    #[error("`{path}` is not a directory")]
    NotADirectory { path: Utf8PathBuf },
    #[error("cannot read the plugin directory `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the plugin directory `{path}` has more than {ENTRIES_LIMIT} plugin files")]
    TooMany { path: Utf8PathBuf },
}

impl CatalogError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } | Self::NotADirectory { .. } => {
                Some("name the directory with `--plugins-dir`, or create it")
            }
            Self::Read { .. } => Some("check that this user may read the directory"),
            Self::TooMany { .. } => Some("keep only plugins of this Collector in the directory"),
        }
    }
}

impl Catalog {
    /// Reads every plugin file of `directory`.
    pub fn scan(directory: &Utf8Path) -> Result<Self, CatalogError> {
        Self::scan_with(directory, ScanOptions::default())
    }

    /// Reads every plugin file of `directory`, and what `options` ask for.
    pub fn scan_with(directory: &Utf8Path, options: ScanOptions) -> Result<Self, CatalogError> {
        let entries = names(directory)?
            .into_iter()
            .map(|name| read(directory, name, options))
            .collect();
        Ok(Self {
            directory: directory.to_owned(),
            entries,
        })
    }

    /// The file `name`.
    pub fn get(&self, name: &str) -> Option<&CatalogEntry> {
        self.entries.iter().find(|entry| entry.file == name)
    }
}

impl CatalogEntry {
    /// Why the file cannot be used whatever main is.
    pub fn problem(&self) -> Option<Problem> {
        match &self.artifact {
            Err(error) => Some(Problem::of(error, error.hint())),
            Ok(artifact) => artifact
                .manifests
                .as_ref()
                .err()
                .map(|error| Problem::of(error, error.hint())),
        }
    }
}

impl Problem {
    /// An error with its causes, in one line.
    pub fn of(error: &dyn std::error::Error, hint: Option<&str>) -> Self {
        let mut message = escape(&error.to_string()).into_owned();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&escape(&error.to_string()));
            cause = error.source();
        }
        Self {
            message,
            help: hint.map(str::to_owned),
        }
    }
}

enum Name {
    Text(String),
    NotUtf8(String),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(name) | Self::NotUtf8(name) => name,
        }
    }
}

fn names(directory: &Utf8Path) -> Result<Vec<Name>, CatalogError> {
    let path = || directory.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CatalogError::Missing { path: path() },
        io::ErrorKind::NotADirectory => CatalogError::NotADirectory { path: path() },
        _ => CatalogError::Read {
            path: path(),
            source,
        },
    };
    let mut names = Vec::new();
    for entry in fs_err::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        // Hidden files are those of tools that copy, until they are complete; the Collector does
        // not look at them either.
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        let is_plugin = std::path::Path::new(&name)
            .extension()
            .is_some_and(|end| EXTENSIONS.iter().any(|known| end == *known));
        if is_hidden || !is_plugin {
            continue;
        }
        if names.len() == ENTRIES_LIMIT {
            return Err(CatalogError::TooMany { path: path() });
        }
        names.push(name.into_string().map_or_else(
            |name| Name::NotUtf8(name.to_string_lossy().into_owned()),
            Name::Text,
        ));
    }
    names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(names)
}

fn read(directory: &Utf8Path, name: Name, options: ScanOptions) -> CatalogEntry {
    let name = match name {
        Name::Text(name) => name,
        Name::NotUtf8(file) => {
            let artifact = Err(ReadError::Unsupported {
                what: "a file whose name is not UTF-8",
            });
            return CatalogEntry {
                file,
                sha256: None,
                artifact,
            };
        }
    };
    let opened = object::open_for_reading(&directory.join(&name))
        .map_err(|source| ReadError::Open { source });
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            return CatalogEntry {
                file: name,
                sha256: None,
                artifact: Err(error),
            };
        }
    };
    let mut artifact = object::read_plugin(&file);
    let mut digest = None;
    let has_digest = !matches!(
        artifact,
        Err(ReadError::NotRegular | ReadError::TooLarge { .. } | ReadError::Io { .. })
    );
    if options.digests && has_digest {
        match Digest::of_file(&file) {
            Ok(found) => digest = Some(found),
            Err(source) => artifact = Err(ReadError::Io { source }),
        }
    }
    CatalogEntry {
        file: name,
        sha256: digest,
        artifact,
    }
}
