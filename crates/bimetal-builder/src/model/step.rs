//! The steps of a build.
//!
//! In: nothing. Out: [`Step`]. Invariant: values only.

use serde::{Deserialize, Serialize};

/// One step of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Write the sources.
    Generate,
    /// Update go.mod, go.sum and Cargo.lock, and download what they name.
    Modules,
    /// Collect everything that a container without a network needs.
    Fetch,
    /// Write the Dockerfile, and nothing else.
    Dockerfile,
    /// Run the steps from `lock` on in a container without a network.
    Container,
    /// Hash the sources that the compilers will read.
    Lock,
    /// Learn identity and schema of every component.
    Describe,
    /// Write the manifest texts that are linked in.
    Stamp,
    /// Run the compilers.
    Build,
    /// Re-read every artifact from disk and load each plugin once in a child.
    Verify,
    /// Put the artifacts into place.
    Package,
}
