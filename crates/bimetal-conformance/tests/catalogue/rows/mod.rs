//! The rows, by what is wrong.

mod crafted;
mod factory;
mod files;
mod flags;
mod linkers;
mod loader;
mod mains;
mod modules;
mod profile;
mod reports_flags;
mod reports_modules;
mod reports_start;
mod rules;
mod rust;
mod set;
mod start;
mod toolchain;

use crate::row::Finding;

/// Builds, predicts, loads.
pub(crate) type Run = fn() -> Finding;

/// Name and row.
pub(crate) type Row = (&'static str, Run);

/// Every row of the catalogue.
pub(crate) fn all() -> Vec<Row> {
    [
        toolchain::ROWS,
        flags::ROWS,
        profile::ROWS,
        modules::ROWS,
        set::ROWS,
        mains::ROWS,
        files::ROWS,
        loader::ROWS,
        linkers::ROWS,
        factory::ROWS,
        start::ROWS,
        rust::ROWS,
        rules::ROWS,
        crafted::ROWS,
        reports_modules::ROWS,
        reports_start::ROWS,
        reports_flags::ROWS,
    ]
    .concat()
}

/// Rows named after their functions.
macro_rules! rows {
    ($($name:ident),+ $(,)?) => {
        pub(super) const ROWS: &[$crate::rows::Row] = &[$((stringify!($name), $name)),+];
    };
}
use rows;
