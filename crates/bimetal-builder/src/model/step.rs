//! The steps of a build: the one place that knows their order, names and descriptions.
//!
//! In: nothing. Out: [`Step`]. Invariant: values only. A word in
//! braces stands for what depends on the plan.

use serde::{Deserialize, Serialize};

/// One step of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Generate,
    Modules,
    Fetch,
    Dockerfile,
    Container,
    Lock,
    Describe,
    Stamp,
    Build,
    Verify,
    Package,
}

impl Step {
    /// Every step in its order, with its name and what it does.
    const TABLE: [(Self, &'static str, &'static str); 11] = [
        (Self::Generate, "generate", "write the sources"),
        (
            Self::Modules,
            "modules",
            "go mod tidy -compat={language}, go mod download{cargo fetch}",
        ),
        (
            Self::Fetch,
            "fetch",
            "collect sources, modules and crates for the container",
        ),
        (Self::Dockerfile, "dockerfile", "write the Dockerfile"),
        (
            Self::Container,
            "container",
            "without a network: {compilers}",
        ),
        (Self::Lock, "lock", "hash what the compilers will read"),
        (
            Self::Describe,
            "describe",
            "learn type, signals and configuration of each component",
        ),
        (
            Self::Stamp,
            "stamp",
            "write the manifests that are linked in",
        ),
        (Self::Build, "build", "{compilers}"),
        (
            Self::Verify,
            "verify",
            "read every artifact back, load each plugin once",
        ),
        (Self::Package, "package", "put the artifacts into place"),
    ];

    /// Those that `wanted` names, in their order.
    pub fn in_order(wanted: impl Fn(Self) -> bool) -> Vec<Self> {
        Self::TABLE
            .iter()
            .map(|(step, _, _)| *step)
            .filter(|step| wanted(*step))
            .collect()
    }

    /// The word that progress and plans show.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it does, with a word in braces where that depends on the plan.
    pub fn about(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        // The order of the variants is that of the table; a test holds that.
        Self::TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_row_in_the_table() {
        for (step, name, _) in Step::TABLE {
            assert_eq!(step.row().0, step, "{name}");
            assert_eq!(serde_json::to_value(step).unwrap(), name);
        }
    }
}
