//! Why a configuration cannot be built on this machine.
//!
//! In: what is missing or does not fit. Out: text and hint. Invariant: a missing tool is named with
//! what to install.

use std::borrow::Cow;

use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use super::local_error::LocalError;
use super::toolchain_file::ToolchainFile;
use crate::model::pinned::{GO_NEEDED, RUST_NEEDED};
use crate::toolchain::{InvocationError, RefusedFlag};
use crate::yaml::Place;

#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("cannot find the Go \
        toolchain{}", named.as_ref().map(|name| format!(": neither `{name}` nor `go` on \
            PATH works")).unwrap_or_default())]
    NoGo { named: Option<String> },
    #[error("`{program}` is {found}; Collector {collector} needs Go {needed} or newer")]
    OldGo {
        program: Utf8PathBuf,
        found: String,
        needed: &'static str,
        collector: &'static str,
    },
    #[error(
        "`{program}` is {found}, which runs wrong code once several Go plugins are loaded \
         (golang/go#81303)"
    )]
    DeniedGo { program: Utf8PathBuf, found: String },
    #[error("cannot find `{tool}` on PATH, which is needed because {why}")]
    NoRust { tool: &'static str, why: String },
    #[error(
        "`{program}` is {found}; the parts that the builder carries need Rust {needed} or newer"
    )]
    OldRust {
        program: Utf8PathBuf,
        found: String,
        needed: &'static str,
    },
    #[error("cannot find the C compiler `{compiler}`, which cgo needs because {why}")]
    NoCc { compiler: String, why: String },
    #[error("`{label}` cannot be built for Windows: {why}")]
    Windows { label: String, why: &'static str },
    #[error(
        "cannot build for {wanted} on {host}: Rust components and plugins are built on the system \
         that they run on"
    )]
    CrossBuild { wanted: String, host: String },
    #[error("`dist.base_image` is `{path}`, and there is no such file")]
    NoRootFs { path: Utf8PathBuf },
    #[error("cannot understand what `{command}` says: {why}")]
    Answer { command: String, why: String },
    #[error("{0}")]
    RefusedFlag(#[from] RefusedFlag),
    #[error("cannot find out which tools are there")]
    Tool(#[source] InvocationError),
    #[error("`{}` chooses Rust `{}`, and that does not answer", .file.path, .file.wanted)]
    ToolchainFile {
        file: ToolchainFile,
        source: InvocationError,
    },
    #[error("{place}: `{label}.path` is `{path}`, which does not exist")]
    NoPath {
        place: Place,
        label: String,
        path: Utf8PathBuf,
    },
    #[error("`replaces` has `{line}`, and there is no directory `{path}`")]
    NoReplacement { line: String, path: Utf8PathBuf },
    #[error("{place}: cannot take over the path crate of `{label}`")]
    Local {
        place: Place,
        label: String,
        source: Box<LocalError>,
    },
}

impl Hint for ResolveError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoGo { .. } => {
                return Some(
                    format!(
                        "install Go {GO_NEEDED} or newer and put it on PATH, or name it with \
                        `dist.go`"
                    )
                    .into(),
                );
            }
            Self::OldGo { needed, .. } => {
                return Some(
                    format!(
                        "install Go {needed} or newer, put it first on PATH, or name it with \
                        `dist.go`"
                    )
                    .into(),
                );
            }
            Self::NoRust { .. } => {
                let hint = format!("install Rust {RUST_NEEDED} or newer (rustc and cargo)");
                return Some(hint.into());
            }
            Self::OldRust { needed, .. } => {
                let hint = format!("install Rust {needed} or newer and put it first on PATH");
                return Some(hint.into());
            }
            Self::ToolchainFile { file, .. } => {
                let hint = format!(
                    "the builder installs nothing: run `rustup toolchain install {}`, or choose an \
                     installed toolchain with the variable `RUSTUP_TOOLCHAIN`",
                    file.wanted
                );
                return Some(hint.into());
            }
            Self::RefusedFlag(refused) => refused.cure,
            Self::DeniedGo { .. } => "use Go 1.26.x, or 1.27.2 or newer",
            Self::NoCc { .. } => {
                "install a C compiler (on Debian: `apt-get install gcc libc6-dev`) or name one \
                 with the variable `CC`"
            }
            Self::Windows { .. } => "remove the entry, or build for Linux",
            Self::CrossBuild { .. } => {
                "unset GOOS and GOARCH, or run the builder on the other system"
            }
            Self::NoReplacement { .. } => {
                "a directory in `replaces` is relative to the output directory, as in its go.mod"
            }
            Self::NoPath { .. } => "`path` is relative to the current directory",
            Self::Tool(source) if source.is_failure() => {
                "see that this is the real tool and works, or put another one first on PATH"
            }
            Self::NoRootFs { .. } => {
                "the path is relative to the configuration; an image is named without `.` or `/` \
                 in front and without `.tar` at the end"
            }
            Self::Answer { .. } => {
                "see that this is the real tool, or put another one first on PATH"
            }
            Self::Local { .. } | Self::Tool(_) => return None,
        };
        Some(hint.into())
    }
}
