//! One difference between main and a plugin, as data.
//!
//! In: nothing. Out: [`Mismatch`]. Invariant: texts are escaped when they are made, so a report may
//! print them as they are.

use schemars::JsonSchema;
use serde::Serialize;

use bimetal_terminal::escape;

/// How many names a report lists unless it is asked for all.
pub const NAMES_LIMIT: usize = 20;

/// One difference, what would come of it, and how to repair it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mismatch {
    /// What loading would lead to.
    pub class: Class,
    /// Which check found it.
    pub what: What,
    /// What it is about: a flag, a module, a symbol, …
    pub subject: String,
    /// Main's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<String>,
    /// The plugin's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// How many differences are folded into this one.
    pub count: usize,
    /// Their names, sorted; a report may list only the first, see [`Mismatch::shorten`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Who brings the plugin's side in: from the module or crate that requires the subject up to
    /// the one that the component is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<String>,
    /// What would happen on load.
    pub consequence: String,
    /// What repairs it: a command or a change of the configuration.
    pub remedy: String,
}

/// What loading would lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// An error, from the loader or from main's own rules.
    Refused,
    /// The end of the process.
    WouldAbort,
    /// No error, and code or data that do not fit together.
    WouldRunWrongCode,
}

/// Which check found a mismatch, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The file is no whole object file.
    File,
    /// The file is no plugin.
    Form,
    /// The manifest is missing or cannot be used.
    Manifest,
    /// Target triple or processor.
    Target,
    /// C library.
    Libc,
    /// Compiler version.
    Toolchain,
    /// A compiler that is known to break plugins.
    DeniedToolchain,
    /// The manifest and the file disagree.
    Witness,
    /// Build profile.
    Profile,
    /// A compiler flag.
    Flag,
    /// A variable of the build environment.
    Environment,
    /// The whole environment of a hermetic build.
    HermeticEnvironment,
    /// A module or crate that both have.
    Dependency,
    /// Go packages whose hashes differ from main's.
    PackageHash,
    /// Go packages whose hashes differ from those of another plugin.
    PluginSet,
    /// Version of the C ABI.
    Abi,
    /// Something that the plugin asks of the C ABI.
    AbiFeature,
    /// The symbol that makes the factory.
    Factory,
    /// Kind and type are missing or taken.
    Component,
    /// A shared library that plugins do not bring in.
    NeededLibrary,
    /// RPATH or RUNPATH.
    RunPath,
    /// Another request to the loader.
    LoaderRequest,
    /// A symbol that nothing in the process would define.
    UndefinedSymbol,
    /// Thread-local variables that need a fixed place.
    ThreadLocals,
    /// A symbol of the plugin in whose place main's would be used.
    Interposed,
    /// The plugin brings an allocator for everybody.
    Allocator,
    /// The file is not the one that the lock file lists.
    Lock,
}

impl What {
    /// The identifier that stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Form => "form",
            Self::Manifest => "manifest",
            Self::Target => "target",
            Self::Libc => "libc",
            Self::Toolchain => "toolchain",
            Self::DeniedToolchain => "denied_toolchain",
            Self::Witness => "witness",
            Self::Profile => "profile",
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::HermeticEnvironment => "hermetic_environment",
            Self::Dependency => "dependency",
            Self::PackageHash => "package_hash",
            Self::PluginSet => "plugin_set",
            Self::Abi => "abi",
            Self::AbiFeature => "abi_feature",
            Self::Factory => "factory",
            Self::Component => "component",
            Self::NeededLibrary => "needed_library",
            Self::RunPath => "run_path",
            Self::LoaderRequest => "loader_request",
            Self::UndefinedSymbol => "undefined_symbol",
            Self::ThreadLocals => "thread_locals",
            Self::Interposed => "interposed",
            Self::Allocator => "allocator",
            Self::Lock => "lock",
        }
    }
}

impl Class {
    /// The words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::WouldAbort => "would abort",
            Self::WouldRunWrongCode => "would run wrong code",
        }
    }
}

impl Mismatch {
    pub(crate) fn new(class: Class, what: What, subject: &str) -> Self {
        Self {
            class,
            what,
            subject: escape(subject).into_owned(),
            main: None,
            plugin: None,
            count: 1,
            names: Vec::new(),
            required_by: Vec::new(),
            consequence: String::new(),
            remedy: String::new(),
        }
    }

    pub(crate) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn required_by(mut self, chain: impl IntoIterator<Item = String>) -> Self {
        self.required_by = chain
            .into_iter()
            .map(|name| escape(&name).into_owned())
            .collect();
        self
    }

    pub(crate) fn main(mut self, value: impl AsRef<str>) -> Self {
        self.main = Some(escape(value.as_ref()).into_owned());
        self
    }

    pub(crate) fn plugin(mut self, value: impl AsRef<str>) -> Self {
        self.plugin = Some(escape(value.as_ref()).into_owned());
        self
    }

    pub(crate) fn values(mut self, main: Option<&str>, plugin: Option<&str>) -> Self {
        self.main = main.map(|value| escape(value).into_owned());
        self.plugin = plugin.map(|value| escape(value).into_owned());
        self
    }

    pub(crate) fn names<'a>(
        mut self,
        count: usize,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.count = count;
        self.names = names
            .into_iter()
            .map(|name| escape(name).into_owned())
            .collect();
        self
    }

    /// Keeps the first `limit` names; `count` still says how many there are.
    pub fn shorten(&mut self, limit: usize) {
        self.names.truncate(limit);
    }

    pub(crate) fn consequence(mut self, text: impl AsRef<str>) -> Self {
        self.consequence = escape(text.as_ref()).into_owned();
        self
    }

    pub(crate) fn remedy(mut self, text: impl AsRef<str>) -> Self {
        self.remedy = escape(text.as_ref()).into_owned();
        self
    }
}
