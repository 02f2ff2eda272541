//! Why an engine is of no use, or a build in a container failed.
//!
//! In: what an engine printed. Out: text and hint. Invariant: the engine's own words stay readable;
//! what they mean is said in ours.

use std::borrow::Cow;

use bimetal_builder::toolchain::InvocationError;
use bimetal_terminal::Hint;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot find a container engine: {}", tried.join("; "))]
    None { tried: Vec<String> },
    #[error("cannot use `{name}`: {reason}")]
    Unusable {
        name: &'static str,
        reason: String,
        hint: &'static str,
    },
    #[error("cannot get the image `{image}`")]
    Pull {
        image: String,
        source: InvocationError,
    },
    #[error("there is no image `{image}`: its registry knows no such digest or tag")]
    NoImage {
        image: String,
        source: InvocationError,
    },
    #[error(
        "the image `{image}` has no digest: it was made on this machine and never came from a \
         registry"
    )]
    NoDigest { image: String },
    #[error("there is no space left for the container")]
    DiskFull { source: InvocationError },
    #[error("the network of the container cannot be switched off")]
    Network { source: InvocationError },
    #[error("the engine may not start a container here")]
    NoContainer { source: InvocationError },
    #[error("the engine did not build the container")]
    Build { source: InvocationError },
    #[error("cannot take the artifacts out of the container")]
    Extract { source: InvocationError },
}

impl Hint for EngineError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::None { .. } => {
                "install Docker, Podman or Buildah (on Debian: `apt-get install buildah runc`), or \
                 build without `--hermetic`"
            }
            Self::Unusable { hint, .. } => hint,
            Self::Pull { .. } => {
                "see that the registry can be reached and that you may read it; without a \
                 registry, name a root file system with `dist.base_image`"
            }
            Self::NoImage { .. } => "correct the digest or the tag in `dist.base_image`",
            Self::NoDigest { .. } => {
                "push the image to a registry and name it by its digest, or export its root file \
                 system and name that"
            }
            Self::DiskFull { .. } => {
                "free space where the engine keeps its images, and where the output directory is"
            }
            Self::Network { .. } => {
                "this user may not make a namespace of its own; take an engine with a daemon, or \
                 allow user namespaces"
            }
            Self::NoContainer { .. } => {
                "with Buildah, set `BUILDAH_ISOLATION=chroot`, which needs fewer rights, or \
                 `BUILDAH_RUNTIME=runc`; else take another engine with `--engine`"
            }
            Self::Build { source } if source.is_failure() => {
                "what the engine printed is above and in the log"
            }
            Self::Extract { source } if source.is_failure() => bimetal_files::NOT_WRITABLE,
            Self::Build { .. } | Self::Extract { .. } => return None,
        };
        Some(hint.into())
    }
}

impl EngineError {
    /// What a failed build means.
    pub(super) fn of_build(source: InvocationError) -> Self {
        // The first is from `unshare`, the second from Buildah.
        const NETWORK: [&str; 2] = ["unshare failed", "other than host"];
        // Of the programs that Buildah and Podman start containers with; the second is from `crun`
        // on hosts with both kinds of control groups.
        const CONTAINER: [&str; 2] = ["creating container for", "cgroups in hybrid mode"];
        let output = output_of(&source).unwrap_or_default().to_ascii_lowercase();
        if output.contains("no space left on device") {
            Self::DiskFull { source }
        } else if NETWORK.iter().any(|words| output.contains(words)) {
            Self::Network { source }
        } else if CONTAINER.iter().any(|words| output.contains(words)) {
            Self::NoContainer { source }
        } else {
            Self::Build { source }
        }
    }

    /// What a failed pull means.
    pub(super) fn of_pull(image: &str, source: InvocationError) -> Self {
        // A program that is missing is "not found" as well, without the colon.
        const UNKNOWN: [&str; 6] = [
            "manifest unknown",
            "name unknown",
            "manifest for",
            "no such image",
            "repository does not exist",
            ": not found",
        ];
        let image = image.to_owned();
        let is_unknown = |output: &str| {
            let output = output.to_ascii_lowercase();
            UNKNOWN.iter().any(|word| output.contains(word))
        };
        if output_of(&source).is_some_and(is_unknown) {
            Self::NoImage { image, source }
        } else {
            Self::Pull { image, source }
        }
    }

    /// The last lines that the engine printed.
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::DiskFull { source }
            | Self::Network { source }
            | Self::NoContainer { source }
            | Self::Build { source } => output_of(source),
            _ => None,
        }
    }
}

/// What a program that failed had printed.
pub(super) fn output_of(error: &InvocationError) -> Option<&str> {
    match error {
        InvocationError::Failed { output, .. } => Some(output),
        _ => None,
    }
}
