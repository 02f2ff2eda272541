//! Why a distribution does not leave the work folder.
//!
//! In: what was found. Out: [`VerifyError`] and [`Finding`] as text. Invariant: a refusal lists everything that was found, not the first thing only.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use bimetal_manifest::catalog::Problem;
use bimetal_manifest::object::{ManifestError, ReadError};
use bimetal_manifest::{Mismatch, escape};
use camino::Utf8PathBuf;

use crate::stages::build::BuiltPlugin;
use crate::toolchain::InvocationError;

/// Exit codes of `plugins validate` that judge a plugin; every other one says that nothing could be judged.
const JUDGING: [i32; 2] = [2, 3];

/// Everything that is wrong with one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Its name in the plugin folder.
    pub(crate) file: String,
    /// The command line that made it.
    pub(crate) command: String,
    /// What keeps it from being compared.
    pub(crate) problems: Vec<Problem>,
    /// What does not fit.
    pub(crate) mismatches: Vec<Mismatch>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error("the plugins do not fit the Collector that was built with them{}", listed(.findings))]
    Refused { findings: Vec<Finding> },
    #[error("the Collector that was built does not load its plugins")]
    Load { source: InvocationError },
    #[error("cannot read `{path}`")]
    Open {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` cannot be read as what was built")]
    Read {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("the manifest of `{path}` cannot be read back")]
    Manifest {
        path: Utf8PathBuf,
        source: ManifestError,
    },
    #[error("`{command}` ended well, and `{path}` is no program")]
    NotProgram { path: Utf8PathBuf, command: String },
    #[error("`{path}` is a {found}, not a {wanted}")]
    Form {
        path: Utf8PathBuf,
        found: &'static str,
        wanted: &'static str,
    },
    #[error("the manifest in `{path}` is not the one of this build")]
    Stale { path: Utf8PathBuf },
    #[error("`{path}` changed while it was checked")]
    Changed { path: Utf8PathBuf },
    #[error("cannot write `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot make the plugin lock")]
    Lock {
        source: bimetal_manifest::lock::LockError,
    },
}

impl VerifyError {
    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused { .. } => {
                Some("nothing was put into place; repair what is listed and build again")
            }
            Self::Stale { .. } | Self::NotProgram { .. } | Self::Form { .. } => {
                Some("delete the folder `.bimetal` in the output folder and build again")
            }
            Self::Changed { .. } => {
                Some("see that nothing else builds into the same output folder")
            }
            Self::Load { source } => source.hint().or(Some(
                "nothing was put into place; what is printed above names the plugin and the reason",
            )),
            Self::Read { source, .. } => source.hint(),
            Self::Manifest { source, .. } => source.hint(),
            Self::Write { .. } => {
                Some("see that the output folder is writable and the disk not full")
            }
            Self::Open { .. } | Self::Lock { .. } => None,
        }
    }

    /// Whether a plugin was judged and did not pass; the program then ends with 2.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Load {
                source: InvocationError::Failed { status, .. },
            } => status.code().is_some_and(|code| JUDGING.contains(&code)),
            _ => false,
        }
    }

    /// Whether a person stopped us.
    pub(crate) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Load { source } if source.is_interrupt())
    }
}

impl Finding {
    /// Nothing yet.
    pub(super) fn about(plugin: &BuiltPlugin) -> Self {
        let (file, command) = (plugin.file_name(), plugin.invocation.command_line());
        Self {
            file,
            command,
            problems: Vec::new(),
            mismatches: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.mismatches.is_empty()
    }

    fn text(&self) -> String {
        let mut text = format!("\n{}:", escape(&self.file));
        for problem in &self.problems {
            let _ = write!(text, "\n  {}", problem.message);
            if let Some(hint) = &problem.hint {
                let _ = write!(text, "\n    repair: {hint}");
            }
        }
        for mismatch in &self.mismatches {
            describe(mismatch, &mut text);
        }
        let _ = write!(text, "\n  it was built by: {}", escape(&self.command));
        text
    }
}

/// An error with its causes in one line, fit for a terminal.
pub(super) fn problem(error: &dyn Error, hint: Option<&str>) -> Problem {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let _ = write!(message, ": {source}");
        cause = source.source();
    }
    Problem {
        message: escape(&message).into_owned(),
        hint: hint.map(str::to_owned),
    }
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(Finding::text).collect()
}

fn describe(mismatch: &Mismatch, text: &mut String) {
    let _ = write!(
        text,
        "\n  {} `{}`",
        mismatch.what.as_str().replace('_', " "),
        mismatch.subject
    );
    for (side, value) in [("main", &mismatch.main), ("plugin", &mismatch.plugin)] {
        if let Some(value) = value {
            let _ = write!(text, "\n    {side}: {value}");
        }
    }
    if !mismatch.names.is_empty() {
        let more = mismatch.count.saturating_sub(mismatch.names.len());
        let rest = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        let _ = write!(text, "\n    touches: {}{rest}", mismatch.names.join(", "));
    }
    let _ = write!(
        text,
        "\n    on load: {}: {}",
        mismatch.class.as_str(),
        mismatch.consequence
    );
    let _ = write!(text, "\n    repair: {}", mismatch.remedy);
}
