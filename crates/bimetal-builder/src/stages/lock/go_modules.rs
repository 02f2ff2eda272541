//! go.mod and go.sum: tidied, downloaded, and compared with the configuration when strict
//! versioning is asked for.
//!
//! In: the generated go.mod. Out: go.mod and go.sum on disk that `go build` accepts. Invariant:
//! when nothing that decides about versions changed since the last run, nothing is asked from the
//! network.

use std::thread;
use std::time::{Duration, Instant};

use bimetal_files::{Digest, Hasher, read_to_string};
use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::error::LockError;
use super::go_sources::{self, Listing};
use super::tidy::tidy;
use super::train::{self, major_minor};
use crate::flags::go::go;
use crate::model::Plan;
use crate::model::SourceTree;
use crate::model::pinned::COLLECTOR_VERSION;
use crate::toolchain::{AnswerError, GoMod, Runner, interrupt, work};

/// The module that says which Collector this is.
const CORE: &str = "go.opentelemetry.io/collector/otelcol";
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(5);

/// What the last run left, in the work directory.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    /// sha256 over the generated Go sources and go.mod, the toolchain and the go.mod files of local
    /// modules.
    inputs: String,
    /// go.mod after tidying.
    go_mod: String,
    /// sha256 of go.sum after tidying.
    go_sum: String,
}

/// Lets Go resolve the generated go.mod, downloads what it names, and remembers the result.
pub(super) fn resolve(
    plan: &Plan,
    tree: &SourceTree,
    runner: &Runner<'_>,
) -> Result<(), LockError> {
    if let Some(generated) = tree.get("go.mod") {
        put(&plan.out.join("go.mod"), generated)?;
    }
    tidy(plan, runner)?;
    check(plan, runner)?;
    download(plan, runner)?;
    let remembered = Remembered {
        inputs: inputs(plan, tree)?,
        go_mod: read_to_string(&plan.out.join("go.mod"))?,
        go_sum: digest(&plan.out.join("go.sum"))?,
    };
    let memory = memory(plan);
    let text = serde_json::to_vec_pretty(&remembered).expect("texts are always JSON");
    put(&memory, &text)
}

fn memory(plan: &Plan) -> Utf8PathBuf {
    work::directory(&plan.out).join("modules.json")
}

/// Puts back the tidied go.mod of the last run if everything that led to it is the same.
pub(super) fn recall(
    plan: &Plan,
    tree: &SourceTree,
    runner: &Runner<'_>,
) -> Result<bool, LockError> {
    let remembered = fs::read(memory(plan))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Remembered>(&bytes).ok());
    let Some(remembered) = remembered else {
        return Ok(false);
    };
    let go_sum = digest(&plan.out.join("go.sum"))?;
    if go_sum != remembered.go_sum || inputs(plan, tree)? != remembered.inputs {
        return Ok(false);
    }
    put(&plan.out.join("go.mod"), remembered.go_mod.as_bytes())?;
    check(plan, runner)?;
    Ok(true)
}

/// Whether the module cache has every package that main and the Go plugins import.
pub(super) fn has_all(plan: &Plan, runner: &Runner<'_>) -> Result<bool, LockError> {
    let listed = go_sources::list(plan, Listing::Names, runner);
    if listed.is_err() {
        interrupt::check()?;
    }
    Ok(listed.is_ok())
}

fn put(path: &Utf8Path, bytes: &[u8]) -> Result<(), LockError> {
    bimetal_files::write_if_changed(path, bytes)?;
    Ok(())
}

fn inputs(plan: &Plan, tree: &SourceTree) -> Result<String, LockError> {
    let mut sum = Hasher::default();
    let mut add = |name: &str, bytes: &[u8]| {
        sum.update(name.len().to_le_bytes());
        sum.update(name);
        sum.update(bytes.len().to_le_bytes());
        sum.update(bytes);
    };
    let go = &plan.go;
    add("language", go.language.as_bytes());
    add("tags", go.tags.as_bytes());
    add("cgo", &[u8::from(go.cgo)]);
    if let Some(tool) = &go.tool {
        add(
            "version",
            format!("{} {} {}", tool.version, tool.os, tool.arch).as_bytes(),
        );
    }
    for (path, bytes) in tree.iter().filter(|(path, _)| !path.starts_with("rust")) {
        add(path.as_str(), bytes);
    }
    for directory in local_modules(plan) {
        let path = directory.join("go.mod");
        let text = read_to_string(&path)?;
        add(path.as_str(), text.as_bytes());
    }
    Ok(sum.finish().to_string())
}

/// Directories that `replace` lines of entries point to.
fn local_modules(plan: &Plan) -> impl Iterator<Item = Utf8PathBuf> {
    plan.go_modules()
        .filter_map(|module| module.replace.as_ref())
        .filter(|target| target.starts_with('.') || target.starts_with('/'))
        .map(|target| plan.out.join(target))
}

fn download(plan: &Plan, runner: &Runner<'_>) -> Result<(), LockError> {
    let invocation = go(plan).args(["mod", "download"]);
    for attempt in 1..=TRIES {
        match runner.run("go-mod-download", &invocation) {
            Ok(()) => return Ok(()),
            Err(source) if attempt == TRIES || is_interrupt(&source) => {
                return Err(LockError::Download { source });
            }
            Err(_) => {
                runner.activity.note(&format!(
                    "downloading modules failed, try {attempt} of {TRIES}"
                ));
                pause()?;
            }
        }
    }
    Ok(())
}

fn pause() -> Result<(), LockError> {
    let end = Instant::now() + PAUSE;
    while Instant::now() < end {
        interrupt::check()?;
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What is found out about the versions once they are selected.
fn check(plan: &Plan, runner: &Runner<'_>) -> Result<(), LockError> {
    let text = runner
        .read("go-mod-edit", &go(plan).args(["mod", "edit", "-json"]))
        .map_err(|source| LockError::GoList { source })?;
    let go_mod: GoMod =
        serde_json::from_slice(&text).map_err(AnswerError::of("go mod edit -json"))?;
    if plan.go.strict {
        strict(plan, &go_mod)?;
    }
    train::check(plan, &go_mod, runner)
}

/// Compares major and minor versions in go.mod with those that the configuration names.
fn strict(plan: &Plan, go_mod: &GoMod) -> Result<(), LockError> {
    let found = |module: &str| {
        go_mod
            .require
            .iter()
            .find(|require| require.path == module)
            .map(|require| require.version.clone())
    };
    let version = found(CORE).ok_or_else(|| LockError::NoCore {
        module: CORE.to_owned(),
    })?;
    compare(CORE, &version, COLLECTOR_VERSION)?;
    for (module, wanted) in
        components(plan).filter(|(module, _)| *module != plan.distribution.module)
    {
        let version = found(module).ok_or_else(|| LockError::NoCore {
            module: module.to_owned(),
        })?;
        compare(module, &version, wanted)?;
    }
    Ok(())
}

fn components(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    plan.component_modules()
        .map(|module| (module.spec.path.as_str(), module.spec.version.as_str()))
}

fn compare(module: &str, found: &str, wanted: &str) -> Result<(), LockError> {
    if major_minor(found) == major_minor(wanted) {
        return Ok(());
    }
    Err(LockError::Strict {
        module: module.to_owned(),
        found: found.to_owned(),
        wanted: wanted.to_owned(),
    })
}

fn digest(path: &Utf8Path) -> Result<String, LockError> {
    // A module without dependencies has no go.sum.
    let digest = bimetal_files::read_if_present(path)?.map(Digest::of);
    Ok(digest.map(|digest| digest.to_string()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_versioning_looks_at_major_and_minor_only() {
        assert!(compare("m", "v0.161.3", "v0.161.0").is_ok());
        assert!(compare("m", "v1.67.0-rc.1", "v1.67.0").is_ok());
        let error = compare("m", "v0.162.0", "v0.161.0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "go.mod has `m` v0.162.0, the configuration v0.161.0"
        );
    }
}
