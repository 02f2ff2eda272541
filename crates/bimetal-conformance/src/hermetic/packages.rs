//! The programs that hermetic tests need, from Debian's packages.
//!
//! In: PATH. Out: nothing, or what is missing. Invariant: the package manager is asked only when
//! something is missing.

use std::env;

use super::error::MachineError;
use crate::distribution::run;

/// Program and the package that has it.
const NEEDED: [(&str, &str); 6] = [
    ("buildah", "buildah"),
    ("runc", "runc"),
    ("mmdebstrap", "mmdebstrap"),
    ("dockerd", "docker.io"),
    ("docker", "docker.io"),
    ("docker-registry", "docker-registry"),
];
/// Daemons are here, and PATH of a user has none of it.
const FOR_DAEMONS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Installs what is missing.
pub fn install() -> Result<(), MachineError> {
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() || !is_there("apt-get") {
        return Err(MachineError::Missing { packages });
    }
    let apt = |words: &[&str]| {
        let program = [
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "--quiet",
            "--yes",
        ];
        run("env", &[&program, words].concat())
    };
    let mut words = vec!["install", "--no-install-recommends"];
    words.extend(packages.iter().map(String::as_str));
    apt(&["update"])
        .and_then(|_| apt(&words))
        .map(drop)
        .map_err(|source| MachineError::Install {
            packages: packages.clone(),
            source,
        })
}

fn missing() -> Vec<String> {
    let mut packages: Vec<String> = NEEDED
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| (*package).to_owned())
        .collect();
    packages.dedup();
    packages
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(FOR_DAEMONS.iter().map(Into::into))
        .any(|directory| directory.join(program).is_file())
}
