//! Puts a distribution into place that a container built.
//!
//! In: [`Received`]. Out: [`Distribution`]. Invariant: as for one that was built here: complete
//! before it has its name, main last, nothing overwritten that is not ours.

use bimetal_files::Digest;
use camino::{Utf8Path, Utf8PathBuf};

use super::Received;
use bimetal_builder::model::Plan;
use bimetal_builder::stages::package::{Content, Distribution, Entry, PackageError, SIDECARS, put};
use bimetal_builder::toolchain::Runner;

/// Copies, renames and tidies as `package` does.
pub fn place(received: Received, runner: &Runner<'_>) -> Result<Distribution, PackageError> {
    let (plan, directory, files) = received.into_parts();
    let mut distribution = Distribution::default();
    let mut entries = Vec::new();
    for (name, sha256) in &files {
        let path = plan.out.join(name);
        let content = match role(&plan, name) {
            Role::Main => continue,
            Role::Plugin => {
                distribution.plugins.push(path);
                Content::File {
                    from: directory.join(name),
                    sha256: *sha256,
                }
            }
            Role::Sidecar => {
                distribution.manifests.push(path);
                text(&directory.join(name), *sha256)?
            }
            Role::Text => text(&directory.join(name), *sha256)?,
        };
        entries.push(Entry {
            path: name.clone(),
            content,
        });
    }
    let main = Utf8PathBuf::from(&plan.distribution.binary);
    if let Some(sha256) = files.get(&main) {
        distribution.main = Some(plan.out.join(&main));
        entries.push(Entry {
            content: Content::File {
                from: directory.join(&main),
                sha256: *sha256,
            },
            path: main,
        });
    }
    runner.activity.doing("putting the artifacts into place");
    put(&plan.out, &entries)?;
    Ok(distribution)
}

enum Role {
    Main,
    Plugin,
    Sidecar,
    Text,
}

fn role(plan: &Plan, name: &Utf8Path) -> Role {
    let is_plugin = |host: &bimetal_builder::model::Host| {
        name.parent() == Some(&host.plugins_out) && name.extension() == Some("so")
    };
    if name == plan.distribution.binary.as_str() {
        Role::Main
    } else if plan.host.as_ref().is_some_and(is_plugin) {
        Role::Plugin
    } else if name.starts_with(SIDECARS) {
        Role::Sidecar
    } else {
        Role::Text
    }
}

/// The bytes as they are now must be those that were checked.
fn text(path: &Utf8Path, sha256: Digest) -> Result<Content, PackageError> {
    let bytes = bimetal_files::read(path)?;
    if Digest::of(&bytes) != sha256 {
        return Err(PackageError::Changed {
            path: path.to_owned(),
        });
    }
    Ok(Content::Text(bytes))
}
