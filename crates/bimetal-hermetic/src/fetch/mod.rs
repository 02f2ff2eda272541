//! Collects everything that a container without a network needs.
//!
//! In: a plan whose sources and lock files stand in the output directory, the caches of Go and
//! cargo. Out: [`Fetched`]: the context of one engine run. Invariant: every module and crate is
//! compared with its sum in the lock files before it is taken along, and `inputs.json`, which is
//! written last, lists every file with its digest.

mod crates;
mod error;
mod inputs;
mod modules;
mod recorded;
mod refetch;
mod replay;
mod sources;

use std::collections::BTreeMap;

use bimetal_files::{Digest, FileError, RelativePath};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::de::DeserializeOwned;

pub use bimetal_builder::model::PROGRAM;
pub use bimetal_builder::model::documents::{DOCKERFILE, INPUTS as LIST, RECORDED};
pub use error::FetchError;
pub use recorded::{Base, Pinned, Recorded};
pub use refetch::refetch;
pub use replay::{Replayed, replay, replayed};

use bimetal_builder::model::Plan;
use bimetal_builder::model::SourceTree;
use bimetal_builder::stages::generate::render;
use bimetal_builder::toolchain::{Runner, work};
use inputs::Inputs;

/// Where the inputs stand in the container.
pub const INSIDE: &str = "/bimetal";
/// The stage of the Dockerfile that builds, and the directory that it leaves the finished files in.
pub const STAGE: &str = "build";
pub const OUTPUT: &str = "/bimetal/out";
/// Directories of the inputs.
pub const SOURCES: &str = "src";
const MODULES: &str = "modules";
const LOCAL: &str = "local";
const CARGO: &str = "crates";
const VENDORED: &str = "crates/vendor";
/// The root file system, if the container starts from one.
const ROOT_FS: &str = "rootfs.tar";

/// Everything that one engine run needs.
#[derive(Debug)]
pub struct Fetched {
    /// The output directory.
    pub out: Utf8PathBuf,
    /// The directory that the engine is given.
    pub context: Utf8PathBuf,
    pub recorded: Recorded,
}

/// The directory of the context below the output directory.
pub fn context(out: &Utf8Path) -> Utf8PathBuf {
    work::directory(out).join("hermetic/context")
}

/// The Dockerfile for containers that start from `base`.
pub fn dockerfile(base: &Base) -> String {
    render(
        "Dockerfile.j2",
        serde_json::json!({ "base": base, "inside": INSIDE }),
    )
}

/// Collects the inputs for a container that starts from `base`. Root file systems are checked and
/// taken along.
pub fn fetch(
    plan: Plan,
    tree: &SourceTree,
    base: Base,
    source_date_epoch: i64,
    runner: &Runner<'_>,
) -> Result<Fetched, FetchError> {
    let context = context(&plan.out);
    let mut whole = Inputs::start(context.clone())?;
    if let Base::RootFs { path, digest } = &base {
        runner.activity.doing("taking the root file system along");
        whole.copy_expected(ROOT_FS, path, digest)?;
    }
    let dockerfile = dockerfile(&base);
    whole.write(DOCKERFILE, dockerfile.as_bytes())?;

    let mut inputs = Inputs::start(context.join("inputs"))?;
    inputs.write(DOCKERFILE, dockerfile.as_bytes())?;
    for name in sources::names(&plan, tree)? {
        inputs.copy(Utf8Path::new(SOURCES).join(&name), &plan.out.join(&name))?;
    }
    runner.activity.doing("taking Go modules along");
    modules::add(&plan, &mut inputs, runner)?;
    modules::add_local(&plan, &mut inputs, runner)?;
    if plan.rust.is_some() {
        runner.activity.doing("taking crates along");
        crates::add(&plan, &mut inputs, runner)?;
    }
    let out = plan.out.clone();
    let recorded = Recorded::new(plan, base, source_date_epoch);
    inputs.write(RECORDED, recorded.to_text().as_bytes())?;
    finalize(&mut inputs)?;
    Ok(Fetched {
        out,
        context,
        recorded,
    })
}

/// Adds the builder and the list of everything else.
fn finalize(inputs: &mut Inputs) -> Result<(), FetchError> {
    let list = list(inputs.digests());
    // Not in the list: which build of the builder it is does not decide about what it makes; its
    // version does, and is recorded.
    let program = std::env::current_exe()
        .and_then(|path| {
            Utf8PathBuf::from_path_buf(path).map_err(|_| std::io::ErrorKind::InvalidData.into())
        })
        .map_err(FileError::reading(PROGRAM.into()))?;
    inputs.copy_program(PROGRAM, &program)?;
    // Last: a context that has it is complete.
    inputs.write(LIST, list.as_bytes())
}

/// The text of `inputs.json`.
fn list(digests: &BTreeMap<Utf8PathBuf, Digest>) -> String {
    let mut text = serde_json::to_string_pretty(digests).expect("digests by path are always JSON");
    text.push('\n');
    text
}

/// Reads the text of `inputs.json`; the error says what is wrong with it.
pub fn parse_list(text: &[u8]) -> Result<BTreeMap<Utf8PathBuf, Digest>, String> {
    let list: BTreeMap<Utf8PathBuf, Digest> =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    match list.keys().find(|name| RelativePath::parse(name).is_err()) {
        None => Ok(list),
        Some(name) => Err(format!("`{name}` leads out of the directory")),
    }
}

/// Reads what an earlier build left.
fn read_record<T: DeserializeOwned>(path: &Utf8Path) -> Result<T, FetchError> {
    serde_json::from_slice(&record_text(path)?).map_err(|error| FetchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn record_text(path: &Utf8Path) -> Result<Vec<u8>, FetchError> {
    fs::read(path).map_err(|source| FetchError::NoRecord {
        path: path.to_owned(),
        source,
    })
}

/// Another version of the builder makes other files, so there would be nothing to learn.
fn same_builder(recorded: &str) -> Result<(), FetchError> {
    let running = env!("CARGO_PKG_VERSION");
    if recorded == running {
        return Ok(());
    }
    Err(FetchError::OtherBuilder {
        recorded: recorded.to_owned(),
        running,
    })
}
