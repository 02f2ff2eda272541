//! `[profile]` of the workspaces that path crates stand in, which cargo follows there only.
//!
//! In: the directories of the workspaces. Out: what of them has no effect. Invariant: reads only;
//! what cannot be parsed says nothing, and cargo has said so itself.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use toml_edit::{DocumentMut, Item, TableLike};

use crate::model::RustProfile;

/// A warning that names each setting.
pub(super) fn not_followed(
    workspaces: &BTreeSet<Utf8PathBuf>,
    used: RustProfile,
) -> Option<String> {
    let lines: String = workspaces
        .iter()
        .filter_map(|directory| line(&directory.join("Cargo.toml"), used))
        .collect();
    (!lines.is_empty()).then(|| {
        format!(
            "cargo follows the profiles of the generated workspace, where `dist.rust_profile` is \
             `{}`; these settings of components have no effect:{lines}",
            used.as_str()
        )
    })
}

fn line(path: &Utf8Path, used: RustProfile) -> Option<String> {
    let document: DocumentMut = fs::read_to_string(path).ok()?.parse().ok()?;
    let profiles = document.get("profile")?.as_table_like()?;
    // What another profile says would not count for this build anyway.
    let counting = match used {
        RustProfile::Release => &["release"][..],
        RustProfile::Dist => &["release", "dist"],
        RustProfile::Dev => &["dev"],
    };
    let settings: Vec<String> = counting
        .iter()
        .filter_map(|name| Some((name, profiles.get(name)?.as_table_like()?)))
        .flat_map(|(name, table)| lost(name, table, used))
        .collect();
    (!settings.is_empty()).then(|| format!("\n  `{path}`: {}", settings.join(", ")))
}

/// The settings of one profile that the generated workspace does not have.
fn lost(name: &str, table: &dyn TableLike, used: RustProfile) -> Vec<String> {
    table
        .iter()
        .filter(|(key, value)| !is_ours(key, value, used))
        .map(|(key, _)| format!("`profile.{name}.{}`", key.escape_debug()))
        .collect()
}

fn is_ours(key: &str, value: &Item, used: RustProfile) -> bool {
    let dist = used == RustProfile::Dist;
    match key {
        "panic" => value.as_str() == Some("unwind"),
        "lto" => dist && (value.as_str() == Some("fat") || value.as_bool() == Some(true)),
        "codegen-units" => dist && value.as_integer() == Some(1),
        "inherits" => dist && value.as_str() == Some("release"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[profile.release]\npanic = \"unwind\"\nlto = true\nopt-level = \"z\"\n\
        [profile.release.package.a]\nopt-level = 1\n[profile.dev]\nopt-level = 1\n";

    #[test]
    fn a_setting_is_named_where_the_profile_in_use_does_not_have_it() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap().to_owned();
        fs::write(root.join("Cargo.toml"), TEXT).unwrap();
        let workspaces = BTreeSet::from([root.clone(), root.join("absent")]);
        let of = |used| not_followed(&workspaces, used).unwrap_or_default();
        let named = |words: &[&str]| format!(": {}", words.join(", "));
        assert!(of(RustProfile::Release).ends_with(&named(&[
            "`profile.release.lto`",
            "`profile.release.opt-level`",
            "`profile.release.package`",
        ])));
        assert!(of(RustProfile::Dist).ends_with(&named(&[
            "`profile.release.opt-level`",
            "`profile.release.package`",
        ])));
        assert!(of(RustProfile::Dev).ends_with(&named(&["`profile.dev.opt-level`"])));
        fs::write(
            root.join("Cargo.toml"),
            "[profile.release]\npanic = \"unwind\"\n",
        )
        .unwrap();
        assert_eq!(of(RustProfile::Release), "");
    }
}
