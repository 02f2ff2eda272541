use std::iter;

use bimetal_terminal::hint::{hint, texts};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use insta::assert_snapshot;

use super::*;
use crate::progress::Activity;
use crate::stages::config;

mod crates;

struct Machine {
    directory: tempfile::TempDir,
    search_path: String,
    go_flags: &'static str,
}

impl Machine {
    /// This machine, with its tools.
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            search_path: std::env::var("PATH").unwrap(),
            go_flags: "",
        }
    }

    /// A machine that has only the tools that are named.
    fn with_tools(tools: &[&str]) -> Self {
        let mut machine = Self::new();
        let everything = std::mem::take(&mut machine.search_path);
        let bin = machine.path("bin");
        fs::create_dir_all(&bin).unwrap();
        for tool in tools {
            let found = std::env::split_paths(&everything)
                .map(|directory| directory.join(tool))
                .find(|path| path.exists())
                .unwrap();
            std::os::unix::fs::symlink(found, bin.join(tool)).unwrap();
        }
        machine.search_path = bin.into_string();
        machine
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.directory.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap()
            .join(name)
    }

    fn put(&self, name: &str, text: &str) -> Utf8PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn resolve(&self, yaml: &str) -> Result<Resolved, ResolveError> {
        self.resolve_with(yaml, Options::default())
    }

    fn resolve_with(&self, yaml: &str, options: Options) -> Result<Resolved, ResolveError> {
        let config = config::read(Some(&self.put("config/b.yaml", yaml)), iter::empty()).unwrap();
        let host_environment = HostEnvironment {
            current_directory: self.path(""),
            search_path: self.search_path.clone(),
            go_flags: self.go_flags.to_owned(),
            goos: "linux".to_owned(),
            fresh_directory: self.path("fresh"),
            scratch: self.path("scratch"),
        };
        let activity = Activity::silent();
        resolve(
            config,
            options,
            &host_environment,
            &Runner {
                logs: None,
                activity: &activity,
            },
        )
    }

    /// The error as a person sees it, without what differs between machines.
    fn refused(&self, yaml: &str) -> String {
        let error = self.resolve(yaml).unwrap_err();
        let mut text = texts(&error).join("\ncaused by: ");
        if let Some(hint) = hint(&error, crate::HINTS) {
            text = format!("{text}\nhint: {hint}");
        }
        text.replace(self.path("").as_str(), "/machine/")
    }
}

const PLAIN: &str = "receivers:\n  - gomod: example.com/r v1.0.0\n";
const PLUGIN: &str = "receivers:\n  - gomod: example.com/r v1.0.0\n    plugin: true\n";

#[test]
fn a_plain_distribution_needs_go_and_nothing_else() {
    let resolved = Machine::with_tools(&["go"]).resolve(PLAIN).unwrap();
    assert!(resolved.go.unwrap().version.starts_with("go1."));
    assert!(resolved.rust.is_none() && resolved.cc.is_none() && !resolved.host && !resolved.cgo);
}

#[test]
fn a_flag_of_go_that_makes_no_build_is_refused_before_go_is_asked() {
    let refused = |flags, yaml| {
        let mut machine = Machine::with_tools(&[]);
        machine.go_flags = flags;
        machine.refused(yaml)
    };
    assert_eq!(
        refused("-modfile=absent", PLAIN),
        "`GOFLAGS` is `-modfile=absent`: with `-modfile` Go reads another go.mod than the one that \
         is generated\nhint: take `-modfile` away; `replaces` and `excludes` of the configuration \
         reach the generated go.mod"
    );
    assert_eq!(
        refused("-toolexec=TOOL", PLUGIN),
        "`GOFLAGS` is `-toolexec=TOOL`: with `-toolexec` a program that no hash covers would run \
         in the place of the compiler\nhint: take `-toolexec` away; without plugins it is passed on"
    );
    let mut machine = Machine::with_tools(&["go"]);
    machine.go_flags = "-toolexec=TOOL -buildvcs=true";
    let resolved = machine.resolve(PLAIN).unwrap();
    assert!(resolved.notes[0].starts_with("`-buildvcs` of `GOFLAGS` has no effect"));
}

#[test]
fn a_directory_of_replaces_that_is_not_there_is_named_with_where_it_starts() {
    let machine = Machine::with_tools(&["go"]);
    let yaml = |new: &str| format!("{PLAIN}replaces:\n  - example.com/r => {new}\n");
    let with_out = |new: &str| format!("dist: {{output_path: ./out}}\n{}", yaml(new));
    assert_eq!(
        machine.refused(&with_out("../absent")),
        "`replaces` has `example.com/r => ../absent`, and there is no directory \
         `/machine/absent`\nhint: a directory in `replaces` is relative to the output directory, \
         as in its go.mod"
    );
    machine.put("there/go.mod", "module example.com/r\n");
    for new in ["../there", "example.com/other v1.0.0"] {
        assert!(machine.resolve(&with_out(new)).is_ok(), "{new}");
    }
}

#[test]
fn sources_alone_can_be_written_without_any_tool() {
    let options = Options {
        skip_compilation: true,
        skip_modules: true,
        ..Options::default()
    };
    let resolved = Machine::with_tools(&[])
        .resolve_with(PLAIN, options)
        .unwrap();
    assert!(resolved.go.is_none());
}

#[test]
fn a_missing_tool_is_reported_with_what_to_install() {
    assert_snapshot!(Machine::with_tools(&[]).refused(PLAIN), @"
    cannot find the Go toolchain
    hint: install Go 1.26.0 or newer and put it on PATH, or name it with `dist.go`
    ");
    assert_snapshot!(Machine::with_tools(&[]).refused(&format!("dist: {{go: /opt/none/go}}\n\
        {PLAIN}")), @"
    cannot find the Go toolchain: neither `/opt/none/go` nor `go` on PATH works
    hint: install Go 1.26.0 or newer and put it on PATH, or name it with `dist.go`
    ");
    assert_snapshot!(Machine::with_tools(&["go"]).refused(PLUGIN), @"
    cannot find `cargo` on PATH, which is needed because `receivers[0]` is a plugin, and main's plugin loader is written in Rust (also for Go plugins: no Rust component is needed for that)
    hint: install Rust 1.95 or newer (rustc and cargo)
    ");
    assert_snapshot!(Machine::with_tools(&["go"]).refused("dist: {plugins_dir: plugins}\n"), @"
    cannot find `cargo` on PATH, which is needed because `dist.plugins_dir` is set, and main's plugin loader is written in Rust
    hint: install Rust 1.95 or newer (rustc and cargo)
    ");
    assert_snapshot!(Machine::with_tools(&["go"]).refused("processors:\n  - cargo: r = \"1\"\n"), @"
    cannot find `cargo` on PATH, which is needed because `processors[0]` is written in Rust
    hint: install Rust 1.95 or newer (rustc and cargo)
    ");
    assert_snapshot!(Machine::with_tools(&["go", "cargo", "rustc"]).refused(PLUGIN), @"
    cannot find the C compiler `gcc`, which cgo needs because `receivers[0]` is a plugin
    hint: install a C compiler (on Debian: `apt-get install gcc libc6-dev`) or name one with the variable `CC`
    ");
}

#[test]
fn a_go_that_does_not_work_is_replaced_by_the_one_on_path() {
    let machine = Machine::new();
    let resolved = machine
        .resolve(&format!("dist: {{go: ./config/b.yaml}}\n{PLAIN}"))
        .unwrap();
    assert!(resolved.go.unwrap().program.ends_with("go"));
}

#[test]
fn plugins_turn_cgo_on_and_say_so() {
    let resolved = Machine::new().resolve(PLUGIN).unwrap();
    assert!(resolved.cgo && resolved.host && resolved.rust.is_some() && resolved.cc.is_some());
    assert_eq!(
        resolved.notes,
        ["cgo is turned on because `receivers[0]` is a plugin"]
    );
    let said = Machine::new()
        .resolve(&format!("dist: {{cgo_enabled: true}}\n{PLUGIN}"))
        .unwrap();
    assert_eq!(said.notes, [""; 0]);
}

#[test]
fn packages_get_the_names_that_ocb_gives_them() {
    let resolved = Machine::new()
        .resolve(
            "extensions: [{gomod: a/x v1}]\n\
             receivers: [{gomod: b/x v1}, {gomod: c/x v1, name: y}]\n\
             exporters: [{gomod: d/y v1}, {gomod: e/go-z v1}]\n\
             processors: [{gomod: f/component v1}, {gomod: g v1, import: g/sub/v2}]\n",
        )
        .unwrap();
    let names: Vec<&str> = resolved
        .components
        .iter()
        .map(|component| match &component.source {
            Source::Go(module) => module.alias.as_str(),
            Source::Rust(_) => "rust",
        })
        .collect();
    assert_eq!(names, ["x", "x2", "y", "y2", "go_z", "component2", "v2"]);
}

#[test]
fn replaced_paths_are_relative_to_the_output_directory_unless_asked_otherwise() {
    let machine = Machine::new();
    machine.put("mods/r/go.mod", "module example.com/r\n");
    machine.put("out/inner/go.mod", "module example.com/inner\n");
    let replaces = |dist: &str| {
        let yaml = format!(
            "dist: {{output_path: out{dist}}}\n\
             receivers:\n  - {{gomod: example.com/r v1, path: mods/r}}\n  - {{gomod: example.com/i \
             v1, path: out/inner}}\n"
        );
        let found = machine.resolve(&yaml).unwrap();
        let replace = |component: &Component| match &component.source {
            Source::Go(module) => module.replace.clone().unwrap(),
            Source::Rust(_) => String::new(),
        };
        found.components.iter().map(replace).collect::<Vec<_>>()
    };
    assert_eq!(replaces(""), ["../mods/r", "./inner"]);
    assert_eq!(
        replaces(", use_absolute_replace_paths: true")[0],
        machine.path("mods/r")
    );
    assert_snapshot!(machine.refused("receivers:\n  - {gomod: example.com/r v1, path: \
        mods/none}\n"), @"
    /machine/config/b.yaml:2:5: `receivers[0].path` is `/machine/mods/none`, which does not exist
    hint: `path` is relative to the current directory
    ");
}

#[test]
fn lines_that_count_only_where_a_module_is_built_itself_are_named_with_what_does_the_same() {
    let machine = Machine::new();
    let unfollowed = |replaces: &str| {
        let yaml = format!(
            "dist: {{output_path: out}}\n\
             receivers:\n  - {{gomod: example.com/r v1.0.0, path: src/r}}\n{replaces}"
        );
        let warnings = machine.resolve(&yaml).unwrap().warnings;
        assert!(warnings.len() <= 1, "{warnings:?}");
        let go = machine.resolve(PLAIN).unwrap().go.unwrap().version;
        warnings
            .concat()
            .replace(machine.path("").as_str(), "/machine/")
            .replace(&go, "go1.X.Y")
    };
    machine.put("src/r/go.mod", "module example.com/r\n\ngo 1.25\n");
    assert_eq!(unfollowed(""), "");
    machine.put(
        "src/r/go.mod",
        "module example.com/r\n\ngo 1.25\n\ntoolchain go1.25.1\n\ngodebug (\n\
         default=go1.24\nhttp2client=0\n)\n\nrequire example.com/lib v1.0.0\n\n\
         replace example.com/lib => ../lib\n\nreplace (\n\
         example.com/q v1.0.0 => example.com/fork v1.2.0\nexample.com/spaces => \"../a b\"\n)\n\n\
         exclude example.com/y v1.0.0\n",
    );
    machine.put(
        "src/lib/go.mod",
        "module example.com/lib\n\nreplace a => ../a\n",
    );
    machine.put("src/r/vendor/modules.txt", "# example.com/lib v1.0.0\n");
    machine.put("src/a b/go.mod", "module example.com/spaces\n");
    machine.put("src/unused/go.mod", "module example.com/unused\n");
    machine.put(
        "src/go.work",
        "go 1.25\n\nuse (\n./r\n./unused\n)\n\nreplace example.com/w => ./w\n",
    );
    assert_snapshot!(unfollowed(""));
    let decided = "replaces:\n  - example.com/lib => ../src/lib\n\
        \x20 - example.com/q v1.0.0 => example.com/fork v1.2.0\n\
        \x20 - example.com/spaces => example.com/mine v1.0.0\n\
        \x20 - example.com/unused => example.com/mine v1.0.0\n\
        \x20 - example.com/w => example.com/mine v1.0.0\n\
        excludes:\n  - example.com/y v1.0.0\n";
    let left = unfollowed(decided);
    assert!(
        !left.contains("replace ") && !left.contains("exclude ") && !left.contains("use ./"),
        "what the configuration decides is not mentioned: {left}"
    );
    assert!(left.contains("toolchain go1.25.1"), "{left}");
}

#[test]
fn a_workspace_that_does_not_name_the_module_is_not_what_it_is_tested_in() {
    let machine = Machine::new();
    machine.put("src/r/go.mod", "module example.com/r\n");
    machine.put("src/other/go.mod", "module example.com/other\n");
    machine.put("src/go.work", "go 1.25\n\nuse ./other\n");
    let yaml = "receivers:\n  - {gomod: example.com/r v1.0.0, path: src/r}\n";
    assert_eq!(machine.resolve(yaml).unwrap().warnings, [""; 0]);
}

#[test]
fn the_lines_of_a_directory_in_replaces_are_named_too() {
    let machine = Machine::new();
    machine.put(
        "src/fork/go.mod",
        "module example.com/fork\n\nreplace example.com/lib => example.com/mine v1.0.0\n",
    );
    let yaml = format!("dist: {{output_path: out}}\n{PLAIN}replaces: [a => ../src/fork]\n");
    let warnings = machine.resolve(&yaml).unwrap().warnings.concat();
    let wanted = "write `example.com/lib => example.com/mine v1.0.0` into `replaces`";
    assert!(warnings.contains(wanted), "{warnings}");
    let kept = Options {
        skip_generate: true,
        ..Options::default()
    };
    let kept = machine.resolve_with(&yaml, kept).unwrap();
    assert_eq!(kept.warnings, [""; 0], "the go.mod that is there counts");
}
