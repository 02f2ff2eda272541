//! Loads one plugin in a child process of main, under a time limit.
//!
//! In: main, a plugin, a limit. Out: what became of the child. Invariant: when this returns, nothing of the child's process group
//! runs any more; what the child prints is bounded and never believed beyond "it said that it loaded".

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::Serialize;
use serde_json::Value;

use crate::context::Interrupt;

/// The hidden action of main that verifies, opens and calls `NewFactory`, and then prints one line of JSON.
pub(crate) const LOAD_ACTION: &str = "__load";

const KEPT_OUTPUT: usize = 64 * 1024;
const SHOWN_LINES: usize = 12;
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE_AFTER_END: Duration = Duration::from_secs(2);

/// What became of loading a plugin for a try.
#[derive(Debug, Serialize)]
pub(crate) struct LoadReport {
    pub(crate) outcome: Outcome,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) stderr: Vec<String>,
    #[serde(skip)]
    pub(crate) limit: Duration,
}

/// How the child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It opened the plugin and got its factory.
    Loaded,
    /// It said that the plugin does not load.
    Refused,
    /// It ended without saying anything: the plugin's code panicked or exited.
    Exited,
    /// A signal ended it.
    Killed,
    /// It did not end in time, and was ended.
    TimedOut,
    /// The plugin did not pass, so it was not loaded.
    NotTried,
}

/// Why there is no [`LoadReport`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    #[error("cannot start `{main}` to load a plugin in it")]
    Start { main: String, source: io::Error },
    #[error("cannot wait for the process that loads a plugin")]
    Wait { source: io::Error },
    #[error("interrupted")]
    Interrupted,
}

/// The program that is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Main<'a> {
    pub(crate) executable: &'a Utf8Path,
    pub(crate) shown: &'a Utf8Path,
}

/// Starts `main`, lets it load `plugin`, and waits until that is done, `limit` has passed, or `interrupt` is raised.
pub(crate) fn load(
    main: Main<'_>,
    plugin: &Utf8Path,
    limit: Duration,
    interrupt: &Interrupt,
) -> Result<LoadReport, ChildError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "main is started as it would be in production, with the environment of its user"
    )]
    let mut command = Command::new(main.executable);
    command
        .arg0(main.shown)
        .args(["plugins", LOAD_ACTION])
        .arg(plugin)
        // Never written to: it ends when this process ends, however that happens, and the child may end with it.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn().map_err(|source| ChildError::Start {
        main: main.shown.to_string(),
        source,
    })?;
    let stdout = child.stdout.take().map(drain);
    let stderr = child.stderr.take().map(drain);
    let ended = wait(&child, limit, interrupt);
    // The leader is not reaped yet, so its process group cannot belong to anybody else. Whatever the plugin started ends here too.
    let _ = kill_process_group(pid(&child), Signal::KILL);
    let status = child.wait().map_err(|source| ChildError::Wait { source })?;
    let ended = ended.map_err(|source| ChildError::Wait {
        source: source.into(),
    })?;
    let (stdout, stderr) = (collected(stdout), collected(stderr));
    if ended == End::Interrupted {
        return Err(ChildError::Interrupted);
    }
    Ok(judge(ended, status, &stdout, &stderr, limit))
}

impl LoadReport {
    /// A plugin that did not pass is not opened: the code of a refused file never runs.
    pub(crate) fn not_tried() -> Self {
        Self {
            outcome: Outcome::NotTried,
            exit_code: None,
            signal: None,
            error: None,
            stderr: Vec::new(),
            limit: Duration::ZERO,
        }
    }

    /// One sentence for a person.
    pub(crate) fn sentence(&self) -> String {
        let code = self
            .exit_code
            .map_or_else(|| "?".to_owned(), |code| code.to_string());
        match self.outcome {
            Outcome::Loaded => "loaded in a child process, its factory answered".to_owned(),
            Outcome::Refused => format!("the Collector refused to load it (exit code {code})"),
            Outcome::Exited => {
                format!(
                    "the process ended with exit code {code} while it loaded the plugin: {}",
                    self.cause_of_exit()
                )
            }
            Outcome::Killed => format!(
                "the process died of {} while it loaded the plugin; the Collector would have died too",
                self.signal.as_deref().unwrap_or("a signal")
            ),
            Outcome::TimedOut => {
                format!(
                    "not loaded after {:?}; the process and everything it had started was ended",
                    self.limit
                )
            }
            Outcome::NotTried => "not loaded, because it did not pass".to_owned(),
        }
    }

    fn cause_of_exit(&self) -> &'static str {
        let says = |start: &str| self.stderr.iter().any(|line| line.starts_with(start));
        if says("fatal error:") {
            "a fatal error of the Go runtime, which nothing can recover from"
        } else if says("panic:") {
            "an `init` or the factory panicked"
        } else {
            "an `init`, a constructor or the factory exits the process"
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    ByItself,
    TimedOut,
    Interrupted,
}

fn wait(child: &Child, limit: Duration, interrupt: &Interrupt) -> rustix::io::Result<End> {
    let deadline = Instant::now() + limit;
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid(child)), options) {
            Ok(Some(_)) => return Ok(End::ByItself),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        if interrupt.is_raised() {
            return Ok(End::Interrupted);
        }
        if Instant::now() >= deadline {
            return Ok(End::TimedOut);
        }
        std::thread::sleep(PAUSE);
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Reads to the end in a thread, so that a child which prints a lot never waits for us, and keeps only the last part.
fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = VecDeque::with_capacity(KEPT_OUTPUT);
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let excess = (kept.len() + count).saturating_sub(KEPT_OUTPUT);
            kept.drain(..excess.min(kept.len()));
            kept.extend(&buffer[..count]);
        }
        let _ = sender.send(Vec::from(kept));
    });
    receiver
}

/// A grandchild that left the process group may hold the pipe open for ever; its output is then not waited for.
fn collected(receiver: Option<Receiver<Vec<u8>>>) -> String {
    let bytes = receiver
        .and_then(|receiver| receiver.recv_timeout(PATIENCE_AFTER_END).ok())
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn judge(
    ended: End,
    status: ExitStatus,
    stdout: &str,
    stderr: &str,
    limit: Duration,
) -> LoadReport {
    let answer = stdout.lines().rev().find_map(answer);
    let outcome = if ended == End::TimedOut {
        Outcome::TimedOut
    } else if status.signal().is_some() {
        Outcome::Killed
    } else {
        match &answer {
            Some(answer) if answer.loaded && status.success() => Outcome::Loaded,
            Some(answer) if !answer.loaded && !status.success() => Outcome::Refused,
            _ => Outcome::Exited,
        }
    };
    let lines: Vec<_> = stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    // A Go traceback begins with its cause and goes on for long; other programs end with it.
    let cause = lines
        .iter()
        .position(|line| line.starts_with("panic:") || line.starts_with("fatal error:"));
    let first = cause.unwrap_or_else(|| lines.len().saturating_sub(SHOWN_LINES));
    LoadReport {
        outcome,
        exit_code: if outcome == Outcome::TimedOut {
            None
        } else {
            status.code()
        },
        signal: if outcome == Outcome::Killed {
            status.signal().map(signal_name)
        } else {
            None
        },
        error: answer.and_then(|answer| answer.error),
        stderr: lines
            .iter()
            .skip(first)
            .take(SHOWN_LINES)
            .map(|line| (*line).to_owned())
            .collect(),
        limit,
    }
}

struct Answer {
    loaded: bool,
    error: Option<String>,
}

fn answer(line: &str) -> Option<Answer> {
    let value: Value = serde_json::from_str(line.trim()).ok()?;
    let error = value
        .get("error")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Some(Answer {
        loaded: value.get("loaded")?.as_bool()?,
        error,
    })
}

fn signal_name(number: i32) -> String {
    let name = match Signal::from_named_raw(number) {
        Some(Signal::ABORT) => "SIGABRT",
        Some(Signal::BUS) => "SIGBUS",
        Some(Signal::FPE) => "SIGFPE",
        Some(Signal::ILL) => "SIGILL",
        Some(Signal::KILL) => "SIGKILL",
        Some(Signal::PIPE) => "SIGPIPE",
        Some(Signal::SEGV) => "SIGSEGV",
        Some(Signal::SYS) => "SIGSYS",
        Some(Signal::TERM) => "SIGTERM",
        Some(Signal::TRAP) => "SIGTRAP",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8PathBuf;

    use super::*;

    fn script(body: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("main")).unwrap();
        fs_err::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    }

    fn run(body: &str, limit: Duration) -> LoadReport {
        let (_folder, path) = script(body);
        let main = Main {
            executable: &path,
            shown: &path,
        };
        load(main, "/plugins/x.so".into(), limit, &Interrupt::default()).unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn passes_the_hidden_action_and_believes_only_a_success_that_exits_well() {
        let body = r#"[ "$1 $2 $3" = "plugins __load /plugins/x.so" ] || exit 9; echo noise; echo '{"loaded":true}'"#;
        assert_eq!(run(body, LONG).outcome, Outcome::Loaded);
        let refused = run(
            r#"echo '{"loaded":false,"error":"no factory"}'; exit 1"#,
            LONG,
        );
        assert_eq!(
            (refused.outcome, refused.error.as_deref()),
            (Outcome::Refused, Some("no factory"))
        );
        assert_eq!(run("exit 0", LONG).outcome, Outcome::Exited);
        assert_eq!(
            run(r#"echo '{"loaded":true}'; exit 3"#, LONG).outcome,
            Outcome::Exited
        );
    }

    #[test]
    fn names_the_signal_and_the_panic() {
        let killed = run("kill -BUS $$", LONG);
        assert_eq!(
            (killed.outcome, killed.signal.as_deref()),
            (Outcome::Killed, Some("SIGBUS"))
        );
        let panicked = run(
            "echo before >&2; echo 'panic: no luck' >&2; echo; echo 'goroutine 1' >&2; exit 2",
            LONG,
        );
        assert_eq!(panicked.exit_code, Some(2));
        assert_eq!(panicked.stderr, ["panic: no luck", "goroutine 1"]);
        assert!(
            panicked.sentence().contains("panicked"),
            "{}",
            panicked.sentence()
        );
    }

    #[test]
    fn ends_the_whole_group_when_time_is_up() {
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join("held");
        let body = format!("flock {} sleep 600 & sleep 600", held.display());
        let report = run(&body, Duration::from_secs(1));
        assert_eq!(
            (report.outcome, report.exit_code),
            (Outcome::TimedOut, None)
        );
        // The kernel gives the lock to us only when the last process of the group is gone.
        let held = fs_err::File::create(held).unwrap();
        held.file().lock().unwrap();
    }

    #[test]
    fn a_flood_of_output_is_drained_and_cut() {
        let report = run(
            "yes 'a line' | head -c 3000000 >&2; echo '{\"loaded\":true}'",
            LONG,
        );
        assert_eq!(report.outcome, Outcome::Loaded);
        assert_eq!(report.stderr.len(), SHOWN_LINES);
    }

    #[test]
    fn stops_when_interrupted() {
        let (_folder, path) = script("sleep 60");
        let interrupt = Interrupt::default();
        interrupt.raise();
        let main = Main {
            executable: &path,
            shown: &path,
        };
        let result = load(main, "x.so".into(), LONG, &interrupt);
        assert!(matches!(result, Err(ChildError::Interrupted)));
    }

    #[test]
    fn a_main_that_cannot_start_is_named() {
        let main = Main {
            executable: "/nowhere/main".into(),
            shown: "/nowhere/main".into(),
        };
        let error = load(main, "x.so".into(), LONG, &Interrupt::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot start `/nowhere/main` to load a plugin in it"
        );
    }
}
