//! Tests of [`super`], with a real module from the proxy and the real `go list`.

use fs_err as fs;
use serde::Deserialize;

use super::*;
use crate::progress::Activity;
use crate::stages::lock::variables;
use crate::stages::plan::samples;
use crate::toolchain::Invocation;

const PATH: &str = "golang.org/x/time";
const VERSION: &str = "v0.15.0";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    dir: Utf8PathBuf,
    zip: Utf8PathBuf,
    sum: String,
}

/// A real module from the proxy, as `go mod download` left it.
fn download() -> Downloaded {
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let name = format!("{PATH}@{VERSION}");
    let invocation = Invocation::go("go", "/", false).args(["mod", "download", "-json", &name]);
    serde_json::from_slice(&runner.read("download", &invocation).unwrap()).unwrap()
}

fn module(directory: &Utf8Path) -> Module {
    Module {
        path: PATH.to_owned(),
        version: VERSION.to_owned(),
        main: false,
        dir: directory.to_owned(),
        replace: None,
    }
}

fn sums(sum: &str) -> GoSum {
    GoSum::parse(&format!("{PATH} {VERSION} {sum}\n")).unwrap()
}

/// A module cache of its own, with the module in it.
fn cache(downloaded: &Downloaded) -> (tempfile::TempDir, Utf8PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
    let directory = root.join(format!("{PATH}@{VERSION}"));
    for (name, from) in tree::packed_files(&downloaded.dir, "x").unwrap() {
        let to = directory.join(name.strip_prefix("x/").unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, fs::read(from).unwrap()).unwrap();
    }
    let archive = root.join(format!("cache/download/{PATH}/@v/{VERSION}.zip"));
    fs::create_dir_all(archive.parent().unwrap()).unwrap();
    fs::copy(&downloaded.zip, archive).unwrap();
    (keep, directory)
}

#[test]
fn the_hash_of_an_unpacked_module_is_the_sum_that_go_computed() {
    let downloaded = download();
    let found = verified(
        &module(&downloaded.dir),
        &downloaded.dir,
        &sums(&downloaded.sum),
    )
    .unwrap();
    assert_eq!(found, downloaded.sum);
}

#[test]
fn a_tampered_module_cache_is_named_with_module_and_files() {
    let downloaded = download();
    let (_keep, directory) = cache(&downloaded);
    let check = || verified(&module(&directory), &directory, &sums(&downloaded.sum));
    check().unwrap();
    fs::write(directory.join("rate/rate.go"), "package rate // evil").unwrap();
    fs::write(directory.join("rate/extra.go"), "package rate").unwrap();
    fs::remove_file(directory.join("LICENSE")).unwrap();
    let text = check().unwrap_err().to_string();
    assert!(
        text.starts_with("module `golang.org/x/time` v0.15.0 was changed after its download"),
        "{text}"
    );
    assert!(
        text.ends_with("changed: rate/extra.go (added), rate/rate.go, LICENSE (removed)"),
        "{text}"
    );
}

#[test]
fn a_module_without_a_sum_is_refused() {
    let error = verified(
        &module("/nowhere".into()),
        "/nowhere".into(),
        &GoSum::default(),
    )
    .unwrap_err();
    assert!(matches!(error, LockError::NoSum { .. }));
}

#[test]
fn only_modules_that_are_imported_count_and_local_ones_are_hashed_by_their_files() {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
    let mut plan = samples::plain_plan();
    plan.out = root.join("out");
    plan.distribution.module = "example.com/tiny".to_owned();
    plan.go.tool.as_mut().unwrap().program = "go".into();
    let files = [
        (
            "out/go.mod",
            "module example.com/tiny\n\ngo 1.25\n\n\
             require (\n\texample.com/used v1.0.0\n\texample.com/unused v1.0.0\n)\n\n\
             replace example.com/used => ../used\n\nreplace example.com/unused => ../unused\n",
        ),
        (
            "out/main.go",
            "package main\n\nimport _ \"example.com/used\"\n\nfunc main() {}\n",
        ),
        ("used/go.mod", "module example.com/used\n\ngo 1.25\n"),
        ("used/used.go", "package used\n"),
        ("unused/go.mod", "module example.com/unused\n\ngo 1.25\n"),
    ];
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let variables = variables::read(&plan, &runner).unwrap();
    let first = hash(&plan, &BTreeSet::new(), &variables, &runner)
        .unwrap()
        .main;
    let [used] = first.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(
        (
            used.name.as_str(),
            used.version.as_str(),
            used.source.as_str()
        ),
        ("example.com/used", "v1.0.0", "local")
    );
    fs::write(root.join("used/used.go"), "package used // changed\n").unwrap();
    assert_ne!(
        hash(&plan, &BTreeSet::new(), &variables, &runner)
            .unwrap()
            .main[0]
            .hash,
        used.hash
    );
}
