//! Opens Rust plugins.
//!
//! In: a [`VerifiedPlugin`], which nothing but `verify` makes. Out: its checked factory table.
//! Invariant: what is opened is the sealed copy that was verified. A library is never closed: its
//! code may still run in some thread.
#![expect(
    unsafe_code,
    reason = "opens a shared library and calls the one function that it exports"
)]

use std::borrow::Cow;
use std::io::Write as _;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::null;

use bimetal_abi::{Error, Host, NewFactory};
use bimetal_manifest::object::GlibcVersion;
use bimetal_manifest::schema::{Kind, Language};
use bimetal_terminal::Hint;
use bimetal_verify::chain;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::component::{ComponentError, FactoryTable};
use crate::signals::{Action, Actions};
use crate::verify::VerifiedPlugin;

/// A verified plugin did not load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("`{file}` is a Go plugin; only Go opens those")]
    NotRust { file: String },
    #[error("the loader refuses `{file}`: {reason}")]
    Open { file: String, reason: String },
    #[error("`{file}` does not export `{symbol}`")]
    NoSymbol { file: String, symbol: String },
    #[error("`{symbol}` of `{file}` gives no factory")]
    NewFactory {
        file: String,
        symbol: String,
        source: ComponentError,
    },
    #[error("`{file}` says in its manifest that it is {promised}, and its factory says {found}")]
    Identity {
        file: String,
        promised: String,
        found: String,
    },
}

impl LoadError {
    /// The plugin's code panicked, and its C ABI caught that.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(self, Self::NewFactory { source, .. } if source.is_panic())
    }
}

impl Hint for LoadError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Identity { .. } | Self::NewFactory { .. } | Self::NoSymbol { .. } => {
                "build the plugin again with `bimetal`, which checks this before it hands a \
                 plugin out"
            }
            Self::Open { .. } => {
                "build the plugin again with `bimetal` on this system; `plugins validate --load` \
                 tries it without endangering a Collector"
            }
            Self::NotRust { .. } => return None,
        };
        Some(hint.into())
    }
}

/// How a Collector loads: no reader waits for what it would say.
pub(crate) fn silently(_: &str) {}

/// How a child of `plugins validate --load` loads: the parent reads the lines, and sees by the last
/// one how far it came.
pub(crate) fn to_standard_output(phase: &str) {
    // A parent that went away wants to know nothing more.
    let _ = writeln!(std::io::stdout(), "{{\"phase\":\"{phase}\"}}");
}

/// Opens a verified Rust plugin and asks it for its factory; `announce` hears of each phase before
/// it begins.
pub(crate) fn load(
    plugin: VerifiedPlugin,
    host: &'static Host,
    announce: fn(&str),
) -> Result<FactoryTable, LoadError> {
    let file = plugin.file().to_owned();
    if plugin.language() != Language::Rust {
        return Err(LoadError::NotRust { file });
    }
    let (kind, type_name) = (plugin.kind(), plugin.type_name().to_owned());
    let library = open(plugin, &file)?;
    announce("opened");
    let symbol = format!("otelcol_{}_new_factory", kind.as_str());
    announce("factory");
    let table = new_factory(&library, &symbol, host, &file)?;
    check_identity(table, kind, &type_name, file)?;
    Ok(table)
}

fn open(plugin: VerifiedPlugin, file: &str) -> Result<ManuallyDrop<Library>, LoadError> {
    let path = plugin.path().to_owned();
    // The descriptor stays open for ever: the loader knows libraries by their path, and
    // `/proc/self/fd/N` must not name another one later. Should loading fail half-way, the code
    // that ran may still need its mapping.
    std::mem::forget(plugin);
    // SAFETY: the library's constructors run. They are code that the user configured and whose
    // bytes were verified.
    let opened = unsafe { Library::open(Some(path.as_std_path()), RTLD_NOW | RTLD_LOCAL) };
    opened
        .map(ManuallyDrop::new)
        .map_err(|error| refused(file, &error))
}

/// The loader's own words are the cause of the error.
fn refused(file: &str, error: &libloading::Error) -> LoadError {
    LoadError::Open {
        file: file.to_owned(),
        reason: chain(error),
    }
}

fn new_factory(
    library: &Library,
    symbol: &str,
    host: &'static Host,
    file: &str,
) -> Result<FactoryTable, LoadError> {
    // SAFETY: the verified manifest says that this symbol is a function of this type, and the file
    // that it is a function.
    let function = unsafe { library.get::<NewFactory>(symbol.as_bytes()) };
    let function = function.map_err(|_| LoadError::NoSymbol {
        file: file.to_owned(),
        symbol: symbol.to_owned(),
    })?;
    let mut factory = null();
    let mut error = Error::EMPTY;
    // SAFETY: the host's table lives as long as the process, and the other two places are ours for
    // the call.
    let status = unsafe { function(host, &raw mut factory, &raw mut error) };
    let failed = |source| LoadError::NewFactory {
        file: file.to_owned(),
        symbol: symbol.to_owned(),
        source,
    };
    crate::component::outcome(status, &mut error).map_err(failed)?;
    // SAFETY: the C ABI says that the table lives as long as the process and starts with its size.
    unsafe { FactoryTable::of_plugin(factory) }.map_err(failed)
}

fn check_identity(
    table: FactoryTable,
    kind: Kind,
    type_name: &str,
    file: String,
) -> Result<(), LoadError> {
    let found = table.type_name().unwrap_or_default();
    if table.kind() == kind.number() && found == type_name {
        return Ok(());
    }
    let found = format!(
        "{} `{}`",
        crate::registry::kind_word(table.kind()),
        bimetal_terminal::escape(found)
    );
    let promised = format!("{} `{type_name}`", kind.as_str());
    Err(LoadError::Identity {
        file,
        promised,
        found,
    })
}

/// What this process does when a signal comes, for each signal that the C library lets it ask for.
pub(crate) fn signal_actions() -> Actions {
    const LAST: i32 = 64;
    (1..=LAST)
        .filter_map(|signal| Some((signal, action(signal)?)))
        .collect()
}

fn action(signal: i32) -> Option<Action> {
    let mut found = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, and the place that is written to is ours.
    let status = unsafe { libc::sigaction(signal, null(), found.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it wrote the place, all of whose bits were zero before.
    let found = unsafe { found.assume_init() };
    Some(match found.sa_sigaction {
        libc::SIG_DFL => Action::Default,
        libc::SIG_IGN => Action::Ignored,
        address => Action::Handler {
            address,
            on_own_stack: found.sa_flags & libc::SA_ONSTACK != 0,
        },
    })
}

/// The C library that this process runs with.
pub(crate) fn running_glibc() -> Option<GlibcVersion> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn gnu_get_libc_version() -> *const std::ffi::c_char;
        }
        // SAFETY: takes nothing and returns a text that lives as long as the process.
        let version = unsafe { gnu_get_libc_version() };
        // SAFETY: as above; the text ends with a zero.
        let text = unsafe { std::ffi::CStr::from_ptr(version) }.to_str().ok()?;
        let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
        Some(GlibcVersion {
            major: parts.next()?,
            minor: parts.next()?,
            patch: parts.next().unwrap_or(0),
        })
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_loader_says_is_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "no library").unwrap();
        // SAFETY: the loader refuses a text, so no code of it runs.
        let opened = unsafe { Library::open(Some(file.path()), RTLD_NOW) };
        let text = refused("x.so", &opened.unwrap_err()).to_string();
        assert!(text.contains("file too short"), "{text}");
    }

    #[test]
    fn what_code_does_to_a_signal_is_seen_in_the_process() {
        crate::signals::changes(signal_actions());
        assert!(crate::signals::changes(signal_actions()).is_empty());
        // SAFETY: no test of this crate waits for this signal.
        unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
        let found = crate::signals::changes(signal_actions());
        assert_eq!(found, ["SIGUSR2 is ignored, and Go's handler is gone"]);
    }
}
