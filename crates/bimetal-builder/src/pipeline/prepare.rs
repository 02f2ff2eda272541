//! From a configuration to a plan and its sources, in memory.
//!
//! In: [`Config`], [`Options`]. Out: [`Prepared`]. Invariant: asks the machine, and changes
//! nothing.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::Utf8PathBuf;

use super::error::{PipelineError, StartError};
use crate::model::{Plan, SourceTree, Step};
use crate::progress::Activity;
use crate::stages::config::Config;
use crate::stages::resolve::{HostEnvironment, Options};
use crate::stages::{generate, plan, resolve};
use crate::toolchain::Runner;

/// What will be built, and from which sources.
#[derive(Debug)]
pub struct Prepared {
    pub plan: Plan,
    /// Without go.mod where the one on the disk counts.
    pub tree: SourceTree,
    /// What a person should know, one line each.
    pub notes: Vec<String>,
    /// What may surprise, and should be decided by a person.
    pub warnings: Vec<String>,
}

/// Resolves, plans and generates.
pub fn prepare(config: Config, options: Options) -> Result<Prepared, PipelineError> {
    let scratch = tempfile::Builder::new()
        .prefix("bimetal-")
        .tempdir()
        .map_err(StartError::Scratch)?;
    let host_environment = host_environment(scratch.path().to_owned())?;
    let runner = Runner {
        logs: None,
        activity: &Activity::silent(),
    };
    let mut resolved = resolve::resolve(config, options, &host_environment, &runner)?;
    let notes = std::mem::take(&mut resolved.notes);
    let warnings = std::mem::take(&mut resolved.warnings);
    let plan = plan::plan(resolved);
    let tree = generated(&plan);
    Ok(Prepared {
        plan,
        tree,
        notes,
        warnings,
    })
}

fn generated(plan: &Plan) -> SourceTree {
    let mut tree = generate::generate(plan);
    // As OCB has it: go.mod is kept where sources are not written, or modules not updated.
    if !(plan.has(Step::Generate) && plan.has(Step::Modules)) {
        tree.remove("go.mod");
    }
    tree
}

fn host_environment(scratch: PathBuf) -> Result<HostEnvironment, StartError> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let host = if env::consts::OS == "macos" {
        "darwin"
    } else {
        env::consts::OS
    };
    let current = env::current_dir().map_err(StartError::Here)?;
    Ok(HostEnvironment {
        current_directory: text_path(current)?,
        search_path: set("PATH").unwrap_or_default(),
        go_flags: set("GOFLAGS").unwrap_or_default(),
        goos: set("GOOS").unwrap_or_else(|| host.to_owned()),
        fresh_directory: text_path(env::temp_dir())?.join(fresh_name()),
        scratch: text_path(scratch)?,
    })
}

/// A name that no other run has.
fn fresh_name() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos());
    format!("otelcol-distribution-{}-{now}", process::id())
}

fn text_path(path: PathBuf) -> Result<Utf8PathBuf, StartError> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        let text = format!("the path `{}` is not UTF-8 text", path.display());
        StartError::Here(io::Error::new(io::ErrorKind::InvalidData, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::plan::samples;

    #[test]
    fn go_mod_stays_when_sources_are_not_written_or_modules_not_updated() {
        let has_go_mod = |change: fn(&mut Options)| {
            let mut resolved = samples::plain();
            change(&mut resolved.options);
            generated(&plan::plan(resolved)).get("go.mod").is_some()
        };
        assert!(has_go_mod(|_| ()));
        assert!(!has_go_mod(|options| options.skip_modules = true));
        assert!(!has_go_mod(|options| options.skip_generate = true));
    }
}
