//! The inputs of an earlier build on this machine once more.
//!
//! In: an output directory, and the plan that its last build left. Out: copies of the sources as
//! they stand now, in another directory. Invariant: outside of that directory,
//! which lies in the work directory, nothing is changed; the times are those of the earlier build.

use std::collections::BTreeMap;

use bimetal_files::FileError;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::error::FetchError;
use super::inputs::Inputs;
use super::{modules, sources};
use bimetal_builder::model::Plan;
use bimetal_builder::model::SourceTree;
use bimetal_builder::pipeline::LastBuild;
use bimetal_builder::toolchain::{Runner, work};

/// Directories above the copies of the sources, so that `..` in go.mod leads as far up as in the
/// output directory.
const ABOVE: &str = ".above";
/// What Go is guided by if it stands there.
const PROFILE: &str = "default.pgo";

/// What is built once more.
#[derive(Debug)]
pub struct Replayed {
    /// As it was carried out.
    pub plan: Plan,
    /// When each artifact says it was built.
    pub times: BTreeMap<String, String>,
    /// Where the copies of the sources stand.
    pub directory: Utf8PathBuf,
    pub tree: SourceTree,
}

/// Everything that a rebuild on this machine makes for `out`.
pub fn replayed(out: &Utf8Path) -> Utf8PathBuf {
    work::directory(out).join("rebuilt")
}

/// Copies the sources of `out` into a new directory.
pub fn replay(out: &Utf8Path, runner: &Runner<'_>) -> Result<Replayed, FetchError> {
    let LastBuild { plan, times, .. } = read(out)?;
    // The directory may have been moved.
    let plan = Plan {
        out: out.to_owned(),
        ..plan
    };
    let mut names = sources::names(&plan, &SourceTree::default())?;
    if out.join(PROFILE).exists() {
        names.push(PROFILE.into());
    }
    let ways: Vec<Way> = modules::local_replacements(&plan, runner)?
        .into_iter()
        .filter_map(|replace| Way::of(Utf8Path::new(&replace.new.path)))
        .collect();
    let root = replayed(out);
    let mut below = Utf8PathBuf::new();
    for _ in 0..ways.iter().map(|way| way.up).max().unwrap_or_default() {
        below.push(ABOVE);
    }
    below.push("out");
    let mut inputs = Inputs::start(root.clone())?;
    let mut tree = SourceTree::default();
    let directory = root.join(&below);
    for name in names {
        inputs.copy(below.join(&name), &out.join(&name))?;
        let bytes = bimetal_files::read(&directory.join(&name))?;
        tree.insert(name, bytes);
    }
    for way in ways {
        way.open(out, &directory)?;
    }
    Ok(Replayed {
        plan,
        times,
        directory,
        tree,
    })
}

fn read(out: &Utf8Path) -> Result<LastBuild<Plan>, FetchError> {
    let last: LastBuild<Plan> = super::read_record(&LastBuild::path(out))?;
    super::same_builder(&last.builder)?;
    Ok(last)
}

/// A relative way from the output directory to a local module: so many directories up, then down.
/// Go records it as it is written, so the copy of go.mod has to have it too.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    up: usize,
    down: Vec<String>,
}

impl Way {
    /// `None` for an absolute path, which leads to the same place from everywhere.
    fn of(path: &Utf8Path) -> Option<Self> {
        if path.is_absolute() {
            return None;
        }
        let (mut up, mut down) = (0, Vec::new());
        for part in path.components() {
            match part {
                Utf8Component::Normal(name) => down.push(name.to_owned()),
                Utf8Component::ParentDir if down.pop().is_none() => up += 1,
                _ => {}
            }
        }
        Some(Self { up, down })
    }

    /// Makes the way lead from `copy` to where it leads from `out`: a link at the first place that
    /// is not among the copies.
    fn open(&self, out: &Utf8Path, copy: &Utf8Path) -> Result<(), FetchError> {
        let start = |directory: &Utf8Path| {
            let root = Utf8Path::new("/");
            directory
                .ancestors()
                .nth(self.up)
                .unwrap_or(root)
                .to_owned()
        };
        let (mut there, mut here) = (start(out), start(copy));
        for name in &self.down {
            there.push(name);
            here.push(name);
            if here.symlink_metadata().is_err() {
                std::os::unix::fs::symlink(&there, &here).map_err(FileError::writing(&here))?;
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use bimetal_terminal::Hint as _;

    use super::*;

    #[test]
    fn a_way_is_as_many_directories_up_and_then_down() {
        let way = |path: &str| Way::of(Utf8Path::new(path)).map(|way| (way.up, way.down.join("/")));
        assert_eq!(way("../../a/./b"), Some((2, "a/b".to_owned())));
        assert_eq!(way("./inner"), Some((0, "inner".to_owned())));
        assert_eq!(way("a/../../b"), Some((1, "b".to_owned())));
        assert_eq!(way("/a"), None);
    }

    #[test]
    fn a_relative_way_leads_from_the_copy_to_the_same_directory() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (out, copy) = (root.join("x/out"), root.join("work/.above/.above/out"));
        for directory in [
            &root.join("mods/m"),
            &out.join("internal/own"),
            &copy.join("internal"),
        ] {
            fs::create_dir_all(directory).unwrap();
        }
        for path in ["../../mods/m", "../../mods", "./internal/own"] {
            Way::of(Utf8Path::new(path))
                .unwrap()
                .open(&out, &copy)
                .unwrap();
            let real = |directory: &Utf8Path| directory.join(path).canonicalize_utf8().unwrap();
            assert_eq!(real(&out), real(&copy), "{path}");
        }
    }

    #[test]
    fn a_directory_without_a_record_or_of_another_builder_is_reported() {
        let keep = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(keep.path()).unwrap();
        let error = read(out).unwrap_err();
        assert!(error.to_string().contains(".bimetal/plan.json"), "{error}");
        assert!(error.hint().is_some());
        let plan = bimetal_builder::stages::plan::samples::hosted_plan();
        let plan = Plan {
            out: out.to_owned(),
            ..plan
        };
        LastBuild::record(&plan).unwrap();
        assert_eq!(read(out).unwrap().plan.distribution, plan.distribution);
        let path = LastBuild::path(out);
        let text = fs::read_to_string(&path).unwrap();
        let other = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1);
        fs::write(&path, other).unwrap();
        assert!(matches!(read(out), Err(FetchError::OtherBuilder { .. })));
    }
}
