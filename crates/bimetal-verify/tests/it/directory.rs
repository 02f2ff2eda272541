//! A directory with good and bad files.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::lock::{LockStatus, LockedPlugin};
use bimetal_manifest::object::LARGEST_PLUGIN;
use bimetal_manifest::schema::Kind;
use bimetal_verify::{
    Digests, DirectoryVerdict, ENTRIES_LIMIT, Entry, FoundLock, PluginFile, ProcessSet, Request,
    Scan, ScanError, Status, Verdict, precheck, verify, verify_directory,
};
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use tempfile::TempDir;

use crate::fixture::{self, fixtures, request, run};

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
    let scan = Scan::of(&path).unwrap();
    let files: Vec<_> = scan.entries.iter().map(|entry| &entry.file).collect();
    assert_eq!(files, ["processor-a.so"]);
}

fn check(path: &Utf8Path) -> DirectoryVerdict {
    verify_directory(path, &request(fixture::main(), &FoundLock::Absent)).unwrap()
}

fn text(report: &DirectoryVerdict) -> String {
    let mut text = String::new();
    for plugin in &report.plugins {
        let type_name = plugin.type_name.as_deref().unwrap_or("-");
        let form = plugin.form.map_or("-", |form| form.as_str());
        let _ = writeln!(
            text,
            "{}: {} {form} {type_name}",
            plugin.file,
            plugin.status.as_str()
        );
        if let Some(problem) = &plugin.problem {
            let _ = writeln!(
                text,
                "  problem {}\n  help {}",
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
    assert!(!report.is_good());
    let shown = text(&report)
        .replace(&whole.len().to_string(), "[size]")
        .replace(path.as_str(), "[directory]")
        .replace('\u{1b}', "[escape]");
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
}

#[test]
fn a_directory_of_fitting_plugins_is_clean() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().go_plugin, path.join("processor-gopher.so")).unwrap();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    let report = check(&path);
    assert!(report.is_good(), "{}", text(&report));
    assert!(
        report
            .plugins
            .iter()
            .all(|plugin| plugin.status == Status::Ok && plugin.sha256.is_some())
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
    let read = PluginFile::read(&Entry::at(&file), Digests::Taken);
    assert_eq!(read.sha256, None);
    let problem = read.artifact.unwrap_err().message;
    assert!(problem.contains("more than the"), "{problem}");
    assert_eq!(check(&path).plugins[0].status, Status::Unreadable);
}

#[test]
fn the_report_as_json_is_stable() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    fs_err::write(path.join("text.so"), "text").unwrap();
    let mut report = check(&path);
    report.directory = "plugins".into();
    report.plugins[0].size = Some(1);
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_snapshot!(json.replace(&fixtures().rust_version, "[rust]"));
}

#[test]
fn the_lock_decides_when_it_lists_other_bytes_and_where_it_is_required() {
    let (_directory, path) = directory();
    let file = path.join("processor-crab.so");
    fs_err::copy(&fixtures().rust_plugin, &file).unwrap();
    let read = PluginFile::read(&Entry::at(&file), Digests::Taken);
    let lock = |file: &str, sha256| {
        FoundLock::Usable(
            Lock::new(vec![LockedPlugin {
                file: file.to_owned(),
                sha256,
                size: fs_err::metadata(&fixtures().rust_plugin).unwrap().len(),
                kind: Kind::Processor,
                type_name: "crab".to_owned(),
            }])
            .unwrap(),
        )
    };
    let check = |lock: &FoundLock, require_lock| {
        let request = Request {
            require_lock,
            ..request(fixture::main(), lock)
        };
        let verdict = precheck(&request, &read);
        (verdict.lock, verdict.status)
    };
    let pinned = lock("processor-crab.so", read.sha256.unwrap());
    let changed = lock("processor-crab.so", Digest::of(b""));
    let other = lock("other.so", Digest::of(b""));
    let unusable = FoundLock::Unusable(bimetal_verify::Problem::new("torn", "take it again"));
    for (lock, required, expected) in [
        (&pinned, true, (Some(LockStatus::Pinned), Status::Ok)),
        (
            &changed,
            false,
            (Some(LockStatus::Changed), Status::Changed),
        ),
        (
            &other,
            false,
            (Some(LockStatus::Unpinned), Status::Unpinned),
        ),
        (&other, true, (Some(LockStatus::Unpinned), Status::Refused)),
        (&FoundLock::Absent, false, (None, Status::Ok)),
        (&FoundLock::Absent, true, (None, Status::Refused)),
        (&unusable, false, (None, Status::Refused)),
    ] {
        assert_eq!(check(lock, required), expected, "{lock:?} {required}");
    }
}

#[test]
fn of_equal_bytes_one_file_is_used_and_the_others_name_it() {
    let (_directory, path) = directory();
    for number in 0..50 {
        fs_err::copy(&fixtures().go_plugin, path.join(format!("{number:02}.so"))).unwrap();
    }
    let report = check(&path);
    assert!(report.is_good(), "{:#?}", report.duplicates);
    assert_eq!(report.plugins[0].status, Status::Ok);
    for copy in &report.plugins[1..] {
        assert_eq!(copy.status, Status::Copy);
        assert_eq!(copy.copy_of.as_deref(), Some("00.so"));
    }
    assert_eq!(report.copies()["00.so"].len(), 49);
    // What the first one is refused for, the others are, too: they are no copies of a good file.
    fs_err::write(path.join("plugins.lock"), "torn").unwrap();
    let report = check(&path);
    let is_refused = |plugin: &Verdict| plugin.status == Status::Refused;
    assert!(report.plugins.iter().all(is_refused));
}

#[test]
fn both_files_that_bring_one_component_are_refused_and_a_refused_one_brings_nothing() {
    let (_directory, path) = directory();
    for (name, end) in [("a.so", ""), ("b.so", "other bytes")] {
        let mut bytes = fs_err::read(&fixtures().rust_plugin).unwrap();
        bytes.extend(end.bytes());
        fs_err::write(path.join(name), bytes).unwrap();
    }
    let statuses = |path: &Utf8Path| {
        let plugins = check(path).plugins;
        plugins
            .iter()
            .map(|plugin| plugin.status)
            .collect::<Vec<_>>()
    };
    let both = check(&path);
    assert_eq!(both.duplicates.len(), 1);
    assert_eq!(statuses(&path), [Status::Refused, Status::Refused]);
    let stated = &both.plugins[1].mismatches[0].on_load;
    assert!(stated.contains("`a.so` and `b.so` both bring"), "{stated}");
    let bytes = fs_err::read(path.join("b.so")).unwrap();
    fs_err::write(path.join("b.so"), &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(statuses(&path), [Status::Ok, Status::Unreadable]);
}

/// Gives the component of `file` another type and older names of it.
fn rename(file: &mut PluginFile, type_name: &str, aliases: &[&str]) {
    let manifests = file.artifact.as_mut().unwrap().manifests.as_mut().unwrap();
    let component = manifests.parts[0].component.as_mut().unwrap();
    type_name.clone_into(&mut component.type_name);
    component.aliases = aliases.iter().map(|name| (*name).to_owned()).collect();
}

#[test]
fn an_older_name_of_a_type_is_taken_by_the_one_that_answers_to_it() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().go_plugin, path.join("a.so")).unwrap();
    fs_err::copy(&fixtures().rust_plugin, path.join("b.so")).unwrap();
    let mut files = PluginFile::read_all(&Scan::of(&path).unwrap().entries, Digests::LeftOut);
    let base = request(fixture::main(), &FoundLock::Absent);
    rename(&mut files[0], "file_log", &["filelog"]);
    for (type_name, aliases, duplicate) in [
        ("filelog", &[][..], Some("filelog")),
        ("other", &["file_log"], Some("file_log")),
        ("file_log", &["filelog"], Some("file_log")),
        ("other", &["another"], None),
    ] {
        rename(&mut files[1], type_name, aliases);
        let found = verify(&base, &files, &mut ProcessSet::default());
        let names: Vec<_> = found.duplicates.iter().map(|one| &*one.type_name).collect();
        assert_eq!(names, Vec::from_iter(duplicate), "{type_name} {aliases:?}");
        let status = if duplicate.is_some() {
            Status::Refused
        } else {
            Status::Ok
        };
        assert!(found.plugins.iter().all(|plugin| plugin.status == status));
        assert_eq!(found.plugins[0].aliases, ["filelog"]);
    }
    // What main has linked in, under either name, comes first.
    for name in ["file_log", "filelog"] {
        let linked_in = [(Kind::Processor, name.to_owned())].into();
        let request = Request {
            linked_in: &linked_in,
            ..base.clone()
        };
        let taken = precheck(&request, &files[0]);
        assert_eq!(taken.mismatches[0].subject, format!("processor {name}"));
    }
    let mut main = fixture::read(&fixtures().main);
    let linked = &mut main.manifests.as_mut().unwrap().parts[0].components[0];
    "file_log_old".clone_into(&mut linked.type_name);
    linked.aliases = vec!["filelog".to_owned()];
    let found = precheck(&request(&main, &FoundLock::Absent), &files[0]);
    assert_eq!(found.mismatches[0].subject, "processor filelog");
}

#[test]
fn what_passed_is_counted_into_the_set_and_what_is_linked_in_is_not_taken() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().go_plugin, path.join("a.so")).unwrap();
    fs_err::copy(&fixtures().go_plugin, path.join("b.so")).unwrap();
    let files = PluginFile::read_all(&Scan::of(&path).unwrap().entries, Digests::LeftOut);
    let base = request(fixture::main(), &FoundLock::Absent);
    let mut set = ProcessSet::default();
    let first = verify(&base, &files[..1], &mut set).plugins.remove(0);
    assert_eq!(first.status, Status::Ok);
    let second = verify(&base, &files[1..], &mut set).plugins.remove(0);
    assert_eq!(
        second.status,
        Status::Refused,
        "one import path is opened once"
    );
    let again = verify(&base, &files[..1], &mut set).plugins.remove(0);
    assert_eq!(
        again.status,
        Status::Ok,
        "a plugin does not keep itself out"
    );
    let linked_in = [first.key().unwrap()].into();
    let request = Request {
        linked_in: &linked_in,
        ..base
    };
    let taken = precheck(&request, &files[0]);
    assert_eq!(taken.status, Status::Refused);
}

#[test]
fn a_missing_directory_and_a_file_in_its_place_are_errors() {
    let (_directory, path) = directory();
    assert!(matches!(
        Scan::of(&path.join("missing")),
        Err(ScanError::Missing { .. })
    ));
    fs_err::write(path.join("file"), "").unwrap();
    assert!(matches!(
        Scan::of(&path.join("file")),
        Err(ScanError::NotADirectory { .. })
    ));
}

#[test]
fn a_directory_with_too_many_plugins_is_an_error() {
    let (_directory, path) = directory();
    for number in 0..=ENTRIES_LIMIT {
        fs_err::write(path.join(format!("{number}.so")), "").unwrap();
    }
    assert!(matches!(Scan::of(&path), Err(ScanError::TooMany { .. })));
}

#[test]
fn without_main_nothing_is_compared() {
    let (_directory, path) = directory();
    fs_err::copy(&fixtures().rust_plugin, path.join("processor-crab.so")).unwrap();
    fs_err::write(path.join("text.so"), "text").unwrap();
    let request = Request {
        main: None,
        ..request(fixture::main(), &FoundLock::Absent)
    };
    let report = verify_directory(&path, &request).unwrap();
    let statuses: Vec<_> = report.plugins.iter().map(|plugin| plugin.status).collect();
    assert_eq!(statuses, [Status::NotCompared, Status::Unreadable]);
}
