//! Why a configuration cannot be built on this machine.
//!
//! In: what is missing or does not fit. Out: text and hint. Invariant: a missing tool is named with
//! what to install.

use camino::Utf8PathBuf;

use super::local::LocalError;
use crate::model::pinned::{GO_NEEDED, RUST_NEEDED};
use crate::toolchain::InvocationError;
use crate::yaml::Place;

#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("cannot find the Go toolchain{}", named.as_ref().map(|name| format!(": neither `{name}` nor `go` on PATH works")).unwrap_or_default())]
    NoGo { named: Option<String> },
    #[error("`{program}` is {found}; Collector {collector} needs Go {needed} or newer")]
    OldGo {
        program: Utf8PathBuf,
        found: String,
        needed: &'static str,
        collector: &'static str,
    },
    #[error(
        "`{program}` is {found}, which runs wrong code once several Go plugins are loaded (golang/go#81303)"
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
        "cannot build for {wanted} on {host}: Rust components and plugins are built on the system that they run on"
    )]
    CrossBuild { wanted: String, host: String },
    #[error("`dist.base_image` is `{path}`, and there is no such file")]
    NoRootFs { path: Utf8PathBuf },
    #[error("cannot understand what `{command}` says: {why}")]
    Answer { command: String, why: String },
    #[error("cannot find out which tools are there")]
    Tool(#[source] InvocationError),
    #[error("{place}: `{label}.path` is `{path}`, which does not exist")]
    NoPath {
        place: Place,
        label: String,
        path: Utf8PathBuf,
    },
    #[error("{place}: cannot take over the path crate of `{label}`")]
    Local {
        place: Place,
        label: String,
        source: Box<LocalError>,
    },
}

impl ResolveError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoGo { .. } => format!("install Go {} or newer and put it on PATH, or name it with `dist.go`", GO_NEEDED),
            Self::OldGo { needed, .. } => format!("install Go {needed} or newer, put it first on PATH, or name it with `dist.go`"),
            Self::DeniedGo { .. } => "use Go 1.26.x, or 1.27.2 or newer".to_owned(),
            Self::NoRust { .. } => format!("install Rust {} or newer (rustc and cargo)", RUST_NEEDED),
            Self::OldRust { needed, .. } => format!("install Rust {needed} or newer and put it first on PATH"),
            Self::NoCc { .. } => "install a C compiler (on Debian: `apt-get install gcc libc6-dev`) or name one with the variable `CC`".to_owned(),
            Self::Windows { .. } => "remove the entry, or build for Linux".to_owned(),
            Self::CrossBuild { .. } => "unset GOOS and GOARCH, or run the builder on the other system".to_owned(),
            Self::NoPath { .. } => "`path` is relative to the current directory".to_owned(),
            Self::Local { source, .. } => return source.hint(),
            Self::Tool(source) => return source.hint_or("see that this is the real tool and works, or put another one first on PATH").map(str::to_owned),
            Self::NoRootFs { .. } => "the path is relative to the configuration; an image is named without `.` or `/` in front and without `.tar` at the end".to_owned(),
            Self::Answer { .. } => "see that this is the real tool, or put another one first on PATH".to_owned(),
        })
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Tool(source) => source.is_interrupt(),
            Self::Local { source, .. } => source.is_interrupt(),
            _ => false,
        }
    }
}
