//! Puts verified artifacts into place.
//!
//! In: [`Verified`], and nothing else. Out: [`Distribution`]: main, plugins with their lock,
//! sidecars. Invariant: every file is complete before it has its name, main comes last, and a file
//! that the builder did not make is never overwritten.

mod copied;
mod error;
mod place;
mod sidecar;

use bimetal_manifest::lock::FILE_NAME;
use camino::{Utf8Path, Utf8PathBuf};

pub use error::PackageError;
pub use place::{Content, Entry, put};

use super::verify::{self, Checked, CheckedPlugin, Verified};
use crate::model::{Host, Plan};
use crate::toolchain::Runner;

/// Directory of the sidecars.
pub const SIDECARS: &str = "manifests";

/// What a user gets. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// `None` when the plan does not build.
    pub main: Option<Utf8PathBuf>,
    pub plugins: Vec<Utf8PathBuf>,
    pub manifests: Vec<Utf8PathBuf>,
}

/// Copies, then renames one by one, then removes plugins and sidecars of ours that this
/// distribution no longer has.
pub fn package(verified: Verified, runner: &Runner<'_>) -> Result<Distribution, PackageError> {
    let (plan, main, plugins) = verified.into_parts();
    let Some(main) = main else {
        return Ok(Distribution::default());
    };
    let mut distribution = Distribution::default();
    let mut entries = Vec::new();
    if let Some(host) = &plan.host {
        add_plugins(&plan, host, &plugins, &mut distribution, &mut entries)?;
        add_sidecars(&plan, &main, &plugins, &mut distribution, &mut entries)?;
    }
    let path = Utf8PathBuf::from(&plan.distribution.binary);
    distribution.main = Some(plan.out.join(&path));
    entries.push(program(path, &main));
    runner.activity.doing("putting the artifacts into place");
    put(&plan.out, &entries)?;
    Ok(distribution)
}

fn add_plugins(
    plan: &Plan,
    host: &Host,
    plugins: &[CheckedPlugin],
    distribution: &mut Distribution,
    entries: &mut Vec<Entry>,
) -> Result<(), PackageError> {
    for plugin in plugins {
        let path = host.plugins_out.join(plugin.built.file_name());
        distribution.plugins.push(plan.out.join(&path));
        entries.push(program(path, &plugin.checked));
    }
    if !plugins.is_empty() {
        let lock = verify::lock(plugins).map_err(|source| PackageError::Lock { source })?;
        entries.push(text(host.plugins_out.join(FILE_NAME), lock.to_text()));
    }
    Ok(())
}

fn add_sidecars(
    plan: &Plan,
    main: &Checked,
    plugins: &[CheckedPlugin],
    distribution: &mut Distribution,
    entries: &mut Vec<Entry>,
) -> Result<(), PackageError> {
    let named = plugins
        .iter()
        .map(|plugin| (plugin.built.file_name(), &plugin.checked));
    for (name, checked) in named.chain([(plan.distribution.binary.clone(), main)]) {
        let Some(about) = &checked.about else {
            continue;
        };
        let path = Utf8Path::new(SIDECARS).join(format!("{name}.json"));
        distribution.manifests.push(plan.out.join(&path));
        entries.push(text(path, sidecar::text(&name, checked, about)?));
    }
    Ok(())
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
