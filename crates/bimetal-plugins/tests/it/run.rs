//! Runs the commands as both executables do, and takes out of a report what differs between
//! machines.
//!
//! In: arguments. Out: exit code and both outputs. Invariant: redacts digests, sizes, versions and
//! directories, nothing else.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use bimetal_plugins::{Caller, Context, ExitCode, Interrupt, Printer, run};
use camino::Utf8Path;

use crate::fixture::fixture;

/// What a command did.
pub(crate) struct Finished {
    pub(crate) code: ExitCode,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A writer that several hands hold.
#[derive(Clone, Default)]
pub(crate) struct Kept(Rc<RefCell<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

pub(crate) fn builder() -> Context {
    Context {
        program: "bimetal".to_owned(),
        caller: Caller::Builder,
        directory: None,
        policy: None,
        require_lock: false,
        trust: None,
        glibc: None,
        interrupt: Interrupt::default(),
    }
}

/// The context that the fixture's main has of itself.
pub(crate) fn main_itself() -> Context {
    let main = &fixture().main;
    let caller = Caller::Collector {
        executable: main.clone(),
        shown: main.clone(),
    };
    Context {
        program: "sample".to_owned(),
        caller,
        ..builder()
    }
}

pub(crate) fn plugins(context: &Context, arguments: &[&str]) -> Finished {
    plugins_at_width(context, arguments, None)
}

pub(crate) fn plugins_at_width(
    context: &Context,
    arguments: &[&str],
    width: Option<usize>,
) -> Finished {
    let (stdout, stderr) = (Kept::default(), Kept::default());
    let out = Printer::to_writers(stdout.clone(), stderr.clone(), width);
    let code = run(arguments.iter().map(Into::into), context, &out);
    Finished {
        code,
        stdout: stdout.text(),
        stderr: stderr.text(),
    }
}

/// `text` without what differs between machines and toolchains.
pub(crate) fn redacted(text: &str, directory: &Utf8Path) -> String {
    let fixture = fixture();
    let text = text
        .replace(directory.as_str(), "[directory]")
        .replace(fixture.directory.as_str(), "[fixture]")
        .replace(&fixture.go_version, "[go]")
        .replace(&other_go_version(), "[other go]")
        .replace(&fixture.rust_version, "[rust]");
    squeezed(&numbers(&digests(&text)))
}

/// A version of Go that does not exist, as long as the real one.
pub(crate) fn other_go_version() -> String {
    fixture().go_version.replace("go1", "go0")
}

/// How far columns are apart depends on the longest version; that they line up is tested where they
/// are laid out.
fn squeezed(text: &str) -> String {
    let squeeze = |line: &str| {
        let rest = line.trim_start();
        let indent = &line[..line.len() - rest.len()];
        let words: Vec<_> = rest
            .split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        format!("{indent}{}\n", words.join("  "))
    };
    text.lines().map(squeeze).collect()
}

/// Every run of at least 12 hexadecimal digits becomes `[hex]`.
fn digests(text: &str) -> String {
    let mut shorter = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\n']) {
        if matches!(character, '0'..='9' | 'a'..='f') {
            digits.push(character);
            continue;
        }
        shorter.push_str(if digits.len() >= 12 { "[hex]" } else { &digits });
        digits.clear();
        shorter.push(character);
    }
    shorter.pop();
    shorter
}

/// Every number of at least five digits, outside of a date, becomes `[number]`.
fn numbers(text: &str) -> String {
    let mut shorter = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        shorter.push_str(if digits.len() >= 5 {
            "[number]"
        } else {
            &digits
        });
        digits.clear();
        shorter.push(character);
    }
    shorter.pop();
    shorter
}
