//! A registry of images on the loopback interface.
//!
//! In: nothing. Out: its address, which engines accept without certificates. Invariant: its images
//! are in one temporary directory and go with it.

use std::net::SocketAddr;
use std::process::Command;

use camino::Utf8Path;
use fs_err as fs;

use super::error::MachineError;
use super::server::Server;
use crate::collector::free_endpoint;

const READY: &str = "listening on";

/// A running registry.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    // Ends before its directory goes.
    _server: Server,
    _keep: tempfile::TempDir,
}

impl Registry {
    /// Starts one and waits until it answers.
    pub fn start() -> Result<Self, MachineError> {
        let keep = tempfile::Builder::new().prefix("registry-").tempdir()?;
        let directory = Utf8Path::from_path(keep.path())
            .ok_or_else(|| std::io::Error::other("the temporary directory's path is not UTF-8"))?;
        let address = free_endpoint()?;
        let settings = serde_json::json!({
            "version": 0.1,
            "log": {"accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": directory.join("data")}},
            "http": {"addr": address.to_string()},
        });
        // JSON is YAML, too.
        let file = directory.join("settings.yml");
        fs::write(&file, settings.to_string())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the driver starts the registry that engines pull from"
        )]
        let mut command = Command::new("docker-registry");
        command.args(["serve", file.as_str()]);
        Ok(Self {
            address,
            _server: Server::start(command, READY)?,
            _keep: keep,
        })
    }

    /// The beginning of a reference to one of its images.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
