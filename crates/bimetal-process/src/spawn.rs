//! Starts the child.
//!
//! In: a command. Out: a child in its own process group. Invariant: the child obeys signals as if
//! its caller had ignored none, and dies when the thread that watches it does.
#![expect(unsafe_code, reason = "runs code in the child between fork and exec")]

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Signals that are asked for or relied on here or by tools. What a caller ignores stays ignored
/// through `exec`: a shell ignores SIGINT and SIGQUIT in its background jobs, and a child that
/// ignores SIGCHLD cannot wait for its own. SIGHUP stays as it is, for `nohup`.
const RESET: [libc::c_int; 5] = [
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGCHLD,
    libc::SIGPIPE,
];

pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    let parent = rustix::process::getpid();
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let prepare = move || {
        for signal in RESET {
            // SAFETY: `signal` is async-signal-safe, and the default action refers to no memory.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // A parent that died before that call can send no signal any more.
        if getppid() != Some(parent) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    };
    // SAFETY: `prepare` makes system calls only: it takes no lock and does not allocate.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}
