//! Runs an [`Invocation`]: streams its output to a log and to the live line.
//!
//! In: an invocation and a name for its log. Out: its standard output, or an error with the command
//! line and the output's end. Invariant: memory stays bounded whatever a tool prints; the child's
//! whole process group ends with us.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::Permissions;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bimetal_process::{AtLimit, Leftovers, Piece, ProcessError, Watch, Why};
use bimetal_terminal::{Hint, Interrupted};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use super::interrupt;
use super::invocation::Invocation;
use super::secrets::Secrets;
use crate::progress::Activity;

/// What a failed command shows at most; the log has everything.
const SHOWN_LINES: usize = 200;
/// More than any answer of `go list` or `cargo metadata`.
const STDOUT_LIMIT: usize = 512 * 1024 * 1024;
/// Some tools print thousands of lines in a second.
const LIVE_LINE: Duration = Duration::from_millis(100);
/// More than removing what a command left ever takes.
const CLEANING: Duration = Duration::from_mins(1);

/// Rights of a log: its owner's.
const PRIVATE: u32 = 0o600;

/// Runs invocations: where their logs go, and who watches.
#[derive(Clone, Copy, Debug)]
pub struct Runner<'a> {
    /// Directory of the logs; `None` before there is an output directory.
    pub logs: Option<&'a Utf8Path>,
    pub activity: &'a Activity,
}

#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    #[error("cannot start `{command}`")]
    Start { command: String, source: io::Error },
    #[error("`{command}` failed with {status}{}", shown(.output, .log.as_deref()))]
    Failed {
        command: String,
        status: ExitStatus,
        output: String,
        log: Option<Utf8PathBuf>,
    },
    #[error("`{command}` printed more than {STDOUT_LIMIT} bytes")]
    TooMuch { command: String },
    #[error("cannot read the output of `{command}`")]
    Output { command: String, source: io::Error },
    #[error("cannot write the log of `{command}`")]
    Log { command: String, source: io::Error },
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
    #[error("`{command}` did not end within {} s", .limit.as_secs())]
    TimedOut { command: String, limit: Duration },
}

impl Hint for InvocationError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Start { .. } => "install the tool or put its directory on PATH",
            Self::Log { .. } => bimetal_files::NOT_WRITABLE,
            _ => return None,
        };
        Some(hint.into())
    }
}

impl InvocationError {
    /// Whether the tool ran and did not succeed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// What the tool printed last, if it ran and did not succeed.
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::Failed { output, .. } => Some(output),
            _ => None,
        }
    }
}

fn interrupted(command: String) -> InvocationError {
    let command = Some(command);
    Interrupted { command }.into()
}

fn shown(output: &str, log: Option<&Utf8Path>) -> String {
    let mut text = String::new();
    if !output.is_empty() {
        text.push('\n');
        text.push_str(output.trim_end());
    }
    if let Some(log) = log {
        text.push_str("\nfull output: `");
        text.push_str(log.as_str());
        text.push('`');
    }
    text
}

impl Runner<'_> {
    /// Runs to the end; both streams go to the log and to the live line.
    pub fn run(&self, name: &str, invocation: &Invocation) -> Result<(), InvocationError> {
        self.execute(name, invocation, &Manner::default()).map(drop)
    }

    /// Runs what removes what an earlier command left: after an interrupt as well, and not for
    /// ever.
    pub fn clean_up(&self, name: &str, invocation: &Invocation) -> Result<(), InvocationError> {
        let manner = Manner {
            limit: Some(CLEANING),
            through_interrupts: true,
            ..Manner::default()
        };
        self.execute(name, invocation, &manner).map(drop)
    }

    /// Runs to the end and returns its standard output; standard error goes to the log and to the
    /// live line.
    pub fn read(&self, name: &str, invocation: &Invocation) -> Result<Vec<u8>, InvocationError> {
        let manner = Manner {
            capture: true,
            ..Manner::default()
        };
        self.execute(name, invocation, &manner)
    }

    /// Like [`Runner::run`], and ended when `limit` is over.
    pub fn run_within(
        &self,
        name: &str,
        invocation: &Invocation,
        limit: Duration,
    ) -> Result<(), InvocationError> {
        let manner = Manner {
            limit: Some(limit),
            ..Manner::default()
        };
        self.execute(name, invocation, &manner).map(drop)
    }

    /// Like [`Runner::read`], and ended when `limit` is over.
    pub fn read_within(
        &self,
        name: &str,
        invocation: &Invocation,
        limit: Duration,
    ) -> Result<Vec<u8>, InvocationError> {
        let manner = Manner {
            capture: true,
            limit: Some(limit),
            ..Manner::default()
        };
        self.execute(name, invocation, &manner)
    }

    fn execute(
        &self,
        name: &str,
        invocation: &Invocation,
        manner: &Manner,
    ) -> Result<Vec<u8>, InvocationError> {
        let command = invocation.command_line();
        if manner.is_interrupted() {
            return Err(interrupted(command));
        }
        let mut log = self.open_log(name, invocation, &command)?;
        if self.activity.is_verbose() {
            self.activity
                .note(&format!("{}$ {command}", invocation.cwd));
        }
        let mut record = Record {
            secrets: invocation.secrets(),
            log: log.as_mut(),
            activity: self.activity,
            capture: manner.capture,
            stdout: Vec::new(),
            last: VecDeque::new(),
            shown: Instant::now(),
        };
        let mut refused = None;
        let take = |piece| match record.take(piece, &command) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                refused.get_or_insert(error);
                ControlFlow::Break(())
            }
        };
        let watch = Watch {
            limit: manner.limit,
            interrupted: &|| manner.is_interrupted(),
            at_limit: AtLimit::Terminate,
            leftovers: Leftovers::Stay,
        };
        let ended = bimetal_process::run(start(invocation), &watch, take);
        if let Some(error) = refused {
            return Err(error);
        }
        let ended = match ended {
            Ok(ended) => ended,
            Err(ProcessError::Start(source)) => {
                return Err(InvocationError::Start { command, source });
            }
            Err(ProcessError::Read(source) | ProcessError::Wait(source)) => {
                return Err(InvocationError::Output { command, source });
            }
        };
        match (ended.why, manner.limit) {
            (Why::TimedOut, Some(limit)) => Err(InvocationError::TimedOut { command, limit }),
            (Why::Interrupted, _) => Err(interrupted(command)),
            _ if ended.status.success() => Ok(record.stdout),
            _ if manner.is_interrupted() => Err(interrupted(command)),
            _ => Err(InvocationError::Failed {
                command,
                status: ended.status,
                output: Vec::from(record.last).join("\n"),
                log: self.log_path(name),
            }),
        }
    }

    /// The log of the run with this name.
    pub fn log_path(&self, name: &str) -> Option<Utf8PathBuf> {
        self.logs
            .map(|directory| directory.join(format!("{name}.log")))
    }

    fn open_log(
        &self,
        name: &str,
        invocation: &Invocation,
        command: &str,
    ) -> Result<Option<fs::File>, InvocationError> {
        let Some(path) = self.log_path(name) else {
            return Ok(None);
        };
        let open = || {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)?;
            }
            // A tool may print a secret that this program does not know for one.
            let mut options = fs::File::options();
            options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(PRIVATE);
            let mut file = options.open(path.as_std_path())?;
            file.set_permissions(Permissions::from_mode(PRIVATE))?;
            file.write_all(invocation.transcript().as_bytes())?;
            Ok(file)
        };
        open().map(Some).map_err(|source| InvocationError::Log {
            command: command.to_owned(),
            source,
        })
    }
}

/// What is special about a run.
#[derive(Default)]
struct Manner {
    /// Standard output is returned, not logged.
    capture: bool,
    limit: Option<Duration>,
    through_interrupts: bool,
}

impl Manner {
    fn is_interrupted(&self) -> bool {
        !self.through_interrupts && interrupt::requested()
    }
}

struct Record<'a> {
    secrets: Secrets,
    log: Option<&'a mut fs::File>,
    activity: &'a Activity,
    capture: bool,
    stdout: Vec<u8>,
    last: VecDeque<String>,
    /// When the live line was last replaced.
    shown: Instant,
}

impl Record<'_> {
    fn take(&mut self, piece: Piece, command: &str) -> Result<(), InvocationError> {
        let command = || command.to_owned();
        match piece {
            Piece::Stdout(bytes) if self.capture => {
                if self.stdout.len() + bytes.len() > STDOUT_LIMIT {
                    return Err(InvocationError::TooMuch { command: command() });
                }
                self.stdout.extend_from_slice(&bytes);
                Ok(())
            }
            Piece::Stdout(bytes) | Piece::Stderr(bytes) => {
                self.line(&bytes).map_err(|source| InvocationError::Log {
                    command: command(),
                    source,
                })
            }
        }
    }

    fn line(&mut self, bytes: &[u8]) -> io::Result<()> {
        let line = String::from_utf8_lossy(bytes);
        let line = self.secrets.hide(&line);
        if let Some(log) = self.log.as_mut() {
            log.write_all(line.as_bytes())?;
        }
        let line = line.trim_end().to_owned();
        if self.activity.is_verbose() {
            self.activity.note(&line);
        }
        if self.shown.elapsed() >= LIVE_LINE {
            self.shown = Instant::now();
            self.activity.doing(&line);
        }
        if self.last.len() == SHOWN_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
        Ok(())
    }
}

fn start(invocation: &Invocation) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place of the builder that starts processes"
    )]
    let mut command = Command::new(invocation.program.as_std_path());
    command
        .args(&invocation.args)
        .env_clear()
        .envs(&invocation.env)
        .current_dir(&invocation.cwd)
        .stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Invocation {
        Invocation::new("sh", "/").args(["-c", script])
    }

    fn silent(work: impl FnOnce(&Runner<'_>)) {
        let activity = Activity::silent();
        work(&Runner {
            logs: None,
            activity: &activity,
        });
    }

    #[test]
    fn a_failed_command_is_shown_with_its_output_and_its_log_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let logs = Utf8Path::from_path(directory.path()).unwrap().join("logs");
        let activity = Activity::silent();
        let runner = Runner {
            logs: Some(&logs),
            activity: &activity,
        };
        let error = runner
            .run("step", &shell("echo one; echo 'no such thing' >&2; exit 3"))
            .unwrap_err();
        let text = error.to_string();
        let command = r#"`sh -c "echo one; echo 'no such thing' >&2; exit 3"`"#;
        assert!(
            text.starts_with(&format!("{command} failed with exit status: 3\n")),
            "{text}"
        );
        assert!(
            text.contains("\nno such thing") && text.contains("\none"),
            "{text}"
        );
        assert!(
            text.ends_with(&format!("full output: `{logs}/step.log`")),
            "{text}"
        );
        let log = fs::read_to_string(logs.join("step.log")).unwrap();
        assert!(
            log.starts_with("cd / && env -i") && log.contains("no such thing\n"),
            "{log}"
        );
    }

    #[test]
    fn standard_output_is_returned_and_standard_error_is_not() {
        silent(|runner| {
            assert_eq!(
                runner
                    .read("x", &shell("echo out; echo error >&2"))
                    .unwrap(),
                b"out\n"
            );
        });
    }

    #[test]
    fn a_missing_program_is_named() {
        silent(|runner| {
            let error = runner
                .run("x", &Invocation::new("no-such-program-here", "/"))
                .unwrap_err();
            assert_eq!(error.to_string(), "cannot start `no-such-program-here`");
            assert!(error.hint().is_some());
        });
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let held = directory.path().join("held");
        let script = format!("flock {} sleep 600 & sleep 600", held.display());
        silent(|runner| {
            let error = runner
                .read_within("x", &shell(&script), Duration::from_secs(1))
                .unwrap_err();
            assert!(matches!(error, InvocationError::TimedOut { .. }), "{error}");
        });
        // The kernel gives the lock to us only when the last process of the group is gone.
        let held = fs::File::create(held).unwrap();
        held.file().lock().unwrap();
    }

    #[test]
    fn a_helper_that_a_tool_leaves_behind_does_not_hold_us_up() {
        silent(|runner| {
            let started = Instant::now();
            assert_eq!(
                runner.read("x", &shell("sleep 20 & echo done")).unwrap(),
                b"done\n"
            );
            assert!(started.elapsed() < Duration::from_secs(10));
        });
    }
}
