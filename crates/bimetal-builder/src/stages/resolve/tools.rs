//! Finds the toolchains and asks them what they are.
//!
//! In: names, PATH. Out: tools with versions. Invariant: a tool is looked for only when something
//! needs it.

use bimetal_terminal::hint::is_interrupt;
use bimetal_verify::compare::is_denied_go;
use camino::{Utf8Path, Utf8PathBuf};
use semver::{Prerelease, Version};
use serde::Deserialize;

use super::error::ResolveError;
use super::toolchain_file;
use crate::model::pinned::{COLLECTOR_VERSION, GO_NEEDED, RUST_NEEDED};
use crate::model::{Cc, GoTool, RustTools};
use crate::toolchain::{Invocation, InvocationError, Runner, find, is_program};

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct GoEnvironment {
    goversion: String,
    goos: String,
    goarch: String,
    cc: String,
}

/// Go and the C compiler that it would use.
pub(super) fn go(
    named: &str,
    current: &Utf8Path,
    search: &str,
    runner: &Runner<'_>,
) -> Result<(GoTool, String), ResolveError> {
    let candidates = [
        (!named.is_empty())
            .then(|| find(named, current, search))
            .flatten(),
        find("go", current, search),
    ];
    for program in candidates.into_iter().flatten() {
        // From the root no other go.mod is in the way.
        let invocation = Invocation::go(&program, "/", false).args([
            "env",
            "-json",
            "GOVERSION",
            "GOOS",
            "GOARCH",
            "CC",
        ]);
        let answer = match runner.read("go-env", &invocation) {
            Ok(answer) => answer,
            Err(error) if is_interrupt(&error) => return Err(ResolveError::Tool(error)),
            Err(_) => continue,
        };
        let environment: GoEnvironment =
            serde_json::from_slice(&answer).map_err(|error| ResolveError::Answer {
                command: invocation.command_line(),
                why: error.to_string(),
            })?;
        let tool = GoTool {
            program,
            version: environment.goversion,
            os: environment.goos,
            arch: environment.goarch,
        };
        recent_enough(&tool)?;
        return Ok((tool, environment.cc));
    }
    Err(ResolveError::NoGo {
        named: (!named.is_empty()).then(|| named.to_owned()),
    })
}

fn recent_enough(tool: &GoTool) -> Result<(), ResolveError> {
    // A development version says no number; it is newer than any release.
    let Some(found) = go_version(&tool.version) else {
        return Ok(());
    };
    if Some(found) < go_version(GO_NEEDED) {
        return Err(ResolveError::OldGo {
            program: tool.program.clone(),
            found: tool.version.clone(),
            needed: GO_NEEDED,
            collector: COLLECTOR_VERSION,
        });
    }
    Ok(())
}

/// Refuses releases of Go whose plugins cannot be trusted.
pub(super) fn fit_for_plugins(tool: &GoTool) -> Result<(), ResolveError> {
    if is_denied_go(&tool.version) {
        return Err(ResolveError::DeniedGo {
            program: tool.program.clone(),
            found: tool.version.clone(),
        });
    }
    Ok(())
}

/// `go1.26.8`, `1.26`, `go1.27rc1 X:exp` as a version; a release candidate is older than its
/// release. `None` for a development version, which says no number.
fn go_version(text: &str) -> Option<Version> {
    let text = text.split_whitespace().next()?;
    let text = text.strip_prefix("go").unwrap_or(text).split('-').next()?;
    let end = text.find(|c: char| c.is_ascii_alphabetic());
    let (release, candidate) = text.split_at(end.unwrap_or(text.len()));
    let mut version = whole(release)?;
    version.pre = Prerelease::new(candidate).ok()?;
    Some(version)
}

/// `1.95` means `1.95.0`.
fn whole(release: &str) -> Option<Version> {
    let missing = ".0".repeat(2_usize.saturating_sub(release.matches('.').count()));
    Version::parse(&format!("{release}{missing}")).ok()
}

/// cargo and rustc as they would run in `directory`, where a rust-toolchain.toml may choose the
/// toolchain.
pub(super) fn rust(
    why: &str,
    directory: &Utf8Path,
    search: &str,
    runner: &Runner<'_>,
) -> Result<RustTools, ResolveError> {
    let locate = |tool| {
        find(tool, directory, search).ok_or_else(|| ResolveError::NoRust {
            tool,
            why: why.to_owned(),
        })
    };
    let (cargo, rustc) = (locate("cargo")?, locate("rustc")?);
    let invocation = Invocation::new(&rustc, directory).arg("-vV");
    let answer = runner
        .read("rustc-version", &invocation)
        .map_err(|source| chosen(source, &invocation))?;
    let answer = String::from_utf8_lossy(&answer);
    let field = |name: &str| {
        answer
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(str::to_owned)
    };
    let missing = |name: &str| ResolveError::Answer {
        command: invocation.command_line(),
        why: format!("no line `{name}`"),
    };
    let version = field("release").ok_or_else(|| missing("release"))?;
    let target = field("host").ok_or_else(|| missing("host"))?;
    if older(&version, RUST_NEEDED) {
        return Err(ResolveError::OldRust {
            program: rustc,
            found: version,
            needed: RUST_NEEDED,
        });
    }
    let text = answer.lines().next().unwrap_or_default().to_owned();
    let (cargo, rustc) = own_programs(cargo, rustc, directory, runner)?;
    Ok(RustTools {
        cargo,
        rustc,
        version,
        text,
        commit: field("commit-hash").filter(|hash| hash != "unknown"),
        target,
    })
}

/// Why a compiler does not answer: a file may have chosen one that is not installed.
fn chosen(source: InvocationError, invocation: &Invocation) -> ResolveError {
    let named = invocation.env.get("RUSTUP_TOOLCHAIN");
    let is_named = named.is_some_and(|name| !name.is_empty());
    match toolchain_file::above(&invocation.cwd) {
        Some(file) if source.is_failure() && !is_named => {
            ResolveError::ToolchainFile { file, source }
        }
        _ => ResolveError::Tool(source),
    }
}

/// The programs of the toolchain themselves, where those on PATH only choose one by the directory
/// that they run in.
fn own_programs(
    cargo: Utf8PathBuf,
    rustc: Utf8PathBuf,
    directory: &Utf8Path,
    runner: &Runner<'_>,
) -> Result<(Utf8PathBuf, Utf8PathBuf), ResolveError> {
    let question = Invocation::new(&rustc, directory).args(["--print", "sysroot"]);
    let answer = runner
        .read("rustc-sysroot", &question)
        .map_err(ResolveError::Tool)?;
    let directory = Utf8PathBuf::from(String::from_utf8_lossy(&answer).trim()).join("bin");
    let own = [directory.join("cargo"), directory.join("rustc")];
    // A toolchain may come in parts, without a cargo of its own.
    if own.iter().all(|program| is_program(program)) {
        let [cargo, rustc] = own;
        return Ok((cargo, rustc));
    }
    Ok((cargo, rustc))
}

/// A nightly version counts as its release.
fn older(found: &str, needed: &str) -> bool {
    let release = |text: &str| whole(text.split(['-', '+']).next().unwrap_or_default());
    release(found) < release(needed)
}

/// The C compiler in `command` (a program, perhaps with arguments).
pub(super) fn cc(
    command: &str,
    why: &str,
    current: &Utf8Path,
    search: &str,
    runner: &Runner<'_>,
) -> Result<Cc, ResolveError> {
    let compiler = command.split_whitespace().next().unwrap_or("cc");
    let missing = || ResolveError::NoCc {
        compiler: compiler.to_owned(),
        why: why.to_owned(),
    };
    let program = find(compiler, current, search).ok_or_else(missing)?;
    let answer = runner
        .read(
            "cc-version",
            &Invocation::new(&program, "/").arg("--version"),
        )
        .map_err(ResolveError::Tool)?;
    let version = String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    Ok(Cc { program, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(version: &str) -> GoTool {
        GoTool {
            program: "go".into(),
            version: version.to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
        }
    }

    #[test]
    fn refuses_a_go_that_cannot_build_the_pinned_collector() {
        for old in ["go1.25.9", "go1.26rc1", "go1.9"] {
            assert!(recent_enough(&tool(old)).is_err(), "{old}");
        }
        for good in [
            "go1.26.0",
            "go1.26.8",
            "go1.27rc1",
            "go1.27.1 X:nocoverageredesign",
            "devel go1.28-abcdef",
        ] {
            assert!(recent_enough(&tool(good)).is_ok(), "{good}");
        }
    }

    #[test]
    fn refuses_the_two_releases_whose_plugins_cannot_be_trusted() {
        assert!(fit_for_plugins(&tool("go1.27.0")).is_err());
        assert!(fit_for_plugins(&tool("go1.27.1")).is_err());
        assert!(fit_for_plugins(&tool("go1.27.2")).is_ok());
        assert!(fit_for_plugins(&tool("go1.26.8")).is_ok());
    }

    #[test]
    fn compares_versions_of_rust_as_numbers() {
        assert!(older("1.9.0", "1.95"));
        assert!(older("1.94.1", "1.95"));
        assert!(!older("1.95.0", "1.95"));
        assert!(!older("1.100.0-nightly", "1.95"));
    }
}
