//! The inputs of an earlier hermetic build once more.
//!
//! In: an output directory with its record, the inputs that are still in its work directory, else
//! the caches of Go and cargo. Out: [`Fetched`], in another directory. Invariant: sources count as
//! they stand now, because they are what is checked; modules, crates and the base count only as
//! they were recorded, wherever they come from.

use std::collections::BTreeMap;

use bimetal_files::Digest;
use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::error::FetchError;
use super::inputs::Inputs;
use super::{
    Base, CARGO, DOCKERFILE, Fetched, LIST, LOCAL, MODULES, RECORDED, ROOT_FS, Recorded, SOURCES,
};
use super::{context, crates, dockerfile, finalize, modules, read_record, same_builder};
use bimetal_builder::model::Plan;
use bimetal_builder::toolchain::{Runner, work};

/// Collects them below the work directory of `out`; `root_fs` is where the root file system lies,
/// if it is not among the inputs any more.
pub fn refetch(
    out: &Utf8Path,
    root_fs: Option<&Utf8Path>,
    runner: &Runner<'_>,
) -> Result<Fetched, FetchError> {
    let mut recorded: Recorded = read_record(&out.join(RECORDED))?;
    same_builder(&recorded.builder)?;
    recorded.plan.out = out.to_owned();
    let before = context(out);
    let wanted = read_list(&out.join(LIST))?;
    let directory = work::directory(out).join("hermetic");
    let after = directory.join("rebuild");
    let mut whole = Inputs::start(after.clone())?;
    if let Base::RootFs { path, digest } = &mut recorded.base {
        runner.activity.doing("taking the root file system along");
        *path = root_fs.map_or_else(|| before.join(ROOT_FS), Utf8Path::to_owned);
        whole
            .copy_expected(ROOT_FS, path, digest)
            .map_err(|error| match error {
                FetchError::File(error) if !error.is_write() => FetchError::NoRootFs {
                    path: error.path,
                    source: error.source,
                },
                other => other,
            })?;
    }
    let text = dockerfile(&recorded.base);
    whole.write(DOCKERFILE, text.as_bytes())?;

    let mut inputs = Inputs::start(after.join("inputs"))?;
    runner.activity.doing("taking the recorded inputs along");
    // Its replacements lead to the copies of local modules.
    let turned = wanted.keys().any(|path| path.starts_with(LOCAL));
    let mut lost = Vec::new();
    for (path, digest) in &wanted {
        let is_source = path.starts_with(SOURCES) && !(turned && path == &go_mod());
        if is_source {
            let below = path.strip_prefix(SOURCES).unwrap_or(path);
            inputs.copy(path, &out.join(below))?;
        } else if path == DOCKERFILE {
            inputs.write(DOCKERFILE, text.as_bytes())?;
        } else if path == RECORDED {
            inputs.write(RECORDED, recorded.to_text().as_bytes())?;
        } else {
            let from = before.join("inputs").join(path);
            match inputs.copy_expected(path, &from, &digest.tagged()) {
                Err(error) if is_cached(path) && is_lost(&error) => lost.push((path, digest)),
                other => other?,
            }
        }
    }
    if let Some((first, _)) = lost.first() {
        runner.activity.note(&format!(
            "note: {} of the recorded inputs are not in the work directory as they were, first \
             `{first}`; taking them from the caches",
            lost.len()
        ));
        let spare = collect(&recorded.plan, directory.join("anew"), runner)?;
        for (path, digest) in lost {
            let from = spare.root().join(path);
            inputs.copy_expected(path, &from, &digest.tagged())?;
        }
        // It is in the work directory: the next run removes what is left.
        let _left = fs::remove_dir_all(spare.root());
    }
    finalize(&mut inputs)?;
    Ok(Fetched {
        out: out.to_owned(),
        context: after,
        recorded,
    })
}

fn go_mod() -> Utf8PathBuf {
    Utf8Path::new(SOURCES).join("go.mod")
}

/// Whether the caches of Go and cargo have it, too.
fn is_cached(path: &Utf8Path) -> bool {
    path.starts_with(MODULES) || path.starts_with(CARGO)
}

/// Whether the input itself is missing or another one.
fn is_lost(error: &FetchError) -> bool {
    let is_gone = match error {
        FetchError::File(error) => !error.is_write(),
        error => matches!(error, FetchError::Changed { .. }),
    };
    is_gone && !is_interrupt(error)
}

/// Modules and crates from the caches, as [`super::fetch`] takes them, compared with the lock files
/// once more. The plan names no tools; which cargo unpacks the archives does not matter, for each
/// is compared with its sum.
fn collect(plan: &Plan, directory: Utf8PathBuf, runner: &Runner<'_>) -> Result<Inputs, FetchError> {
    let mut spare = Inputs::start(directory)?;
    runner.activity.doing("taking Go modules along");
    modules::add(plan, &mut spare, runner)?;
    if plan.rust.is_some() {
        runner.activity.doing("taking crates along");
        let lock = "rust/Cargo.lock";
        spare.copy(Utf8Path::new(SOURCES).join(lock), &plan.out.join(lock))?;
        crates::add(plan, &mut spare, runner)?;
    }
    Ok(spare)
}

fn read_list(path: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Digest>, FetchError> {
    super::parse_list(&super::record_text(path)?).map_err(|reason| FetchError::Unreadable {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_leads_out_of_the_directory_is_refused() {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().join(LIST);
        let list = BTreeMap::from([("../../x", Digest::of(b"x"))]);
        fs::write(&path, serde_json::to_vec(&list).unwrap()).unwrap();
        let error = read_list(&path).unwrap_err();
        assert!(error.to_string().contains("`../../x` leads out"), "{error}");
    }

    #[test]
    fn only_modules_and_crates_are_looked_for_in_the_caches() {
        assert!(is_cached(Utf8Path::new("modules/a/@v/v1.zip")));
        assert!(is_cached(Utf8Path::new("crates/vendor/a-1.0.0/src/lib.rs")));
        assert!(!is_cached(Utf8Path::new("local/0/a.go")));
        assert!(!is_cached(Utf8Path::new("src/go.mod")));
    }
}
