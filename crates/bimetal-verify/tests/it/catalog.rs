//! A directory with good and bad files.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use bimetal_files::Digest;
use bimetal_manifest::lock::{LockStatus, LockedPlugin};
use bimetal_manifest::object::LARGEST_PLUGIN;
use bimetal_manifest::schema::Kind;
use bimetal_manifest::{Lock, ReadError};
use bimetal_verify::catalog::{CheckOptions, ENTRIES_LIMIT, Verdict};
use bimetal_verify::{Catalog, CatalogError, Report, ScanOptions};
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use tempfile::TempDir;

use crate::fixture::{self, fixtures, read, run};

const DIGESTS: ScanOptions = ScanOptions { digests: true };

fn directory() -> (TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(directory.path()).unwrap().to_owned();
    (directory, path)
}

#[test]
fn a_file_that_is_still_copied_under_a_hidden_name_is_no_plugin() {
    let (_guard, path) = directory();
    for name in [".processor-a.so", "processor-a.so"] {
        fs_err::write(path.join(name), "text").unwrap();
    }
    let catalog = Catalog::scan(&path).unwrap();
    let files: Vec<_> = catalog.entries.iter().map(|entry| &entry.file).collect();
    assert_eq!(files, ["processor-a.so"]);
}

fn check(path: &Utf8Path) -> Report {
    Catalog::scan(path)
        .unwrap()
        .check(&read(&fixtures().main), CheckOptions::default())
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for plugin in &report.plugins {
        let type_name = plugin.type_name.as_deref().unwrap_or("-");
        let form = plugin.form.map_or("-", |form| form.as_str());
        let _ = writeln!(
            text,
            "{}: {} {form} {type_name}",
            plugin.file,
            plugin.verdict.as_str()
        );
        if let Some(problem) = &plugin.problem {
            let _ = writeln!(
                text,
                "  problem {}\n  hint {}",
                problem.message,
                problem.help.as_deref().unwrap_or("-")
            );
        }
        for mismatch in &plugin.mismatches {
            let _ = writeln!(text, "  {} `{}`", mismatch.check.as_str(), mismatch.subject);
        }
    }
    for duplicate in &report.duplicates {
        let _ = writeln!(
            text,
            "duplicate {} {}: {}",
            duplicate.kind.as_str(),
            duplicate.type_name,
            duplicate.files.join(", ")
        );
    }
    for conflict in &report.conflicts {
        let _ = writeln!(
            text,
            "conflict {}: {:?}",
            conflict.files.join(", "),
            conflict.plugin_path
        );
    }
    text
}

#[test]
fn one_bad_file_never_ends_the_scan() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().go_plugin, path.join("a-good-go.so")).unwrap();
    fs_err::copy(&fixtures().rust_plugin, path.join("b-good-rust.so")).unwrap();
    symlink(&fixtures().rust_plugin, path.join("c-link.so")).unwrap();
    symlink("nowhere", path.join("d-dangling.so")).unwrap();
    fs_err::write(path.join("e-empty.so"), "").unwrap();
    fs_err::write(path.join("f-text\u{1b}[2J.so"), "hello\n").unwrap();
    let whole = fs_err::read(&fixtures().rust_plugin).unwrap();
    fs_err::write(path.join("g-truncated.so"), &whole[..whole.len() / 2]).unwrap();
    let library = fixture::library(&path.join("library"), &[]);
    fs_err::rename(library, path.join("h-no-manifest.so")).unwrap();
    fs_err::create_dir(path.join("i-directory.so")).unwrap();
    run(&path, "mkfifo", &["j-pipe.so"]);
    fs_err::copy(&fixtures().main, path.join("k-main.so")).unwrap();
    fs_err::write(path.join("notes.txt"), "not a plugin").unwrap();
    let report = check(&path);
    assert!(!report.is_clean());
    let shown = text(&report).replace(&whole.len().to_string(), "[size]");
    let shown = shown
        .lines()
        .map(|line| {
            if line.contains("truncated: ") {
                "  problem the file is truncated: […]"
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    assert_snapshot!(shown);
    assert!(!serde_json::to_string(&report).unwrap().contains("\\u001b"));
}

#[test]
fn a_directory_of_fitting_plugins_is_clean() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().go_plugin, path.join("processor-gopher.so")).unwrap();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    let report = check(&path);
    assert!(report.is_clean(), "{}", text(&report));
    assert!(
        report
            .plugins
            .iter()
            .all(|plugin| plugin.verdict == Verdict::Accepted && plugin.sha256.is_none())
    );
}

#[test]
fn a_file_that_is_larger_than_a_plugin_may_be_is_refused_without_its_digest() {
    let (_directory, path) = directory();
    // But for its size it is a good plugin; what is added takes no room on the disk.
    let file = path.join("processor-crab.so");
    fs_err::copy(&fixtures().rust_plugin, &file).unwrap();
    fs_err::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(LARGEST_PLUGIN + 1)
        .unwrap();
    let catalog = Catalog::scan_with(&path, DIGESTS).unwrap();
    let entry = catalog.get("processor-crab.so").unwrap();
    assert_eq!(entry.sha256, None);
    assert!(
        matches!(
            entry.artifact,
            Err(ReadError::TooLarge { size, .. }) if size == LARGEST_PLUGIN + 1
        )
    );
    let report = catalog.describe(None);
    assert_eq!(report.plugins[0].verdict, Verdict::Refused);
}

#[test]
fn the_report_as_json_is_stable() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    fs_err::write(path.join("text.so"), "text").unwrap();
    let mut report = check(&path);
    report.directory = "plugins".to_owned();
    report.plugins[0].size = Some(1);
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_snapshot!(json.replace(&fixtures().rust_version, "[rust]"));
}

#[test]
fn the_lock_decides_when_it_lists_other_bytes_and_where_it_is_required() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    let catalog = Catalog::scan_with(&path, DIGESTS).unwrap();
    let entry = catalog.get("processor-crab.so").unwrap();
    let main = read(&fixtures().main);
    let locked = |file: &str, sha256| LockedPlugin {
        file: file.to_owned(),
        sha256,
        size: 0,
        kind: Kind::Processor,
        type_name: "crab".to_owned(),
    };
    let check = |lock: Option<&Lock>, require_lock| {
        let options = CheckOptions {
            lock,
            require_lock,
            ..CheckOptions::default()
        };
        let plugin = catalog.check(&main, options).plugins.remove(0);
        (plugin.lock, plugin.verdict)
    };
    let pinned = Lock::new(vec![locked("processor-crab.so", entry.sha256.unwrap())]).unwrap();
    let changed = Lock::new(vec![locked("processor-crab.so", Digest::of(b""))]).unwrap();
    let other = Lock::new(vec![locked("other.so", Digest::of(b""))]).unwrap();
    assert_eq!(
        check(Some(&pinned), true),
        (Some(LockStatus::Pinned), Verdict::Accepted)
    );
    assert_eq!(
        check(Some(&changed), false),
        (Some(LockStatus::Changed), Verdict::Refused)
    );
    assert_eq!(
        check(Some(&other), false),
        (Some(LockStatus::Unpinned), Verdict::Accepted)
    );
    assert_eq!(
        check(Some(&other), true),
        (Some(LockStatus::Unpinned), Verdict::Refused)
    );
    assert_eq!(check(None, false), (None, Verdict::Accepted));
    assert_eq!(check(None, true), (None, Verdict::Refused));
}

#[test]
fn a_missing_directory_and_a_file_in_its_place_are_errors() {
    let (_directory, path) = directory();
    assert!(matches!(
        Catalog::scan(&path.join("missing")),
        Err(CatalogError::Missing { .. })
    ));
    fs_err::write(path.join("file"), "").unwrap();
    assert!(matches!(
        Catalog::scan(&path.join("file")),
        Err(CatalogError::NotADirectory { .. })
    ));
}

#[test]
fn a_directory_with_too_many_plugins_is_an_error() {
    let (_directory, path) = directory();
    for number in 0..=ENTRIES_LIMIT {
        fs_err::write(path.join(format!("{number}.so")), "").unwrap();
    }
    assert!(matches!(
        Catalog::scan(&path),
        Err(CatalogError::TooMany { .. })
    ));
}

#[test]
fn without_main_nothing_is_better_than_undecidable() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    fs_err::write(path.join("text.so"), "text").unwrap();
    let report = Catalog::scan(&path).unwrap().describe(None);
    let verdicts: Vec<_> = report.plugins.iter().map(|plugin| plugin.verdict).collect();
    assert_eq!(verdicts, [Verdict::Undecidable, Verdict::Refused]);
}
