//! Distributions built by the real builder, once per machine.
//!
//! In: a builder configuration of this repository. Out: where its main and plugins are. Invariant:
//! every test of a run that asks for the same distribution gets the same files; no test changes
//! them (copies are what is tampered with).

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

/// Why a distribution could not be built.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// A program cannot be started.
    #[error("cannot run `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The program failed.
    #[error("`{command}` failed:\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// What it wrote.
        output: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A built distribution.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The output directory.
    pub out: Utf8PathBuf,
    /// The main binary.
    pub main: Utf8PathBuf,
    /// The plugin directory.
    pub plugins: Utf8PathBuf,
}

/// The top of this repository.
///
/// # Panics
/// Never: this crate lies two directories below it.
pub fn repository() -> &'static Utf8Path {
    static ROOT: OnceLock<Utf8PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .nth(2)
            .expect("this crate lies two directories below the top")
            .to_owned()
    })
}

/// Cargo's target directory of this repository.
pub fn target() -> Utf8PathBuf {
    std::env::var("CARGO_TARGET_DIR")
        .map_or_else(|_| repository().join("target"), Utf8PathBuf::from)
}

/// The builder, built from this repository if that has not happened yet in this process.
pub fn builder() -> Result<Utf8PathBuf, DistributionError> {
    static BUILT: OnceLock<()> = OnceLock::new();
    let program = target().join("debug/bimetal");
    if BUILT.get().is_none() {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        run(
            &cargo,
            &[
                "build",
                "--quiet",
                "--package",
                "bimetal",
                "--bin",
                "bimetal",
            ],
        )?;
        BUILT.get_or_init(|| ());
    }
    Ok(program)
}

/// Builds `config` into `target/distributions/<name>`; quick when nothing changed since the last
/// time. Within one process it is built once.
///
/// # Panics
/// When another thread panicked while it was building.
pub fn build(name: &str, config: &Utf8Path) -> Result<Distribution, DistributionError> {
    static BUILT: Mutex<BTreeMap<String, Distribution>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("nothing panics while the lock is held");
    if let Some(distribution) = built.get(name) {
        return Ok(distribution.clone());
    }
    let distribution = build_now(name, config)?;
    built.insert(name.to_owned(), distribution.clone());
    Ok(distribution)
}

fn build_now(name: &str, config: &Utf8Path) -> Result<Distribution, DistributionError> {
    let (distribution, mut command) = builder_command(name, config)?;
    let output = command
        .output()
        .map_err(|source| spawn_error(&command, source))?;
    if output.status.success() {
        Ok(distribution)
    } else {
        Err(failed(&command, &output))
    }
}

/// Like [`build`], and the builder's progress is shown.
pub fn build_watched(name: &str, config: &Utf8Path) -> Result<Distribution, DistributionError> {
    let (distribution, command) = builder_command(name, config)?;
    watched(distribution, command)
}

/// Like [`build_watched`], with a target directory of its own, where nothing is compiled again
/// because another distribution was built in between.
pub fn build_apart(name: &str, config: &Utf8Path) -> Result<Distribution, DistributionError> {
    let (distribution, mut command) = builder_command(name, config)?;
    command.env("CARGO_TARGET_DIR", target().join(name));
    watched(distribution, command)
}

fn watched(
    distribution: Distribution,
    mut command: Command,
) -> Result<Distribution, DistributionError> {
    let status = command
        .status()
        .map_err(|source| spawn_error(&command, source))?;
    if status.success() {
        return Ok(distribution);
    }
    Err(failed(
        &command,
        &Output {
            status,
            stdout: Vec::new(),
            stderr: Vec::new(),
        },
    ))
}

/// The builder as a command, with the target directory that all distributions of this repository
/// share.
pub fn builder_program() -> Result<Command, DistributionError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver runs the builder under test"
    )]
    let mut command = Command::new(builder()?);
    command
        .current_dir(repository())
        .env("CARGO_TARGET_DIR", target().join("generated"));
    Ok(command)
}

fn builder_command(
    name: &str,
    config: &Utf8Path,
) -> Result<(Distribution, Command), DistributionError> {
    let out = target().join("distributions").join(name);
    fs::create_dir_all(out.parent().expect("joined from two names"))?;
    let mut command = builder_program()?;
    // Go paths in a configuration are relative to the directory where the builder runs, as OCB has
    // it.
    command.current_dir(config.parent().unwrap_or(config));
    command.args(["--config", config.as_str(), "--output-path", out.as_str()]);
    Ok((
        Distribution {
            main: out.join(name),
            plugins: out.join("plugins"),
            out,
        },
        command,
    ))
}

/// OCB of the Collector version that the fixtures name.
const OCB: &str = "go.opentelemetry.io/collector/cmd/builder@v0.161.0";

/// OCB as a command that builds `config` into `out`.
pub fn ocb_command(config: &Utf8Path, out: &Utf8Path) -> Result<Command, DistributionError> {
    let tools = target().join("tools");
    run(
        "env",
        &[&format!("GOBIN={tools}"), "GOFLAGS=", "go", "install", OCB],
    )?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver runs the builder that ours is compared with"
    )]
    let mut command = Command::new(tools.join("builder"));
    command.current_dir(repository()).args([
        "--config",
        config.as_str(),
        "--output-path",
        out.as_str(),
    ]);
    Ok(command)
}

/// Builds `config` with OCB into `target/distributions/ocb/<name>`.
///
/// # Panics
/// Never: the path was joined from several names.
pub fn ocb(name: &str, config: &Utf8Path) -> Result<Distribution, DistributionError> {
    let out = target().join("distributions/ocb").join(name);
    fs::create_dir_all(out.parent().expect("joined from several names"))?;
    let mut command = ocb_command(config, &out)?;
    let output = command
        .output()
        .map_err(|source| spawn_error(&command, source))?;
    if output.status.success() {
        return Ok(Distribution {
            main: out.join(name),
            plugins: out.join("plugins"),
            out,
        });
    }
    Err(failed(&command, &output))
}

/// Runs a program to its end in the top of this repository; what it writes is kept for the error.
pub fn run(program: &str, arguments: &[&str]) -> Result<Output, DistributionError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver runs the tools that the tests compare with"
    )]
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .current_dir(repository())
        .output()
        .map_err(|source| spawn_error(&command, source))?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(failed(&command, &output))
    }
}

fn spawn_error(command: &Command, source: io::Error) -> DistributionError {
    DistributionError::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

fn failed(command: &Command, output: &Output) -> DistributionError {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    DistributionError::Failed {
        command: words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" "),
        output: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Copies a plugin directory, so that the copy can be damaged. Modes stay as they are.
pub fn copy_plugins(from: &Utf8Path, to: &Utf8Path) -> Result<(), DistributionError> {
    fs::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
