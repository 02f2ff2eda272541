//! One difference between main and a plugin, as data.
//!
//! In: nothing. Out: [`Mismatch`]. Invariant: texts are escaped when they are made, so a report may
//! print them as they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use bimetal_terminal::escape;

/// How many names a report lists unless it is asked for all.
pub const NAMES_LIMIT: usize = 20;

/// An enum whose words stand once: in JSON, and for people without the underscores.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident {
        $($(#[$of_variant:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            Serialize, Deserialize, JsonSchema,
        )]
        pub enum $name {
            $($(#[$of_variant])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The identifier that stands in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The words for people.
            pub fn words(self) -> String {
                self.as_str().replace('_', " ")
            }
        }
    };
}
pub(crate) use words;

/// One difference, what would come of it, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// What loading would lead to.
    pub outcome: Outcome,
    /// Which check found it.
    pub check: Check,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Who brings the plugin's side in: from the module or crate that requires the subject up to
    /// the one that the component is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<String>,
    /// What loading would do.
    pub on_load: String,
    /// What to do: a command or a change of the configuration.
    pub help: String,
}

words! {
    /// What loading would lead to.
    pub enum Outcome {
        /// An error, from the loader or from main's own rules.
        Refused = "refused",
        /// The end of the process.
        WouldAbort = "would_abort",
        /// No error, and code or data that do not fit together.
        WouldRunWrongCode = "would_run_wrong_code",
    }
}

words! {
    /// Which check found a mismatch, in the order of the checks.
    pub enum Check {
        /// The file is not a whole object file.
        File = "file",
        /// The file is not a plugin.
        Form = "form",
        /// Main loads no plugin of the file's language.
        PluginLanguage = "plugin_language",
        /// The manifest is missing or cannot be used.
        Manifest = "manifest",
        /// Target triple or processor.
        Target = "target",
        /// C library.
        Libc = "libc",
        /// Compiler version.
        Toolchain = "toolchain",
        /// A compiler that is known to break plugins.
        DeniedToolchain = "denied_toolchain",
        /// The manifest and the file disagree.
        ManifestContradictsBinary = "manifest_contradicts_binary",
        /// Build profile.
        Profile = "profile",
        /// A compiler flag.
        Flag = "flag",
        /// A variable of the build environment.
        Environment = "environment",
        /// The whole environment of a hermetic build.
        HermeticEnvironment = "hermetic_environment",
        /// A module or crate that both have.
        Dependency = "dependency",
        /// Go packages whose hashes differ from main's.
        PackageHash = "package_hash",
        /// Go packages whose hashes differ from those of another plugin.
        PluginSet = "plugin_set",
        /// Version of the C ABI.
        Abi = "abi",
        /// Something that the plugin asks of the C ABI.
        AbiFeature = "abi_feature",
        /// The symbol that makes the factory.
        Factory = "factory",
        /// Kind and type are missing or taken.
        Component = "component",
        /// A shared library that plugins do not bring in.
        NeededLibrary = "needed_library",
        /// A name by which the loader would take the plugin for another library.
        Soname = "soname",
        /// RPATH or RUNPATH.
        RunPath = "run_path",
        /// Another request to the loader.
        LoaderRequest = "loader_request",
        /// A symbol that nothing in the process would define.
        UndefinedSymbol = "undefined_symbol",
        /// Thread-local variables that need a fixed place.
        ThreadLocals = "thread_locals",
        /// A symbol of the plugin in whose place main's would be used.
        Interposed = "interposed",
        /// The plugin brings an allocator for the whole process.
        Allocator = "allocator",
        /// The file is not the one that the lock file lists.
        Lock = "lock",
    }
}

impl Check {
    /// Every outcome that a mismatch of this check can have.
    pub fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{Refused, WouldAbort, WouldRunWrongCode};
        match self {
            Self::Toolchain | Self::Flag => &[Refused, WouldAbort, WouldRunWrongCode],
            Self::Form
            | Self::Libc
            | Self::ManifestContradictsBinary
            | Self::Abi
            | Self::Factory => &[Refused, WouldAbort],
            Self::Dependency | Self::Environment => &[Refused, WouldRunWrongCode],
            Self::Allocator => &[WouldAbort],
            Self::DeniedToolchain | Self::Interposed | Self::Soname => &[WouldRunWrongCode],
            Self::File
            | Self::PluginLanguage
            | Self::Manifest
            | Self::Target
            | Self::Profile
            | Self::HermeticEnvironment
            | Self::PackageHash
            | Self::PluginSet
            | Self::AbiFeature
            | Self::Component
            | Self::NeededLibrary
            | Self::RunPath
            | Self::LoaderRequest
            | Self::UndefinedSymbol
            | Self::ThreadLocals
            | Self::Lock => &[Refused],
        }
    }
}

impl Mismatch {
    pub(crate) fn new(outcome: Outcome, check: Check, subject: &str) -> Self {
        debug_assert!(
            check.outcomes().contains(&outcome),
            "{check:?}: {outcome:?}"
        );
        Self {
            outcome,
            check,
            subject: escape(subject).into_owned(),
            main: None,
            plugin: None,
            count: 1,
            names: Vec::new(),
            required_by: Vec::new(),
            on_load: String::new(),
            help: String::new(),
        }
    }

    pub(crate) fn outcome(mut self, outcome: Outcome) -> Self {
        debug_assert!(
            self.check.outcomes().contains(&outcome),
            "{self:?}: {outcome:?}"
        );
        self.outcome = outcome;
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

    pub(crate) fn on_load(mut self, text: impl AsRef<str>) -> Self {
        self.on_load = escape(text.as_ref()).into_owned();
        self
    }

    pub(crate) fn help(mut self, text: impl AsRef<str>) -> Self {
        self.help = escape(text.as_ref()).into_owned();
        self
    }
}
