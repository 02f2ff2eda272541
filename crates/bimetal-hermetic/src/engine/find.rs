//! Finds an engine that works.
//!
//! In: a name or none, PATH. Out: an [`Engine`], else why none can be used. Invariant: an engine
//! that is installed and cannot work is passed over only when it was not asked for, and its reason
//! is shown when nothing else works.

use std::env;

use camino::Utf8PathBuf;

use super::error::{EngineError, output_of};
use super::{Engine, Isolation, Name, Way, nowhere};
use bimetal_builder::toolchain::find_tool;
use bimetal_builder::toolchain::{Invocation, InvocationError, Runner};

/// In the order in which they are tried.
const ALL: [Name; 3] = [Name::Docker, Name::Podman, Name::Buildah];
/// From this version on, Docker's client has no `BuildKit` of its own, only through its plugin.
const WITHOUT_BUILDKIT: u32 = 23;
const RUNTIMES: [&str; 2] = ["runc", "crun"];

/// The engine `wanted`, or the first that works.
pub fn find(
    wanted: Option<Name>,
    search_path: &str,
    runner: &Runner<'_>,
) -> Result<Engine, EngineError> {
    if let Some(name) = wanted {
        let program = find_tool(name.as_str(), search_path).ok_or(EngineError::Unusable {
            name: name.as_str(),
            reason: "it is not on PATH".to_owned(),
            hint: "install it, or leave `--engine` out",
        })?;
        return probe(name, program, search_path, runner);
    }
    let mut tried = Vec::new();
    for name in ALL {
        let Some(program) = find_tool(name.as_str(), search_path) else {
            tried.push(format!("`{}` is not on PATH", name.as_str()));
            continue;
        };
        match probe(name, program, search_path, runner) {
            Err(EngineError::Unusable { name, reason, .. }) => {
                tried.push(format!("`{name}` cannot be used: {reason}"));
            }
            other => return other,
        }
    }
    Err(EngineError::None { tried })
}

/// Asks the engine something that only a working one answers.
fn probe(
    name: Name,
    program: Utf8PathBuf,
    search_path: &str,
    runner: &Runner<'_>,
) -> Result<Engine, EngineError> {
    let ask = |words: &[&str]| -> Result<String, InvocationError> {
        let question = Invocation::engine(&program, nowhere()).args(words.iter().copied());
        let answer = runner.read("engine-probe", &question)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    // Older ones keep what they built in images.
    let gives_files = || -> Result<(), EngineError> {
        let help = ask(&["build", "--help"]).map_err(|error| unusable(name, &error))?;
        if help.contains("--output") {
            return Ok(());
        }
        Err(EngineError::Unusable {
            name: name.as_str(),
            reason: "it is too old: its `build` has no option `--output`".to_owned(),
            hint: "take Podman 4.3, Buildah 1.28 or newer, or another engine with `--engine`",
        })
    };
    let version = ask(&["--version"]).map_err(|error| unusable(name, &error))?;
    let way = match name {
        // A link or a wrapper with Docker's name.
        Name::Docker if version.contains("podman") => {
            gives_files()?;
            Way::Podman
        }
        Name::Docker => {
            ask(&["version", "--format", "{{.Server.Version}}"])
                .map_err(|error| unusable(name, &error))?;
            if ask(&["buildx", "version"]).is_ok() {
                Way::Buildx
            } else if major(&version).is_some_and(|major| major < WITHOUT_BUILDKIT) {
                Way::BuildKit
            } else {
                Way::Legacy
            }
        }
        Name::Podman => {
            ask(&["info"]).map_err(|error| unusable(name, &error))?;
            gives_files()?;
            Way::Podman
        }
        Name::Buildah => {
            ask(&["info"]).map_err(|error| unusable(name, &error))?;
            gives_files()?;
            Way::Buildah(isolation(search_path))
        }
    };
    Ok(Engine { program, way })
}

/// `20` of `Docker version 20.10.24+dfsg1, build 297e128`.
fn major(version: &str) -> Option<u32> {
    let word = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    word.split('.').next()?.parse().ok()
}

/// As the caller says; else a container for root, if there is a runtime, and a changed root for
/// others.
fn isolation(search_path: &str) -> Isolation {
    let root = rustix::process::geteuid().is_root();
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let runtime = set("BUILDAH_RUNTIME").or_else(|| {
        // runc first: it runs on hosts with the first version of control groups too.
        let found = RUNTIMES
            .iter()
            .find(|name| find_tool(name, search_path).is_some());
        found.map(|name| (*name).to_owned())
    });
    match (set("BUILDAH_ISOLATION").as_deref(), runtime) {
        (Some("oci"), runtime) => Isolation::Oci(runtime.unwrap_or_else(|| RUNTIMES[0].to_owned())),
        (None, Some(runtime)) if root => Isolation::Oci(runtime),
        _ => Isolation::Chroot { root },
    }
}

/// What an engine that does not work says, in one line, and what to do about it.
fn unusable(name: Name, error: &InvocationError) -> EngineError {
    let output = output_of(error).unwrap_or_default();
    let lower = output.to_ascii_lowercase();
    let (reason, hint) = if lower.contains("permission denied") {
        (
            "you may not use it: permission denied",
            "on Debian, members of the group `docker` may use Docker; Podman and Buildah need \
             lines for you in /etc/subuid and /etc/subgid",
        )
    } else if lower.contains("cannot connect to the docker daemon")
        || lower.contains("is the docker daemon running")
    {
        (
            "its daemon does not answer",
            "start the daemon, or name the one to use with the variable `DOCKER_HOST`",
        )
    } else {
        (
            "",
            "see that it works by itself, or take another one with `--engine`",
        )
    };
    let reason = if reason.is_empty() {
        let last = output.lines().rev().find(|line| !line.trim().is_empty());
        last.map_or_else(|| error.to_string(), |line| line.trim().to_owned())
    } else {
        reason.to_owned()
    };
    EngineError::Unusable {
        name: name.as_str(),
        reason,
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_a_client_is_found() {
        assert_eq!(
            major("Docker version 20.10.24+dfsg1, build 297e128"),
            Some(20)
        );
        assert_eq!(major("Docker version 28.2.2, build e6534b4"), Some(28));
        assert_eq!(major("Docker"), None);
    }
}
