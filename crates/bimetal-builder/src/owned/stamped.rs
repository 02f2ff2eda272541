//! The files that steps after `generate` write among the sources.
//!
//! In: the output directory. Out: the record brought up to date. Invariant: only what the record
//! lists is removed.

use bimetal_files::{Digest, RelativePath};
use camino::Utf8Path;
use fs_err as fs;

use super::{Ours, OwnedError};

/// Notes that `name` is ours.
pub fn record(out: &Utf8Path, name: &str, bytes: &[u8]) -> Result<(), OwnedError> {
    let mut ours = Ours::load(out)?;
    ours.stamped
        .insert(name.to_owned(), Digest::of(bytes).tagged());
    ours.save(out)
}

/// Removes everything that was ever stamped: for a distribution that has no plugin host any more. C
/// files would break its build.
pub fn retire(out: &Utf8Path) -> Result<(), OwnedError> {
    let mut ours = Ours::load(out)?;
    if ours.stamped.is_empty() {
        return Ok(());
    }
    remove(out, &mut ours, |_| false)?;
    ours.save(out)
}

/// Removes what was stamped and is not kept.
pub fn remove(
    out: &Utf8Path,
    ours: &mut Ours,
    keep: impl Fn(&str) -> bool,
) -> Result<(), OwnedError> {
    let gone: Vec<String> = ours
        .stamped
        .keys()
        .filter(|name| !keep(name))
        .cloned()
        .collect();
    for name in gone {
        ours.stamped.remove(&name);
        // The record is a file that anybody can edit.
        let Ok(name) = RelativePath::parse(name) else {
            continue;
        };
        let path = out.join(name);
        if bimetal_files::remove_if_present(&path)? {
            // Directories of removed plugins; one that is not empty stays.
            let _not_empty = path.parent().map(fs::remove_dir);
        }
    }
    Ok(())
}
