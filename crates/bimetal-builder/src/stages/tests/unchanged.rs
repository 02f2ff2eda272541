//! What a second build runs again, and what it leaves out.
//!
//! In: the small distribution, and one change at a time. Out: which tools ran, by their logs.
//! Invariant: no time is looked at.

use std::collections::BTreeSet;

use super::*;

/// The tools of the second build that took longest in the first one.
const MAIN: &str = "go-build-main";
const PLUGIN: &str = "go-build-exporter-debugexporter";
const LINKER: &str = "ld-host";
const LOAD: &str = "plugins-validate";
const DESCRIBE: &str = "cargo-describe";
/// The programs that describe the components.
const REDACTOR: &str = "describe-processor-my-redactor";
const SAMPLER: &str = "describe-processor-my-sampler";

impl Tiny {
    /// Builds, and gives which of the commands above were run.
    fn ran(&self) -> BTreeSet<String> {
        let logs = self.plan.out.join(".bimetal/logs");
        bimetal_files::fresh_directory(&logs).unwrap();
        self.run().unwrap_or_else(|error| panic!("{error}"));
        let entries = logs.read_dir_utf8().unwrap();
        let names = entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned());
        let all: BTreeSet<String> = names.collect();
        assert!(
            all.contains("cargo-build"),
            "cargo decides by itself: {all:?}"
        );
        [
            MAIN,
            PLUGIN,
            LINKER,
            "objcopy-host",
            LOAD,
            "go-list",
            DESCRIBE,
            REDACTOR,
            SAMPLER,
            "cargo-metadata",
            "go-list-modules",
        ]
        .iter()
        .filter(|name| all.contains(**name))
        .map(|name| (*name).to_owned())
        .collect()
    }

    /// Which of the programs that describe components cargo made.
    fn compiled(&self) -> BTreeSet<String> {
        let log = self.file(".bimetal/logs/cargo-describe.log");
        let log = String::from_utf8(log).unwrap();
        let compiled = log
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Compiling "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| name.starts_with("describe-"));
        compiled.map(str::to_owned).collect()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.plan.out.join(name)).unwrap()
    }
}

const FILES: [&str; 3] = [
    "otelcol-acme",
    "plugins/exporter-tiny.so",
    "plugins/processor-redactor.so",
];

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_second_build_runs_no_tool_whose_result_is_in_its_place_and_makes_again_what_is_not() {
    let tiny = Tiny::new();
    let first = tiny.ran();
    assert!(
        set(&[MAIN, PLUGIN, LINKER, LOAD, REDACTOR, SAMPLER]).is_subset(&first),
        "{first:?}"
    );
    let made = FILES.map(|name| tiny.file(name));
    let is_as_before = || FILES.map(|name| tiny.file(name)) == made;
    assert_eq!(tiny.ran(), set(&[]));
    assert!(is_as_before());

    let out = &tiny.plan.out;
    fs::remove_file(out.join(FILES[0])).unwrap();
    assert_eq!(tiny.ran(), set(&[MAIN]), "deleted");
    assert!(is_as_before());
    let plugin = fs::File::options()
        .write(true)
        .open(out.join(FILES[1]))
        .unwrap();
    plugin.set_len(made[1].len() as u64 / 2).unwrap();
    assert_eq!(tiny.ran(), set(&[PLUGIN]), "truncated");
    assert!(is_as_before());
    let mut damaged = made[0].clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(out.join(FILES[0]), damaged).unwrap();
    assert_eq!(tiny.ran(), set(&[MAIN]), "one bit of it changed");
    assert!(is_as_before());
    fs::write(out.join(".bimetal/build/exporter-debugexporter.json"), "{").unwrap();
    assert_eq!(tiny.ran(), set(&[PLUGIN]), "the note is damaged");
    fs::remove_dir_all(out.join(".bimetal/build")).unwrap();
    let again = tiny.ran();
    assert!(set(&[MAIN, PLUGIN, LINKER]).is_subset(&again), "{again:?}");
    assert!(is_as_before());
    assert_eq!(tiny.ran(), set(&[]));
}

#[test]
fn a_change_runs_the_tools_that_read_it_and_no_others() {
    let mut tiny = Tiny::new();
    tiny.ran();
    assert_eq!(tiny.ran(), set(&[]));

    let line = |text: &str| format!("{text}// one more line\n");
    let redactor = "rust/local/my-redactor/src/lib.rs";
    let before = tiny.file(FILES[2]);
    tiny.tree
        .insert(redactor, line("pub const NAME: &str = \"redactor\";\n"));
    let ran = tiny.ran();
    assert!(
        ran.contains(DESCRIBE) && !ran.contains(PLUGIN),
        "a Rust plugin's crate: {ran:?}"
    );
    assert!(
        ran.contains(REDACTOR) && !ran.contains(SAMPLER),
        "the other component is as it was described before: {ran:?}"
    );
    assert_eq!(tiny.compiled(), set(&[REDACTOR]));
    assert_ne!(tiny.file(FILES[2]), before);

    let sampler = "rust/local/my-sampler/src/lib.rs";
    tiny.tree
        .insert(sampler, line("pub const NAME: &str = \"sampler\";\n"));
    let before = FILES.map(|name| tiny.file(name));
    let ran = tiny.ran();
    assert!(
        ran.contains(MAIN) && !ran.contains(PLUGIN),
        "a crate in main: {ran:?}"
    );
    assert!(ran.contains(SAMPLER) && !ran.contains(REDACTOR), "{ran:?}");
    assert_eq!(tiny.compiled(), set(&[SAMPLER]));
    assert_ne!(tiny.file(FILES[0]), before[0]);
    assert_eq!(tiny.file(FILES[2]), before[2]);

    let source = tiny.plan.go_plugins[0].dir.join("main.go");
    tiny.tree.insert(source, line(PLUGIN_GO));
    let ran = tiny.ran();
    assert!(ran.contains(PLUGIN), "a Go plugin's source: {ran:?}");
    assert!(!ran.contains(MAIN) && !ran.contains(DESCRIBE), "{ran:?}");

    tiny.plan.go.ldflags.push_str(" -X main.one=two");
    let ran = tiny.ran();
    assert!(set(&[MAIN, PLUGIN]).is_subset(&ran), "a flag: {ran:?}");

    fs::write(tiny.plan.out.join("mine.go"), "package main\n").unwrap();
    let ran = tiny.ran();
    assert!(
        ran.contains(MAIN) && !ran.contains(PLUGIN),
        "a user's file: {ran:?}"
    );

    tiny.tree
        .insert("go.mod", GO_MOD.replace("v0.15.0", "v0.16.0"));
    let ran = tiny.ran();
    assert!(
        set(&[MAIN, PLUGIN]).is_subset(&ran),
        "a module's version: {ran:?}"
    );
    assert_eq!(tiny.ran(), set(&[]));
}

/// What rustc keeps of a crate between two builds.
#[test]
fn what_was_compiled_before_a_change_leaves_no_trace_in_the_artifacts() {
    let sources = |number: u32| {
        let code = "#[inline(never)]\npub fn more() -> String {\n    format!(\"{}\", NUMBER)\n}\n";
        ["redactor", "sampler"].map(|name| {
            let text =
                format!("pub const NAME: &str = \"{name}\";\nconst NUMBER: u32 = {number};\n");
            (format!("rust/local/my-{name}/src/lib.rs"), text + code)
        })
    };
    let built = |tiny: &mut Tiny, number| {
        let names = ["main", "exporter-debugexporter", "processor-my-redactor"];
        let time = "2026-01-02T03:04:05Z";
        tiny.plan.times = names.map(|name| (name.to_owned(), time.to_owned())).into();
        for (path, text) in sources(number) {
            tiny.tree.insert(path, text);
        }
        tiny.ran();
        FILES.map(|name| tiny.file(name))
    };
    let mut tiny = Tiny::new();
    let first = built(&mut tiny, 1);
    let second = built(&mut tiny, 2);
    assert!(first[0] != second[0] && first[2] != second[2]);
    assert!(built(&mut tiny, 1) == first, "the same directory");
    assert!(built(&mut Tiny::new(), 2) == second, "another directory");
}

#[test]
fn a_build_that_failed_leaves_nothing_that_a_later_one_takes_for_done() {
    let mut tiny = Tiny::new();
    tiny.ran();
    let made = FILES.map(|name| tiny.file(name));
    let source = tiny.plan.go_plugins[0].dir.join("main.go");
    tiny.tree
        .insert(source.clone(), PLUGIN_GO.replace("rate.Inf", "none.Such"));
    assert!(tiny.run().is_err());
    assert_eq!(FILES.map(|name| tiny.file(name)), made);
    tiny.tree.insert(source, PLUGIN_GO);
    let ran = tiny.ran();
    assert!(ran.contains(PLUGIN) && !ran.contains(MAIN), "{ran:?}");
    let loaded = |name: &str| {
        object::open(&tiny.plan.out.join(name))
            .unwrap()
            .1
            .manifests
            .unwrap()
    };
    assert_eq!(loaded(FILES[1]).parts.len(), 1);
    assert_eq!(tiny.ran(), set(&[]));
}
