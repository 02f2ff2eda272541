//! `rust-toolchain.toml`: what chooses a toolchain by the directory that rustup's programs run in.
//!
//! In: a directory. Out: the file that counts there and what it asks for. Invariant: reads only;
//! what cannot be parsed asks for nothing, and rustup says so itself.

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use toml_edit::DocumentMut;

use crate::model::LocalCrate;

/// In the order in which rustup looks.
const NAMES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// The file that counts in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolchainFile {
    pub path: Utf8PathBuf,
    /// A version, a channel or a path.
    pub wanted: String,
}

/// The nearest one in `directory` or above it.
pub(super) fn above(directory: &Utf8Path) -> Option<ToolchainFile> {
    let paths = directory
        .ancestors()
        .flat_map(|above| NAMES.map(|name| above.join(name)));
    let path = paths.into_iter().find(|path| path.is_file())?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    Some(ToolchainFile {
        wanted: wanted(&text).unwrap_or_default(),
        path,
    })
}

fn wanted(text: &str) -> Option<String> {
    let Ok(document) = text.parse::<DocumentMut>() else {
        // The old form: the name alone.
        return text.lines().next().map(|line| line.trim().to_owned());
    };
    let toolchain = document.get("toolchain")?;
    let value = toolchain.get("channel").or_else(|| toolchain.get("path"))?;
    value.as_str().map(str::to_owned)
}

/// A note on the files of path crates, which count for `cargo` in their own directories only.
pub(super) fn not_followed(crates: &[LocalCrate], out: &Utf8Path, version: &str) -> Option<String> {
    let followed = above(out).map(|file| file.path);
    let mut lines: Vec<String> = Vec::new();
    for local in crates {
        let Some(file) = above(&local.root) else {
            continue;
        };
        if Some(&file.path) == followed.as_ref() || is_met(&file.wanted, version) {
            continue;
        }
        let ToolchainFile { path, wanted } = file;
        let line = format!("\n  `{path}` asks for Rust `{wanted}`");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    (!lines.is_empty()).then(|| {
        format!(
            "Rust {version} compiles all components; these files of components are not followed:{}",
            lines.concat()
        )
    })
}

/// Whether `version` is one that the file would give.
fn is_met(wanted: &str, version: &str) -> bool {
    let is_release = !version.contains('-');
    wanted.is_empty()
        || (wanted == "stable" && is_release)
        || version == wanted
        || version.starts_with(&format!("{wanted}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_file_say_what_they_want() {
        let of = |text| wanted(text).unwrap_or_default();
        assert_eq!(of("[toolchain]\nchannel = \"1.94.0\"\n"), "1.94.0");
        assert_eq!(of("1.94.0\n"), "1.94.0");
        assert_eq!(of("[toolchain]\npath = \"/opt/rust\"\n"), "/opt/rust");
        assert_eq!(of("[toolchain]\ncomponents = []\n"), "");
    }

    #[test]
    fn a_version_meets_its_channel_and_its_own_beginning() {
        assert!(is_met("1.95", "1.95.0") && is_met("stable", "1.95.0"));
        assert!(!is_met("1.9", "1.95.0") && !is_met("nightly", "1.95.0"));
        assert!(!is_met("stable", "1.97.0-nightly"));
    }
}
