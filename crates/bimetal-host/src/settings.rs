//! What the user asked for, and which directory that means.
//!
//! In: the flags as JSON, the environment, main's manifest. Out: [`Settings`], [`Directory`].
//! Invariant: a set-id program takes nothing from its environment; a policy is never laxer than the
//! one main was built with.

use std::borrow::Cow;

use bimetal_manifest::schema::{PluginSettings, Policy};
use bimetal_terminal::{Hint, escape};
use bimetal_verify::{Trust, TrustError};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

/// What to do when a plugin that the configuration uses does not verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnError {
    /// Main does not start.
    #[default]
    Fail,
    /// Main starts without the component.
    Skip,
}

/// The `--plugins-…` flags of main, as `wire_gen.go` has them too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// `--plugins-dir`; none for the environment's or the built-in directory.
    pub(crate) plugins_dir: Option<Utf8PathBuf>,
    /// `--plugins-on-error`: `fail` or `skip`.
    pub(crate) on_error: OnError,
    /// `--plugins-require-lock`: refuses plugins that `plugins.lock` does not list.
    pub(crate) require_lock: bool,
    /// `--plugins-cache-dir`: where private copies of Go plugins go.
    pub(crate) cache_dir: Option<Utf8PathBuf>,
    /// `--plugins-trust`: `rights`, `lock` or `lock=FILE`; none for the environment's.
    pub(crate) trust: Option<String>,
    /// `--plugins-policy`: `exact` or `abi`; none for what main was built with.
    pub(crate) policy: Option<Policy>,
}

/// Who named the plugin directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `--plugins-dir`.
    Flag,
    /// `OTELCOL_PLUGINS_DIR`.
    Environment,
    /// `dist.plugins_dir`, from main's manifest.
    Manifest,
}

impl Origin {
    /// What a person knows it by.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Flag => "the flag `--plugins-dir`",
            Self::Environment => "the variable `OTELCOL_PLUGINS_DIR`",
            Self::Manifest => "what the Collector was built with (`dist.plugins_dir`)",
        }
    }
}

/// The plugin directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    /// Who named it.
    pub(crate) origin: Origin,
}

/// The flags cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("the settings of the plugin host are not what it understands")]
    Parse { source: serde_json::Error },
    #[error(
        "`--plugins-policy={asked}` is laxer than `{built}`, which this Collector was built with"
    )]
    Laxer {
        asked: &'static str,
        built: &'static str,
    },
    #[error("`{word}` of {origin} does not say what to trust")]
    Trust {
        word: String,
        origin: &'static str,
        source: TrustError,
    },
    #[error("cannot find out the current directory, which `{path}` is relative to")]
    CurrentDirectory {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
}

impl Hint for SettingsError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Laxer { .. } => {
                "leave the flag out, or build the distribution with `dist.plugins_policy: abi`"
            }
            Self::CurrentDirectory { .. } => "give an absolute path",
            Self::Parse { .. } | Self::Trust { .. } => return None,
        };
        Some(hint.into())
    }
}

impl Settings {
    /// Reads what the Go side sends.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, SettingsError> {
        serde_json::from_slice(json).map_err(|source| SettingsError::Parse { source })
    }

    /// The policy that holds: main's own, or a stricter one.
    pub(crate) fn policy(&self, built: Policy) -> Result<Policy, SettingsError> {
        match (self.policy, built) {
            (Some(Policy::Abi), Policy::Exact) => Err(SettingsError::Laxer {
                asked: "abi",
                built: "exact",
            }),
            (Some(asked), _) => Ok(asked),
            (None, built) => Ok(built),
        }
    }

    /// What is trusted: flag, else environment, else owner and mode alone.
    pub(crate) fn trust(&self, environment: Option<String>) -> Result<Trust, SettingsError> {
        let (word, origin) = match (&self.trust, environment) {
            (Some(word), _) => (word.clone(), "`--plugins-trust`"),
            (None, Some(word)) => (word, "`OTELCOL_PLUGINS_TRUST`"),
            (None, None) => return Ok(Trust::Rights),
        };
        word.parse().map_err(|source| SettingsError::Trust {
            word: escape(&word).into_owned(),
            origin,
            source,
        })
    }

    /// The directory: flag, else environment, else what was built in; `None` when none is named.
    pub(crate) fn directory(
        &self,
        environment: Option<Utf8PathBuf>,
        built: Option<&PluginSettings>,
        executable: &Utf8Path,
    ) -> Result<Option<Directory>, SettingsError> {
        let (path, origin) = match (&self.plugins_dir, environment, built) {
            (Some(path), _, _) => (path.clone(), Origin::Flag),
            (None, Some(path), _) => (path, Origin::Environment),
            (None, None, Some(built)) => {
                let directory = executable.parent().unwrap_or(Utf8Path::new("/"));
                (directory.join(&built.dir), Origin::Manifest)
            }
            (None, None, None) => return Ok(None),
        };
        Ok(Some(Directory {
            path: absolute(path)?,
            origin,
        }))
    }
}

fn absolute(path: Utf8PathBuf) -> Result<Utf8PathBuf, SettingsError> {
    match camino::absolute_utf8(&path) {
        Ok(absolute) => Ok(absolute),
        Err(source) => Err(SettingsError::CurrentDirectory { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(dir: &str) -> PluginSettings {
        PluginSettings {
            dir: dir.to_owned(),
            policy: Policy::Exact,
        }
    }

    #[test]
    fn the_flag_wins_over_the_environment_and_that_over_the_manifest() {
        let flag = Settings {
            plugins_dir: Some("/flag".into()),
            ..Settings::default()
        };
        let none = Settings::default();
        let built = built("plugins");
        let directory = |settings: &Settings, environment: Option<&str>, built| {
            let found = settings.directory(
                environment.map(Utf8PathBuf::from),
                built,
                Utf8Path::new("/opt/otelcol"),
            );
            found
                .unwrap()
                .map(|directory| (directory.path.to_string(), directory.origin))
        };
        assert_eq!(
            directory(&flag, Some("/environment"), Some(&built)),
            Some(("/flag".into(), Origin::Flag))
        );
        assert_eq!(
            directory(&none, Some("/environment"), Some(&built)),
            Some(("/environment".into(), Origin::Environment))
        );
        assert_eq!(
            directory(&none, None, Some(&built)),
            Some(("/opt/plugins".into(), Origin::Manifest))
        );
        assert_eq!(directory(&none, None, None), None);
    }

    #[test]
    fn a_flag_tightens_the_policy_and_never_loosens_it() {
        let asked = |policy| Settings {
            policy: Some(policy),
            ..Settings::default()
        };
        assert_eq!(
            asked(Policy::Exact).policy(Policy::Abi).unwrap(),
            Policy::Exact
        );
        assert_eq!(
            Settings::default().policy(Policy::Abi).unwrap(),
            Policy::Abi
        );
        let refusal = asked(Policy::Abi).policy(Policy::Exact).unwrap_err();
        assert!(refusal.to_string().contains("laxer"), "{refusal}");
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        assert!(Settings::parse(br#"{"plugin_dir": "x"}"#).is_err());
        let settings = Settings::parse(br#"{"on_error": "skip", "policy": "exact"}"#).unwrap();
        assert_eq!(
            (settings.on_error, settings.policy),
            (OnError::Skip, Some(Policy::Exact))
        );
    }
}
