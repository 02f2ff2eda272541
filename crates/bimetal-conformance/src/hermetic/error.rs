//! Why this machine cannot test hermetic builds.
//!
//! In: what was tried. Out: its text and the next action. Invariant: the output of a program that
//! failed is part of the text.

use std::io;

use camino::Utf8PathBuf;

use crate::distribution::DistributionError;

/// What is missing on this machine, or failed.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Engines are missing, and nothing here may install them.
    #[error("`{}` missing, and only root on a Debian system can \
        install them", .packages.join("`, `"))]
    Missing {
        /// Debian's names of the packages.
        packages: Vec<String>,
    },
    /// The packages could not be installed.
    #[error("cannot install `{}`", .packages.join("`, `"))]
    Install {
        /// Debian's names of the packages.
        packages: Vec<String>,
        /// What the package manager said.
        source: DistributionError,
    },
    /// The machine's package manager names no archive of Debian.
    #[error("no package archive of Debian is configured on this machine")]
    NoArchive,
    /// The root file system could not be made.
    #[error("cannot make the root file system `{path}`")]
    RootFs {
        /// Where it should stand.
        path: Utf8PathBuf,
        /// What the tool said.
        source: DistributionError,
    },
    /// A daemon cannot be started.
    #[error("cannot start `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A daemon ended, or was silent for too long, before it could be used.
    #[error("`{program}` did not get ready:\n{log}")]
    NotReady {
        /// The program.
        program: String,
        /// What it logged.
        log: String,
    },
    /// A program failed.
    #[error(transparent)]
    Command(#[from] DistributionError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl MachineError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { packages } => {
                Some(format!("as root: `apt-get install {}`", packages.join(" ")))
            }
            Self::Install { .. } => Some(
                "see that `apt-get update` works and that nothing else holds the package \
                 manager's lock"
                    .to_owned(),
            ),
            Self::NoArchive => Some(
                "run `apt-get update` on a Debian system whose package sources name Debian's \
                 archive"
                    .to_owned(),
            ),
            Self::RootFs { .. } => Some(
                "the archive must have the suite `bookworm`, and the disk 3 GB of \
                 free space"
                    .to_owned(),
            ),
            Self::NotReady { .. } => Some(
                "a daemon needs root and the right to mount; buildah works with less".to_owned(),
            ),
            Self::Spawn { .. } => {
                Some("run `cargo xtask test-hermetic`: it installs what is missing".to_owned())
            }
            Self::Command(_) | Self::Io(_) => None,
        }
    }
}
