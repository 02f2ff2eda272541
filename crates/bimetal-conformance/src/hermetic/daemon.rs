//! Docker's daemon, started by hand beside whatever else runs on the machine.
//!
//! In: nothing. Out: the address for `DOCKER_HOST`. Invariant: its images, its socket and its
//! processes are in one temporary directory, and the machine's network is not touched: no bridge,
//! no rule of the firewall, no forwarding.

use std::env;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

use super::error::MachineError;
use super::server::Server;

/// What it logs when it can be asked.
const READY: &str = "API listen on";
/// Builds of ours have no network, and the daemon itself pulls over the machine's own.
const NETWORK: [&str; 4] = [
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
];
/// How images are stored: as the daemon likes, else as copies, where nothing may be mounted over
/// another.
const STORAGE: [&[&str]; 2] = [&[], &["--storage-driver=vfs"]];
/// The end of a PATH on which daemons are.
const SBIN: &str = ":/usr/sbin:/sbin";

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    server: Option<Server>,
    directory: Utf8PathBuf,
    keep: tempfile::TempDir,
}

impl Daemon {
    /// Starts one and waits until it answers.
    pub fn start() -> Result<Self, MachineError> {
        let mut outcome = Self::with_storage(STORAGE[0]);
        for storage in &STORAGE[1..] {
            if matches!(outcome, Err(MachineError::NotReady { .. })) {
                outcome = Self::with_storage(storage);
            }
        }
        outcome
    }

    fn with_storage(storage: &[&str]) -> Result<Self, MachineError> {
        // Below the usual place: the path of a socket may have 107 bytes only.
        let keep = tempfile::Builder::new().prefix("dockerd-").tempdir()?;
        let directory =
            Utf8PathBuf::try_from(keep.path().to_owned()).map_err(std::io::Error::other)?;
        // Made first: a daemon that does not get ready leaves mounts as well.
        let mut daemon = Self {
            server: None,
            directory,
            keep,
        };
        let place = |name| daemon.directory.join(name);
        #[expect(
            clippy::disallowed_methods,
            reason = "the driver starts the daemon that the builder under test talks to"
        )]
        let mut command = Command::new("dockerd");
        command
            .env("PATH", env::var("PATH").unwrap_or_default() + SBIN)
            .arg(format!("--config-file={}", place("none.json")))
            .arg(format!("--data-root={}", place("data")))
            .arg(format!("--exec-root={}", place("exec")))
            .arg(format!("--pidfile={}", place("pid")))
            .arg(format!("--host={}", daemon.host()))
            .args(NETWORK)
            .args(storage);
        fs::write(place("none.json"), "{}")?;
        daemon.server = Some(Server::start(command, READY)?);
        Ok(daemon)
    }

    /// For the variable `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}/socket", self.directory)
    }

    /// Where everything of it is.
    pub fn directory(&self) -> &Utf8Path {
        &self.directory
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.server.take());
        // A daemon that had to be killed leaves its helper and its mounts; after a proper end there
        // are none.
        let helper = self.directory.join("exec/containerd/containerd.pid");
        let pid = fs::read_to_string(helper)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _gone = kill_process(pid, Signal::KILL);
        }
        for mount in mounts_below(&self.directory) {
            let _gone = unmount(mount.as_str(), UnmountFlags::DETACH);
        }
        let _left = fs::remove_dir_all(self.keep.path());
    }
}

/// Innermost first.
fn mounts_below(directory: &Utf8Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut mounts: Vec<String> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .filter(|place| Utf8Path::new(place).starts_with(directory))
        .map(str::to_owned)
        .collect();
    mounts.reverse();
    mounts
}
