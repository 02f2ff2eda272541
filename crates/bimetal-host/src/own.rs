//! What main knows about itself.
//!
//! In: `/proc/self/exe`. Out: [`Own`]. Invariant: read with the reader that plugins are read with;
//! main has no second copy of its manifest. Its symbols are read when a plugin is verified.

use std::borrow::Cow;
use std::sync::OnceLock;

use bimetal_manifest::object::outline_of_main;
use bimetal_manifest::schema::{Component, Kind, PluginSettings};
use bimetal_manifest::{Artifact, Form, ManifestError, ReadError};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};

/// The running program.
#[derive(Debug)]
pub(crate) struct Own {
    /// Stays open: the whole is read from the same file.
    file: fs_err::File,
    /// Its manifests, where these can be used.
    outline: Option<Artifact>,
    /// All its facts, and its manifests.
    whole: OnceLock<Artifact>,
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
        let outline = outline_of_main(file.file()).ok();
        let own = Self {
            outline: outline.filter(|outline| outline.manifests.is_ok()),
            whole: OnceLock::new(),
            file,
            path,
        };
        // What is wrong with it is known when all of it has been read.
        if own.outline.is_none() {
            own.whole()?;
        }
        Ok(own)
    }

    /// All that is known of it. A main of 50 MB is 1,400 reads, which a start that loads no plugin
    /// does without.
    pub(crate) fn whole(&self) -> Result<&Artifact, OwnError> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let whole = Artifact::read(self.file.file()).map_err(|source| OwnError::Read {
            path: self.path.clone(),
            source,
        })?;
        Ok(self.whole.get_or_init(|| whole))
    }

    /// What its manifests say, and what else was read so far.
    pub(crate) fn known(&self) -> &Artifact {
        let known = self.whole.get().or(self.outline.as_ref());
        known.expect("a program without an outline is read whole")
    }

    /// Whether plugins can be compared with this program, as far as it is known.
    pub(crate) fn check(&self) -> Result<(), OwnError> {
        let known = self.known();
        if let Err(source) = &known.manifests {
            return Err(OwnError::Manifest {
                path: self.path.clone(),
                source: source.clone(),
            });
        }
        if known.facts.form != Form::Main {
            return Err(OwnError::Form {
                path: self.path.clone(),
            });
        }
        Ok(())
    }

    /// `dist.plugins_dir` and `dist.plugins_policy`.
    pub(crate) fn plugins(&self) -> Option<&PluginSettings> {
        self.known().first_manifest()?.plugins.as_ref()
    }

    /// The component of that kind and type, if main's manifest lists it.
    pub(crate) fn component(&self, kind: Kind, type_name: &str) -> Option<&Component> {
        self.known()
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
