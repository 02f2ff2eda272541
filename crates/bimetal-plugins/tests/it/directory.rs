//! `list` and `check` over a directory of good and bad files.
//!
//! In: a directory of real plugins and damaged copies. Out: what is said about each. Invariant: a
//! bad file never hides a good one.

use std::sync::OnceLock;

use bimetal_files::Digest;
use bimetal_manifest::lock::{Lock, LockedPlugin};
use bimetal_manifest::schema::Kind;
use bimetal_plugins::{Context, ExitCode};
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

use crate::damage;
use crate::fixture::{self, fixture, go_manifest, manifest_c};
use crate::run::{builder, main_itself, other_go_version, plugins, plugins_at_width, redacted};

/// A directory with main and a plugin directory.
pub(crate) struct Directory {
    _guard: TempDir,
    pub(crate) path: Utf8PathBuf,
    pub(crate) plugins: Utf8PathBuf,
}

impl Directory {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        let plugins = path.join("plugins");
        fs_err::create_dir(&plugins).unwrap();
        Self {
            _guard: directory,
            path,
            plugins,
        }
    }

    pub(crate) fn add(&self, name: &str, from: &Utf8Path) -> Utf8PathBuf {
        let to = self.plugins.join(name);
        fs_err::copy(from, &to).unwrap();
        to
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs_err::write(self.plugins.join(name), bytes).unwrap();
    }

    /// Pins the files `names` with the bytes that they have now.
    pub(crate) fn lock(&self, names: &[&str]) {
        let entry = |name: &&str| {
            let path = self.plugins.join(name);
            let bytes = fs_err::read(&path).unwrap_or_default();
            let component = bimetal_manifest::object::open(&path)
                .ok()
                .and_then(|(_, artifact)| artifact.component().cloned());
            LockedPlugin {
                file: (*name).to_owned(),
                sha256: Digest::of(&bytes),
                size: bytes.len() as u64,
                kind: component.as_ref().map_or(Kind::Processor, |one| one.kind),
                type_name: component.map_or_else(String::new, |one| one.type_name),
            }
        };
        let lock = Lock::new(names.iter().map(entry).collect()).unwrap();
        self.write("plugins.lock", lock.to_text());
    }

    pub(crate) fn arguments<'a>(&'a self, action: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&[action, "--plugins-dir", self.plugins.as_str()], more].concat()
    }
}

/// Good plugins, and one of each kind of bad file.
pub(crate) fn good_and_bad() -> Directory {
    let (fixture, directory) = (fixture(), Directory::new());
    directory.add("a-good-go.so", &fixture.go_plugin);
    directory.add("b-good-rust.so", &fixture.rust_plugin);
    let damaged = |name: &str| directory.plugins.join(name);
    let go = &fixture.go_plugin;
    damage::with_manifest_text(
        go,
        &damaged("c-dependency.so"),
        "h1:c2hhcmVk",
        "h1:b3RoZXIh",
    );
    let (version, other) = (&fixture.go_version, other_go_version());
    damage::with_manifest_text(
        go,
        &damaged("d-toolchain.so"),
        &format!("\"{version}\""),
        &format!("\"{other}\""),
    );
    damage::with_manifest_text(go, &damaged("e-flag.so"), "\"-trimpath\"", "\"-race\"    ");
    damage::with_package_hash(go, &damaged("f-package-hash.so"), "runtime");
    damage::truncated(go, &damaged("g-truncated.so"));
    directory.write("h-text.so", "a library, honestly\n");
    directory.write("i-empty.so", "");
    fs_err::copy(two_manifests(), damaged("j-two-manifests.so")).unwrap();
    fs_err::copy(terminal_sequences(), damaged("k-terminal-sequences.so")).unwrap();
    fs_err::create_dir(damaged("l-directory.so")).unwrap();
    directory.add("m-main.so", &fixture.main);
    damage::with_changed_code(&fixture.rust_plugin, &damaged("n-changed.so"));
    directory.write("README.md", "not a plugin");
    directory
}

pub(crate) fn two_manifests() -> &'static Utf8Path {
    static FILE: OnceLock<Utf8PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let text = go_manifest("processor", "twice").to_string();
        go_plugin("twice", &manifest_c(&[&text, &text]))
    })
}

/// A plugin whose manifest tries to write to the terminal that shows it.
pub(crate) fn terminal_sequences() -> &'static Utf8Path {
    static FILE: OnceLock<Utf8PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let mut manifest = go_manifest("exporter", "sequences");
        manifest["component"]["module"] =
            "evil\u{1b}]0;owned\u{7}\u{202e}exe.tset v1\u{9b}31m".into();
        manifest["toolchain_version"] = "go1\u{1b}[2J\r\nok".into();
        manifest["dependency_hashes"]["bimetal.test/shared"] = "h1:\u{1b}[31mred".into();
        go_plugin("sequences", &manifest_c(&[&manifest.to_string()]))
    })
}

fn go_plugin(name: &str, manifest: &str) -> Utf8PathBuf {
    fixture::go_plugin(
        &fixture().directory,
        name,
        include_str!("sources/plugin.go"),
        manifest,
    )
}

fn statuses(report: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(report).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| (text(&plugin["file"]), text(&plugin["status"])))
        .collect()
}

fn shows_nothing_that_a_terminal_obeys(text: &str) {
    assert!(
        text.chars()
            .all(|character| character == '\n' || !character.is_control()),
        "{text:?}"
    );
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn list_shows_good_and_bad_files_each_with_its_status() {
    let directory = good_and_bad();
    directory.lock(&["a-good-go.so", "b-good-rust.so", "n-changed.so"]);
    directory.add("n-changed.so", &fixture().rust_plugin);
    let table = plugins(&main_itself(), &directory.arguments("list", &[]));
    assert_eq!(table.code, ExitCode::Ok);
    shows_nothing_that_a_terminal_obeys(&table.stdout);
    assert_snapshot!("list_table", redacted(&table.stdout, &directory.path));
    let json = plugins(
        &main_itself(),
        &directory.arguments("list", &["--format", "json"]),
    );
    assert_eq!(json.code, ExitCode::Ok);
    shows_nothing_that_a_terminal_obeys(&json.stdout);
    assert_snapshot!("list_json", redacted(&json.stdout, &directory.path));
}

#[test]
fn check_names_every_difference_with_both_values_and_the_remedy() {
    let directory = good_and_bad();
    let finished = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(finished.code, ExitCode::Incompatible);
    assert_snapshot!("check_table", redacted(&finished.stdout, &directory.path));
}

#[test]
fn a_narrow_terminal_gets_blocks_instead_of_columns() {
    let directory = Directory::new();
    directory.add("redactor.so", &fixture().rust_plugin);
    let finished = plugins_at_width(&main_itself(), &directory.arguments("list", &[]), Some(60));
    assert_snapshot!("list_narrow", redacted(&finished.stdout, &directory.path));
}

#[test]
fn a_directory_of_good_plugins_passes_in_both_executables() {
    let directory = Directory::new();
    directory.add("transform.so", &fixture().go_plugin);
    directory.add("forward.so", &fixture().other_go_plugin);
    directory.add("redactor.so", &fixture().rust_plugin);
    let arguments = directory.arguments("check", &["--format", "json"]);
    let by_main = plugins(&main_itself(), &arguments);
    let with_main = [&arguments[..], &["--main", fixture().main.as_str()]].concat();
    let by_builder = plugins(&builder(), &with_main);
    assert_eq!(
        (by_main.code, by_builder.code),
        (ExitCode::Ok, ExitCode::Ok),
        "{}",
        by_main.stdout
    );
    assert_eq!(by_main.stdout, by_builder.stdout);
    assert_eq!(
        plugins(&main_itself(), &directory.arguments("check-all", &[])).code,
        ExitCode::Ok
    );
}

#[test]
fn one_component_in_two_files_is_found() {
    let directory = Directory::new();
    directory.add("one.so", &fixture().rust_plugin);
    damage::with_changed_code(&fixture().rust_plugin, &directory.plugins.join("two.so"));
    let finished = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(finished.code, ExitCode::Incompatible);
    assert!(
        finished
            .stdout
            .contains("duplicate: processor `redactor` is in one.so, two.so"),
        "{}",
        finished.stdout
    );
}

#[test]
fn plugins_that_fit_main_and_not_each_other_are_found() {
    let directory = Directory::new();
    let shared = "bimetal.test/sample/shared";
    let source = include_str!("sources/plugin.go")
        .replace("\t\"os\"\n", &format!("\t_ \"{shared}\"\n\t\"os\"\n"));
    let package = fixture().directory.join("go/shared");
    fs_err::create_dir_all(&package).unwrap();
    fs_err::write(
        package.join("shared.go"),
        "package shared\n\nfunc Answer() int { return 42 }\n",
    )
    .unwrap();
    let build = |name: &str, kind: &str| {
        let manifest = manifest_c(&[&go_manifest(kind, name).to_string()]);
        fixture::go_plugin(&fixture().directory, name, &source, &manifest)
    };
    directory.add("one.so", &build("one", "processor"));
    damage::with_package_hash(
        &build("other", "exporter"),
        &directory.plugins.join("other.so"),
        shared,
    );
    let finished = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(finished.code, ExitCode::Incompatible);
    assert_snapshot!(
        "check_conflict",
        redacted(&finished.stdout, &directory.path)
    );
}

#[test]
fn the_lock_tells_pinned_changed_unpinned_and_missing_apart() {
    let directory = Directory::new();
    directory.add("pinned.so", &fixture().rust_plugin);
    directory.add("changed.so", &fixture().go_plugin);
    directory.lock(&["pinned.so", "changed.so", "missing.so"]);
    damage::with_changed_code(&fixture().go_plugin, &directory.plugins.join("changed.so"));
    directory.add("unpinned.so", &fixture().other_go_plugin);
    let finished = plugins(
        &main_itself(),
        &directory.arguments("check", &["--format", "json"]),
    );
    assert_eq!(finished.code, ExitCode::Incompatible);
    let expected = [
        ("changed.so", "changed"),
        ("pinned.so", "ok"),
        ("unpinned.so", "unpinned"),
    ];
    assert_eq!(
        statuses(&finished.stdout),
        expected.map(|(file, status)| (file.to_owned(), status.to_owned()))
    );
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(report["lock"]["missing"], serde_json::json!(["missing.so"]));

    fs_err::remove_file(directory.plugins.join("changed.so")).unwrap();
    assert_eq!(
        plugins(&main_itself(), &directory.arguments("check", &[])).code,
        ExitCode::Ok
    );
    let strict = plugins(
        &main_itself(),
        &directory.arguments("check", &["--plugins-require-lock"]),
    );
    assert_eq!(strict.code, ExitCode::Incompatible);
    assert!(
        strict.stdout.contains("unpinned.so: refused, 1 difference"),
        "{}",
        strict.stdout
    );
}

#[test]
fn a_lock_that_cannot_be_used_is_named_and_is_not_no_lock() {
    let directory = Directory::new();
    let file = directory.add("redactor.so", &fixture().rust_plugin);
    directory.write("plugins.lock", "{");
    let list = plugins(&main_itself(), &directory.arguments("list", &[]));
    assert_eq!(list.code, ExitCode::Ok, "{}", list.stderr);
    assert_snapshot!(
        "list_unusable_lock",
        redacted(&list.stdout, &directory.path)
    );
    let check = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(check.code, ExitCode::Incompatible);
    assert_snapshot!(
        "check_unusable_lock",
        redacted(&check.stdout, &directory.path)
    );
    let validate = plugins(
        &main_itself(),
        &["validate", "--load", "--format", "json", file.as_str()],
    );
    assert_eq!(validate.code, ExitCode::Incompatible);
    let report: Value = serde_json::from_str(&validate.stdout).unwrap();
    let plugin = &report["plugins"][0];
    assert_eq!(plugin["status"], "refused");
    assert_eq!(plugin["load"]["outcome"], "not_tried");
}

#[test]
fn copies_of_one_file_are_one_plugin_in_summary_list_and_exit_code() {
    let directory = Directory::new();
    for number in 0..50 {
        directory.add(&format!("c{number:02}.so"), &fixture().go_plugin);
    }
    let check = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(check.code, ExitCode::Ok, "{}", check.stdout);
    let lines = check.stdout.lines().count();
    assert!(lines < 20, "{lines} lines:\n{}", check.stdout);
    for text in [
        "49 more files with the bytes of c00.so, which is used: c01.so, c02.so",
        "1 of 1 plugins fit, 49 copies",
    ] {
        assert!(check.stdout.contains(text), "no `{text}`: {}", check.stdout);
    }
    let list = plugins(&main_itself(), &directory.arguments("list", &[]));
    let count = |status: &str| {
        let lines = list.stdout.lines();
        lines
            .filter(|line| line.trim_end().ends_with(status))
            .count()
    };
    assert_eq!((count(" ok"), count(" copy")), (1, 49), "{}", list.stdout);
}

#[test]
fn a_refused_file_keeps_no_good_one_out() {
    let directory = Directory::new();
    directory.add("good.so", &fixture().go_plugin);
    let old = directory.plugins.join("old.so");
    damage::with_manifest_text(&fixture().go_plugin, &old, "h1:c2hhcmVk", "h1:b3RoZXIh");
    let other = directory.plugins.join("others.so");
    damage::with_changed_code(&fixture().go_plugin, &other);
    fs_err::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let check = || {
        let arguments = directory.arguments("check", &["--format", "json"]);
        let finished = plugins(&main_itself(), &arguments);
        assert_eq!(finished.code, ExitCode::Incompatible);
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        (statuses(&finished.stdout), report["duplicates"].clone())
    };
    let (found, duplicates) = check();
    let expected = [
        ("good.so", "ok"),
        ("old.so", "refused"),
        ("others.so", "refused"),
    ];
    assert_eq!(
        found,
        expected.map(|(file, status)| (file.to_owned(), status.to_owned()))
    );
    assert_eq!(duplicates, serde_json::json!([]));
    fs_err::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(
        check().1[0]["files"],
        serde_json::json!(["good.so", "others.so"])
    );
}

#[test]
fn many_names_are_counted_and_listed_on_demand() {
    let directory = Directory::new();
    let bad = directory.plugins.join("bad.so");
    let every = damage::with_package_hashes(&fixture().go_plugin, &bad);
    assert!(every.len() > 25, "{}", every.len());
    let table = |more: &[&str]| plugins(&main_itself(), &directory.arguments("check", more)).stdout;
    let few = table(&[]);
    assert!(few.contains("more, which `--names all` lists"), "{few}");
    let all = table(&["--names", "all"]);
    assert!(!all.contains("--names all"), "{all}");
    for package in &every {
        assert!(
            all.contains(package.as_str()),
            "`{package}` is missing in {all}"
        );
    }
    let names = |more: &[&str]| {
        let text = table(&[&["--format", "json"], more].concat());
        let report: Value = serde_json::from_str(&text).unwrap();
        let mismatches = report["plugins"][0]["mismatches"].as_array().unwrap();
        let longest = |mismatch: &Value| mismatch["names"].as_array().map_or(0, Vec::len);
        mismatches.iter().map(longest).max().unwrap()
    };
    assert_eq!(names(&[]), 20);
    assert!(names(&["--names", "all"]) > 20);
}

#[test]
fn the_builder_lists_without_a_main_and_finds_the_one_beside_the_plugins() {
    let directory = Directory::new();
    directory.add("redactor.so", &fixture().rust_plugin);
    let alone = plugins(
        &builder(),
        &directory.arguments("list", &["--format", "json"]),
    );
    assert_eq!(alone.code, ExitCode::Ok);
    assert_eq!(
        statuses(&alone.stdout),
        [("redactor.so".to_owned(), "not_compared".to_owned())]
    );
    assert_eq!(
        plugins(&builder(), &directory.arguments("check", &[])).code,
        ExitCode::Failure
    );

    fs_err::copy(&fixture().main, directory.path.join("sample")).unwrap();
    fs_err::write(directory.path.join(".bimetal.json"), "{}").unwrap();
    let found = plugins(&builder(), &directory.arguments("check", &[]));
    assert_eq!(found.code, ExitCode::Ok, "{}{}", found.stdout, found.stderr);
    assert!(
        found.stderr.contains("which lies beside the plugins"),
        "{}",
        found.stderr
    );

    fs_err::copy(&fixture().main, directory.path.join("second")).unwrap();
    let several = plugins(&builder(), &directory.arguments("check", &[]));
    assert_eq!(several.code, ExitCode::Failure);
    assert!(
        several
            .stderr
            .contains("several Collectors: `sample`, `second`"),
        "{}",
        several.stderr
    );
}

#[test]
fn the_directory_is_what_the_flag_else_the_environment_else_main_says() {
    let (by_main, by_variable) = (Directory::new(), Directory::new());
    by_main.add("from-main.so", &fixture().rust_plugin);
    by_variable.add("from-variable.so", &fixture().rust_plugin);
    let main = by_main.path.join("sample");
    fs_err::copy(&fixture().main, &main).unwrap();
    let arguments = ["list", "--main", main.as_str()];
    let listed = plugins(&builder(), &arguments).stdout;
    assert!(listed.contains("from-main.so"), "{listed}");
    let context = Context {
        directory: Some(by_variable.plugins.clone()),
        ..builder()
    };
    let listed = plugins(&context, &arguments).stdout;
    assert!(listed.contains("from-variable.so"), "{listed}");
}

#[test]
fn a_directory_that_is_missing_or_empty_is_said_to_be_so() {
    let directory = Directory::new();
    let empty = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(empty.code, ExitCode::Ok);
    assert!(
        empty.stdout.starts_with("no plugins in "),
        "{}",
        empty.stdout
    );
    fs_err::remove_dir(&directory.plugins).unwrap();
    let missing = plugins(&main_itself(), &directory.arguments("check", &[]));
    assert_eq!(missing.code, ExitCode::Failure);
    assert_snapshot!(redacted(&missing.stderr, &directory.path), @r"
    error: the plugin directory `[directory]/plugins` does not exist
      help: create it, or name another one with `--plugins-dir` or `OTELCOL_PLUGINS_DIR`
    ");
}

#[test]
fn an_interrupted_command_says_so() {
    let directory = Directory::new();
    directory.add("redactor.so", &fixture().rust_plugin);
    let context = main_itself();
    context.interrupt.raise();
    let finished = plugins(&context, &directory.arguments("check", &[]));
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (ExitCode::Interrupted, "")
    );
}
