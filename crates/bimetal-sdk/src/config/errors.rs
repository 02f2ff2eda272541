//! Complaints about a configuration, in the Collector's form.
//!
//! In: paths and texts. Out: lines `actions::0::key: must not be empty`. Invariant: order of
//! discovery is kept.

use std::fmt;

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Keys and indexes from the section's top, joined with `::`; empty for the section itself.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// Every complaint about one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// No complaint yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A single complaint.
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.push(path, message);
        errors
    }

    /// Adds a complaint.
    pub fn push(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(ConfigError {
            path: path.into(),
            message: message.into(),
        });
    }

    /// Takes over what a nested value complains about, below `path`.
    ///
    /// ```
    /// use bimetal_sdk::config::ConfigErrors;
    ///
    /// let mut errors = ConfigErrors::new();
    /// errors.nest("actions::0", Err(ConfigErrors::one("key", "must not be empty")));
    /// assert_eq!(errors.to_string(), "actions::0::key: must not be empty");
    /// ```
    pub fn nest(&mut self, path: &str, result: Result<(), Self>) {
        let Err(Self(inner)) = result else { return };
        self.0.extend(inner.into_iter().map(|error| ConfigError {
            path: join(path, &error.path),
            message: error.message,
        }));
    }

    /// `Ok` if there is no complaint.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The complaints in order.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

/// Joins two paths; either may be empty.
pub(super) fn join(parent: &str, child: &str) -> String {
    match (parent, child) {
        ("", only) | (only, "") => only.to_owned(),
        (parent, child) => format!("{parent}::{child}"),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
impl std::error::Error for ConfigErrors {}
