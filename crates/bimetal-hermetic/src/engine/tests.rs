//! Tests of [`super`]: command lines and answers, with recorded engines; real ones build in the
//! slow tier.

use bimetal_terminal::Hint as _;
use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use insta::assert_snapshot;

use super::*;
use bimetal_builder::progress::Activity;
use bimetal_builder::toolchain::Runner;

/// A directory of programs that log how they are called.
struct Recorded {
    directory: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Recorded {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        Self {
            directory: Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap(),
            _keep: keep,
        }
    }

    /// `body` decides about answers; `$*` are the arguments.
    fn program(self, name: &str, body: &str) -> Self {
        let path = self.directory.join(name);
        let log = self.directory.join("log");
        let script = format!("#!/bin/sh\necho \"{name} $*\" >> {log}\n{body}\n");
        let text = self.directory.join(format!(".{name}"));
        fs::write(&text, script).unwrap();
        // Another test's child could inherit a descriptor that this process writes the program
        // through, and the kernel starts no file that is open for writing (ETXTBSY).
        let install = format!("cp {text} {path} && chmod 755 {path}");
        #[expect(clippy::disallowed_methods, reason = "nothing is compiled")]
        let done = std::process::Command::new("sh")
            .args(["-c", &install])
            .status();
        assert!(done.unwrap().success());
        self
    }

    fn find(&self, wanted: Option<Name>) -> Result<Engine, EngineError> {
        run(|runner| find(wanted, self.directory.as_str(), runner))
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        log.replace(self.directory.as_str(), "BIN")
    }
}

fn run<T>(work: impl FnOnce(&Runner<'_>) -> T) -> T {
    let activity = Activity::silent();
    work(&Runner {
        logs: None,
        activity: &activity,
    })
}

fn engine(program: &Utf8Path, way: Way) -> Engine {
    Engine {
        program: program.to_owned(),
        way,
    }
}

const DOCKER: &str = r#"case "$1 $2" in
  "--version ") echo "Docker version 28.2.2, build e6534b4" ;;
  "version --format") echo 28.2.2 ;;
  "buildx version") exit 1 ;;
  "create "*) echo c0ffee ;;
esac"#;

#[test]
fn the_first_engine_that_works_is_taken() {
    let all = Recorded::new()
        .program("docker", DOCKER)
        .program("buildah", "echo --output");
    assert_eq!(all.find(None).unwrap().way, Way::Legacy);
    let with_plugin = Recorded::new().program("docker", &DOCKER.replace("exit 1", "echo v0.13"));
    assert_eq!(with_plugin.find(None).unwrap().way, Way::Buildx);
    let old = Recorded::new().program("docker", &DOCKER.replace("28.2.2,", "20.10.24,"));
    assert_eq!(old.find(None).unwrap().way, Way::BuildKit);
    let disguised = Recorded::new().program("docker", "echo podman version 5.4.2 --output");
    assert_eq!(disguised.find(None).unwrap().way, Way::Podman);
}

#[test]
fn an_engine_that_cannot_work_is_passed_over_and_named_when_it_was_asked_for() {
    let stopped = r#"[ "$1" = --version ] && echo Docker version 28.2.2 && exit
at=unix:///var/run/docker.sock
echo "Cannot connect to the Docker daemon at $at. Is the docker daemon running?" >&2; exit 1"#;
    let machine = Recorded::new()
        .program("docker", stopped)
        .program("buildah", "echo --output");
    assert!(matches!(machine.find(None).unwrap().way, Way::Buildah(_)));
    let error = machine.find(Some(Name::Docker)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `docker`: its daemon does not answer"
    );
    assert!(error.hint().unwrap().contains("DOCKER_HOST"));
    let error = machine.find(Some(Name::Podman)).unwrap_err();
    assert_eq!(error.to_string(), "cannot use `podman`: it is not on PATH");
}

#[test]
fn an_engine_that_is_too_old_says_so() {
    let machine = Recorded::new().program("podman", "echo podman version 3.4.4");
    let error = machine.find(Some(Name::Podman)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `podman`: it is too old: its `build` has no option `--output`"
    );
    assert!(error.hint().unwrap().contains("4.3"));
}

#[test]
fn without_rights_nothing_works_and_every_reason_is_reported() {
    let denied = r#"[ "$1" = --version ] && echo Docker version 28.2.2 && exit
echo "permission denied while trying to connect to the Docker daemon socket" >&2; exit 1"#;
    let error = Recorded::new()
        .program("docker", denied)
        .find(None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot find a container engine: `docker` cannot be used: you may not use it: permission \
         denied; `podman` is not on PATH; `buildah` is not on PATH"
    );
    assert!(error.hint().unwrap().contains("install"));
}

#[test]
fn every_engine_builds_without_a_network_and_without_a_cache() {
    let machine = Recorded::new()
        .program("docker", DOCKER)
        .program("buildah", "true");
    let program = |name: &str| machine.directory.join(name);
    let arguments = BTreeMap::from([("SOURCE_DATE_EPOCH".to_owned(), "1".to_owned())]);
    let job = Job {
        context: Utf8Path::new("/context"),
        output: Utf8Path::new("/output"),
        arguments: &arguments,
        stage: "build",
        directory: "/bimetal/out",
    };
    for (name, way) in [
        ("docker", Way::Buildx),
        ("docker", Way::BuildKit),
        ("docker", Way::Legacy),
        ("docker", Way::Podman),
        ("buildah", Way::Buildah(Isolation::Oci("runc".to_owned()))),
        ("buildah", Way::Buildah(Isolation::Chroot { root: false })),
    ] {
        run(|runner| build(&engine(&program(name), way), &job, runner)).unwrap();
    }
    assert_snapshot!(machine.log());
}

#[test]
fn what_a_failed_build_printed_can_be_read_and_what_it_means_is_reported() {
    for (said, meant) in [
        (
            "RUN failed: bimetal-failure:x",
            "the engine did not build the container",
        ),
        (
            "write /x: No space left on device",
            "there is no space left for the container",
        ),
        (
            "unshare: unshare failed: Operation not permitted",
            "the network of the container cannot be switched off",
        ),
        (
            "running container: from /usr/bin/runc creating container for [/x]: operation not \
             permitted",
            "the engine may not start a container here",
        ),
    ] {
        let machine = Recorded::new().program("podman", &format!("echo '{said}' >&2; exit 1"));
        let arguments = BTreeMap::new();
        let job = Job {
            context: Utf8Path::new("/context"),
            output: Utf8Path::new("/output"),
            arguments: &arguments,
            stage: "build",
            directory: "/out",
        };
        let podman = engine(&machine.directory.join("podman"), Way::Podman);
        let error = run(|runner| build(&podman, &job, runner)).unwrap_err();
        assert_eq!(error.to_string(), meant);
        assert!(error.output().unwrap().contains(said));
    }
}

#[test]
fn an_image_that_is_here_by_its_digest_is_not_asked_for_again() {
    let pinned = format!("golang@sha256:{}", "ab".repeat(32));
    let machine = Recorded::new().program("docker", "true");
    let docker = engine(&machine.directory.join("docker"), Way::Legacy);
    assert_eq!(run(|runner| pin(&docker, &pinned, runner)).unwrap(), pinned);
    assert!(!machine.log().contains("pull"), "{}", machine.log());
}

#[test]
fn a_digest_that_no_registry_knows_is_an_error_of_its_own() {
    let pinned = format!("golang@sha256:{}", "ab".repeat(32));
    for (said, is_unknown) in [
        ("manifest unknown: manifest unknown", true),
        (
            "docker-credential-x: executable file not found in $PATH",
            false,
        ),
        ("dial tcp: connect: connection refused", false),
    ] {
        let machine = Recorded::new().program("docker", &format!("echo '{said}' >&2; exit 1"));
        let docker = engine(&machine.directory.join("docker"), Way::Legacy);
        let error = run(|runner| pin(&docker, &pinned, runner)).unwrap_err();
        assert_eq!(
            matches!(error, EngineError::NoImage { .. }),
            is_unknown,
            "{error}"
        );
        assert!(error.hint().unwrap().contains("dist.base_image"));
    }
}

#[test]
fn an_image_without_a_digest_cannot_be_pinned() {
    let machine = Recorded::new().program("docker", "[ $1 = image ] && echo '[]' || true");
    let docker = engine(&machine.directory.join("docker"), Way::Legacy);
    let error = run(|runner| pin(&docker, "mine:1", runner)).unwrap_err();
    assert!(matches!(error, EngineError::NoDigest { .. }), "{error}");
}
