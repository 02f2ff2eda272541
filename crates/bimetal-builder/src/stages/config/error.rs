//! Why a configuration cannot be used.
//!
//! In: every problem of a file. Out: one error that lists them. Invariant: each problem has its
//! file, line and column where it has any.

use std::borrow::Cow;
use std::fmt;
use std::io;

use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::yaml::Place;
use crate::yaml::YamlError;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` has more than {limit} bytes, the limit of a configuration")]
    TooLarge { path: Utf8PathBuf, limit: u64 },
    #[error("`{path}` is not UTF-8 text")]
    NotText { path: Utf8PathBuf },
    #[error("the configuration is not valid YAML")]
    Yaml(#[source] YamlError),
    #[error("invalid configuration{}", lines(.problems, .warnings))]
    Invalid {
        problems: Vec<Problem>,
        warnings: Vec<String>,
    },
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub text: String,
    pub hint: Option<String>,
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "name an existing file with `--config`, or make one with `bimetal init`"
            }
            Self::Invalid { problems, .. } => {
                let mut hints: Vec<&str> = problems
                    .iter()
                    .filter_map(|problem| problem.hint.as_deref())
                    .collect();
                hints.dedup();
                return (!hints.is_empty()).then(|| hints.join("\n").into());
            }
            Self::NotText { .. } | Self::TooLarge { .. } => {
                "`--config` takes the builder's YAML file"
            }
            Self::Read { .. } | Self::Yaml(_) => return None,
        };
        Some(hint.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// A warning often names the cause of a problem: a misspelt key is ignored, and then missed.
fn lines(problems: &[Problem], warnings: &[String]) -> String {
    let problems = problems.iter().map(|problem| format!("\n  {problem}"));
    problems
        .chain(
            warnings
                .iter()
                .map(|warning| format!("\n  {warning} (warning)")),
        )
        .collect()
}
