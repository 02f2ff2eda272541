//! What really happens when files are loaded.
//!
//! In: a main that looks at nothing, files in order. Out: [`Seen`] for the last of them. Invariant:
//! everything happens in a child process that is ended when it does not end by itself.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use bimetal_conformance::distribution::target;
use camino::Utf8Path;
use serde_json::Value;

use crate::row::Seen;
use crate::tools::{Variables, command};

/// How long a main may take for all its files. Loading takes milliseconds, on a busy machine
/// perhaps seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The factory that plugins of the catalogue export to the bare main.
pub(crate) const FACTORY: &str = "otelcol_processor_new_factory";

/// A file, and the loader that it is given to.
#[derive(Clone, Copy)]
pub(crate) enum Load<'a> {
    Go(&'a Utf8Path),
    /// With the symbol of the factory.
    Native(&'a Utf8Path, &'a str),
}

/// What came of the last file.
enum Came {
    Answer { plugin: String, main: String },
    Seen(Seen),
}

/// Loads Go plugins one after the other. The last one is right if what it answers is what main
/// answers, apart from `own`: its label, and what else it was built to answer.
pub(crate) fn go(main: &Utf8Path, plugins: &[&Utf8Path], own: &[(&str, &str)]) -> Seen {
    let loads: Vec<_> = plugins.iter().map(|plugin| Load::Go(plugin)).collect();
    match run(main, &loads, &Variables::new()) {
        Came::Seen(seen) => seen,
        Came::Answer { plugin, main } => compared(&answers(&plugin), &answers(&main), own),
    }
}

/// Gives a library to the C loader. It is right if it answers `answer`.
pub(crate) fn native(main: &Utf8Path, plugin: &Utf8Path, answer: &str) -> Seen {
    with_variables(
        main,
        Load::Native(plugin, FACTORY),
        answer,
        &Variables::new(),
    )
}

/// Loads one file with variables in the environment of main.
pub(crate) fn with_variables(
    main: &Utf8Path,
    load: Load<'_>,
    answer: &str,
    variables: &Variables,
) -> Seen {
    match run(main, &[load], variables) {
        Came::Seen(seen) => seen,
        Came::Answer { plugin, .. } if plugin == answer => Seen::RightCode,
        Came::Answer { plugin, .. } => {
            Seen::WrongCode(format!("it answers `{plugin}`, not `{answer}`"))
        }
    }
}

fn compared(
    plugin: &BTreeMap<&str, &str>,
    main: &BTreeMap<&str, &str>,
    own: &[(&str, &str)],
) -> Seen {
    let mut expected = main.clone();
    expected.insert("label", "plugin");
    expected.extend(own.iter().copied());
    let wrong: Vec<_> = expected
        .iter()
        .filter(|(name, value)| plugin.get(*name) != Some(value))
        .map(|(name, value)| {
            let found = plugin.get(name).copied().unwrap_or_default();
            format!("{name} is `{found}`, not `{value}`")
        })
        .collect();
    if wrong.is_empty() {
        Seen::RightCode
    } else {
        Seen::WrongCode(wrong.join(", "))
    }
}

/// `name=value;name=value`.
fn answers(text: &str) -> BTreeMap<&str, &str> {
    text.split(';')
        .filter_map(|field| field.split_once('='))
        .collect()
}

fn run(main: &Utf8Path, loads: &[Load<'_>], variables: &Variables) -> Came {
    let words = loads.iter().map(|load| match load {
        Load::Go(path) => format!("go:{path}"),
        Load::Native(path, symbol) => format!("c:{path}:{symbol}"),
    });
    let mut errors = tempfile::tempfile().unwrap();
    let mut child = command(main.as_str())
        .args(words)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut text = String::new();
        // A main that dies in the middle of a line leaves what it had written.
        let _cut_short = output.read_to_string(&mut text);
        sender.send(text)
    });
    let in_time = receiver.recv_timeout(PATIENCE);
    if in_time.is_err() {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let text = in_time.clone().unwrap_or_else(|_| receiver.recv().unwrap());
    let lines: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // The first line is main's own answer before it has loaded anything.
    let Some(line) = lines.get(loads.len()) else {
        if in_time.is_err() {
            return Came::Seen(Seen::Died("it hangs".to_owned()));
        }
        let mut text = String::new();
        errors.rewind().unwrap();
        errors.read_to_string(&mut text).unwrap();
        return Came::Seen(Seen::Died(end(status, &text)));
    };
    let field = |name: &str| line[name].as_str().map(str::to_owned);
    match field("error") {
        Some(error) => Came::Seen(Seen::Error(without_path(&error, loads[loads.len() - 1]))),
        None => Came::Answer {
            plugin: field("answer").unwrap(),
            main: field("main").unwrap(),
        },
    }
}

/// The line that says why, and how the process ended.
fn end(status: ExitStatus, errors: &str) -> String {
    let starts = [
        "panic: ",
        "fatal error: ",
        "unexpected fault address",
        "SIG",
        "runtime: ",
    ];
    let why = errors
        .lines()
        .find(|line| starts.iter().any(|start| line.starts_with(start)))
        .or_else(|| errors.lines().next())
        .unwrap_or_default();
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => status.to_string(),
    };
    format!("{how} {why}").trim_end().to_owned()
}

/// Without the places of this machine, which would hide the rest.
fn without_path(error: &str, load: Load<'_>) -> String {
    let (Load::Go(path) | Load::Native(path, _)) = load;
    let directory = path.parent().unwrap();
    error
        .replace(&format!("{directory}/"), "")
        .replace(target().as_str(), "")
}
