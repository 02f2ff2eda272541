//! What the commands say without looking at a file.
//!
//! In: arguments. Out: help and usage errors. Invariant: no artifact is needed.

use std::io::{self, Write};

use bimetal_plugins::{Caller, Context, ExitCode, Printer, command, run};
use insta::assert_snapshot;

use crate::run::{builder, plugins};

fn collector() -> Context {
    let caller = Caller::Collector {
        executable: "/opt/otelcol".into(),
        shown: "/opt/otelcol".into(),
    };
    Context {
        program: "otelcol".to_owned(),
        caller,
        ..builder()
    }
}

/// The help of one command at a fixed width: what `--help` prints depends on the terminal.
fn help(context: &Context, action: &str) -> String {
    let mut command = command(context).term_width(100);
    command.build();
    command
        .find_subcommand_mut(action)
        .unwrap()
        .render_long_help()
        .to_string()
}

#[test]
fn the_help_of_a_collector_teaches_each_command() {
    let context = collector();
    assert_snapshot!("help_validate_of_a_collector", help(&context, "validate"));
    assert_snapshot!("help_list_of_a_collector", help(&context, "list"));
}

#[test]
fn the_help_of_the_builder_asks_for_a_main() {
    let context = builder();
    assert_snapshot!("help_check_of_the_builder", help(&context, "check"));
    assert_snapshot!("help_inspect_of_the_builder", help(&context, "inspect"));
}

#[test]
fn help_is_data_and_succeeds() {
    for arguments in [&["--help"][..], &["list", "--help"], &["check-all", "-h"]] {
        let finished = plugins(&collector(), arguments);
        assert_eq!(finished.code, ExitCode::Ok);
        assert!(
            finished.stdout.contains("Usage: otelcol plugins"),
            "{}",
            finished.stdout
        );
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn wrong_usage_is_a_failure_that_says_what_is_right() {
    let usage = |arguments: &[&str]| {
        let finished = plugins(&collector(), arguments);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (ExitCode::Failure, ""),
            "{arguments:?}"
        );
        finished.stderr
    };
    assert!(usage(&[]).contains("Usage: otelcol plugins <COMMAND>"));
    assert!(usage(&["validate"]).contains("<FILE>..."));
    assert!(usage(&["lst"]).contains("a similar subcommand exists: 'list'"));
    assert!(usage(&["list", "--format", "yaml"]).contains("possible values: table, json, sarif"));
    assert!(usage(&["list", "--main", "x"]).contains("this program itself"));
    for time in ["0s", "2h", "s", "61m", "99999999999999999999s"] {
        assert!(
            usage(&["validate", "x.so", "--timeout", time]).contains("--timeout"),
            "{time}"
        );
    }
}

#[test]
fn a_command_that_compares_needs_a_main() {
    let finished = plugins(&builder(), &["validate", "x.so"]);
    assert_eq!(finished.code, ExitCode::Failure);
    assert_snapshot!(finished.stderr, @r"
    error: no Collector is named, and none that `bimetal` built lies beside the plugins
      help: name it, for instance `--main ./otelcol`; `list` and `inspect` work without
    ");
}

#[test]
fn a_main_that_is_not_there_is_named() {
    let finished = plugins(&builder(), &["check", "--main", "nowhere/otelcol"]);
    assert_eq!(finished.code, ExitCode::Failure);
    assert_snapshot!(finished.stderr, @r"
    error: cannot read the Collector `nowhere/otelcol`
      caused by: cannot open the file
      caused by: No such file or directory (os error 2)
      help: check the path, and that this user may read the file
    ");
}

/// A writer that fails as asked.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
    let into = |kind| {
        let out = Printer::to_writers(Failing(kind), io::sink(), None);
        run(["--help".into()], &collector(), &out)
    };
    assert_eq!(into(io::ErrorKind::BrokenPipe), ExitCode::Ok);
    assert_eq!(into(io::ErrorKind::StorageFull), ExitCode::Failure);
}
