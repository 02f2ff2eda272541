//! Tests of [`super`]: what stands in the output directory after a build, and after one that
//! failed.

use bimetal_terminal::Hint as _;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::object::{Facts, Form, Format, GlibcVersion, ObjectType, Symbol, SymbolKind};
use bimetal_manifest::schema::{Component, Kind, Language};
use fs_err as fs;
use insta::assert_snapshot;

use super::*;
use crate::owned::{Ours, RECORD};
use crate::progress::Activity;
use crate::stages::build::BuiltPlugin;
use crate::stages::plan::samples::{hosted_plan, plain_plan};
use crate::stages::verify::About;
use crate::toolchain::{Invocation, work};

/// An output directory with a work directory.
struct Out {
    keep: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Out {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(keep.path().join("out")).unwrap();
        fs::create_dir(&path).unwrap();
        Self { keep, path }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    }

    /// Every file below, the work directory left out.
    fn files(&self) -> Vec<String> {
        let entries = walkdir::WalkDir::new(&self.path)
            .sort_by_file_name()
            .into_iter()
            .map(Result::unwrap);
        let relative = entries.map(|entry| {
            entry
                .path()
                .strip_prefix(&self.path)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        });
        relative
            .filter(|name| {
                !name.is_empty() && !name.starts_with(".bimetal/") && name != work::DIRECTORY
            })
            .collect()
    }

    fn checked(&self, name: &str, text: &str, about: Option<About>) -> Checked {
        self.put(&format!(".bimetal/build/{name}"), text);
        let path = work::built(&self.path).join(name);
        Checked {
            path,
            sha256: Digest::of(text.as_bytes()),
            size: text.len() as u64,
            about,
        }
    }

    fn plugin(&self, type_name: &str, text: &str) -> CheckedPlugin {
        let name = format!("processor-{type_name}");
        let checked = self.checked(
            &format!("{name}.so"),
            text,
            Some(about(Form::RustPlugin, r#"{"artifact":"plugin"}"#)),
        );
        let component = Component {
            kind: Kind::Processor,
            type_name: type_name.to_owned(),
            aliases: Vec::new(),
            signals: BTreeMap::new(),
            module: String::new(),
            default_config: None,
            config_schema: None,
        };
        let invocation = Invocation::new("cargo", "/");
        CheckedPlugin {
            built: BuiltPlugin {
                name,
                language: Language::Rust,
                component,
                path: checked.path.clone(),
                invocation,
            },
            checked,
        }
    }

    /// A distribution with a plugin host.
    fn package(&self, main: &str, plugins: &[(&str, &str)]) -> Result<Distribution, PackageError> {
        let mut plan = hosted_plan();
        plan.out.clone_from(&self.path);
        let main = self.checked("otelcol-acme", main, Some(about(Form::Main, "[]")));
        let plugins = plugins
            .iter()
            .map(|(name, text)| self.plugin(name, text))
            .collect();
        run(Verified::for_test(&plan, main, plugins))
    }

    /// A distribution of OCB's shape.
    fn package_plain(&self, main: &str) -> Result<Distribution, PackageError> {
        let mut plan = plain_plan();
        plan.out.clone_from(&self.path);
        run(Verified::for_test(
            &plan,
            self.checked("otelcol-acme", main, None),
            Vec::new(),
        ))
    }
}

fn run(verified: Verified<'_>) -> Result<Distribution, PackageError> {
    package(
        verified,
        &Runner {
            logs: None,
            activity: &Activity::silent(),
        },
    )
}

fn about(form: Form, text: &str) -> About {
    let facts = Facts {
        size: 6,
        format: Format::Elf,
        machine: "x86_64".to_owned(),
        object_type: ObjectType::Shared,
        form,
        interpreter: None,
        needed: vec!["libc.so.6".to_owned()],
        run_paths: Vec::new(),
        loader_requests: Vec::new(),
        glibc: GlibcVersion::parse("2.34"),
        static_tls: false,
        tls_size: 0,
        symbolic: true,
        needed_versions: Vec::new(),
        undefined: Vec::new(),
        native_exports: Vec::new(),
        exported: 2,
        soname: None,
        plugin_symbols: ["collector_plugin_manifest", "otelcol_processor_new_factory"]
            .map(|name| Symbol {
                name: name.to_owned(),
                kind: SymbolKind::Function,
            })
            .into(),
        comments: Vec::new(),
        go: None,
    };
    About {
        text: text.to_owned(),
        facts,
    }
}

#[test]
fn a_distribution_is_put_into_place_and_recorded() {
    let out = Out::new();
    let distribution = out.package("main", &[("a", "plugin")]).unwrap();
    assert_eq!(
        out.files(),
        [
            ".bimetal.json",
            "manifests",
            "manifests/otelcol-acme.json",
            "manifests/processor-a.so.json",
            "otelcol-acme",
            "plugins",
            "plugins/plugins.lock",
            "plugins/processor-a.so",
        ]
    );
    assert_eq!(distribution.main, out.path.join("otelcol-acme"));
    assert_eq!(
        distribution.plugins,
        [out.path.join("plugins/processor-a.so")]
    );
    assert_eq!(
        (
            out.mode("otelcol-acme"),
            out.mode("plugins/processor-a.so"),
            out.mode("plugins")
        ),
        (0o755, 0o755, 0o755)
    );
    let artifacts = Ours::load(&out.path).unwrap().artifacts;
    assert_eq!(artifacts.len(), 5);
    assert_eq!(
        artifacts["otelcol-acme"],
        format!("sha256:{}", Digest::of(b"main"))
    );
}

#[test]
fn the_lock_lists_what_lies_beside_it() {
    let out = Out::new();
    out.package("main", &[("b", "two"), ("a", "one")]).unwrap();
    let text = fs::read_to_string(out.path.join("plugins/plugins.lock")).unwrap();
    let lock = Lock::parse(&text).unwrap();
    let listed: Vec<_> = lock
        .plugins()
        .iter()
        .map(|one| {
            (
                one.file.as_str(),
                one.sha256,
                one.size,
                one.type_name.as_str(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("processor-a.so", Digest::of(b"one"), 3, "a"),
            ("processor-b.so", Digest::of(b"two"), 3, "b")
        ]
    );
}

#[test]
fn a_sidecar_has_the_manifest_and_what_only_the_file_knows() {
    let out = Out::new();
    out.package("main", &[("a", "plugin")]).unwrap();
    assert_snapshot!(out.read("manifests/processor-a.so.json"));
    assert_snapshot!(out.read("manifests/otelcol-acme.json"));
}

#[test]
fn a_plain_distribution_is_main_alone() {
    let out = Out::new();
    let distribution = out.package_plain("main").unwrap();
    assert_eq!(out.files(), [".bimetal.json", "otelcol-acme"]);
    assert!(distribution.plugins.is_empty() && distribution.manifests.is_empty());
}

#[test]
fn a_distribution_without_plugins_has_no_plugin_directory() {
    let out = Out::new();
    out.package("main", &[]).unwrap();
    assert_eq!(
        out.files(),
        [
            ".bimetal.json",
            "manifests",
            "manifests/otelcol-acme.json",
            "otelcol-acme"
        ]
    );
}

#[test]
fn a_file_that_the_builder_did_not_make_is_named_and_nothing_is_changed() {
    let out = Out::new();
    out.put("otelcol-acme", "precious");
    out.put("manifests/processor-a.so.json/x", "a directory");
    let before = out.files();
    let error = out.package("main", &[("a", "plugin")]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("files not made by this builder are in the way"),
        "{text}"
    );
    assert!(
        text.contains("/out/otelcol-acme`") && text.contains("/out/manifests/processor-a.so.json`"),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("dist.output_path"));
    assert_eq!(out.files(), before);
    assert_eq!(out.read("otelcol-acme"), "precious");
}

#[test]
fn plugins_of_an_earlier_build_go_and_those_of_others_stay() {
    let out = Out::new();
    out.package("1", &[("a", "a"), ("b", "b"), ("c", "c")])
        .unwrap();
    out.put("plugins/mine.so", "mine");
    out.put("plugins/processor-c.so", "changed by hand");
    out.package("2", &[("b", "b")]).unwrap();
    let plugins: Vec<_> = out
        .files()
        .into_iter()
        .filter(|name| name.contains('/'))
        .collect();
    assert_eq!(
        plugins,
        [
            "manifests/otelcol-acme.json",
            "manifests/processor-b.so.json",
            "plugins/mine.so",
            "plugins/plugins.lock",
            "plugins/processor-b.so",
            "plugins/processor-c.so",
        ]
    );
    let artifacts = Ours::load(&out.path).unwrap().artifacts;
    assert!(
        !artifacts
            .keys()
            .any(|name| name.contains("-a.so") || name.contains("-c.so")),
        "{artifacts:?}"
    );
}

#[test]
fn without_a_host_nothing_of_the_plugins_is_left() {
    let out = Out::new();
    out.package("1", &[("a", "a")]).unwrap();
    out.package_plain("2").unwrap();
    assert_eq!(out.files(), [".bimetal.json", "otelcol-acme"]);
    assert_eq!(out.read("otelcol-acme"), "2");
}

#[test]
fn a_main_under_another_name_stays() {
    let out = Out::new();
    out.package_plain("1").unwrap();
    let mut plan = plain_plan();
    plan.out.clone_from(&out.path);
    plan.distribution.binary = "other".to_owned();
    run(Verified::for_test(
        &plan,
        out.checked("other", "2", None),
        Vec::new(),
    ))
    .unwrap();
    assert_eq!(out.files(), [".bimetal.json", "otelcol-acme", "other"]);
    assert_eq!(
        Ours::load(&out.path).unwrap().artifacts.len(),
        2,
        "it stays ours"
    );
}

#[test]
fn a_second_build_of_the_same_touches_nothing() {
    let out = Out::new();
    out.package("main", &[("a", "plugin")]).unwrap();
    let times = || -> Vec<_> {
        let files = out.files().into_iter();
        files
            .map(|name| {
                (
                    fs::metadata(out.path.join(&name))
                        .unwrap()
                        .modified()
                        .unwrap(),
                    name,
                )
            })
            .collect()
    };
    let before = times();
    out.package("main", &[("a", "plugin")]).unwrap();
    assert_eq!(times(), before);
}

#[test]
fn every_artifact_lies_in_its_place_alone() {
    let out = Out::new();
    let in_work = || fs::read_dir(work::built(&out.path)).unwrap().count();
    for build in ["first", "unchanged"] {
        out.package("main", &[("a", "plugin")]).unwrap();
        assert_eq!(in_work(), 0, "after the {build} build");
    }
    assert_eq!(out.read("otelcol-acme"), "main");
    assert_eq!(out.mode("otelcol-acme"), 0o755);
}

#[test]
fn the_half_copy_of_a_first_build_that_was_killed_is_removed_and_that_of_others_stays() {
    let out = Out::new();
    out.put(".otelcol-acme.8144.tmp", "half");
    out.put(".notes.8144.tmp", "mine");
    out.package_plain("main").unwrap();
    assert_eq!(
        out.files(),
        [".bimetal.json", ".notes.8144.tmp", "otelcol-acme"]
    );
}

#[test]
fn a_running_main_is_replaced_and_runs_on() {
    let out = Out::new();
    out.package_plain("old").unwrap();
    let running = fs::File::open(out.path.join("otelcol-acme")).unwrap();
    out.package_plain("new").unwrap();
    assert_eq!(out.read("otelcol-acme"), "new");
    assert_eq!(
        bimetal_files::Digest::of_file(running.file()).unwrap(),
        Digest::of(b"old")
    );
}

#[test]
fn an_artifact_that_changed_after_it_was_checked_is_not_shipped() {
    let out = Out::new();
    let mut plan = hosted_plan();
    plan.out.clone_from(&out.path);
    let main = out.checked("otelcol-acme", "main", Some(about(Form::Main, "[]")));
    let plugin = out.plugin("a", "checked");
    out.put(".bimetal/build/processor-a.so", "evil");
    let error = run(Verified::for_test(&plan, main, vec![plugin])).unwrap_err();
    assert!(matches!(error, PackageError::Changed { .. }), "{error}");
    assert!(
        out.files().is_empty(),
        "neither a temporary file nor a directory is left: {:?}",
        out.files()
    );
}

#[test]
fn a_plugin_directory_that_others_can_write_is_refused() {
    let out = Out::new();
    fs::create_dir(out.path.join("plugins")).unwrap();
    fs::set_permissions(
        out.path.join("plugins"),
        std::fs::Permissions::from_mode(0o775),
    )
    .unwrap();
    let error = out.package("main", &[("a", "plugin")]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("(mode 775); the Collector takes no plugins from such a directory"),
        "{error}"
    );
    assert_eq!(out.files(), ["plugins"]);
}

#[test]
fn a_plugin_directory_that_is_a_link_to_elsewhere_is_refused() {
    let (out, elsewhere) = (Out::new(), Out::new());
    std::os::unix::fs::symlink(&elsewhere.path, out.path.join("plugins")).unwrap();
    let error = out.package("main", &[("a", "plugin")]).unwrap_err();
    assert!(matches!(error, PackageError::Escapes { .. }), "{error}");
    assert!(elsewhere.files().is_empty());
}

#[test]
fn a_record_that_leads_out_removes_nothing() {
    let out = Out::new();
    let outside = out.keep.path().join("precious");
    fs::write(&outside, "x").unwrap();
    let mut ours = Ours::default();
    for name in ["../precious", outside.to_str().unwrap()] {
        ours.artifacts
            .insert(name.to_owned(), format!("sha256:{}", Digest::of(b"x")));
    }
    ours.save(&out.path).unwrap();
    out.package("main", &[]).unwrap();
    assert_eq!(fs::read_to_string(outside).unwrap(), "x");
}

#[test]
fn a_damaged_record_is_an_error_before_anything_is_written() {
    let out = Out::new();
    out.put(RECORD, "{");
    let error = out.package("main", &[]).unwrap_err();
    assert!(matches!(error, PackageError::Owned(_)), "{error}");
    assert_eq!(out.files(), [".bimetal.json"]);
}
