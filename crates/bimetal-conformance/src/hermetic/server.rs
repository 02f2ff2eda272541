//! A program that serves until it is stopped.
//!
//! In: a command and the text that it logs when it can be used. Out: a [`Server`]. Invariant: the
//! program ends with its value.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::MachineError;

/// How long it may take to get ready, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program.
#[derive(Debug)]
pub(super) struct Server {
    child: Option<Child>,
    /// Kept, so that the program never writes into a closed pipe.
    _lines: Receiver<String>,
}

impl Server {
    /// Starts it and waits until it logs `ready`.
    pub(super) fn start(mut command: Command, ready: &str) -> Result<Self, MachineError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |source| MachineError::Spawn {
            program: program.clone(),
            source,
        };
        let (output, writer) = io::pipe().map_err(failed)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(failed)?)
            .stderr(writer)
            .spawn()
            .map_err(failed)?;
        // It still holds the writing ends; while it lives the reader would never see the end.
        drop(command);
        let (sender, lines) = channel();
        thread::spawn(move || {
            // Read to the end even when the receiver is gone: a full pipe would stop the program.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _receiver_is_gone = sender.send(line);
            }
        });
        let log = wait_for(&lines, ready);
        let server = Self {
            child: Some(child),
            _lines: lines,
        };
        match log {
            Ok(()) => Ok(server),
            Err(log) => Err(MachineError::NotReady { program, log }),
        }
    }
}

/// What was logged instead, if the text does not come.
fn wait_for(lines: &Receiver<String>, ready: &str) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let mut log = String::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if line.contains(ready) {
            return Ok(());
        }
        log.push_str(&line);
        log.push('\n');
    }
    Err(log)
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let pid = Pid::from_child(&child);
        let (sender, ended) = channel();
        thread::spawn(move || {
            let _receiver_is_gone = sender.send(child.wait());
        });
        // It may have ended by itself.
        let _gone = kill_process(pid, Signal::TERM);
        if ended.recv_timeout(PATIENCE).is_err() {
            let _gone = kill_process(pid, Signal::KILL);
            let _reaped = ended.recv();
        }
    }
}
