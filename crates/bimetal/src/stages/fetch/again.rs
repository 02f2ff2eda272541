//! The inputs of an earlier hermetic build once more.
//!
//! In: an output folder with its record, the inputs that are still in its work folder. Out: [`Fetched`], in another folder. Invariant: sources count
//! as they stand now, because they are what is checked; modules, crates and the base count only as they were recorded.

use std::collections::BTreeMap;

use bimetal_manifest::Digest;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::error::FetchError;
use super::inputs::Inputs;
use super::{Base, DOCKERFILE, Fetched, LIST, LOCAL, RECORDED, ROOT_FS, Recorded, SOURCES};
use super::{context, dockerfile, seal};
use crate::toolchain::{Runner, work};

/// Collects them below the work folder of `out`; `root_fs` is where the root file system lies, if it is not among the inputs any more.
pub(crate) fn again(
    out: &Utf8Path,
    root_fs: Option<&Utf8Path>,
    runner: &Runner<'_>,
) -> Result<Fetched, FetchError> {
    let mut recorded = read_record(out)?;
    let before = context(out);
    let list = read_list(&out.join(LIST))?;
    let after = work::folder(out).join("hermetic/rebuild");
    let mut whole = Inputs::start(after.clone())?;
    if let Base::RootFs { path, digest } = &mut recorded.base {
        runner.activity.doing("taking the root file system along");
        *path = root_fs.map_or_else(|| before.join(ROOT_FS), Utf8Path::to_owned);
        whole.copy_expected(ROOT_FS, path, digest)?;
    }
    let text = dockerfile(&recorded.base);
    whole.write(DOCKERFILE, text.as_bytes())?;

    let mut inputs = Inputs::start(after.join("inputs"))?;
    runner.activity.doing("taking the recorded inputs along");
    // Its replacements lead to the copies of local modules.
    let turned = list.keys().any(|path| path.starts_with(LOCAL));
    for (path, digest) in &list {
        let is_source = path.starts_with(SOURCES) && !(turned && path.ends_with("src/go.mod"));
        if is_source {
            let below = path.strip_prefix(SOURCES).unwrap_or(path);
            inputs.copy(path, &out.join(below))?;
        } else if path == DOCKERFILE {
            inputs.write(DOCKERFILE, text.as_bytes())?;
        } else if path == RECORDED {
            inputs.write(RECORDED, recorded.to_text().as_bytes())?;
        } else {
            let from = before.join("inputs").join(path);
            inputs.copy_expected(path, &from, &format!("sha256:{digest}"))?;
        }
    }
    seal(&mut inputs)?;
    let mut plan = recorded.plan.clone();
    plan.out = out.to_owned();
    Ok(Fetched {
        plan,
        context: after,
        recorded,
    })
}

/// What `out` was built from.
fn read_record(out: &Utf8Path) -> Result<Recorded, FetchError> {
    let path = out.join(RECORDED);
    let text = fs::read_to_string(&path).map_err(|source| FetchError::NoRecord {
        path: path.clone(),
        source,
    })?;
    let recorded: Recorded =
        serde_json::from_str(&text).map_err(|error| FetchError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    let running = env!("CARGO_PKG_VERSION");
    if recorded.builder != running {
        return Err(FetchError::OtherBuilder {
            recorded: recorded.builder,
            running,
        });
    }
    Ok(recorded)
}

fn read_list(path: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Digest>, FetchError> {
    let text = fs::read_to_string(path).map_err(|source| FetchError::NoRecord {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|error| FetchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
