//! Every error with a hint is among those that the walk asks.
//!
//! In: the sources of the crates. Out: each `impl Hint for` whose type its crate does not list,
//! each hint without the trait, each error that hides another. Invariant: a hint that is written is
//! found. Crates that do not use the trait are left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Finding, StructureError, texts};

/// Here the trait is, with types of its own tests.
const TRAIT: &str = "crates/bimetal-terminal";

/// Every hint that would never be shown.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, StructureError> {
    let mut files = Vec::new();
    for file in texts::texts(root)? {
        let is_rust = file.extension().is_some_and(|end| end == "rs");
        if is_rust && file.starts_with("crates") && !file.starts_with(TRAIT) {
            let text = fs_err::read_to_string(root.join(&file))?;
            files.push((file, text));
        }
    }
    let mut findings = unlisted(&files);
    findings.extend(beside_the_walk(&files));
    Ok(findings)
}

/// The directory of the crate that `file` is of.
fn crate_of(file: &Path) -> PathBuf {
    file.components().take(2).collect()
}

/// What the walk does not find in crates whose errors it asks.
fn beside_the_walk(files: &[(PathBuf, String)]) -> Vec<Finding> {
    let uses_the_trait = |(_, text): &&(PathBuf, String)| text.contains("bimetal_terminal");
    let users = files.iter().filter(uses_the_trait);
    let users: BTreeSet<PathBuf> = users.map(|(file, _)| crate_of(file)).collect();
    let mut findings = Vec::new();
    for (file, text) in files {
        if !users.contains(&crate_of(file)) {
            continue;
        }
        let mut block = "";
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("impl") {
                block = line;
            }
            let what = if line.contains("#[error(transparent)]") {
                "the walk along `source()` misses the error that a transparent one hands on"
            } else if line.contains("fn hint(&self)") && !block.starts_with("impl Hint for ") {
                "a hint that is no `impl Hint` is not found by the walk"
            } else {
                continue;
            };
            findings.push(Finding::new(file, Some(number + 1), what.to_owned()));
        }
    }
    findings
}

fn unlisted(files: &[(PathBuf, String)]) -> Vec<Finding> {
    let is_listed = |name: &str, of: &Path| {
        // With or without the module in front: `of::<LockError>`, `of::<lock::LockError>`.
        let ends = [format!("::<{name}>"), format!("::{name}>")];
        let mut texts = files.iter().filter(|(file, _)| crate_of(file) == of);
        texts.any(|(_, text)| {
            let mut lines = text.lines().filter(|line| line.contains("of::<"));
            lines.any(|line| ends.iter().any(|end| line.contains(end)))
        })
    };
    let mut findings = Vec::new();
    for (file, text) in files {
        for (number, line) in text.lines().enumerate() {
            let name = line
                .strip_prefix("impl Hint for ")
                .and_then(|rest| rest.strip_suffix(" {"));
            if let Some(name) = name
                && !is_listed(name, &crate_of(file))
            {
                let text = format!("the hints of `{name}` are not in `HINTS` of its crate");
                findings.push(Finding::new(file, Some(number + 1), text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_whose_hints_nothing_asks_for_is_named() {
        let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
        let error = file("crates/a/src/error.rs", "\nimpl Hint for LockError {\n");
        let other = file("crates/b/src/lib.rs", "hint::of::<LockError>,\n");
        let listed = file("crates/a/src/lib.rs", "    hint::of::<lock::LockError>,\n");
        let found = unlisted(&[error.clone(), other]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, Some(2));
        assert!(found[0].text.contains("`LockError`"));
        assert!(unlisted(&[error, listed]).is_empty());
    }

    #[test]
    fn a_hint_that_the_walk_would_miss_is_named_where_the_walk_is_used() {
        let uses = "use bimetal_terminal::Hint;\n";
        let inherent = "impl A {\n    pub fn hint(&self) -> Option<&str> {\n";
        let transparent = "    #[error(transparent)]\n";
        let file = |text: String| vec![(PathBuf::from("crates/a/src/error.rs"), text)];
        for hidden in [inherent, transparent] {
            let found = beside_the_walk(&file(format!("{uses}{hidden}")));
            assert_eq!(found.len(), 1, "{hidden}");
            assert!(beside_the_walk(&file(hidden.to_owned())).is_empty());
        }
        let shown = inherent.replace("impl A", "impl Hint for A");
        assert!(beside_the_walk(&file(format!("{uses}{shown}"))).is_empty());
    }
}
