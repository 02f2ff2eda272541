//! One builder at a time: waits for a lock that another process may hold.
//!
//! In: an open file or directory. Out: its lock, held as long as it stays open. Invariant: an
//! interrupt ends the wait.

use std::fs::TryLockError;
use std::io;
use std::thread;
use std::time::Duration;

use super::interrupt;

const TICK: Duration = Duration::from_millis(100);

/// Takes the lock of `file`; calls `waiting` once if another process holds it.
pub fn wait(file: &std::fs::File, waiting: impl FnOnce()) -> io::Result<()> {
    let mut waiting = Some(waiting);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if interrupt::requested() => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Err(TryLockError::WouldBlock) => {
                if let Some(waiting) = waiting.take() {
                    waiting();
                }
                thread::sleep(TICK);
            }
        }
    }
}
