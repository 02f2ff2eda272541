//! Loads one plugin in a child process of main, under a time limit.
//!
//! In: main, a plugin, a limit. Out: what became of the child. Invariant: when this returns,
//! nothing of the child's process group runs any more; what the child prints is bounded and never
//! believed beyond "it said that it loaded".

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use bimetal_manifest::object::Form;
use camino::Utf8Path;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use crate::context::Interrupt;
use crate::trial::{Ended, LoadReport, Remains, diagnose};

/// The hidden action of main that verifies, opens and calls `NewFactory`. It prints JSON objects,
/// one a line: `phase` before it goes on to the next, and `loaded` at the end.
pub(crate) const LOAD_ACTION: &str = "__load";

const KEPT_OUTPUT: usize = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE_AFTER_END: Duration = Duration::from_secs(2);

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

/// Starts `main`, lets it load `plugin`, and waits until that is done, `limit` has passed, or
/// `interrupt` is raised.
pub(crate) fn load(
    main: Main<'_>,
    plugin: &Utf8Path,
    form: Option<Form>,
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
        // What Go's runtime writes when something goes wrong names the code at fault, whatever the
        // user's setting.
        .env("GOTRACEBACK", "all")
        // Never written to: it ends when this process ends, however that happens, and main's child
        // ends with it.
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
    if ended == Ok(Ended::TimedOut) {
        ask_where_it_hangs(&child);
    }
    // The leader is not reaped yet, so its process group cannot belong to anybody else. Whatever
    // the plugin started ends here too.
    let _ = kill_process_group(pid(&child), Signal::KILL);
    let status = child.wait().map_err(|source| ChildError::Wait { source })?;
    let ended = ended.map_err(|source| ChildError::Wait {
        source: source.into(),
    })?;
    let (stdout, stderr) = (collected(stdout), collected(stderr));
    if ended == Ended::Interrupted {
        return Err(ChildError::Interrupted);
    }
    Ok(diagnose(&Remains {
        ended,
        status,
        stdout: &stdout,
        stderr: &stderr,
        limit,
        form,
    }))
}

fn wait(child: &Child, limit: Duration, interrupt: &Interrupt) -> rustix::io::Result<Ended> {
    let deadline = Instant::now() + limit;
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid(child)), options) {
            Ok(Some(_)) => return Ok(Ended::ByItself),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        if interrupt.is_raised() {
            return Ok(Ended::Interrupted);
        }
        if Instant::now() >= deadline {
            return Ok(Ended::TimedOut);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Go's runtime answers this signal with the calls of every goroutine, and then ends the process.
/// Who does not obey is killed anyway.
fn ask_where_it_hangs(child: &Child) {
    if kill_process(pid(child), Signal::QUIT).is_ok() {
        let _ = wait(child, PATIENCE_AFTER_END, &Interrupt::default());
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Reads to the end in a thread, so that a child which prints a lot never waits for us. The first
/// part says how far it had come and what it died of, the last part is its answer; what lies
/// between them is dropped.
fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut first = Vec::with_capacity(KEPT_OUTPUT);
        let mut last: VecDeque<u8> = VecDeque::with_capacity(KEPT_OUTPUT);
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let (head, tail) = buffer[..count].split_at(count.min(KEPT_OUTPUT - first.len()));
            first.extend_from_slice(head);
            let excess = (last.len() + tail.len()).saturating_sub(KEPT_OUTPUT);
            last.drain(..excess.min(last.len()));
            last.extend(tail);
        }
        first.extend(last);
        let _ = sender.send(first);
    });
    receiver
}

/// A grandchild that left the process group may hold the pipe open for ever; its output is then not
/// waited for.
fn collected(receiver: Option<Receiver<Vec<u8>>>) -> String {
    let bytes = receiver
        .and_then(|receiver| receiver.recv_timeout(PATIENCE_AFTER_END).ok())
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8PathBuf;

    use super::*;
    use crate::trial::{Cause, Outcome, Phase, SHOWN_LINES};

    fn script(body: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("main")).unwrap();
        fs_err::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (directory, path)
    }

    fn run(body: &str, limit: Duration) -> LoadReport {
        let (_directory, path) = script(body);
        let main = Main {
            executable: &path,
            shown: &path,
        };
        load(
            main,
            "/plugins/x.so".into(),
            Some(Form::GoPlugin),
            limit,
            &Interrupt::default(),
        )
        .unwrap()
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
        assert_eq!(panicked.cause, Some(Cause::Panic));
        assert!(
            panicked.sentence().contains("after a panic"),
            "{}",
            panicked.sentence()
        );
    }

    #[test]
    fn how_far_it_came_is_what_it_said_last() {
        let phase = |body: &str| run(body, LONG).phase;
        assert_eq!(phase("exit 3"), Some(Phase::Starting));
        let announced = r#"echo '{"phase":"verified"}'; echo '{"phase":"opening"}'"#;
        assert_eq!(phase(announced), Some(Phase::Opening));
        // Words that no main says, and going back, change nothing.
        let odd = r#"echo '{"phase":"factory"}'; echo '{"phase":"opening"}'; echo '{"phase":"x"}'; echo '["phase"]'"#;
        assert_eq!(phase(odd), Some(Phase::Factory));
    }

    #[test]
    fn who_hangs_is_asked_where_before_it_is_killed() {
        let body = r#"trap 'echo "SIGQUIT: quit" >&2; echo "PC=0x1" >&2; exit 2' QUIT; while :; do sleep 0.1; done"#;
        let report = run(body, Duration::from_millis(300));
        assert_eq!(report.outcome, Outcome::TimedOut);
        assert_eq!(report.stderr, ["SIGQUIT: quit", "PC=0x1"]);
        assert_eq!((report.signal, report.exit_code), (None, None));
    }

    #[test]
    fn ends_the_whole_group_when_time_is_up() {
        let directory = tempfile::tempdir().unwrap();
        let held = directory.path().join("held");
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
        let (_directory, path) = script("sleep 60");
        let interrupt = Interrupt::default();
        interrupt.raise();
        let main = Main {
            executable: &path,
            shown: &path,
        };
        let result = load(main, "x.so".into(), None, LONG, &interrupt);
        assert!(matches!(result, Err(ChildError::Interrupted)));
    }

    #[test]
    fn a_main_that_cannot_start_is_named() {
        let main = Main {
            executable: "/nowhere/main".into(),
            shown: "/nowhere/main".into(),
        };
        let error = load(main, "x.so".into(), None, LONG, &Interrupt::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot start `/nowhere/main` to load a plugin in it"
        );
    }
}
