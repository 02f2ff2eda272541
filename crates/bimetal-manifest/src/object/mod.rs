//! An artifact's bytes, read through one descriptor.
//!
//! In: an open file, untrusted. Out: an [`Artifact`]. Invariant: only ranges are read, each checked
//! against the file's size and a limit first; nothing is mapped or executed.

mod artifact;
mod build_info;
mod bytes;
mod elf;
mod error;
mod facts;
mod form;
mod found;
mod go;
mod library;
mod names;
mod size;
mod strings;

pub use artifact::{
    Artifact, ManifestError, Manifests, exported_symbols, library, open, open_for_reading,
    open_plugin, outline, outline_of_main, read, read_plugin,
};
pub use build_info::{BuildInfo, Module, parse as parse_build_info};
pub use error::ReadError;
pub use facts::{
    ExportedSymbols, Facts, Form, Format, GlibcVersion, GoFacts, NeededVersion, ObjectType,
    PackageHash, PackageHashes, Symbol, SymbolKind, UndefinedSymbol,
};
pub use library::Library;
pub use size::{LARGEST_PLUGIN, check_plugin_size};
