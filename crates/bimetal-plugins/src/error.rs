//! Why a `plugins` command could not do what it was asked to.
//!
//! In: nothing. Out: [`CommandError`]. Invariant: a bad plugin is not an error but a finding; these
//! are about everything else.

use std::borrow::Cow;
use std::io;

use bimetal_manifest::object::{ManifestError, ReadError};
use bimetal_terminal::hint::is_interrupt;
use bimetal_terminal::{Hint, Interrupted, escape};
use bimetal_verify::{ScanError, TrustError};
use camino::Utf8PathBuf;

use crate::child::ChildError;
use crate::exit_code::ExitCode;

/// Why a `plugins` command could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("no Collector is named, and none that `bimetal` built lies beside the plugins")]
    NoMain,
    #[error("`{directory}` holds several Collectors: {}", quoted(.names))]
    SeveralMains {
        directory: Utf8PathBuf,
        names: Vec<String>,
    },
    #[error("cannot read the Collector `{path}`")]
    Main {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("`{path}` is not a Collector that takes plugins")]
    MainManifest {
        path: Utf8PathBuf,
        source: ManifestError,
    },
    #[error("`{path}` is not a Collector but a file of the form `{form}`")]
    NotMain {
        path: Utf8PathBuf,
        form: &'static str,
    },
    #[error("the policy `abi` is laxer than `exact`, which the Collector was built with")]
    LaxerPolicy,
    #[error("`{path}` lies beside the plugins and is not taken as their Collector: {reason}")]
    StrangeMain { path: Utf8PathBuf, reason: String },
    #[error("`--load` runs the Collector, and `{path}` was found beside the plugins, not named")]
    GuessedMain { path: Utf8PathBuf },
    #[error("`{}` does not say what plugins to trust", escape(.word))]
    Trust { word: String, source: TrustError },
    #[error("no plugin directory is named")]
    NoDirectory,
    #[error("{0}")]
    Directory(#[from] ScanError),
    #[error("cannot tell where `{path}` is")]
    Absolute {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{0}")]
    Child(#[from] ChildError),
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
    #[error("cannot write the report")]
    Write { source: io::Error },
}

impl Hint for CommandError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoMain => {
                "name it, for instance `--main ./otelcol`; `list` and `inspect` work without"
            }
            Self::SeveralMains { .. } => "say which one with `--main`",
            Self::StrangeMain { .. } | Self::GuessedMain { .. } => {
                "if you trust the Collector, name it with `--main`"
            }
            Self::Main { source, .. } if source.is_io() => {
                "check the path, and that this user may read the file"
            }
            Self::Main { .. } | Self::MainManifest { .. } | Self::NotMain { .. } => {
                "name a Collector that `bimetal` built with `plugin: true` or `dist.plugins_dir`"
            }
            Self::LaxerPolicy => {
                "leave the flag out, or build the Collector with `dist.plugins_policy: abi`"
            }
            Self::NoDirectory => {
                "name it with `--plugins-dir`, or name the Collector with `--main`"
            }
            Self::Write { .. } => {
                "the report above is incomplete; check the disk that it is written to"
            }
            Self::Trust { .. } => {
                "correct `--plugins-trust` before `plugins`, or `OTELCOL_PLUGINS_TRUST`"
            }
            Self::Directory(_) | Self::Absolute { .. } | Self::Child(_) | Self::Interrupted(_) => {
                return None;
            }
        };
        Some(hint.into())
    }
}

impl CommandError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        if is_interrupt(self) {
            ExitCode::Interrupted
        } else {
            ExitCode::Failure
        }
    }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
