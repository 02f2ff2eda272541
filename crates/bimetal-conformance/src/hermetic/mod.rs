//! The machine that hermetic builds are tested on: engines, a root file system with the toolchains,
//! daemons started by hand.
//!
//! In: a Debian machine and its package archive. Out: real engines that build for real. Invariant:
//! what is started here ends with the test and leaves no mount, no process and no rule of the
//! firewall behind.

mod bill;
mod daemon;
mod error;
mod packages;
mod registry;
mod rootfs;
mod server;

pub use bill::validate_bill;
pub use daemon::Daemon;
pub use error::MachineError;
pub use packages::install;
pub use registry::Registry;
pub use rootfs::rootfs;
