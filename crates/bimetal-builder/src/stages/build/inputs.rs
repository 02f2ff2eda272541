//! Everything that decides about an artifact of Go.
//!
//! In: stamped sources, the command. Out: a digest; none where something counts that cannot be
//! compared. Invariant: what is hashed is what Go reads, and Go's own digests are as narrow.

use std::collections::BTreeSet;

use bimetal_files::{Digest, Hasher};
use bimetal_manifest::schema::Dependency;
use camino::{Utf8Path, Utf8PathBuf};

use crate::model::{GENERATOR_HASH, GoPlugin, Sources};
use crate::stages::stamp::Stamped;
use crate::toolchain::{Invocation, go_files};

/// Of main, as `command` builds it.
pub(super) fn of_main(stamped: &Stamped<'_>, command: &Invocation) -> Option<Digest> {
    let go = &stamped.described.locked.sources.go;
    of(stamped, &go.main, go.main_packages.as_ref()?, command)
}

/// Of a plugin, as `command` builds it.
pub(super) fn of_plugin(
    stamped: &Stamped<'_>,
    plugin: &GoPlugin,
    command: &Invocation,
) -> Option<Digest> {
    let go = &stamped.described.locked.sources.go;
    let (modules, packages) = (
        go.plugins.get(&plugin.name)?,
        go.plugin_packages.get(&plugin.name)?,
    );
    of(stamped, modules, packages, command)
}

/// Of what is compiled alone: all modules, and nothing that was generated.
pub(super) fn of_modules(stamped: &Stamped<'_>, commands: &[Invocation]) -> Option<Digest> {
    let go = &stamped.described.locked.sources.go;
    let mut sum = Sum::of_build(stamped)?;
    for modules in go.plugins.values().chain([&go.main]) {
        sum.modules(modules)?;
    }
    for command in commands {
        sum.command(command);
    }
    Some(sum.0.finish())
}

fn of(
    stamped: &Stamped<'_>,
    modules: &[Dependency],
    packages: &BTreeSet<Utf8PathBuf>,
    command: &Invocation,
) -> Option<Digest> {
    let mut sum = Sum::of_build(stamped)?;
    sum.modules(modules)?;
    sum.command(command);
    for directory in packages {
        sum.package(directory)?;
    }
    Some(sum.0.finish())
}

struct Sum(Hasher);

impl Sum {
    /// With what all artifacts of one build have in common.
    fn of_build(stamped: &Stamped<'_>) -> Option<Self> {
        let locked = &stamped.described.locked;
        let Sources { go, profile, .. } = &locked.sources;
        let mut sum = Self(Hasher::default());
        sum.add(env!("CARGO_PKG_VERSION"));
        sum.add(GENERATOR_HASH);
        sum.add(go.itself?.tagged());
        sum.add(profile.as_ref().map_or("", |profile| &profile.digest));
        // Without dependencies there is no go.sum.
        for name in ["go.mod", "go.sum"] {
            let bytes = bimetal_files::read_if_present(&locked.plan.out.join(name)).ok()?;
            sum.add(bytes.unwrap_or_default());
        }
        Some(sum)
    }

    fn add(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    fn modules(&mut self, modules: &[Dependency]) -> Option<()> {
        self.add(modules.len().to_le_bytes());
        for module in modules {
            // It may read what no hash covers.
            if module.source == Dependency::LOCAL {
                return None;
            }
            self.add(&module.name);
            self.add(&module.version);
            self.add(&module.hash);
        }
        Some(())
    }

    fn command(&mut self, command: &Invocation) {
        self.add(format!("{command:?}"));
    }

    fn package(&mut self, directory: &Utf8Path) -> Option<()> {
        self.add(directory.as_str());
        let entries = directory.read_dir_utf8().ok()?;
        let names = entries.map(|entry| Some(entry.ok()?.file_name().to_owned()));
        let names: BTreeSet<String> = names.collect::<Option<_>>()?;
        for name in names {
            let path = directory.join(&name);
            if path.is_file() && go_files::is_source(&path) {
                self.add(name);
                self.add(Digest::of_path(&path).ok()?.tagged());
            }
        }
        Some(())
    }
}
