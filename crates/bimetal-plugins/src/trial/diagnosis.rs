//! Tells what it was and in whose code, from what is left of a child.
//!
//! In: [`Remains`]. Out: [`LoadReport`]. Invariant: only an answer that says so together with a
//! good exit counts as loaded; a plugin that exits with 0 while it is loaded does not.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use bimetal_manifest::object::Form;
use bimetal_process::Why;
use rustix::process::Signal;
use serde_json::Value;

use super::registry::registry;
use super::report::{Cause, Code, LoadOutcome, LoadReport, Phase, Whose};
use super::traceback::{Frame, Goroutine, Headline, Traceback};

/// Lines of the standard error that a report has.
pub(crate) const SHOWN_LINES: usize = 12;

/// What is left of a child.
#[derive(Debug)]
pub(crate) struct Remains<'a> {
    /// Why it ended.
    pub(crate) why: Why,
    /// How.
    pub(crate) status: ExitStatus,
    /// Announcements and the answer, one JSON object a line, and whatever the plugin wrote.
    pub(crate) stdout: &'a str,
    /// Whatever it and Go's runtime wrote.
    pub(crate) stderr: &'a str,
    /// The time that it had.
    pub(crate) limit: Duration,
    /// What was loaded, in this order.
    pub(crate) forms: &'a [Option<Form>],
}

/// Reads what is left of a child.
pub(crate) fn diagnose(remains: &Remains<'_>) -> LoadReport {
    let said = Said::read(remains.stdout);
    let outcome = outcome(remains, &said);
    let stderr: Vec<&str> = remains.stderr.lines().collect();
    let written = Traceback::read(&stderr);
    let stack: Vec<&str> = said.stack.lines().collect();
    let caught = Traceback::read(&stack);
    let shown = shown(&stderr, outcome, &written);
    let mut report = LoadReport {
        outcome,
        phase: Some(said.phase),
        cause: None,
        whose: None,
        exit_code: None,
        signal: None,
        error: said.error.clone(),
        stderr: shown,
        registry: None,
        changes: said.changes.clone(),
        at: said.file,
        limit: remains.limit,
    };
    if outcome != LoadOutcome::TimedOut {
        report.exit_code = remains.status.code();
        report.signal = remains
            .status
            .signal()
            .map(signal_name)
            .or_else(|| caught_signal(&written));
    }
    if outcome != LoadOutcome::Loaded {
        let cause = cause(&report, &said, &written);
        let form = remains.forms.get(said.file).copied().flatten();
        report.cause = Some(cause);
        report.whose = whose(cause, &said, written, caught, form);
        let lines = stderr
            .iter()
            .copied()
            .chain(said.error.iter().flat_map(|error| error.lines()));
        report.registry = registry(lines).map(str::to_owned);
    }
    report
}

/// What the child said.
#[derive(Debug)]
struct Said {
    phase: Phase,
    loaded: Option<bool>,
    error: Option<String>,
    /// Main says that the plugin's code panicked.
    panicked: bool,
    /// The calls that led to a panic that main caught.
    stack: String,
    /// The file that it is about, by its place in the order.
    file: usize,
    /// What loading did to the process.
    changes: Vec<String>,
    /// C's `exit` ran: Go's `os.Exit` does not call it.
    left_by_c: bool,
}

impl Said {
    fn read(stdout: &str) -> Self {
        let mut said = Self {
            phase: Phase::Starting,
            loaded: None,
            error: None,
            panicked: false,
            stack: String::new(),
            file: 0,
            changes: Vec::new(),
            left_by_c: false,
        };
        let objects = stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
        for object in objects {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            if let Some(file) = object.get("file").and_then(Value::as_u64) {
                let file = usize::try_from(file).unwrap_or(usize::MAX);
                if file != said.file {
                    (said.file, said.phase) = (file, Phase::Starting);
                }
            }
            let changes = object.get("changes").and_then(Value::as_array);
            let changes = changes.into_iter().flatten().filter_map(Value::as_str);
            said.changes.extend(changes.map(str::to_owned));
            if let Some(phase) = text("phase").and_then(Phase::of) {
                said.phase = said.phase.max(phase);
            }
            said.left_by_c |= text("exit") == Some("c");
            if let Some(loaded) = object.get("loaded").and_then(Value::as_bool) {
                said.loaded = Some(loaded);
                said.panicked = object.get("panicked").and_then(Value::as_bool) == Some(true);
                said.error = text("error").map(str::to_owned);
                text("stack")
                    .unwrap_or_default()
                    .clone_into(&mut said.stack);
            }
        }
        said
    }
}

impl Said {
    /// The C ABI of a Rust plugin catches panics, prints nothing, and ends its sentence with the
    /// place in brackets.
    fn place_of_panic(&self) -> Option<String> {
        let sentence = self.error.as_deref().filter(|_| self.panicked)?;
        let (_, last) = sentence.lines().next()?.rsplit_once('(')?;
        let place = last.strip_suffix(')')?;
        let is_place = place
            .rsplit(':')
            .take(2)
            .all(|part| part.parse::<u32>().is_ok());
        is_place.then(|| place.to_owned())
    }
}

fn outcome(remains: &Remains<'_>, said: &Said) -> LoadOutcome {
    if remains.why == Why::TimedOut {
        LoadOutcome::TimedOut
    } else if remains.status.signal().is_some() {
        LoadOutcome::Killed
    } else {
        match said.loaded {
            Some(true) if remains.status.success() => LoadOutcome::Loaded,
            Some(false) if !remains.status.success() => LoadOutcome::Refused,
            _ => LoadOutcome::Exited,
        }
    }
}

fn cause(report: &LoadReport, said: &Said, written: &Traceback) -> Cause {
    let has_rust_panic = written.rust_panic.is_some();
    match report.outcome {
        LoadOutcome::TimedOut => Cause::Hang,
        LoadOutcome::Refused if said.panicked => Cause::Panic,
        LoadOutcome::Refused => Cause::Error,
        _ => match (&written.headline, report.signal.as_deref()) {
            (Some((_, Headline::Panic)), _) => Cause::Panic,
            (Some((_, Headline::FatalError)), _) => Cause::FatalError,
            // Rust ends a process by `abort` where a panic may not go on.
            (_, Some("SIGABRT")) if has_rust_panic => Cause::Panic,
            (_, Some("SIGABRT")) => Cause::Sigabrt,
            (_, Some("SIGSEGV")) => Cause::Sigsegv,
            (_, Some("SIGBUS")) => Cause::Sigbus,
            (_, Some(_)) => Cause::Signal,
            (None | Some(_), None) => Cause::Exit,
        },
    }
}

fn whose(
    cause: Cause,
    said: &Said,
    written: Traceback,
    caught: Traceback,
    form: Option<Form>,
) -> Option<Whose> {
    let printed = written.rust_panic.map(|(_, place)| place);
    let place = printed
        .or_else(|| said.place_of_panic())
        .filter(|_| cause == Cause::Panic);
    let at_fault = match cause {
        Cause::Exit | Cause::Error => None,
        Cause::Hang => loading(written.goroutines),
        Cause::Panic if !caught.goroutines.is_empty() => {
            let first = caught.goroutines.into_iter().next();
            first.map(Goroutine::without_recovery)
        }
        _ => written.goroutines.into_iter().next(),
    };
    let found = at_fault
        .filter(|goroutine| goroutine.number != 0)
        .and_then(|goroutine| of_goroutine(cause, said.phase, &goroutine));
    let mut whose = found.or_else(|| of_phase(cause, said, form))?;
    whose.place = place.or(whose.place);
    Some(whose)
}

/// The goroutine that loads the plugin.
fn loading(goroutines: Vec<Goroutine>) -> Option<Goroutine> {
    let place = goroutines
        .iter()
        .position(|goroutine| {
            goroutine.is_inside("plugin.Open") || goroutine.is_inside("bimetal_plugin_load")
        })
        .or_else(|| {
            goroutines
                .iter()
                .position(|goroutine| goroutine.number == 1)
        })?;
    goroutines.into_iter().nth(place)
}

fn of_goroutine(cause: Cause, phase: Phase, goroutine: &Goroutine) -> Option<Whose> {
    let open = goroutine
        .position("plugin.open")
        .or_else(|| goroutine.position("plugin.Open"));
    let inner = &goroutine.frames[..open.unwrap_or(goroutine.frames.len())];
    let code = if open.is_some() {
        if inner.iter().any(Frame::is_package_init) {
            Code::PackageInit
        } else if goroutine.is_inside("_Cfunc_pluginOpen") {
            return Some(without_place(Code::Constructor));
        } else if matches!(cause, Cause::FatalError | Cause::Panic) {
            return Some(without_place(Code::GoRuntime));
        } else {
            Code::Loader
        }
    } else if goroutine.is_inside("bimetal_plugin_load") {
        let is_factory = phase >= Phase::Opened;
        let code = if is_factory {
            Code::Factory
        } else {
            Code::Constructor
        };
        return Some(without_place(code));
    } else if goroutine.created_by.is_some() && phase >= Phase::Opening {
        Code::Goroutine
    } else if goroutine.created_by.is_none() && phase == Phase::Factory {
        Code::Factory
    } else {
        return None;
    };
    let named = inner
        .iter()
        .find(|frame| frame.is_of_a_module())
        .or_else(|| inner.iter().find(|frame| frame.is_package_init()));
    Some(Whose {
        code,
        function: named.map(|frame| frame.function.clone()),
        place: named.and_then(|frame| frame.place.clone()),
    })
}

/// What the phase alone tells.
fn of_phase(cause: Cause, said: &Said, form: Option<Form>) -> Option<Whose> {
    let is_rust = form == Some(Form::RustPlugin);
    let code = match said.phase {
        Phase::Starting | Phase::Verified => Code::Main,
        Phase::Opening if cause == Cause::Error => Code::Loader,
        Phase::Opening if is_rust || said.left_by_c => Code::Constructor,
        Phase::Opening if cause == Cause::Exit => Code::PackageInit,
        Phase::Opening => Code::ConstructorOrInit,
        Phase::Factory => Code::Factory,
        Phase::Opened | Phase::Loaded => return None,
    };
    Some(without_place(code))
}

fn without_place(code: Code) -> Whose {
    Whose {
        code,
        function: None,
        place: None,
    }
}

fn caught_signal(written: &Traceback) -> Option<String> {
    match &written.headline {
        Some((_, Headline::Signal(name))) => Some(name.clone()),
        _ => None,
    }
}

/// A Go traceback begins with its cause and goes on for long; other programs end with it.
fn shown(lines: &[&str], outcome: LoadOutcome, written: &Traceback) -> Vec<String> {
    let said: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    let hanging = written
        .goroutines
        .iter()
        .find(|goroutine| goroutine.number == 1)
        .filter(|_| outcome == LoadOutcome::TimedOut)
        .map(|goroutine| goroutine.line);
    let headline = written.headline.as_ref().map(|(line, _)| *line);
    let rust = written.rust_panic.as_ref().map(|(line, _)| *line);
    let first = match hanging.or(rust).or(headline) {
        Some(line) => said
            .iter()
            .position(|(position, _)| *position >= line)
            .unwrap_or_default(),
        None => said.len().saturating_sub(SHOWN_LINES),
    };
    said.iter()
        .skip(first)
        .take(SHOWN_LINES)
        .map(|(_, line)| (**line).to_owned())
        .collect()
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
