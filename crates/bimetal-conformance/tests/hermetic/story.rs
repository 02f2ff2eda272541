//! The promise: equal inputs give equal bytes, on every machine, and it can be checked.
//!
//! In: the quickstart's configuration, a root file system, real engines. Out: distributions from
//! containers without a network. Invariant: every build is a whole one; what is read of it is read
//! with other programs than ours.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use bimetal_conformance::distribution::{builder_program, repository, run};
use bimetal_conformance::hermetic::{Daemon, install, rootfs, validate_bill};
use bimetal_conformance::tamper::set_in_manifest;
use bimetal_manifest::schema::Hermetic;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::Value;

/// Files that the quickstart's distribution consists of, apart from its sources.
const FILES: [&str; 14] = [
    "Dockerfile",
    "environment.json",
    "environment.sha256",
    "inputs.json",
    "manifests/otelcol-quickstart.json",
    "manifests/processor-attributes.so.json",
    "manifests/processor-transform.so.json",
    "otelcol-quickstart",
    "plugins/plugins.lock",
    "plugins/processor-attributes.so",
    "plugins/processor-transform.so",
    "provenance.json",
    "rebuild.json",
    "sbom.cdx.json",
];
const MAIN: &str = "otelcol-quickstart";
const CHROOT: (&str, &str) = ("BUILDAH_ISOLATION", "chroot");

/// A directory with the quickstart's configuration, turned to the root file system.
pub(crate) struct Project {
    pub(crate) directory: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Project {
    /// `name` is the directory's: other places must not make other bytes.
    pub(crate) fn new(name: &str, base: &str) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(keep.path()).unwrap().join(name);
        fs::create_dir(&directory).unwrap();
        let example = repository().join("examples/quickstart/builder-config.yaml");
        let config = fs::read_to_string(example).unwrap();
        let crates = repository().join("components");
        let config = config
            .replace("\"../../components", &format!("\"{crates}"))
            .replace(
                "  plugins_dir: plugins",
                &format!("  plugins_dir: plugins\n  base_image: {base}"),
            );
        fs::write(directory.join("config.yaml"), config).unwrap();
        Self {
            directory,
            _keep: keep,
        }
    }

    pub(crate) fn out(&self) -> Utf8PathBuf {
        self.directory.join("build")
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = builder_program().unwrap();
        command.current_dir(&self.directory).args(words);
        command
    }

    pub(crate) fn hermetic(&self, engine: &str) -> Command {
        self.command(&["--config", "config.yaml", "--hermetic", "--engine", engine])
    }
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn well(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

fn sums(out: &Utf8Path) -> String {
    fs::read_to_string(out.join("SHA256SUMS")).unwrap()
}

#[test]
fn two_engines_in_two_directories_give_the_same_bytes_and_everything_about_them_can_be_checked() {
    install().unwrap();
    let base = rootfs().unwrap();
    let one = Project::new("one", base.as_str());
    let text = well(one.hermetic("buildah").env(CHROOT.0, CHROOT.1));
    assert!(text.contains("buildah with chroot"), "{text}");
    let other = Project::new("another place", base.as_str());
    let daemon = Daemon::start().unwrap();
    let text = well(other.hermetic("docker").env("DOCKER_HOST", daemon.host()));
    assert!(text.contains("made by docker"), "{text}");
    assert_eq!(sums(&one.out()), sums(&other.out()));
    drop(daemon);

    complete(&one.out());
    described(&one.out());
    loads(&one.out());
    refuses_others(&one.out());
    rebuilds(&one, &other);
    println!("hermetic: buildah and docker, two directories: equal SHA256SUMS");
    println!("hermetic: rebuilt with buildah and runc: equal; one source byte changed: named");
}

/// Exactly what is promised is there, and `sha256sum` agrees.
fn complete(out: &Utf8Path) {
    let listed: Vec<String> = sums(out)
        .lines()
        .map(|line| line.split_once("  ").unwrap().1.to_owned())
        .collect();
    assert_eq!(listed, FILES);
    for file in ["SHA256SUMS", "environment.sha256"] {
        run(
            "env",
            &["-C", out.as_str(), "sha256sum", "--quiet", "--check", file],
        )
        .unwrap();
    }
}

fn json(path: &Utf8Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The texts say what is so.
fn described(out: &Utf8Path) {
    validate_bill(&out.join("sbom.cdx.json")).unwrap();
    let bill = json(&out.join("sbom.cdx.json"));
    let names: Vec<&str> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    for name in [
        MAIN,
        "serde",
        "go.opentelemetry.io/collector/otelcol",
        "go",
        "rustc",
        "libc6",
    ] {
        assert!(
            names.contains(&name),
            "`{name}` is not in the bill of materials"
        );
    }
    let environment = json(&out.join("environment.json"));
    for tool in ["go", "rustc", "cargo", "cc", "ld", "as", "objcopy"] {
        let hash = environment["tools"][tool]["hash"]
            .as_str()
            .unwrap_or_default();
        assert!(
            hash.starts_with("sha256:"),
            "`{tool}` has no hash: {environment}"
        );
    }
    let hash = fs::read_to_string(out.join("environment.sha256")).unwrap();
    let hash = format!("sha256:{}", hash.split(' ').next().unwrap());
    for file in FILES.iter().filter(|file| file.starts_with("manifests/")) {
        let sidecar = json(&out.join(file));
        let manifest = &sidecar["manifest"];
        let parts = manifest
            .as_array()
            .map_or(std::slice::from_ref(manifest), Vec::as_slice);
        for part in parts {
            assert_eq!(
                part["environment_hash"],
                Value::String(hash.clone()),
                "{file}"
            );
            assert_eq!(part["build_time"], "1980-01-01T00:00:00Z", "{file}");
        }
    }
    let provenance = json(&out.join("provenance.json"));
    let subjects: BTreeMap<&str, &str> = provenance["subject"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| {
            let sha256 = subject["digest"]["sha256"].as_str().unwrap();
            (subject["name"].as_str().unwrap(), sha256)
        })
        .collect();
    let sums = sums(out);
    assert_eq!(subjects.len(), 3);
    for (name, sha256) in subjects {
        assert!(sums.contains(&format!("{sha256}  {name}\n")), "{name}");
    }
}

/// Main from the container takes the plugins from the container, here.
fn loads(out: &Utf8Path) {
    let main = out.join(MAIN);
    run(main.as_str(), &["plugins", "check"]).unwrap();
    let plugins =
        ["attributes", "transform"].map(|name| out.join(format!("plugins/processor-{name}.so")));
    let words = [
        "plugins",
        "validate",
        "--load",
        plugins[0].as_str(),
        plugins[1].as_str(),
    ];
    let loaded = run(main.as_str(), &words).unwrap();
    assert_eq!(text(&loaded).matches("its factory answered").count(), 2);
}

/// A plugin that says that it comes from another environment is not taken, and each item that
/// differs is reported.
fn refuses_others(out: &Utf8Path) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8Path::from_path(keep.path())
        .unwrap()
        .join("processor-attributes.so");
    fs::copy(out.join("plugins/processor-attributes.so"), &plugin).unwrap();
    let mut environment: Hermetic =
        serde_json::from_slice(&fs::read(out.join("environment.json")).unwrap()).unwrap();
    // Of the same length: the manifest keeps its place.
    let libc = environment.packages.get_mut("libc6:amd64").unwrap();
    let (before, after) = (
        libc.clone(),
        libc.replace(|c: char| c.is_ascii_digit(), "7"),
    );
    libc.clone_from(&after);
    set_in_manifest(
        &plugin,
        "/hermetic/packages/libc6:amd64",
        after.clone().into(),
    )
    .unwrap();
    let contradicts = check_one(out, &plugin);
    assert!(
        contradicts.contains("one of them was changed"),
        "{contradicts}"
    );
    set_in_manifest(&plugin, "/environment_hash", environment.hash().into()).unwrap();
    let refused = check_one(out, &plugin);
    let item = format!("package libc6:amd64: main {before}, plugin {after}");
    assert!(refused.contains(&item), "{refused}");
    assert!(refused.contains(&environment.hash()), "{refused}");
}

fn check_one(out: &Utf8Path, plugin: &Utf8Path) -> String {
    let mut command = builder_program().unwrap();
    let output = command
        .args([
            "plugins",
            "validate",
            "--main",
            out.join(MAIN).as_str(),
            plugin.as_str(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    text(&output)
}

/// A third engine gives the same once more; one byte of a source does not.
fn rebuilds(one: &Project, other: &Project) {
    let rebuild = |project: &Project| {
        let mut command = project.command(&[
            "rebuild",
            "--compare",
            "--engine",
            "buildah",
            project.out().as_str(),
        ]);
        command
            .env("BUILDAH_ISOLATION", "oci")
            .env("BUILDAH_RUNTIME", "runc");
        command
    };
    let same = well(&mut rebuild(one));
    assert!(
        same.contains("equal: 15 files are, byte for byte, what was rebuilt"),
        "{same}"
    );
    let before = sums(&other.out());
    let source = other
        .out()
        .join("rust/local/bimetal-attributes-processor/src/config.rs");
    let text_before = fs::read_to_string(&source).unwrap();
    let changed = text_before.replacen("must not be empty", "must not be emptz", 1);
    assert_ne!(changed, text_before);
    fs::write(&source, changed).unwrap();
    let output = rebuild(other).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    // The byte itself, and the hash of the crate in the manifest; main and the other plugin do not
    // have that crate.
    let plugin = said
        .find("plugins/processor-attributes.so: ")
        .unwrap_or_else(|| panic!("{said}"));
    assert!(said[plugin..].contains("\n  .rodata at 0x"), "{said}");
    assert!(!said.contains("plugins/processor-transform.so: "), "{said}");
    assert!(!said.contains("otelcol-quickstart: "), "{said}");
    assert_eq!(
        sums(&other.out()),
        before,
        "the distribution itself is not touched"
    );
}
