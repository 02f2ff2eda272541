//! The steps behind `generate`, run for real over a distribution that is as small as it can be:
//! real `go`, `cargo`, `cc`, no Collector.

mod unchanged;

use std::time::SystemTime;

use bimetal_files::Digest;
use bimetal_manifest::lock::Lock;
use bimetal_manifest::object::{self, Form};
use bimetal_manifest::schema::{Language, Manifest};
use bimetal_terminal::Interrupted;
use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::generate;
use super::lock::LockError;
use super::package::Distribution;
use super::plan::samples;
use super::verify::VerifyError;
use super::{build, describe, lock, package, stamp, verify};
use crate::model::SourceTree;
use crate::model::{Linkage, Plan};
use crate::progress::Activity;
use crate::toolchain::{Invocation, Runner};

const GO_MOD: &str = "module example.com/tiny\n\ngo 1.25\n\nrequire golang.org/x/time v0.15.0\n";

/// Answers `plugins validate --load FILE…`: opens what is a Go plugin. Loading Rust plugins is the
/// host's, which is not in here.
const MAIN_GO: &str = r#"package main

import (
	"fmt"
	"os"
	"plugin"
	"strings"

	"example.com/tiny/internal/pluginhost"
	"golang.org/x/time/rate"
)

func main() {
	if len(os.Args) < 4 || os.Args[1] != "plugins" {
		fmt.Println(rate.Inf, pluginhost.Version())
		return
	}
	for _, file := range os.Args[4:] {
		if strings.HasPrefix(file, "--") || strings.Contains(file, "processor-") {
			continue
		}
		if _, err := plugin.Open(file); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
	}
}
"#;

const HOST_GO: &str = "package pluginhost\n\n/*\nint bimetal_version(void);\n*/\nimport \"C\"\n\n\
    // Version asks the Rust side.\nfunc Version() int { return int(C.bimetal_version()) }\n";

const PLUGIN_GO: &str = "package main\n\nimport \"golang.org/x/time/rate\"\n\n\
    // NewFactory is what main looks for.\nfunc NewFactory() rate.Limit { return rate.Inf }\n\n\
    func main() {}\n";

const WORKSPACE: &str = "[workspace]\nresolver = \"3\"\n\
    members = [\"main\", \"describe/*\", \"plugin/processor-my-redactor\"]\n\
    exclude = [\"bimetal\", \"local\"]\n\
    [profile.release.package.my-redactor]\nincremental = true\n\
    [profile.release.package.my-sampler]\nincremental = true\n";

const DESCRIBE: &str = r##"fn main() {
    let name = component::NAME;
    println!(r#"[{{"kind":"processor","type":"{name}","signals":{{"logs":"beta"}}}}]"#);
}
"##;

const PLUGIN_RS: &str = r#"
const MANIFEST: &[u8] = include_bytes!("../manifest.bin");
#[used]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".otelcol.manifest")]
pub static collector_plugin_manifest: [u8; MANIFEST.len()] = *include_bytes!("../manifest.bin");
#[unsafe(no_mangle)]
pub extern "C" fn otelcol_processor_new_factory() -> usize {
    my_redactor::NAME.len() + itoa::Buffer::new().format(1).len()
}
"#;

const MAIN_RS: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn bimetal_version() -> i32 {\n    \
    std::panic::catch_unwind(|| my_sampler::NAME.len() as i32 + \
    itoa::Buffer::new().format(1).len() as i32).unwrap_or(-1)\n}\n";

fn cargo_toml(name: &str, rest: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         publish = false\n{rest}"
    )
}

/// The output directory with its plan. Everything that `generate` would write is small.
struct Tiny {
    _keep: tempfile::TempDir,
    plan: Plan,
    tree: SourceTree,
}

impl Tiny {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let out = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap())
            .unwrap()
            .join("out");
        fs::create_dir(&out).unwrap();
        let mut plan = samples::hosted_plan();
        plan.out = out;
        plan.distribution.module = "example.com/tiny".to_owned();
        plan.go_components.clear();
        let plugin = &mut plan.go_plugins[0];
        plugin.package = format!("example.com/tiny/{}", plugin.dir);
        plugin.module.spec.import = plugin.package.clone();
        plugin.module.spec.type_name = Some("tiny".to_owned());
        real_tools(&mut plan);
        let tree = sources(&plan);
        Self {
            _keep: keep,
            plan,
            tree,
        }
    }

    fn run(&self) -> Result<Distribution, String> {
        let text = |error: &dyn std::error::Error| {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}\n{error}");
                cause = error.source();
            }
            text
        };
        generate::write(&self.tree, &self.plan.out).map_err(|error| text(&error))?;
        let (activity, logs) = (Activity::silent(), self.plan.out.join(".bimetal/logs"));
        let runner = Runner {
            logs: Some(&logs),
            activity: &activity,
        };
        let locked = lock::lock(&self.plan, &self.tree, &runner).map_err(|error| text(&error))?;
        let described = describe::describe(locked, &runner).map_err(|error| text(&error))?;
        let stamped = stamp::stamp(described, &runner).map_err(|error| text(&error))?;
        let built = build::build(stamped, &runner).map_err(|error| text(&error))?;
        let verified = verify::verify(built, &runner).map_err(|error| text(&error))?;
        package::package(verified, &runner).map_err(|error| text(&error))
    }

    fn manifests(&self, file: &str) -> (Form, Vec<Manifest>) {
        let (_, artifact) = object::open(&self.plan.out.join(file)).unwrap();
        (artifact.facts.form, artifact.manifests.unwrap().parts)
    }
}

fn real_tools(plan: &mut Plan) {
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let ask = |program: &str, args: &[&str]| {
        let answer = runner
            .read(
                "ask",
                &Invocation::new(program, "/").args(args.iter().copied()),
            )
            .unwrap();
        String::from_utf8(answer).unwrap().trim().to_owned()
    };
    let go = plan.go.tool.as_mut().unwrap();
    go.program = "go".into();
    go.version = ask("go", &["env", "GOVERSION"]);
    let rust = &mut plan.rust.as_mut().unwrap().tools;
    let about = ask("rustc", &["-vV"]);
    let field = |name: &str| {
        about
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .to_owned()
    };
    (rust.cargo, rust.rustc) = ("cargo".into(), "rustc".into());
    rust.text = about.lines().next().unwrap().to_owned();
    rust.version = field("release: ");
    rust.target = field("host: ");
    let cc = plan.cc.as_mut().unwrap();
    cc.program = "cc".into();
    cc.version = ask("cc", &["--version"]).lines().next().unwrap().to_owned();
}

fn sources(plan: &Plan) -> SourceTree {
    let mut tree = SourceTree::default();
    tree.insert("go.mod", GO_MOD);
    tree.insert("main.go", MAIN_GO);
    tree.insert("internal/pluginhost/host.go", HOST_GO);
    tree.insert(plan.go_plugins[0].dir.join("main.go"), PLUGIN_GO);
    tree.insert("rust/Cargo.toml", WORKSPACE);
    let main = "[lib]\nname = \"bimetal_main\"\ncrate-type = [\"staticlib\"]\n[dependencies]\n\
        itoa = \"1\"\nmy-sampler = { path = \"../local/my-sampler\" }\n";
    tree.insert("rust/main/Cargo.toml", cargo_toml("bimetal-main", main));
    tree.insert("rust/main/src/lib.rs", MAIN_RS);
    for component in &plan.rust_components {
        let (directory, name) = (component.describer_dir(), &component.spec.crate_name);
        let needs = format!(
            "[dependencies]\n\
             component = {{ package = \"{name}\", path = \"../../local/{name}\" }}\n"
        );
        let manifest = cargo_toml(&component.describer(), &needs);
        tree.insert(directory.join("Cargo.toml"), manifest);
        tree.insert(directory.join("src/main.rs"), DESCRIBE);
    }
    for name in ["my-redactor", "my-sampler"] {
        let directory = format!("rust/local/{name}");
        tree.insert(format!("{directory}/Cargo.toml"), cargo_toml(name, ""));
        let type_name = name.trim_start_matches("my-");
        tree.insert(
            format!("{directory}/src/lib.rs"),
            format!("pub const NAME: &str = \"{type_name}\";\n"),
        );
    }
    let plugin = plan.rust_with(Linkage::Plugin).next().unwrap();
    let rest = "[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nitoa = \"1\"\n\
        my-redactor = { path = \"../../local/my-redactor\" }\n";
    tree.insert(
        plugin.dir.join("Cargo.toml"),
        cargo_toml(&plugin.package, rest),
    );
    tree.insert(plugin.dir.join("src/lib.rs"), PLUGIN_RS);
    let numbers = "pub const ABI_MAJOR: u32 = 1;\npub const ABI_MINOR: u32 = 0;\n";
    tree.insert("rust/bimetal/bimetal-abi/src/number.rs", numbers);
    tree
}

fn times(directory: &Utf8Path) -> Vec<(String, SystemTime)> {
    let mut times: Vec<_> = walkdir::WalkDir::new(directory)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| {
            entry.file_type().is_file()
                && !entry
                    .path()
                    .components()
                    .any(|part| part.as_os_str() == ".bimetal")
        })
        .map(|entry| {
            (
                entry.path().display().to_string(),
                entry.metadata().unwrap().modified().unwrap(),
            )
        })
        .collect();
    times.sort();
    times
}

#[test]
fn a_distribution_with_both_kinds_of_plugins_is_built_checked_and_put_into_place() {
    let tiny = Tiny::new();
    let out = &tiny.plan.out;
    let first = tiny.run().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        first.plugins,
        [
            out.join("plugins/exporter-tiny.so"),
            out.join("plugins/processor-redactor.so")
        ]
    );
    assert_eq!(first.main, out.join("otelcol-acme"));

    let (form, main) = tiny.manifests("otelcol-acme");
    assert_eq!((form, main.len()), (Form::Main, 2));
    assert_eq!(
        (main[0].language, main[1].language),
        (Language::Go, Language::Rust)
    );
    assert!(main[0].dependency_hashes["golang.org/x/time"].starts_with("h1:"));
    assert!(main[1].dependency_hashes["itoa"].starts_with("sha256:"));
    assert!(main[1].dependency_hashes["my-sampler"].starts_with("h1:"));
    assert_eq!(main[1].components[0].type_name, "sampler");
    let (form, go) = tiny.manifests("plugins/exporter-tiny.so");
    assert_eq!(
        (form, go[0].component.as_ref().unwrap().type_name.as_str()),
        (Form::GoPlugin, "tiny")
    );
    let (form, rust) = tiny.manifests("plugins/processor-redactor.so");
    assert_eq!(
        (form, rust[0].component.as_ref().unwrap().module.as_str()),
        (Form::RustPlugin, "my-redactor 0.1.0")
    );
    assert!(
        !rust[0].dependency_hashes.contains_key("my-sampler"),
        "only what is in its own graph"
    );
    assert_eq!(
        Lock::parse(&fs::read_to_string(out.join("plugins/plugins.lock")).unwrap())
            .unwrap()
            .plugins()
            .len(),
        2
    );
    let sidecar: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("manifests/exporter-tiny.so.json")).unwrap())
            .unwrap();
    assert_eq!(sidecar["manifest"]["language"], "go");
    assert!(sidecar["file"]["package_hashes"].as_u64().unwrap() > 20);

    let loaded = || {
        fs::metadata(out.join(".bimetal/logs/plugins-validate.log"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let (before, loaded_first) = (times(out), loaded());
    tiny.run().unwrap_or_else(|error| panic!("{error}"));
    let after = times(out);
    assert_eq!(
        loaded(),
        loaded_first,
        "what passed with the same bytes is not loaded again"
    );
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .map(|(one, _)| &one.0)
        .collect();
    // `generate` writes the go.mod that `lock` then puts back.
    let expected: Vec<_> = changed
        .iter()
        .filter(|path| !path.ends_with("go.mod"))
        .collect();
    assert!(
        expected.is_empty(),
        "a second run with nothing changed writes nothing: {expected:?}"
    );

    only_what_depends_on_a_change_is_new(&tiny, &main, &rust);
}

fn only_what_depends_on_a_change_is_new(tiny: &Tiny, main: &[Manifest], rust: &[Manifest]) {
    let sampler = "pub const NAME: &str = \"sampler\";\npub fn more() {}\n";
    let mut changed = Tiny {
        _keep: tempfile::tempdir().unwrap(),
        plan: tiny.plan.clone(),
        tree: tiny.tree.clone(),
    };
    changed
        .tree
        .insert("rust/local/my-sampler/src/lib.rs", sampler);
    changed.run().unwrap_or_else(|error| panic!("{error}"));
    let (_, again) = changed.manifests("otelcol-acme");
    assert_ne!(
        again[1].dependency_hashes["my-sampler"],
        main[1].dependency_hashes["my-sampler"]
    );
    let (_, plugin) = changed.manifests("plugins/processor-redactor.so");
    assert_eq!(
        plugin, rust,
        "a plugin that does not use what changed keeps its manifest, with its time"
    );
}

/// A profile in which nothing was measured: in the format of pprof, a kind of sample and its three
/// strings.
const PROFILE: &[u8] = b"\x0a\x04\x08\x01\x10\x02\x32\x00\x32\x07samples\x32\x05count";

#[test]
fn a_profile_beside_main_guides_main_and_its_go_plugins_and_a_changed_one_makes_both_anew() {
    let tiny = Tiny::new();
    let mut digests = Vec::new();
    for profile in [PROFILE, b""] {
        fs::write(tiny.plan.out.join("default.pgo"), profile).unwrap();
        tiny.run().unwrap_or_else(|error| panic!("{error}"));
        let files = ["otelcol-acme", "plugins/exporter-tiny.so"];
        let [main, plugin] = files.map(|file| {
            let (_, artifact) = object::open(&tiny.plan.out.join(file)).unwrap();
            let go = &artifact.facts.go.unwrap().build_info;
            let recorded = ("-pgo".to_owned(), "default.pgo".to_owned());
            assert!(go.settings.contains(&recorded), "{file}");
            let manifest = artifact.manifests.unwrap().parts.swap_remove(0);
            assert_eq!(manifest.build_flags.last().unwrap(), "-pgo=default.pgo");
            manifest.pgo_profile.unwrap()
        });
        assert_eq!(main, Digest::of(profile).tagged());
        assert_eq!(main, plugin);
        digests.push(main);
    }
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn a_plugin_that_main_would_not_take_stops_the_build_with_the_report_of_the_check() {
    let mut tiny = Tiny::new();
    let variable = PLUGIN_GO.replace(
        "func NewFactory() rate.Limit { return rate.Inf }",
        "var NewFactory = rate.Inf",
    );
    let dir = tiny.plan.go_plugins[0].dir.clone();
    tiny.tree.insert(dir.join("main.go"), variable);
    let error = tiny.run().unwrap_err();
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    assert!(
        lines.contains(&"exporter-tiny.so: refused, 1 difference"),
        "{error}"
    );
    let factory = |line: &&str| line.starts_with("factory `NewFactory`: ");
    assert!(lines.iter().any(factory), "{error}");
    assert!(lines.contains(&"1 of 2 plugins fit"), "{error}");
    let commands: Vec<_> = lines
        .iter()
        .filter(|line| line.contains(" was built by: "))
        .collect();
    assert_eq!(commands.len(), 1, "{error}");
    assert!(
        commands[0].starts_with("exporter-tiny.so was built by: go build "),
        "{error}"
    );
    assert!(!tiny.plan.out.join("plugins").exists());
    assert!(!tiny.plan.out.join("otelcol-acme").exists());
}

#[test]
fn the_errors_of_all_steps_say_how_the_program_ends() {
    let refused = VerifyError::Refused {
        report: String::new(),
    };
    assert!(refused.is_refusal() && !is_interrupt(&refused));
    assert!(is_interrupt(&LockError::from(Interrupted::default())));
}
