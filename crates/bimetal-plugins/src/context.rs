//! Which program asks, and what it knows by itself.
//!
//! In: the process. Out: [`Context`]. Invariant: a set-id program takes nothing from its
//! environment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_manifest::object::GlibcVersion;
use bimetal_manifest::schema::Policy;
use bimetal_verify::variables::{plugins_dir_from_environment, trust_from_environment};
use camino::Utf8PathBuf;

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
    /// What a flag before the word `plugins` trusts, else what `OTELCOL_PLUGINS_TRUST` does.
    pub trust: Option<String>,
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
            trust: trust_from_environment(),
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
            trust: trust_from_environment(),
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
