//! Loads plugins in a child process of main, under a time limit.
//!
//! In: main, plugins that were verified, a limit. Out: what became of the child. Invariant: when
//! this returns, nothing of the child's process group runs any more; what the child prints is
//! bounded and never believed beyond "it said that it loaded".

use std::io;
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use bimetal_files::Digest;
use bimetal_manifest::object::Form;
use bimetal_process::{AtLimit, Ends, Leftovers, Piece, ProcessError, Watch, Why};
use bimetal_terminal::Interrupted;
use camino::{Utf8Path, Utf8PathBuf};

use crate::context::Interrupt;
use crate::trial::{LoadReport, Remains, diagnose};

/// The hidden action of main that verifies, opens and calls `NewFactory`. It prints JSON objects,
/// one a line: `phase` before it goes on to the next, and `loaded` at the end.
pub(crate) const LOAD_ACTION: &str = "__load";

/// Of each end of a stream: the first part says how far the child had come and what it died of, the
/// last part is its answer.
const KEPT_OUTPUT: usize = 64 * 1024;

/// Why there is no [`LoadReport`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    #[error("cannot start `{main}` to load a plugin in it")]
    Start { main: String, source: io::Error },
    #[error("cannot watch the process that loads a plugin")]
    Watch { source: io::Error },
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

/// The program that is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Main<'a> {
    pub(crate) executable: &'a Utf8Path,
    pub(crate) shown: &'a Utf8Path,
}

/// A plugin that was verified.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    /// Of the bytes that were verified: no others are loaded.
    pub(crate) sha256: Digest,
    pub(crate) form: Option<Form>,
}

/// Starts `main`, lets it load `plugins` in this order, and waits until that is done, `limit` for
/// each has passed, or `interrupt` is raised.
pub(crate) fn load(
    main: Main<'_>,
    plugins: &[&Passed],
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
        .args(
            plugins
                .iter()
                .flat_map(|plugin| [plugin.sha256.to_string(), plugin.path.to_string()]),
        )
        // What Go's runtime writes when something goes wrong names the code at fault, whatever the
        // user's setting.
        .env("GOTRACEBACK", "all")
        // Never written to: it ends when this process ends, however that happens, and main's child
        // ends with it.
        .stdin(Stdio::piped());
    let (mut stdout, mut stderr) = (Ends::new(KEPT_OUTPUT), Ends::new(KEPT_OUTPUT));
    let take = |piece| {
        match piece {
            Piece::Stdout(bytes) => stdout.push(&bytes),
            Piece::Stderr(bytes) => stderr.push(&bytes),
        }
        ControlFlow::Continue(())
    };
    let limit = limit.saturating_mul(u32::try_from(plugins.len()).unwrap_or(u32::MAX));
    let watch = Watch {
        limit: Some(limit),
        interrupted: &|| interrupt.is_raised(),
        at_limit: AtLimit::Traceback,
        leftovers: Leftovers::Killed,
    };
    let ended = bimetal_process::run(command, &watch, take).map_err(|error| match error {
        ProcessError::Start(source) => ChildError::Start {
            main: main.shown.to_string(),
            source,
        },
        ProcessError::Read(source) | ProcessError::Wait(source) => ChildError::Watch { source },
    })?;
    if ended.why == Why::Interrupted {
        return Err(Interrupted::default().into());
    }
    let forms: Vec<_> = plugins.iter().map(|plugin| plugin.form).collect();
    Ok(diagnose(&Remains {
        why: ended.why,
        status: ended.status,
        stdout: &stdout.to_text(),
        stderr: &stderr.to_text(),
        limit,
        forms: &forms,
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::trial::{Cause, LoadOutcome, Phase, SHOWN_LINES};

    fn script(body: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("main")).unwrap();
        fs_err::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (directory, path)
    }

    fn verified(path: &str) -> Passed {
        Passed {
            path: path.into(),
            sha256: Digest::of(path.as_bytes()),
            form: Some(Form::GoPlugin),
        }
    }

    fn run(body: &str, limit: Duration) -> LoadReport {
        let (_directory, path) = script(body);
        let main = Main {
            executable: &path,
            shown: &path,
        };
        load(
            main,
            &[&verified("/plugins/x.so"), &verified("/plugins/y.so")],
            limit / 2,
            &Interrupt::default(),
        )
        .unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn passes_the_hidden_action_and_believes_only_a_success_that_exits_well() {
        let [x, y] = ["/plugins/x.so", "/plugins/y.so"].map(|path| Digest::of(path.as_bytes()));
        let body = format!(
            r#"[ "$*" = "plugins __load {x} /plugins/x.so {y} /plugins/y.so" ] || exit 9
            echo noise; echo '{{"loaded":true}}'"#
        );
        assert_eq!(run(&body, LONG).outcome, LoadOutcome::Loaded);
        let refused = run(
            r#"echo '{"loaded":false,"error":"no factory"}'; exit 1"#,
            LONG,
        );
        assert_eq!(
            (refused.outcome, refused.error.as_deref()),
            (LoadOutcome::Refused, Some("no factory"))
        );
        assert_eq!(run("exit 0", LONG).outcome, LoadOutcome::Exited);
        assert_eq!(
            run(r#"echo '{"loaded":true}'; exit 3"#, LONG).outcome,
            LoadOutcome::Exited
        );
    }

    #[test]
    fn names_the_signal_and_the_panic() {
        let killed = run("kill -BUS $$", LONG);
        assert_eq!(
            (killed.outcome, killed.signal.as_deref()),
            (LoadOutcome::Killed, Some("SIGBUS"))
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
        let odd = r#"echo '{"phase":"factory"}'; echo '{"phase":"opening"}'
            echo '{"phase":"x"}'; echo '["phase"]'"#;
        assert_eq!(phase(odd), Some(Phase::Factory));
    }

    #[test]
    fn of_several_files_it_is_known_which_one_it_was_and_what_they_share() {
        let body = r#"echo '{"file":0}{"phase":"x"}'; echo '{"phase":"factory"}'
            echo '{"file":0,"changes":["SIGPIPE is ignored"]}'
            echo '{"file":1}'; echo '{"phase":"opening"}'
            echo 'panic: sql: Register called twice for driver x' >&2; exit 2"#;
        let report = run(body, LONG);
        assert_eq!((report.at, report.phase), (1, Some(Phase::Opening)));
        assert!(report.registry.unwrap().contains("database/sql"));
        assert_eq!(report.changes, ["SIGPIPE is ignored"]);
    }

    #[test]
    fn who_hangs_is_asked_where_before_it_is_killed() {
        let body = r#"trap 'echo "SIGQUIT: quit" >&2; echo "PC=0x1" >&2; exit 2' QUIT
            while :; do sleep 0.1; done"#;
        let report = run(body, Duration::from_millis(300));
        assert_eq!(report.outcome, LoadOutcome::TimedOut);
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
            (LoadOutcome::TimedOut, None)
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
        assert_eq!(report.outcome, LoadOutcome::Loaded);
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
        let result = load(main, &[&verified("x.so")], LONG, &interrupt);
        assert!(matches!(result, Err(ChildError::Interrupted(_))));
    }

    #[test]
    fn a_main_that_cannot_start_is_named() {
        let main = Main {
            executable: "/nowhere/main".into(),
            shown: "/nowhere/main".into(),
        };
        let error = load(main, &[&verified("x.so")], LONG, &Interrupt::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot start `/nowhere/main` to load a plugin in it"
        );
    }
}
