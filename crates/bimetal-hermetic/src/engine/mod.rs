//! Container engines behind one small interface, driven by their command lines.
//!
//! In: a name or none; a context with a Dockerfile. Out: an [`Engine`] that works; the files of one
//! directory of the Dockerfile's build stage, on this machine. Invariant: what runs in a Dockerfile
//! has no network, whatever the engine; an image or container of ours is not left behind, but for
//! Podman after an interrupt: it ends at once, and neither ends what it started nor takes a mark by
//! which that could be found.

mod build;
mod error;
mod find;
mod job;
mod legacy;
mod pin;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;

pub use build::build;
pub use error::EngineError;
pub use find::find;
pub use job::Job;
pub use pin::{pin, without_tag};

/// The engines that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Docker, with `BuildKit` or without
    Docker,
    /// Podman
    Podman,
    /// Buildah, which needs no daemon
    Buildah,
}

impl Name {
    /// The name of the program, too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }
}

/// An engine of this machine that was found to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    pub program: Utf8PathBuf,
    pub way: Way,
}

/// How an engine builds a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// `docker buildx build`.
    Buildx,
    /// `docker build` of a client that has `BuildKit` built in.
    BuildKit,
    /// `docker build` without `BuildKit`.
    Legacy,
    Podman,
    Buildah(Isolation),
}

/// What Buildah runs commands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A container of this runtime (`runc`, `crun`).
    Oci(String),
    /// A changed root. It shares our network, so the engine itself is run without one.
    Chroot {
        /// Whether we are root; others need a user namespace for it.
        root: bool,
    },
}

impl Engine {
    /// What a person calls it.
    pub fn about(&self) -> String {
        match &self.way {
            Way::Buildx | Way::BuildKit => "docker with BuildKit".to_owned(),
            Way::Legacy => "docker without BuildKit".to_owned(),
            Way::Podman => "podman".to_owned(),
            Way::Buildah(Isolation::Oci(runtime)) => format!("buildah with {runtime}"),
            Way::Buildah(Isolation::Chroot { .. }) => "buildah with chroot".to_owned(),
        }
    }
}

/// The directory that no tool of an engine takes for a project.
fn nowhere() -> &'static Utf8Path {
    Utf8Path::new("/")
}

#[cfg(test)]
mod tests;
