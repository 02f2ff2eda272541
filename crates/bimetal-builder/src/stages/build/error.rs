//! What can go wrong while compilers run.
//!
//! In: what a compiler or the file system answered. Out: text and hint. Invariant: a tool that
//! failed is shown with its command line, its last lines as they were, and the log that has all of
//! them.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::toolchain::InvocationError;

/// The core that a component was written for, where another one is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFor {
    /// A module of the core.
    pub module: String,
    /// Its version in the component's go.mod.
    pub asked: String,
    /// The one that the distribution has.
    pub selected: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("failed to compile the OpenTelemetry Collector distribution")]
    Main { source: InvocationError },
    #[error("the component of `gomod: {entry}` does not compile{}", cores(.written_for.as_ref()))]
    Component {
        entry: String,
        written_for: Option<WrittenFor>,
        source: InvocationError,
    },
    #[error("failed to compile the plugin of `{entry}`")]
    Plugin {
        entry: String,
        source: InvocationError,
    },
    #[error("failed to compile the Rust part of the distribution")]
    Rust { source: InvocationError },
    #[error("failed to link the Rust static library into one object")]
    Link { source: InvocationError },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("`{path}` is no archive of objects: {reason}")]
    Archive { path: Utf8PathBuf, reason: String },
    #[error("`{path}` has no symbol that begins with `bimetal_`")]
    NoSymbols { path: Utf8PathBuf },
    #[error("the plugin `{name}` was not described")]
    Unknown { name: String },
    #[error("cannot note what was written")]
    Record {
        #[from]
        source: OwnedError,
    },
    #[error("the linker flags `{flags}` cannot be used together with plugins: {reason}")]
    Flags { flags: String, reason: &'static str },
}

impl Hint for BuildError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Component {
                written_for: Some(core),
                ..
            } => {
                let WrittenFor {
                    module, selected, ..
                } = core;
                let hint = format!(
                    "use a version of the component that was written for `{module}` {selected}, or \
                     adapt its code to that; the lines of the compiler say where"
                );
                return Some(hint.into());
            }
            Self::Component { source, .. } if source.is_failure() => {
                "correct the component where the lines of the compiler say, or use another version \
                 of it"
            }
            Self::Flags { .. } => {
                "leave the flag out of `--ldflags`; CGO_LDFLAGS takes flags for the C linker"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

fn cores(core: Option<&WrittenFor>) -> String {
    core.map_or_else(String::new, |core| {
        format!(
            ": its go.mod asks for `{}` {}, and {} is selected",
            core.module, core.asked, core.selected
        )
    })
}
