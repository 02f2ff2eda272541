//! What a file says about itself through its format.
//!
//! In: nothing; the readers fill it. Out: [`Facts`], as they stand in reports and sidecars.
//! Invariant: every list is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::BuildInfo;
use crate::schema::Kind;

/// Everything that was found in one object file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    /// Length of the file in bytes.
    pub size: u64,
    /// Object format.
    pub format: Format,
    /// Processor, as the first part of a Rust target writes it, else the format's number.
    pub machine: String,
    /// `e_type`.
    pub object_type: ObjectType,
    /// What the file is to a Collector.
    pub form: Form,
    /// Loader that the file asks for; executables have one.
    pub interpreter: Option<String>,
    /// Shared libraries that the loader brings in.
    pub needed: Vec<String>,
    /// RPATH and RUNPATH.
    pub run_paths: Vec<String>,
    /// The name by which others may need it; the loader takes it for any library of this name.
    pub soname: Option<String>,
    /// Other requests to the loader that no plugin makes: `DT_AUDIT`, `DT_FILTER`, text
    /// relocations, segments to write and execute, …
    pub loader_requests: Vec<String>,
    /// Highest version of the GNU C library that is needed.
    pub glibc: Option<GlibcVersion>,
    /// The file takes part of the fixed room for thread-local variables.
    pub static_tls: bool,
    /// Bytes of its thread-local variables.
    pub tls_size: u64,
    /// Its own definitions come first for its own code (`DT_SYMBOLIC`).
    pub symbolic: bool,
    /// Versions that it needs of the libraries that it needs, for instance `GLIBC_2.34` of
    /// `libc.so.6`.
    pub needed_versions: Vec<NeededVersion>,
    /// Symbols that it uses and others have to bring.
    pub undefined: Vec<UndefinedSymbol>,
    /// What it exports under names that C, C++ or Rust could give; names of Go contain a dot or a
    /// colon. Sorted.
    #[serde(skip)]
    pub native_exports: Vec<String>,
    /// How many symbols the file exports.
    pub exported: u64,
    /// `otelcol_…` and `collector_plugin_manifest`, with what they are.
    pub plugin_symbols: Vec<Symbol>,
    /// What the compilers wrote into `.comment`.
    pub comments: Vec<String>,
    /// Present in everything that Go linked.
    pub go: Option<GoFacts>,
}

/// What Go's linker left in the file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GoFacts {
    /// As `go version -m` shows it.
    pub build_info: BuildInfo,
    /// The import path that the runtime knows a plugin by.
    pub plugin_path: Option<String>,
    /// What `NewFactory` of the plugin's main package is.
    pub new_factory: Option<SymbolKind>,
    /// Kinds of component whose factory function has a type in this file. Without the type no
    /// symbol of it can be there.
    pub factory_types: BTreeSet<Kind>,
    /// The file carries a Go runtime that plugins can join, or that joins one.
    pub module_data: bool,
    /// Bytes of the runtime's record of one module, `runtime.firstmoduledata`: differs between most
    /// releases of Go.
    pub module_data_size: Option<u64>,
    /// Package -> hash of what it exports; compared by the runtime when a plugin is opened.
    pub package_hashes: PackageHashes,
}

/// Package path -> package hash.
pub type PackageHashes = BTreeMap<String, PackageHash>;

/// What Go's runtime compares for one package; written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct PackageHash(pub [u8; 8]);

/// Object format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Linux.
    Elf,
}

/// How a file is meant to be used, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectType {
    /// A program.
    Executable,
    /// A library, or a program that can be placed anywhere.
    Shared,
    /// Input of a linker.
    Relocatable,
    /// Anything else.
    Other,
}

/// What a file is to a Collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A Collector: a program with manifests.
    Main,
    /// Built with `-buildmode=plugin`.
    GoPlugin,
    /// A shared library that exports what the C ABI asks for.
    RustPlugin,
    /// A shared library with a Go runtime that no plugin may have, for instance from
    /// `-buildmode=c-shared`.
    GoSharedLibrary,
    /// A program without manifests.
    Executable,
    /// Any other shared library.
    SharedLibrary,
    /// Neither program nor library.
    Other,
}

/// A version such as `GLIBC_2.34`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct GlibcVersion {
    /// Before the dot.
    pub major: u32,
    /// After the dot.
    pub minor: u32,
    /// After the second dot, or 0.
    pub patch: u32,
}

/// An exported symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Symbol {
    /// Name, cut at a limit.
    pub name: String,
    /// Function, object or neither.
    pub kind: SymbolKind,
}

/// What stands at a symbol.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SymbolKind {
    /// Code.
    Function,
    /// Data.
    Object,
    /// Not said.
    Other,
}

/// A version of a library's interface that a file needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct NeededVersion {
    /// Name of the library.
    pub library: String,
    /// Name of the version.
    pub version: String,
    /// The loader goes on without it.
    pub weak: bool,
}

/// A symbol that a file uses and does not bring.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct UndefinedSymbol {
    /// Name, cut at a limit.
    pub name: String,
    /// Version that it must have, and where the linker saw it.
    pub version: Option<NeededVersion>,
    /// The loader goes on without it.
    pub weak: bool,
}

/// The first exported symbols of a file, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExportedSymbols {
    /// Sorted by name; at most as many as were asked for.
    pub symbols: Vec<Symbol>,
    /// How many the file has.
    pub total: u64,
}

impl Facts {
    /// Bytes of the room for thread-local variables that the C library keeps for libraries with
    /// `DF_STATIC_TLS`.
    pub fn fixed_thread_locals(&self) -> u64 {
        if self.static_tls { self.tls_size } else { 0 }
    }
}

impl Form {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::GoPlugin => "go-plugin",
            Self::RustPlugin => "rust-plugin",
            Self::GoSharedLibrary => "go-shared-library",
            Self::Executable => "executable",
            Self::SharedLibrary => "shared-library",
            Self::Other => "other",
        }
    }
}

impl GlibcVersion {
    /// Reads `2.34` or `GLIBC_2.34`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text
            .strip_prefix("GLIBC_")
            .unwrap_or(text)
            .split('.')
            .map(str::parse);
        let major = parts.next()?.ok()?;
        let minor = parts.next()?.ok()?;
        let patch = parts.next().unwrap_or(Ok(0)).ok()?;
        parts.next().is_none().then_some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 {
            Ok(())
        } else {
            write!(formatter, ".{}", self.patch)
        }
    }
}

impl Serialize for GlibcVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for PackageHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for PackageHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PackageHash({self})")
    }
}

impl Serialize for PackageHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_c_library_are_ordered_as_numbers() {
        let version = |text| GlibcVersion::parse(text).unwrap();
        assert!(version("GLIBC_2.4") < version("2.34"));
        assert!(version("GLIBC_2.2.5") < version("GLIBC_2.3"));
        assert_eq!(version("GLIBC_2.2.5").to_string(), "2.2.5");
        for wrong in ["GLIBC_PRIVATE", "", "2", "2.3.4.5", "2.x"] {
            assert_eq!(GlibcVersion::parse(wrong), None);
        }
    }
}
