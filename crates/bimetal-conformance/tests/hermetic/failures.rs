//! What goes wrong has a name, and leaves nothing that looks finished.
//!
//! In: the quickstart's configuration with one thing wrong. Out: the error that a person reads.
//! Invariant: real engines, real caches (copies of them), a real full disk; nothing is reported
//! that did not happen.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use bimetal_conformance::distribution::run;
use bimetal_conformance::hermetic::{install, rootfs};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::story::{Project, text};

/// Runs a build that must fail; no artifact may be there afterwards.
fn fails(project: &Project, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    nothing_finished(&project.out());
    said
}

fn nothing_finished(out: &Utf8Path) {
    for name in [
        "otelcol-quickstart",
        "plugins",
        "SHA256SUMS",
        "manifests",
        "environment.json",
    ] {
        assert!(!out.join(name).exists(), "`{name}` looks finished");
    }
}

fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
}

/// A file system in which programs start, and no toolchain is.
fn without_go(directory: &Utf8Path) -> Utf8PathBuf {
    let root = directory.join("root");
    for name in ["lib64", "lib/x86_64-linux-gnu", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    let copy = |from: &str| fs::copy(from, root.join(&from[1..])).unwrap();
    copy("/lib64/ld-linux-x86-64.so.2");
    for name in ["libc.so.6", "libgcc_s.so.1", "libm.so.6"] {
        copy(&format!("/lib/x86_64-linux-gnu/{name}"));
    }
    let tar = directory.join("small.tar");
    run("tar", &["-C", root.as_str(), "-cf", tar.as_str(), "."]).unwrap();
    tar
}

#[test]
fn a_root_file_system_with_another_digest_is_not_built_on() {
    install().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let wanted = format!("sha256:{}", "ab".repeat(32));
    let project = Project::new("digest", &format!("{tar}@{wanted}"));
    let said = fails(&project, &mut project.hermetic("buildah"));
    assert_says(&said, &["fetch", tar.as_str(), &wanted, "help: "]);
}

#[test]
fn a_base_without_go_is_named_with_the_step_inside() {
    install().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let project = Project::new("base", tar.as_str());
    let said = fails(
        &project,
        project
            .hermetic("buildah")
            .env("BUILDAH_ISOLATION", "chroot"),
    );
    assert_says(
        &said,
        &[
            "the build in the container failed at the step `resolve`",
            "cannot find the Go toolchain",
            "help: install Go",
        ],
    );
}

/// Copies of the caches, in which something may be changed.
struct Caches {
    go: Utf8PathBuf,
    cargo: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Caches {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        let (go, cargo) = (root.join("go"), root.join("cargo"));
        for name in ["cache", "index"] {
            let to = cargo.join("registry");
            fs::create_dir_all(&to).unwrap();
            let from = cargo_home().join("registry").join(name);
            run("cp", &["-a", from.as_str(), to.as_str()]).unwrap();
        }
        let answer = run("go", &["env", "GOMODCACHE"]).unwrap().stdout;
        let from = Utf8PathBuf::from(String::from_utf8(answer).unwrap().trim());
        fs::create_dir_all(go.join("cache")).unwrap();
        let download = from.join("cache/download");
        run("cp", &["-a", download.as_str(), go.join("cache").as_str()]).unwrap();
        Self {
            go,
            cargo,
            _keep: keep,
        }
    }

    fn of<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("GOMODCACHE", &self.go)
            .env("GOFLAGS", "-modcacherw")
            .env("CARGO_HOME", &self.cargo)
    }
}

fn cargo_home() -> Utf8PathBuf {
    std::env::var("CARGO_HOME").map_or_else(
        |_| Utf8PathBuf::from(std::env::var("HOME").unwrap()).join(".cargo"),
        Utf8PathBuf::from,
    )
}

/// Inputs only: no container is needed to find that they were changed.
fn collect(project: &Project) -> Command {
    project.command(&[
        "--config",
        "config.yaml",
        "--hermetic",
        "--skip-compilation",
    ])
}

#[test]
fn changed_caches_and_lock_files_are_named_before_anything_is_built() {
    install().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let project = Project::new("caches", tar.as_str());
    let caches = Caches::new();
    let output = caches.of(&mut collect(&project)).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));

    let module = "go.opentelemetry.io/collector/otelcol/@v/v0.161.0.zip";
    let archive = caches.go.join("cache/download").join(module);
    let whole = fs::read(&archive).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&archive, &changed).unwrap();
    let said = fails(&project, caches.of(&mut collect(&project)));
    assert_says(
        &said,
        &["fetch", "go.opentelemetry.io/collector/otelcol", "v0.161.0"],
    );
    fs::write(&archive, &whole).unwrap();

    let lock = project.out().join("rust/Cargo.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let version = text
        .split("name = \"serde_json\"\nversion = \"")
        .nth(1)
        .unwrap();
    let file = format!("serde_json-{}.crate", version.split('"').next().unwrap());
    let registries = caches.cargo.join("registry/cache");
    let serde = registries
        .read_dir_utf8()
        .unwrap()
        .map(|registry| registry.unwrap().path().join(&file))
        .find(|path| path.is_file())
        .unwrap();
    let whole = fs::read(&serde).unwrap();
    let mut changed = whole.clone();
    changed.extend(b"more");
    fs::write(&serde, &changed).unwrap();
    let said = fails(&project, caches.of(&mut collect(&project)));
    assert_says(&said, &["fetch", "serde_json", &file]);
    fs::write(&serde, &whole).unwrap();

    let whole = text;
    let sum = whole
        .split("checksum = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    fs::write(&lock, whole.replace(sum, &"ab".repeat(32))).unwrap();
    let said = fails(&project, caches.of(&mut collect(&project)));
    assert_says(&said, &["checksum"]);
    fs::write(&lock, &whole).unwrap();

    let sums = project.out().join("go.sum");
    let whole = fs::read_to_string(&sums).unwrap();
    let line = whole
        .lines()
        .find(|line| line.starts_with("go.opentelemetry.io/collector/otelcol v0.161.0 "))
        .unwrap();
    let (name, sum) = line.split_once("h1:").unwrap();
    let other: String = sum.chars().rev().collect();
    fs::write(
        &sums,
        whole.replace(
            line,
            &format!("{name}h1:={}", other.trim_start_matches('=')),
        ),
    )
    .unwrap();
    let said = fails(&project, caches.of(&mut collect(&project)));
    assert_says(&said, &["go.opentelemetry.io/collector/otelcol"]);
}

#[test]
fn what_is_missing_inside_is_named_because_there_is_no_network() {
    install().unwrap();
    let project = Project::new("network", rootfs().unwrap().as_str());
    let caches = Caches::new();
    let output = caches.of(&mut collect(&project)).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let module = "go.opentelemetry.io/collector/otelcol";
    fs::remove_file(
        caches
            .go
            .join(format!("cache/download/{module}/@v/v0.161.0.zip")),
    )
    .unwrap();
    let mut command = project.hermetic("buildah");
    command
        .arg("--skip-get-modules")
        .env("BUILDAH_ISOLATION", "chroot");
    let said = fails(&project, caches.of(&mut command));
    assert_says(&said, &["failed at the step `lock`", module]);
}

#[test]
fn a_full_disk_is_reported_with_the_file_that_did_not_fit() {
    install().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let project = Project::new("disk", tar.as_str());
    fs::create_dir(project.out()).unwrap();
    let out = project.out();
    run(
        "mount",
        &["-t", "tmpfs", "-o", "size=40m", "tmpfs", out.as_str()],
    )
    .unwrap();
    let output = project.hermetic("buildah").output().unwrap();
    let said = text(&output);
    let left = output.status.code();
    nothing_finished(&out);
    run("umount", &[out.as_str()]).unwrap();
    assert_eq!(left, Some(1), "{said}");
    assert_says(
        &said,
        &[
            "fetch",
            "cannot write `",
            "No space left on device",
            "help: ",
        ],
    );
}

#[test]
fn without_an_engine_or_rights_nothing_is_downloaded() {
    install().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let project = Project::new("engine", tar.as_str());
    let said = fails(
        &project,
        project
            .hermetic("docker")
            .env("DOCKER_HOST", "unix:///nonexistent/socket"),
    );
    assert_says(
        &said,
        &[
            "cannot use `docker`: its daemon does not answer",
            "DOCKER_HOST",
        ],
    );
    assert!(
        !project.out().join("go.mod").exists(),
        "nothing was generated"
    );
    let only_tools = Utf8Path::from_path(keep.path()).unwrap().join("bin");
    fs::create_dir(&only_tools).unwrap();
    for tool in ["go", "cargo", "rustc", "cc"] {
        let found = run("sh", &["-c", &format!("command -v {tool}")])
            .unwrap()
            .stdout;
        let found = String::from_utf8(found).unwrap();
        std::os::unix::fs::symlink(found.trim(), only_tools.join(tool)).unwrap();
    }
    let mut command = project.command(&["--config", "config.yaml", "--hermetic"]);
    let said = fails(&project, command.env("PATH", only_tools.as_str()));
    assert_says(
        &said,
        &[
            "cannot find a container engine: `docker` is not on PATH; `podman` is not on PATH; \
             `buildah` is not on PATH",
        ],
    );
}

#[test]
fn an_interrupt_ends_the_container_and_leaves_nothing() {
    install().unwrap();
    let project = Project::new("interrupt", rootfs().unwrap().as_str());
    // A time that no other build has, so that what runs on can be found.
    let epoch = "1234567891";
    let mut command = project.hermetic("buildah");
    command
        .arg("--verbose")
        .env("SOURCE_DATE_EPOCH", epoch)
        .env("BUILDAH_ISOLATION", "chroot")
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    // The builder inside has begun: it tells its first step when that has ended.
    let begun = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with("lock "));
    assert!(begun.is_some(), "the container did not start");
    let process = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    nothing_finished(&project.out());
    let left = with_variable(&format!("SOURCE_DATE_EPOCH={epoch}"));
    assert!(left.is_empty(), "these run on: {left:?}");
}

/// Command lines of processes that were given this variable.
fn with_variable(variable: &str) -> Vec<String> {
    let processes = Utf8Path::new("/proc").read_dir_utf8().unwrap();
    let read = |path: Utf8PathBuf| {
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    };
    processes
        .map(|entry| entry.unwrap().path().to_owned())
        .filter(|process| {
            let environment = read(process.join("environ"));
            environment.split('\0').any(|one| one == variable)
        })
        .map(|process| read(process.join("cmdline")).replace('\0', " "))
        .collect()
}

#[test]
fn the_dockerfile_alone_needs_no_engine_for_a_root_file_system() {
    let keep = tempfile::tempdir().unwrap();
    let tar = without_go(Utf8Path::from_path(keep.path()).unwrap());
    let project = Project::new("dockerfile", tar.as_str());
    let output = project
        .command(&["--config", "config.yaml", "--dockerfile-only"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let written = fs::read_to_string(project.out().join("Dockerfile")).unwrap();
    assert!(written.contains("\nADD rootfs.tar /\n"), "{written}");
    assert!(!project.out().join("go.mod").exists());
}
