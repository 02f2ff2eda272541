//! What main knows about itself.
//!
//! In: `/proc/self/exe`. Out: [`Own`]. Invariant: read with the reader that plugins are read with;
//! main has no second copy of its manifest.

use std::borrow::Cow;

use bimetal_manifest::schema::{Component, Kind, PluginSettings};
use bimetal_manifest::{Artifact, Form, ManifestError, ReadError};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};

/// The running program.
#[derive(Debug)]
pub(crate) struct Own {
    /// Its facts and manifests.
    pub(crate) artifact: Artifact,
    /// Where it lies, for messages and for what is relative to it.
    pub(crate) path: Utf8PathBuf,
}

/// Main does not know enough about itself to verify a plugin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnError {
    #[error("cannot find out where this Collector lies")]
    Path { source: std::io::Error },
    #[error("cannot read this Collector's own file `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("this Collector's own manifest in `{path}` cannot be used")]
    Manifest {
        path: Utf8PathBuf,
        source: ManifestError,
    },
    #[error("`{path}` is not a Collector that can load plugins")]
    Form { path: Utf8PathBuf },
}

impl Hint for OwnError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Path { .. } => "`/proc` must be mounted",
            Self::Read { .. } => return None,
            Self::Manifest { .. } | Self::Form { .. } => {
                "build the Collector with `bimetal`, which embeds its manifest"
            }
        };
        Some(hint.into())
    }
}

impl Own {
    /// Reads the running program.
    pub(crate) fn read() -> Result<Self, OwnError> {
        let path = std::env::current_exe().map_err(|source| OwnError::Path { source })?;
        let path = Utf8PathBuf::from_path_buf(path).map_err(|path| OwnError::Path {
            source: std::io::Error::other(format!("`{}` is not UTF-8", path.display())),
        })?;
        // The name may lead to a newer file by now; the kernel's link leads to the program that
        // runs.
        let file =
            fs_err::File::open("/proc/self/exe").map_err(|source| OwnError::Path { source })?;
        let artifact = Artifact::read(file.file()).map_err(|source| OwnError::Read {
            path: path.clone(),
            source,
        })?;
        Ok(Self { artifact, path })
    }

    /// Whether plugins can be compared with this program.
    pub(crate) fn check(&self) -> Result<(), OwnError> {
        if let Err(source) = &self.artifact.manifests {
            return Err(OwnError::Manifest {
                path: self.path.clone(),
                source: source.clone(),
            });
        }
        if self.artifact.facts.form != Form::Main {
            return Err(OwnError::Form {
                path: self.path.clone(),
            });
        }
        Ok(())
    }

    /// `dist.plugins_dir` and `dist.plugins_policy`.
    pub(crate) fn plugins(&self) -> Option<&PluginSettings> {
        self.artifact.first_manifest()?.plugins.as_ref()
    }

    /// The component of that kind and type, if main's manifest lists it.
    pub(crate) fn component(&self, kind: Kind, type_name: &str) -> Option<&Component> {
        self.artifact
            .components()
            .find(|component| component.kind == kind && component.type_name == type_name)
    }

    /// Name of the program for messages.
    pub(crate) fn name(&self) -> &str {
        self.path
            .file_name()
            .unwrap_or_else(|| Utf8Path::new("otelcol").as_str())
    }
}
