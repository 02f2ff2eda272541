//! What becomes of a child and of what it started.

use std::ops::ControlFlow;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bimetal_process::{AtLimit, Ended, Ends, Leftovers, Piece, ProcessError, Watch, Why, run};

const LONG: Duration = Duration::from_mins(1);
/// Set in the second run of this test binary.
const SECOND_RUN: &str = "BIMETAL_TEST_SECOND_RUN";

#[expect(
    clippy::disallowed_methods,
    reason = "a test starts what it looks at, with its own environment"
)]
fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn shell(script: &str) -> Command {
    command("sh", &["-c", script])
}

fn watch(limit: Duration) -> Watch<'static> {
    Watch {
        limit: Some(limit),
        interrupted: &|| false,
        at_limit: AtLimit::Terminate,
        leftovers: Leftovers::Killed,
    }
}

fn printed(command: Command, watch: &Watch<'_>) -> (Ended, String, String) {
    let (mut stdout, mut stderr) = (Ends::new(1000), Ends::new(1000));
    let ended = run(command, watch, |piece| {
        match piece {
            Piece::Stdout(bytes) => stdout.push(&bytes),
            Piece::Stderr(bytes) => stderr.push(&bytes),
        }
        ControlFlow::Continue(())
    })
    .expect("the shell runs");
    (ended, stdout.to_text(), stderr.to_text())
}

fn succeeded(status: ExitStatus) -> bool {
    status.success()
}

#[test]
fn streams_are_kept_apart_and_the_status_is_that_of_the_child() {
    let (ended, stdout, stderr) = printed(shell("echo out; echo error >&2; exit 3"), &watch(LONG));
    assert_eq!((ended.why, ended.status.code()), (Why::ByItself, Some(3)));
    assert_eq!((stdout.as_str(), stderr.as_str()), ("out\n", "error\n"));
}

#[test]
fn a_missing_program_is_an_error_of_the_start() {
    let error = run(command("no-such-program-here", &[]), &watch(LONG), |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert!(matches!(error, ProcessError::Start(_)), "{error}");
}

#[test]
fn a_child_that_is_out_of_time_ends_with_its_whole_group() {
    let directory = tempfile::tempdir().unwrap();
    let held = directory.path().join("held");
    // The second one closes its output, which must not put it beyond the limit.
    for close in ["", "exec >&- 2>&-;"] {
        let script = format!("{close} flock {} sleep 600 & sleep 600", held.display());
        let (ended, ..) = printed(shell(&script), &watch(Duration::from_secs(1)));
        assert_eq!(ended.why, Why::TimedOut);
        // The kernel gives the lock to us only when the last process of the group is gone.
        let held = fs_err::File::create(&held).unwrap();
        held.file().lock().unwrap();
    }
}

#[test]
fn a_child_that_is_out_of_time_is_asked_where_it_is() {
    let script = "trap 'echo here >&2; exit 2' QUIT; while :; do sleep 0.1; done";
    let watch = Watch {
        at_limit: AtLimit::Traceback,
        ..watch(Duration::from_millis(300))
    };
    let (ended, _, stderr) = printed(shell(script), &watch);
    assert_eq!((ended.why, stderr.as_str()), (Why::TimedOut, "here\n"));
}

/// A shell that starts a job in the background lets it ignore SIGINT and SIGQUIT, and a shell
/// cannot trap what it was started to ignore.
#[test]
fn a_child_obeys_signals_that_its_caller_ignores() {
    if std::env::var_os(SECOND_RUN).is_some() {
        return a_child_that_is_out_of_time_is_asked_where_it_is();
    }
    let tests = std::env::current_exe().unwrap();
    let script = r#"trap '' INT QUIT TERM CHLD; exec "$0" --exact "$1""#;
    let name = "run::a_child_obeys_signals_that_its_caller_ignores";
    let mut again = command("sh", &["-c", script, tests.to_str().unwrap(), name]);
    let output = again.env(SECOND_RUN, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        succeeded(output.status) && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
fn an_interrupt_ends_the_child() {
    let watch = Watch {
        interrupted: &|| true,
        ..watch(LONG)
    };
    assert_eq!(printed(shell("sleep 600"), &watch).0.why, Why::Interrupted);
}

#[test]
fn a_child_whose_output_is_not_wanted_ends() {
    let ended = run(shell("yes"), &watch(LONG), |_| ControlFlow::Break(())).unwrap();
    assert_eq!(ended.why, Why::GivenUp);
}

#[test]
fn a_helper_that_a_tool_leaves_behind_lives_on_and_does_not_hold_us_up() {
    let watch = Watch {
        leftovers: Leftovers::Stay,
        ..watch(LONG)
    };
    let started = Instant::now();
    let script = "sleep 20 & echo $!";
    let (ended, stdout, _) = printed(shell(script), &watch);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(succeeded(ended.status));
    let helper = stdout.trim();
    assert!(
        succeeded(command("kill", &[helper]).status().unwrap()),
        "`{helper}` had ended"
    );
}

#[test]
fn a_child_does_not_outlive_its_caller() {
    let directory = tempfile::tempdir().unwrap();
    let held = directory.path().join("held");
    if let Some(held) = std::env::var_os(SECOND_RUN) {
        // One process: what a child starts is not ended when its caller is killed.
        let script = format!(
            "exec 9>'{}'; flock 9; kill -9 {}; exec sleep 600",
            held.to_string_lossy(),
            std::process::id()
        );
        let _ = printed(shell(&script), &watch(LONG));
        unreachable!("the child killed its caller");
    }
    let name = "run::a_child_does_not_outlive_its_caller";
    let tests = std::env::current_exe().unwrap();
    let mut again = command(tests.to_str().unwrap(), &["--exact", name]);
    let output = again.env(SECOND_RUN, &held).output().unwrap();
    assert_eq!(output.status.code(), None, "it was to be killed");
    let held = fs_err::File::create(held).unwrap();
    held.file().lock().unwrap();
}

#[test]
fn a_flood_keeps_its_two_ends() {
    let mut ends = Ends::new(4);
    for piece in ["ab", "cdef", "", "ghijklmnop", "q"] {
        ends.push(piece.as_bytes());
    }
    assert_eq!(ends.to_text(), "abcdnopq");
}
