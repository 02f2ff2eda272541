//! The machine itself: if these fail, nothing that the builder does in a container means anything.
//!
//! In: engines, the root file system. Out: that they are what the other tests take them for.
//! Invariant: the builder is not asked.

use bimetal_conformance::distribution::{DistributionError, run};
use bimetal_conformance::hermetic::{Daemon, Registry, install, rootfs};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

/// Fails if a toolchain is missing, or if there is a way out: the table of routes has at most its
/// headings.
const PROBE: &str = "go version && rustc --version && cargo --version && gcc --version && test \
    $(wc -l < /proc/net/route) -le 1";

fn scratch() -> (tempfile::TempDir, Utf8PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
    (keep, path)
}

/// A context whose only command is the probe, and whose only result says that it held.
fn context(directory: &Utf8Path) -> Utf8PathBuf {
    let context = directory.join("context");
    fs::create_dir(&context).unwrap();
    let rootfs = rootfs().unwrap();
    let place = context.join("rootfs.tar");
    // A second gigabyte is not needed where both are on one disk.
    fs::hard_link(&rootfs, &place)
        .or_else(|_| fs::copy(&rootfs, &place).map(drop))
        .unwrap();
    let text = format!(
        "FROM scratch AS build\nADD rootfs.tar /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n\
         RUN {PROBE} && echo held > /held\n\
         FROM scratch\nCOPY --from=build /held /\n"
    );
    fs::write(context.join("Dockerfile"), text).unwrap();
    context
}

fn forwarding() -> String {
    let rules = run("iptables-save", &[]).unwrap().stdout;
    let rules: String = String::from_utf8(rules)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(" [").next().unwrap().to_owned() + "\n")
        .collect();
    rules + &fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap()
}

#[test]
fn a_daemon_builds_on_the_root_file_system_and_leaves_nothing_behind() {
    install().unwrap();
    let (_keep, directory) = scratch();
    let context = context(&directory);
    let before = forwarding();
    let daemon = Daemon::start().unwrap();
    let place = daemon.directory().to_owned();
    let host = format!("--host={}", daemon.host());
    let build = [
        "DOCKER_BUILDKIT=0",
        "docker",
        &host,
        "build",
        "--network=none",
        context.as_str(),
    ];
    run("env", &build).unwrap();
    drop(daemon);
    assert!(!place.exists(), "`{place}` is left");
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(place.as_str()), "{mounts}");
    assert_eq!(forwarding(), before);
}

#[test]
fn buildah_builds_on_the_root_file_system_in_a_container_and_in_a_changed_root() {
    install().unwrap();
    let (_keep, directory) = scratch();
    let context = context(&directory);
    let oci = [
        "buildah",
        "build",
        "--isolation=oci",
        "--runtime=runc",
        "--network=none",
    ];
    let chroot = [
        "unshare",
        "--net",
        "--",
        "buildah",
        "build",
        "--isolation=chroot",
    ];
    for words in [&oci[..], &chroot] {
        let output = directory.join(words[0]);
        let output_option = format!("--output=type=local,dest={output}");
        let more = ["--layers=false", &output_option, context.as_str()];
        run(words[0], &[&words[1..], &more].concat()).unwrap();
        assert_eq!(fs::read_to_string(output.join("held")).unwrap(), "held\n");
    }
}

#[test]
fn a_registry_gives_an_image_by_its_digest_and_no_other() {
    install().unwrap();
    let (_keep, directory) = scratch();
    fs::write(
        directory.join("Dockerfile"),
        "FROM scratch\nCOPY Dockerfile /\n",
    )
    .unwrap();
    let registry = Registry::start().unwrap();
    let name = format!("{}/small", registry.address());
    let buildah = |words: &[&str]| -> Result<String, DistributionError> {
        let answer = run("buildah", words)?;
        Ok(String::from_utf8(answer.stdout).unwrap().trim().to_owned())
    };
    let tagged = format!("{name}:1");
    buildah(&["build", "--quiet", "--tag", &tagged, directory.as_str()]).unwrap();
    let digest = directory.join("digest");
    buildah(&[
        "push",
        "--tls-verify=false",
        "--digestfile",
        digest.as_str(),
        &tagged,
    ])
    .unwrap();
    buildah(&["rmi", &tagged]).unwrap();
    let digest = fs::read_to_string(digest).unwrap();
    let pull = |digest: &str| {
        let pinned = format!("{name}@{digest}");
        buildah(&["pull", "--quiet", "--tls-verify=false", &pinned])
    };
    let image = pull(&digest).unwrap();
    buildah(&["rmi", &image]).unwrap();
    let error = pull(&format!("sha256:{}", "ab".repeat(32)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("manifest unknown"), "{error}");
}
