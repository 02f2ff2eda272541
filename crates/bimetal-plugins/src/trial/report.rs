//! What became of loading a plugin for a try, as data and as a sentence.
//!
//! In: a diagnosis. Out: [`LoadReport`]. Invariant: the outcome says how the child ended; phase,
//! cause and whose say how far it had come, what it was, and in whose code; what could not be
//! decided is absent, never guessed.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// What became of loading a plugin for a try.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LoadReport {
    /// How the child ended.
    pub(crate) outcome: LoadOutcome,
    /// How far it had come when it ended, or when its time was up.
    pub(crate) phase: Option<Phase>,
    /// What went wrong.
    pub(crate) cause: Option<Cause>,
    /// Whose code it was in.
    pub(crate) whose: Option<Whose>,
    /// What it exited with.
    pub(crate) exit_code: Option<i32>,
    /// The signal that ended it, or that Go's runtime caught and reported before it ended the
    /// process.
    pub(crate) signal: Option<String>,
    /// What main or the loader said.
    pub(crate) error: Option<String>,
    /// The first lines of what it wrote about its end.
    pub(crate) stderr: Vec<String>,
    /// What the process has once, and the plugin wants for itself, where that is what went wrong.
    pub(crate) registry: Option<String>,
    /// What loading did to the process: signals that are handled in another way.
    pub(crate) changes: Vec<String>,
    /// The file that it is about, by its place in the order of loading.
    #[serde(skip)]
    pub(crate) at: usize,
    /// The time that it had.
    #[serde(skip)]
    pub(crate) limit: Duration,
}

/// How the child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoadOutcome {
    /// It opened the plugin and got its factory.
    Loaded,
    /// It said that the plugin does not load.
    Refused,
    /// It ended without an answer: the plugin's code panicked or exited, or Go's runtime gave up.
    Exited,
    /// A signal ended it.
    Killed,
    /// It did not end in time, and was ended.
    TimedOut,
    /// The plugin did not pass, so it was not loaded.
    NotTried,
}

/// How far the child had come: what it said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// It had said nothing: main was starting, or was still verifying the file.
    Starting,
    /// The bytes were verified; nothing of the plugin had run.
    Verified,
    /// The loader had been called: constructors and, in Go, the initialisation of packages.
    Opening,
    /// The loader had come back.
    Opened,
    /// The plugin had been asked for its factory.
    Factory,
    /// The factory was there.
    Loaded,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// A Go or Rust panic.
    Panic,
    /// The process was exited: `os.Exit`, `exit`, `log.Fatal`.
    Exit,
    /// An error of Go's runtime that nothing can recover from.
    FatalError,
    /// Memory that is not there or not allowed.
    Sigsegv,
    /// Memory whose file ended, or that the machine cannot reach so.
    Sigbus,
    /// `abort`, which is also how a C++ exception or a Rust panic that is not caught ends.
    Sigabrt,
    /// Another signal; `signal` names it.
    Signal,
    /// It did not come back in time.
    Hang,
    /// The loader, main or the factory gave an error.
    Error,
}

/// Whose code it was in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Whose {
    /// The kind of code.
    pub(crate) code: Code,
    /// The innermost function that is neither the runtime's nor the standard library's, where a
    /// trace names it.
    pub(crate) function: Option<String>,
    /// File and line of it.
    pub(crate) place: Option<String>,
}

/// The kinds of code that run while a plugin is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// C or Rust code that the loader calls, of the plugin or of a library that it brings.
    Constructor,
    /// The initialisation of a Go package of the plugin: `init` or a package variable.
    PackageInit,
    /// Code that runs while the plugin is opened; nothing tells whether it is a constructor or an
    /// `init`.
    ConstructorOrInit,
    /// The function that makes the factory.
    Factory,
    /// A goroutine that the plugin started.
    Goroutine,
    /// Go's runtime.
    GoRuntime,
    /// The loader.
    Loader,
    /// Main itself.
    Main,
}

impl LoadReport {
    /// A plugin that did not pass is not opened: the code of a refused file never runs.
    pub(crate) fn not_tried() -> Self {
        Self {
            outcome: LoadOutcome::NotTried,
            phase: None,
            cause: None,
            whose: None,
            exit_code: None,
            signal: None,
            error: None,
            stderr: Vec::new(),
            registry: None,
            changes: Vec::new(),
            at: 0,
            limit: Duration::ZERO,
        }
    }

    /// One sentence for a person.
    pub(crate) fn sentence(&self) -> String {
        let code = self
            .exit_code
            .map_or_else(|| "?".to_owned(), |code| code.to_string());
        let signal = self.signal.as_deref().unwrap_or("a signal");
        match (self.outcome, self.cause) {
            (LoadOutcome::Loaded, _) => {
                "loaded in a child process, its factory answered".to_owned()
            }
            (LoadOutcome::NotTried, _) => "not loaded, because it did not pass".to_owned(),
            (LoadOutcome::TimedOut, _) => format!(
                "not loaded after {:?}: it hangs{}; the process and everything it had started \
                 was ended",
                self.limit,
                self.inside()
            ),
            (LoadOutcome::Refused, Some(Cause::Panic)) => format!(
                "a panic{} kept it from being loaded (exit code {code})",
                self.inside()
            ),
            (LoadOutcome::Refused, _) => {
                format!("the Collector could not load it (exit code {code})")
            }
            (LoadOutcome::Killed, _) => format!(
                "the process died of {signal}{}; the Collector would have died too",
                self.inside()
            ),
            (LoadOutcome::Exited, Some(Cause::Exit) | None) => format!(
                "the process was exited with code {code}{}; the Collector would have ended too",
                self.inside()
            ),
            (LoadOutcome::Exited, Some(cause)) => format!(
                "the process ended with exit code {code} after {}{}; the Collector would have \
                 died too",
                match cause {
                    Cause::Panic => "a panic",
                    Cause::FatalError => "a fatal error of Go's runtime",
                    _ => signal,
                },
                self.inside()
            ),
        }
    }

    fn inside(&self) -> String {
        let Some(whose) = &self.whose else {
            return String::new();
        };
        let mut text = format!(" in {}", whose.code.as_str());
        if let Some(place) = whose.place.as_ref().or(whose.function.as_ref()) {
            text.push_str(" at ");
            text.push_str(place);
        }
        text
    }
}

impl Phase {
    /// The phase that main announces with this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "verified" => Self::Verified,
            "opening" => Self::Opening,
            "opened" => Self::Opened,
            "factory" => Self::Factory,
            "loaded" => Self::Loaded,
            _ => return None,
        })
    }

    /// The words for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting and verifying",
            Self::Verified => "verified",
            Self::Opening => "opening it",
            Self::Opened => "opened",
            Self::Factory => "asking for its factory",
            Self::Loaded => "loaded",
        }
    }
}

impl Code {
    /// The words for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Constructor => "a constructor of the library",
            Self::PackageInit => "the plugin's package init",
            Self::ConstructorOrInit => "a constructor or package init of the plugin",
            Self::Factory => "the plugin's factory function",
            Self::Goroutine => "a goroutine that the plugin started",
            Self::GoRuntime => "Go's runtime",
            Self::Loader => "the loader",
            Self::Main => "the Collector itself",
        }
    }
}
