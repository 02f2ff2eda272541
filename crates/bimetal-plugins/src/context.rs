//! Which program asks, and what it knows by itself.
//!
//! In: the process. Out: [`Context`]. Invariant: a set-id program takes nothing from its
//! environment.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_manifest::object::GlibcVersion;
use bimetal_manifest::schema::Policy;
use camino::Utf8PathBuf;

/// The variable that names the plugin directory when no flag does.
pub(crate) const DIRECTORY_VARIABLE: &str = "OTELCOL_PLUGINS_DIR";

/// Which program asks, and what it knows by itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// Name of the program in help texts and hints, for instance `otelcol`.
    pub program: String,
    /// The executable that was started.
    pub caller: Caller,
    /// `OTELCOL_PLUGINS_DIR`, unless the program is set-id; or a flag before the word `plugins`.
    pub directory: Option<Utf8PathBuf>,
    /// The policy of a flag before the word `plugins`; one behind it wins.
    pub policy: Option<Policy>,
    /// A flag before the word `plugins` asks for the lock.
    pub require_lock: bool,
    /// The C library that would load the plugins, where the executable knows it.
    pub glibc: Option<GlibcVersion>,
    /// Raised when the user wants the command to stop.
    pub interrupt: Interrupt,
}

/// The executable that runs a command.
#[derive(Clone, Debug)]
pub enum Caller {
    /// `MAIN plugins …`: main is this program.
    Collector {
        /// What is read and started: `/proc/self/exe`, so that a replaced file does not matter.
        executable: Utf8PathBuf,
        /// Where the program lies: for messages, and for what is relative to it.
        shown: Utf8PathBuf,
    },
    /// `bimetal plugins …`: main is named by `--main`.
    Builder,
}

/// A flag that a signal handler raises and a waiting command sees.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Context {
    /// The context of a Collector's own `plugins` command.
    pub fn of_this_main() -> Self {
        let executable = Utf8PathBuf::from(if cfg!(target_os = "linux") {
            "/proc/self/exe"
        } else {
            ""
        });
        let shown = std::env::current_exe()
            .ok()
            .and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
        let shown = shown.unwrap_or_else(|| executable.clone());
        let executable = if executable.as_str().is_empty() {
            shown.clone()
        } else {
            executable
        };
        Self {
            program: shown.file_name().unwrap_or("otelcol").to_owned(),
            caller: Caller::Collector { executable, shown },
            directory: plugins_dir_from_environment(),
            policy: None,
            require_lock: false,
            glibc: None,
            interrupt: Interrupt::default(),
        }
    }

    /// The context of `bimetal plugins`.
    pub fn of_builder() -> Self {
        Self {
            program: "bimetal".to_owned(),
            caller: Caller::Builder,
            directory: plugins_dir_from_environment(),
            policy: None,
            require_lock: false,
            glibc: None,
            interrupt: Interrupt::default(),
        }
    }
}

impl Interrupt {
    /// Asks the running command to stop. Safe in a signal handler.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the running command was asked to stop.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// `OTELCOL_PLUGINS_DIR`, if it is set, not empty, UTF-8, and the program has no rights
/// beyond its user's.
pub fn plugins_dir_from_environment() -> Option<Utf8PathBuf> {
    let value = std::env::var_os(DIRECTORY_VARIABLE).filter(|value| !value.is_empty())?;
    if runs_with_borrowed_rights() {
        return None;
    }
    OsString::into_string(value).ok().map(Utf8PathBuf::from)
}

/// `AT_SECURE` of the kernel: set-user-id, set-group-id or file capabilities. Where it cannot be
/// read, the careful answer is yes.
#[cfg(target_os = "linux")]
pub fn runs_with_borrowed_rights() -> bool {
    const AT_SECURE: usize = 23;
    const WORD: usize = size_of::<usize>();
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, usize::from_ne_bytes);
    let Ok(auxiliary) = fs_err::read("/proc/self/auxv") else {
        return true;
    };
    auxiliary
        .chunks_exact(2 * WORD)
        .map(|pair| pair.split_at(WORD))
        .find(|(key, _)| word(key) == AT_SECURE)
        .is_none_or(|(_, value)| word(value) != 0)
}

#[cfg(not(target_os = "linux"))]
pub fn runs_with_borrowed_rights() -> bool {
    rustix::process::getuid() != rustix::process::geteuid()
        || rustix::process::getgid() != rustix::process::getegid()
}
