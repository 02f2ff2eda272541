//! A directory of plugins.
//!
//! In: a directory. Out: what each file in it is, and how it fits a main. Invariant: one bad file
//! never ends a scan, and no code of any file runs.

mod check;
mod report;
mod scan;

pub use check::CheckOptions;
pub use report::{Duplicate, PluginReport, Problem, Report, Verdict};
pub use scan::{Catalog, CatalogEntry, CatalogError, ENTRIES_LIMIT, ScanOptions};
