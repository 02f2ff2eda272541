//! Arrows between the directories of one crate.
//!
//! In: which file uses which. Out: arrows that no line of `ARCHITECTURE.md` allows, and circles
//! between directories. Invariant: a directory and one above it are never set against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::circles::{self, Uses};
use crate::structure::document::Arrows;

/// An arrow from a file in one directory to a file in another.
pub(super) type Pair = (PathBuf, PathBuf);

/// What a circle leads through, and the arrows between files that close it.
pub(super) type Circle = (Vec<PathBuf>, Vec<(usize, usize)>);

/// The directory of every file, relative to the crate's sources. The root of a crate lies in the
/// directory with the empty name, and `plan.rs` beside `plan/` in `plan`.
pub(super) fn of_files(paths: &[&Path]) -> Vec<PathBuf> {
    let parents: BTreeSet<_> = paths.iter().filter_map(|path| path.parent()).collect();
    paths
        .iter()
        .map(|path| {
            let beside = path.with_extension("");
            if parents.contains(&*beside) {
                return beside;
            }
            path.parent().unwrap_or(Path::new("")).to_owned()
        })
        .collect()
}

/// Pairs of directories that no line allows. Without any line for the crate everything is allowed.
pub(super) fn unlisted<'a>(arrows: &Arrows, pairs: &BTreeSet<&'a Pair>) -> Vec<&'a Pair> {
    let allowed = |from: &Path, to: &Path| {
        arrows.iter().any(|(directory, targets)| {
            from.starts_with(directory) && targets.iter().any(|target| to.starts_with(target))
        })
    };
    let forbidden = |(from, to): &&&Pair| !is_listed_apart(from, to) && !allowed(from, to);
    pairs.iter().filter(forbidden).copied().collect()
}

/// Names in the lines that no directory of the crate has.
pub(super) fn unknown(arrows: &Arrows, directories: &BTreeSet<&Path>) -> Vec<String> {
    let names: BTreeSet<_> = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().chain([from]))
        .collect();
    let known = |name: &str| directories.iter().any(|found| found.starts_with(name));
    names
        .into_iter()
        .filter(|name| !known(name))
        .cloned()
        .collect()
}

/// Circles that lead through at least two directories. Two files are compared where their paths
/// part: by the directory, or the single file, below the last directory that they share.
pub(super) fn in_circles(
    files: &[PathBuf],
    directories: &[PathBuf],
    uses: &BTreeSet<(usize, usize)>,
) -> Vec<Circle> {
    let mut between: Uses<PathBuf> = Uses::new();
    let mut shown = BTreeMap::new();
    for &(from, to) in uses {
        let below = |file: usize, other: usize| {
            let shared = shared(&directories[file], &directories[other]);
            part_below(&files[file], &directories[file], &shared)
        };
        if let (Some(one), Some(other)) = (below(from, to), below(to, from)) {
            shown
                .entry((one.clone(), other.clone()))
                .or_insert((from, to));
            between.entry(one).or_default().insert(other);
        }
    }
    let directories: BTreeSet<_> = directories.iter().collect();
    circles::find(&between)
        .into_iter()
        .filter(|circle| {
            let several = circle.iter().filter(|part| directories.contains(part));
            several.count() > 1
        })
        .map(|circle| {
            let next = circle.iter().cycle().skip(1);
            let arrows = circle.iter().zip(next);
            let arrows = arrows.map(|(from, to)| shown[&(from.clone(), to.clone())]);
            let arrows = arrows.collect();
            (circle, arrows)
        })
        .collect()
}

fn is_listed_apart(from: &Path, to: &Path) -> bool {
    from.starts_with(to) || to.starts_with(from)
}

fn shared(one: &Path, other: &Path) -> PathBuf {
    let parts = one.components().zip(other.components());
    parts
        .take_while(|(one, other)| one == other)
        .map(|(part, _)| part)
        .collect()
}

/// What stands directly below `above` on the way to a file; nothing for the file that is the
/// module of `above` itself.
fn part_below(file: &Path, directory: &Path, above: &Path) -> Option<PathBuf> {
    let rest = directory.strip_prefix(above).ok()?;
    if let Some(part) = rest.components().next() {
        return Some(above.join(part));
    }
    let name = file.file_stem()?;
    let is_module = file.with_extension("") == above || name == "mod";
    let is_root = above == Path::new("") && (name == "lib" || name == "main");
    (!is_module && !is_root).then(|| file.to_owned())
}
