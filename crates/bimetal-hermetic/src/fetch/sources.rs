//! Which files of an output directory a build of it reads.
//!
//! In: `.bimetal.json`, the lock files. Out: names. Invariant: only reads, and no name leads out of
//! the directory.

use bimetal_files::RelativePath;
use camino::{Utf8Path, Utf8PathBuf};

use super::error::FetchError;
use bimetal_builder::model::Plan;
use bimetal_builder::model::SourceTree;
use bimetal_builder::owned::{Ours, RECORD};

/// What `generate` and `modules` leave.
const LOCKS: [&str; 3] = ["go.mod", "go.sum", "rust/Cargo.lock"];

/// The sources as they stand in the output directory: what a person changed there counts. Without a
/// record, those of `tree`.
pub(super) fn names(plan: &Plan, tree: &SourceTree) -> Result<Vec<Utf8PathBuf>, FetchError> {
    let path = plan.out.join(RECORD);
    let ours = Ours::load(&plan.out)?;
    let mut names: Vec<Utf8PathBuf> = ours.sources.keys().map(Utf8PathBuf::from).collect();
    if names.is_empty() {
        names = tree.iter().map(|(path, _)| path.to_owned()).collect();
    }
    names.extend(LOCKS.map(Utf8PathBuf::from));
    names.sort();
    names.dedup();
    if !plan.out.join("go.mod").exists() {
        return Err(FetchError::NoSources {
            path: plan.out.clone(),
        });
    }
    if let Some(name) = names.iter().find(|name| RelativePath::parse(name).is_err()) {
        return Err(FetchError::Unreadable {
            path,
            reason: format!("`{name}` leads out of the directory"),
        });
    }
    names.retain(|name| !may_be_absent(plan, name) || plan.out.join(name).exists());
    Ok(names)
}

/// A module without dependencies has no go.sum, a distribution without Rust no Cargo.lock.
fn may_be_absent(plan: &Plan, name: &Utf8Path) -> bool {
    name == "go.sum" || (name == "rust/Cargo.lock" && plan.rust.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bimetal_builder::stages::plan::samples;

    #[test]
    fn a_record_that_leads_out_of_the_directory_is_refused() {
        let keep = tempfile::tempdir().unwrap();
        let plan = Plan {
            out: Utf8Path::from_path(keep.path()).unwrap().to_owned(),
            ..samples::plain_plan()
        };
        let names = || names(&plan, &SourceTree::default());
        assert!(matches!(names(), Err(FetchError::NoSources { .. })));
        fs_err::write(plan.out.join("go.mod"), "module m\n").unwrap();
        let mut ours = Ours::default();
        ours.sources.insert("main.go".into(), String::new());
        ours.save(&plan.out).unwrap();
        assert_eq!(names().unwrap(), ["go.mod", "main.go"]);
        ours.sources.insert("../x".into(), String::new());
        ours.save(&plan.out).unwrap();
        let error = names().unwrap_err();
        assert!(error.to_string().contains("`../x` leads out"), "{error}");
    }
}
