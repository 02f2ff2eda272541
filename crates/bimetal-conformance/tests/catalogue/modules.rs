//! Go modules for the rows, served by a module proxy that is a directory.
//!
//! In: sources of this repository. Out: the proxy's address; directories with a module in them.
//! Invariant: nothing here is fetched from outside.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::places::{directory, fixture, fresh};
use crate::tools::{Variables, run};

/// The module that main has too.
pub(crate) const SHARED: &str = "example.com/shared";
/// A module that brings the shared one in.
pub(crate) const MIDDLE: &str = "example.com/middle";
/// A module that main does not have.
pub(crate) const APART: &str = "example.com/apart";

/// The module that stands for the Collector's: it has the type that a factory function makes.
pub(crate) const PROCESSOR: &str = "go.opentelemetry.io/collector/processor";

/// Replaces texts in the sources of a module.
type Edits = &'static [(&'static str, &'static str)];

/// Module, version, edits, what it requires.
type Release = (&'static str, &'static str, Edits, &'static str);

const RELEASES: &[Release] = &[
    (SHARED, "v1.0.0", &[], ""),
    (SHARED, "v1.0.1", &[("\"first\"", "\"later\"")], ""),
    (PROCESSOR, "v1.0.0", &[], ""),
    (MIDDLE, "v1.0.0", &[], "require example.com/shared v1.0.0\n"),
    (MIDDLE, "v1.1.0", &[], "require example.com/shared v1.0.1\n"),
    (APART, "v1.0.0", &[("VERSION", "one")], ""),
    (APART, "v1.1.0", &[("VERSION", "two")], ""),
];

/// The address of the proxy.
pub(crate) fn proxy() -> String {
    static READY: OnceLock<Utf8PathBuf> = OnceLock::new();
    format!("file://{}", READY.get_or_init(publish))
}

/// A directory with the sources of `module`, changed by `edits`: a fork, or a tree that a person
/// has worked in.
pub(crate) fn local(name: &str, module: &str, edits: &[(&str, &str)]) -> Utf8PathBuf {
    let place = fresh(&format!("local/{name}"));
    copy_module(module, &place, edits, "");
    place
}

fn publish() -> Utf8PathBuf {
    let place = fresh("proxy");
    for (module, version, edits, requires) in RELEASES {
        let unpacked = fresh(&format!("releases/{module}@{version}"));
        let inner = unpacked.join(format!("{module}@{version}"));
        copy_module(module, &inner, edits, requires);
        let served = place.join(module).join("@v");
        fs::create_dir_all(&served).unwrap();
        let file = |end: &str| served.join(format!("{version}.{end}"));
        fs::copy(inner.join("go.mod"), file("mod")).unwrap();
        let info = format!("{{\"Version\":\"{version}\",\"Time\":\"2026-01-01T00:00:00Z\"}}");
        fs::write(file("info"), info).unwrap();
        zip(&unpacked, &file("zip"));
        let list = served.join("list");
        let known = fs::read_to_string(&list).unwrap_or_default();
        fs::write(list, format!("{known}{version}\n")).unwrap();
    }
    // Modules of an earlier run may have the same versions and other contents.
    let cache = directory("modules");
    fs::remove_dir_all(cache).unwrap();
    place
}

fn copy_module(module: &str, to: &Utf8Path, edits: &[(&str, &str)], requires: &str) {
    let from = fixture(module.rsplit('/').next().unwrap());
    copy_sources(&from, to, edits);
    fs::write(
        to.join("go.mod"),
        format!("module {module}\n\ngo 1.22\n\n{requires}"),
    )
    .unwrap();
}

/// Copies a directory of sources; every edit must find its text somewhere.
pub(crate) fn copy_sources(from: &Utf8Path, to: &Utf8Path, edits: &[(&str, &str)]) {
    let mut found = vec![false; edits.len()];
    copy_tree(from, to, edits, &mut found);
    for ((text, _), found) in edits.iter().zip(found) {
        assert!(found, "`{text}` is in no file of `{from}`");
    }
}

fn copy_tree(from: &Utf8Path, to: &Utf8Path, edits: &[(&str, &str)], found: &mut [bool]) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(entry.path(), &target, edits, found);
            continue;
        }
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for ((old, new), found) in edits.iter().zip(found.iter_mut()) {
            *found |= text.contains(old);
            text = text.replace(old, new);
        }
        fs::write(target, text).unwrap();
    }
}

/// Go takes no directories as entries, so the files are named one by one.
const ZIP: &str = "\
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for directory, _, files in os.walk('.'):
        for file in sorted(files):
            archive.write(os.path.normpath(os.path.join(directory, file)))
";

fn zip(directory: &Utf8Path, file: &Utf8Path) {
    let arguments = ["-c", ZIP, file.as_str()];
    run(directory, "python3", &arguments, &Variables::new());
}
