//! Opening the host, the catalogue, verifying, loading, and the `plugins` command.
//!
//! In: JSON. Out: JSON. Invariant: every answer says what Go needs in its own words; Go decides
//! nothing about plugins.
#![expect(unsafe_code, reason = "functions that Go calls")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use bimetal_abi::{Buffer, Host as HostTable};
use bimetal_plugins::Interrupt;
use camino::Utf8PathBuf;
use serde::Deserialize;

use super::HOST;
use super::message::{Answer, Changes, Command, ComponentKey, Opened, Question, Taken, Trial};
use super::reply::{Failure, reply, text};
use super::wire::{catalogue, wire_factory};
use crate::host::Host;
use crate::settings::Settings;
use bimetal_verify::Key;
use bimetal_verify::chain;

static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

/// Opens the host of this process. A second call is an error.
///
/// # Safety
/// `json` and `len` name text; `table` lives as long as the process; `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_host_open(
    json: *const u8,
    len: u64,
    table: *const HostTable,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let json = unsafe { text(json, len) }?;
        // SAFETY: the caller promises a table that lives as long as the process.
        let table: &'static HostTable =
            unsafe { table.as_ref() }.ok_or_else(|| Failure::invalid("no host table"))?;
        if HOST.get().is_some() {
            return Err(Failure::invalid("the host is open already"));
        }
        let settings = Settings::parse(json.as_bytes())?;
        let host = Host::open(settings, table)?;
        let host = HOST.get_or_init(|| host);
        Ok(Opened {
            directory: host.directory().map(|directory| directory.path.as_str()),
            origin: host.directory().map(|directory| directory.origin.words()),
            program: host.own().name(),
        })
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Everything that is linked in or lies in the directory.
///
/// # Safety
/// `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_host_catalog(out: *mut Buffer) -> i32 {
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, || catalogue(host()?)) }
}

/// Verifies what a configuration uses; the question and the answer are in `message`.
///
/// # Safety
/// `json` and `len` name text; `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_host_verify(json: *const u8, len: u64, out: *mut Buffer) -> i32 {
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let question: Question = parse(unsafe { text(json, len) }?)?;
        let host = host()?;
        let linked_in: BTreeSet<Key> = question
            .linked_in
            .into_iter()
            .map(ComponentKey::into_key)
            .collect();
        let used = match question.used {
            Some(used) => used.into_iter().map(ComponentKey::into_key).collect(),
            None => host.loadable(&linked_in)?,
        };
        let answer = host.verify(&used, &linked_in)?;
        Ok(Answer::of(answer))
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Verifies files, wherever they lie, as one set.
///
/// # Safety
/// `json` and `len` name text; `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_host_verify_files(
    json: *const u8,
    len: u64,
    out: *mut Buffer,
) -> i32 {
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let trial: Trial = parse(unsafe { text(json, len) }?)?;
        let digest = |text: &str| text.parse().map_err(|_| Failure::invalid("no digest"));
        let files = trial
            .files
            .into_iter()
            .map(|file| Ok((Utf8PathBuf::from(file.path), digest(&file.sha256)?)))
            .collect::<Result<Vec<_>, Failure>>()?;
        Ok(Answer::of(host()?.verify_files(&files)?))
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Opens a verified Rust plugin; its factory is the answer. The handle is used up.
///
/// # Safety
/// `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_plugin_load(handle: u64, out: *mut Buffer) -> i32 {
    let run = || {
        let host = host()?;
        let entry = host.load(handle).map_err(|error| {
            if error.is_panic() {
                Failure::panicked(chain(&error))
            } else {
                Failure::from(error)
            }
        })?;
        wire_factory(host, &entry)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Hands a verified Go plugin over for `plugin.Open`. The handle is used up.
///
/// # Safety
/// `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_plugin_take(handle: u64, out: *mut Buffer) -> i32 {
    let run = || {
        let plugin = host()?.take_go(handle)?;
        let taken = Taken {
            path: plugin.path().to_string(),
            file: plugin.file().to_owned(),
        };
        // The descriptor stays open for ever: its lock keeps other Collectors from removing the
        // copy.
        std::mem::forget(plugin);
        Ok(taken)
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// What was done to the handling of signals since the last call; the first call only looks.
///
/// # Safety
/// `out` is valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_process_changes(out: *mut Buffer) -> i32 {
    let run = || {
        Ok(Changes {
            signals: crate::signals::changes(crate::load::signal_actions()),
        })
    };
    // SAFETY: the caller promises that `out` may be written.
    unsafe { reply(out, run) }
}

/// Runs `MAIN plugins …`; writes to this process's standard output and error. Answers the exit
/// code.
///
/// # Safety
/// `json` and `len` name text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bimetal_plugins_run(json: *const u8, len: u64) -> i32 {
    const FAILURE: i32 = 1;
    let run = || {
        // SAFETY: the caller keeps the text readable for this call.
        let command: Command = parse(unsafe { text(json, len) }?)?;
        Ok::<_, Failure>(run_plugins(command))
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) | Err(_) => FAILURE,
    }
}

/// Asks a running `bimetal_plugins_run` to end. For another thread than the one that runs it.
#[unsafe(no_mangle)]
pub extern "C" fn bimetal_plugins_interrupt() {
    INTERRUPT.get_or_init(Interrupt::default).raise();
}

fn run_plugins(command: Command) -> i32 {
    let mut context = bimetal_plugins::Context::of_this_main();
    let Settings {
        plugins_dir,
        require_lock,
        policy,
        trust,
        ..
    } = command.settings;
    // A flag before the word `plugins` counts like one behind it, which still wins.
    context.directory = plugins_dir.or(context.directory);
    context.policy = policy;
    context.require_lock = require_lock;
    context.trust = trust.or(context.trust);
    context.glibc = crate::load::running_glibc();
    context.interrupt = INTERRUPT.get_or_init(Interrupt::default).clone();
    let arguments = command.arguments.into_iter().map(OsString::from);
    let out = bimetal_terminal::Printer::of_process();
    i32::from(bimetal_plugins::run(arguments, &context, &out).number())
}

pub(super) fn host() -> Result<&'static Host, Failure> {
    HOST.get()
        .ok_or_else(|| Failure::invalid("the host is not open"))
}

pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::invalid(&error.to_string()))
}
