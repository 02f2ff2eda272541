//! The import graph: asked from `go list`, or remembered.
//!
//! In: the sources on disk, Go's variables. Out: the text of `go list -deps -json`. Invariant: an
//! answer is remembered only where everything that it depends on can be compared: no local module
//! is replaced, the toolchain is a release, and every module is still in the cache.

use std::collections::BTreeMap;

use bimetal_files::{Digest, Hasher};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use walkdir::WalkDir;

use super::go_graph;
use super::variables::Variables;
use crate::model::Plan;
use crate::owned::Ours;
use crate::toolchain::{InvocationError, go_files, remembered, work};

/// A package of the answer: where its module lies.
#[derive(Deserialize)]
struct Package {
    #[serde(rename = "Module")]
    module: Option<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default, rename = "Dir")]
    directory: Utf8PathBuf,
}

/// The graph of main and of every Go plugin; `ask` asks Go for it.
pub(super) fn graph(
    plan: &Plan,
    variables: &Variables,
    ask: impl FnOnce() -> Result<Vec<u8>, InvocationError>,
) -> Result<Vec<u8>, InvocationError> {
    let memory = work::directory(&plan.out).join("graph");
    let inputs = inputs(plan, variables);
    if let Some(inputs) = &inputs
        && let Some(answer) = remembered::recall(&memory, inputs)
        && has_modules(&answer)
    {
        return Ok(answer);
    }
    let answer = ask()?;
    if let Some(inputs) = inputs {
        remembered::remember(&memory, inputs, &answer);
    }
    Ok(answer)
}

/// Whether the directory of each module is there.
fn has_modules(answer: &[u8]) -> bool {
    let packages = serde_json::Deserializer::from_slice(answer).into_iter::<Package>();
    let mut known: BTreeMap<Utf8PathBuf, bool> = BTreeMap::new();
    packages.into_iter().all(|package| {
        let Ok(package) = package else { return false };
        package.module.is_none_or(|module| {
            let entry = known.entry(module.directory);
            let is_there = |path: &Utf8PathBuf| path.is_dir();
            *entry.or_insert_with_key(is_there)
        })
    })
}

/// Everything that decides about the answer; `None` where that cannot be compared.
fn inputs(plan: &Plan, variables: &Variables) -> Option<Digest> {
    let tool = plan.go.tool.as_ref()?;
    let go_mod = bimetal_files::read_to_string(&plan.out.join("go.mod")).ok()?;
    if !tool.version.starts_with("go1.") || replaces_by_directory(&go_mod) {
        return None;
    }
    let mut sum = Hasher::default();
    let mut add = |text: &[u8]| {
        sum.update(text.len().to_le_bytes());
        sum.update(text);
    };
    // An earlier builder may have asked for less.
    add(go_graph::fields().as_bytes());
    add(format!("{variables:?}").as_bytes());
    add(format!("{tool:?}").as_bytes());
    add(plan.go.tags.as_bytes());
    for plugin in &plan.go_plugins {
        add(plugin.dir.as_str().as_bytes());
    }
    // What later steps write changes no import, so that the answer holds for the next run.
    let stamped = Ours::load(&plan.out).ok()?.stamped;
    let is_stamped = |path: &Utf8Path| {
        let name = path.strip_prefix(&plan.out);
        name.is_ok_and(|name| stamped.contains_key(name.as_str()))
    };
    let internal = plan.out.join("internal");
    let below = internal.is_dir().then(|| WalkDir::new(internal));
    let sources = [WalkDir::new(&plan.out).max_depth(1)]
        .into_iter()
        .chain(below)
        .flat_map(WalkDir::sort_by_file_name);
    for entry in sources {
        let path = Utf8PathBuf::from_path_buf(entry.ok()?.into_path()).ok()?;
        if !path.is_file() || !go_files::is_source(&path) || is_stamped(&path) {
            continue;
        }
        add(path.as_str().as_bytes());
        // Of an object `go list` wants the name.
        if path.extension() != Some(go_files::OBJECT) {
            add(&bimetal_files::read(&path).ok()?);
        }
    }
    Some(sum.finish())
}

/// Whether a `replace` line leads to a directory, whose files change without a version.
fn replaces_by_directory(go_mod: &str) -> bool {
    go_mod
        .lines()
        .filter_map(|line| line.split_once("=>"))
        .map(|(_, target)| target.trim_start_matches([' ', '\t', '"', '`']))
        .any(|target| target.starts_with(['.', '/']))
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::super::variables;
    use super::*;
    use crate::flags::go::go;
    use crate::progress::Activity;
    use crate::stages::plan::samples;
    use crate::toolchain::Runner;

    #[test]
    fn a_replacement_by_a_directory_is_seen_in_every_spelling() {
        for text in [
            "replace a => ../a\n",
            "replace (\n\ta v1 => \"./a b\"\n)\n",
            "replace a => /a",
        ] {
            assert!(replaces_by_directory(text), "{text}");
        }
        assert!(!replaces_by_directory(
            "replace a => example.com/a v1.0.0\n"
        ));
    }

    #[test]
    fn go_is_asked_again_when_a_source_or_the_memory_changed_and_else_not() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
        let mut plan = samples::plain_plan();
        plan.out = root.join("out");
        plan.go.tool.as_mut().unwrap().program = "go".into();
        bimetal_files::create_directory(&work::directory(&plan.out)).unwrap();
        let put = |name: &str, text: &str| fs::write(plan.out.join(name), text).unwrap();
        put("go.mod", "module example.com/tiny\n\ngo 1.25\n");
        put("main.go", "package main\n\nfunc main() {}\n");
        let (activity, logs) = (Activity::silent(), root.join("logs"));
        let runner = Runner {
            logs: Some(&logs),
            activity: &activity,
        };
        let asked = || {
            let mut asked = false;
            let list = go(&plan).args(["list", "-deps", "-json=ImportPath,Module", "."]);
            let ask = || {
                asked = true;
                runner.read("go-list", &list)
            };
            let variables = variables::read(&plan, &runner).unwrap();
            let answer = graph(&plan, &variables, ask).unwrap();
            // Not the text itself, which would be long in a failure.
            let names = |word: &str| String::from_utf8_lossy(&answer).contains(word);
            (asked, names("example.com/tiny"), names("\"unicode\""))
        };
        assert_eq!(asked(), (true, true, false));
        assert_eq!(asked(), (false, true, false));
        put(
            "main.go",
            "package main\n\nimport _ \"unicode\"\n\nfunc main() {}\n",
        );
        assert_eq!(asked(), (true, true, true));
        fs::write(work::directory(&plan.out).join("graph.txt"), "{}").unwrap();
        assert_eq!(asked(), (true, true, true));
        assert_eq!(asked(), (false, true, true));
        put("extra.go", "package main\n");
        assert!(asked().0);
        put(
            "go.mod",
            "module example.com/tiny\n\ngo 1.25\n\nreplace example.com/a => ../a\n",
        );
        assert!(asked().0 && asked().0, "a local module is never remembered");
    }
}
