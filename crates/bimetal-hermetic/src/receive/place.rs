//! Puts a distribution into place that a container built.
//!
//! In: [`Received`]. Out: [`Distribution`]. Invariant: as for one that was built here: complete
//! before it has its name, main last, nothing overwritten that is not ours.

use bimetal_files::Digest;
use camino::Utf8Path;

use super::Received;
use bimetal_builder::model::Plan;
use bimetal_builder::stages::package::{Content, Distribution, Entry, PackageError, SIDECARS, put};
use bimetal_builder::toolchain::Runner;

/// Copies, renames and tidies as `package` does.
pub fn place(received: &Received, runner: &Runner<'_>) -> Result<Distribution, PackageError> {
    let Received {
        out,
        plan,
        directory,
        files,
    } = received;
    let main = Utf8Path::new(&plan.distribution.binary);
    let (mut plugins, mut manifests) = (Vec::new(), Vec::new());
    let mut entries = Vec::new();
    for (name, sha256) in files.iter().filter(|(name, _)| *name != main) {
        let content = match role(plan, name) {
            Role::Plugin => {
                plugins.push(out.join(name));
                file(&directory.join(name), *sha256)
            }
            Role::Sidecar => {
                manifests.push(out.join(name));
                text(&directory.join(name), *sha256)?
            }
            Role::Text => text(&directory.join(name), *sha256)?,
        };
        entries.push(Entry {
            path: name.clone(),
            content,
        });
    }
    // Last, as in every distribution; `receive` found it in the list.
    entries.extend(files.get(main).map(|sha256| Entry {
        path: main.to_owned(),
        content: file(&directory.join(main), *sha256),
    }));
    runner.activity.doing("putting the artifacts into place");
    put(out, &entries)?;
    Ok(Distribution {
        main: out.join(main),
        plugins,
        manifests,
    })
}

fn file(from: &Utf8Path, sha256: Digest) -> Content {
    Content::File {
        from: from.to_owned(),
        sha256,
    }
}

enum Role {
    Plugin,
    Sidecar,
    Text,
}

fn role(plan: &Plan, name: &Utf8Path) -> Role {
    let is_plugin = |host: &bimetal_builder::model::Host| {
        name.parent() == Some(&host.plugins_out) && name.extension() == Some("so")
    };
    if plan.host.as_ref().is_some_and(is_plugin) {
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
