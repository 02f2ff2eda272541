//! Runs one child process to its end, for the tools of the builder and for the trial loads of a
//! plugin.
//!
//! In: a command, a [`Watch`], a function that takes the output. Out: [`Ended`]: why and how.
//! Invariant: memory stays bounded whatever the child prints; a child that was stopped takes its
//! process group with it.

mod output;
mod spawn;

use std::io;
use std::ops::ControlFlow;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

pub use output::{Ends, Piece};

const TICK: Duration = Duration::from_millis(100);
/// How often a child that has closed its output is asked whether it ended.
const PAUSE: Duration = Duration::from_millis(5);
/// A compiler cache that a tool started keeps the streams open for ever.
const LINGER: Duration = Duration::from_secs(1);
/// How long a child may take to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// How a child is watched.
pub struct Watch<'a> {
    /// When the child is ended, if it still runs.
    pub limit: Option<Duration>,
    /// Whether the user wants an end; asked every tick.
    pub interrupted: &'a dyn Fn() -> bool,
    pub at_limit: AtLimit,
    pub leftovers: Leftovers,
}

/// How a child is asked to end when its time is over; a second later or so it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtLimit {
    /// SIGTERM to the whole group.
    Terminate,
    /// SIGQUIT to the child: Go's runtime answers with the calls of every goroutine.
    Traceback,
}

/// What becomes of processes that a child started and left running when it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// They may be caches and daemons that the next command uses.
    Stay,
    Killed,
}

/// Why and how a child ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub why: Why,
    pub status: ExitStatus,
}

/// Why a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    ByItself,
    TimedOut,
    Interrupted,
    /// The function that takes the output wanted no more.
    GivenUp,
}

/// Why a child could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("cannot start the process")]
    Start(#[source] io::Error),
    #[error("cannot read the output of the process")]
    Read(#[source] io::Error),
    #[error("cannot wait for the process")]
    Wait(#[source] io::Error),
}

/// Starts `command` in a process group of its own and hands each piece of its output to `take`.
///
/// Standard output and standard error are always read here; standard input is the caller's choice.
pub fn run(
    command: Command,
    watch: &Watch<'_>,
    mut take: impl FnMut(Piece) -> ControlFlow<()>,
) -> Result<Ended, ProcessError> {
    let mut child = spawn::spawn(command).map_err(ProcessError::Start)?;
    let pieces = output::listen(&mut child);
    let followed = follow(&child, &pieces, watch, &mut take);
    let stopped = !matches!(followed, Ok(Why::ByItself));
    if stopped {
        let quit = watch.at_limit == AtLimit::Traceback && matches!(followed, Ok(Why::TimedOut));
        end(&child, quit, &pieces, &mut take);
    }
    if stopped || watch.leftovers == Leftovers::Killed {
        // The leader is not reaped yet, so its group cannot be another's.
        let _ = kill_process_group(pid(&child), Signal::KILL);
        drain(&pieces, &mut take);
    }
    drop(pieces);
    let status = child.wait().map_err(ProcessError::Wait)?;
    let why = followed?;
    Ok(Ended { why, status })
}

/// Until the child has ended, and its streams are closed or whatever it left running is silent.
fn follow(
    child: &Child,
    pieces: &Receiver<output::Sent>,
    watch: &Watch<'_>,
    take: &mut impl FnMut(Piece) -> ControlFlow<()>,
) -> Result<Why, ProcessError> {
    let deadline = watch.limit.map(|limit| Instant::now() + limit);
    let mut heard = Instant::now();
    loop {
        if (watch.interrupted)() {
            return Ok(Why::Interrupted);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Why::TimedOut);
        }
        match pieces.recv_timeout(left.unwrap_or(TICK).min(TICK)) {
            Ok(Ok(piece)) => {
                heard = Instant::now();
                if take(piece).is_break() {
                    return Ok(Why::GivenUp);
                }
            }
            Ok(Err(error)) => return Err(ProcessError::Read(error)),
            Err(RecvTimeoutError::Timeout) => {
                let silent = watch.leftovers == Leftovers::Killed || heard.elapsed() >= LINGER;
                if silent && has_ended(child)? {
                    return Ok(Why::ByItself);
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                if has_ended(child)? {
                    return Ok(Why::ByItself);
                }
                thread::sleep(PAUSE);
            }
        }
    }
}

/// Asks the child to end, and takes what it still says.
fn end(
    child: &Child,
    quit: bool,
    pieces: &Receiver<output::Sent>,
    take: &mut impl FnMut(Piece) -> ControlFlow<()>,
) {
    // The child may be gone already.
    let _ = if quit {
        kill_process(pid(child), Signal::QUIT)
    } else {
        kill_process_group(pid(child), Signal::TERM)
    };
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && matches!(has_ended(child), Ok(false)) {
        match pieces.recv_timeout(PAUSE) {
            Ok(Ok(piece)) => {
                let _ = take(piece);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => thread::sleep(PAUSE),
        }
    }
}

/// Takes what is on its way. A process that left the group may hold the streams open for ever, and
/// is not waited for.
fn drain(pieces: &Receiver<output::Sent>, take: &mut impl FnMut(Piece) -> ControlFlow<()>) {
    let deadline = Instant::now() + LINGER;
    while let Ok(Ok(piece)) =
        pieces.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        if take(piece).is_break() {
            return;
        }
    }
}

/// Leaves the child to be reaped, so that its number stays its own.
fn has_ended(child: &Child) -> Result<bool, ProcessError> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid(child)), options) {
        Ok(state) => Ok(state.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(ProcessError::Wait(error.into())),
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}
