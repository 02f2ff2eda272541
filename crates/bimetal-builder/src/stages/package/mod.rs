//! Puts verified artifacts into place.
//!
//! In: [`Verified`], and nothing else. Out: [`Distribution`]: main, plugins with their lock,
//! sidecars. Invariant: every file is complete before it has its name, main comes last, and a file
//! that the builder did not make is never overwritten.

mod copied;
mod entry;
mod error;
mod place;
mod sidecar;

use bimetal_manifest::lock::FILE_NAME;
use camino::{Utf8Path, Utf8PathBuf};

pub use entry::{Content, Entry};
pub use error::PackageError;
pub use place::put;

use super::verify::{self, Checked, CheckedPlugin, Verified};
use crate::model::Host;
use crate::toolchain::Runner;

/// Directory of the sidecars.
pub const SIDECARS: &str = "manifests";

/// What a user gets. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    pub main: Utf8PathBuf,
    pub plugins: Vec<Utf8PathBuf>,
    pub manifests: Vec<Utf8PathBuf>,
}

/// Copies, then renames one by one, then removes plugins and sidecars of ours that this
/// distribution no longer has, and what was copied from the work directory.
pub fn package(verified: Verified<'_>, runner: &Runner<'_>) -> Result<Distribution, PackageError> {
    let (plan, main, plugins) = verified.into_parts();
    let binary = Utf8PathBuf::from(&plan.distribution.binary);
    let mut entries = Vec::new();
    let (mut placed, mut manifests) = (Vec::new(), Vec::new());
    if let Some(host) = &plan.host {
        let files = plugin_files(host, &plugins)?;
        placed.extend(
            files
                .iter()
                .take(plugins.len())
                .map(|entry| plan.out.join(&entry.path)),
        );
        let sidecars = sidecars(&plan.distribution.binary, &main, &plugins)?;
        manifests.extend(sidecars.iter().map(|entry| plan.out.join(&entry.path)));
        entries.extend(files.into_iter().chain(sidecars));
    }
    entries.push(program(binary.clone(), &main));
    runner.activity.doing("putting the artifacts into place");
    put(&plan.out, &entries)?;
    for entry in &entries {
        if let Content::File { from, .. } = &entry.content
            && *from != plan.out.join(&entry.path)
        {
            bimetal_files::remove_if_present(from)?;
        }
    }
    Ok(Distribution {
        main: plan.out.join(binary),
        plugins: placed,
        manifests,
    })
}

/// The plugins, then their lock.
fn plugin_files(host: &Host, plugins: &[CheckedPlugin]) -> Result<Vec<Entry>, PackageError> {
    let mut entries: Vec<Entry> = plugins
        .iter()
        .map(|plugin| {
            program(
                host.plugins_out.join(plugin.built.file_name()),
                &plugin.checked,
            )
        })
        .collect();
    if !plugins.is_empty() {
        let lock = verify::lock(plugins).map_err(|source| PackageError::Lock { source })?;
        entries.push(text(host.plugins_out.join(FILE_NAME), lock.to_text()));
    }
    Ok(entries)
}

fn sidecars(
    binary: &str,
    main: &Checked,
    plugins: &[CheckedPlugin],
) -> Result<Vec<Entry>, PackageError> {
    let named = plugins
        .iter()
        .map(|plugin| (plugin.built.file_name(), &plugin.checked));
    named
        .chain([(binary.to_owned(), main)])
        .filter_map(|(name, checked)| Some((name, checked, checked.about.as_ref()?)))
        .map(|(name, checked, about)| {
            let path = Utf8Path::new(SIDECARS).join(format!("{name}.json"));
            Ok(text(path, sidecar::text(&name, checked, about)?))
        })
        .collect()
}

fn program(path: Utf8PathBuf, checked: &Checked) -> Entry {
    Entry {
        path,
        content: Content::File {
            from: checked.path.clone(),
            sha256: checked.sha256,
        },
    }
}

fn text(path: Utf8PathBuf, text: String) -> Entry {
    Entry {
        path,
        content: Content::Text(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests;
