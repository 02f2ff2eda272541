//! The names of the texts that a hermetic build puts beside main.
//!
//! In: nothing. Out: file names. Invariant: [`DOCUMENTS`] has every one of them.

/// The container, as text.
pub const DOCKERFILE: &str = "Dockerfile";
/// The items that decide about the environment hash.
pub const ENVIRONMENT: &str = "environment.json";
/// The environment hash, in a form that `sha256sum -c` takes.
pub const ENVIRONMENT_SUM: &str = "environment.sha256";
/// Path -> digest of every input.
pub const INPUTS: &str = "inputs.json";
/// In-toto statement with SLSA provenance.
pub const PROVENANCE: &str = "provenance.json";
/// What `rebuild` starts from.
pub const RECORDED: &str = "rebuild.json";
/// `CycloneDX`.
pub const SBOM: &str = "sbom.cdx.json";
/// Digest of every other file.
pub const SUMS: &str = "SHA256SUMS";

/// Every one of them. A build without a container removes them.
pub const DOCUMENTS: [&str; 8] = [
    DOCKERFILE,
    ENVIRONMENT,
    ENVIRONMENT_SUM,
    INPUTS,
    PROVENANCE,
    RECORDED,
    SBOM,
    SUMS,
];
