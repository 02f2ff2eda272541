//! Path crates: the crate and the path crates that it needs, each as a copy that stands alone.
//!
//! In: a directory with a Cargo.toml. Out: [`LocalCrate`]s: files as cargo would package them, a
//! Cargo.toml without inheritance. Invariant: asks cargo and reads; sizes are bounded, links that
//! lead out of the crate are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use fs_err as fs;

use super::local_error::{LocalError, MAX_CRATE_SIZE, MAX_CRATES};
use super::local_manifest;
use crate::model::LocalCrate;
use crate::model::carried::CARRIED;
use crate::toolchain::{Invocation, Runner};

/// Collects path crates; each once, however many need it.
pub(super) struct Locals<'a> {
    cargo: &'a Utf8Path,
    /// Where cargo is started, so that the same toolchain answers as later builds.
    directory: &'a Utf8Path,
    /// Where cargo may put its target directory.
    scratch: Utf8PathBuf,
    runner: &'a Runner<'a>,
    found: BTreeMap<String, LocalCrate>,
    workspaces: BTreeSet<Utf8PathBuf>,
}

impl<'a> Locals<'a> {
    pub(super) fn new(
        cargo: &'a Utf8Path,
        directory: &'a Utf8Path,
        scratch: Utf8PathBuf,
        runner: &'a Runner<'a>,
    ) -> Self {
        Self {
            cargo,
            directory,
            scratch,
            runner,
            found: BTreeMap::new(),
            workspaces: BTreeSet::new(),
        }
    }

    /// Takes over the crate in `directory`, whose package must be `wanted`, and every path crate
    /// that it needs.
    pub(super) fn add(&mut self, directory: &Utf8Path, wanted: &str) -> Result<(), LocalError> {
        let mut open = vec![(directory.to_owned(), wanted.to_owned())];
        while let Some((directory, wanted)) = open.pop() {
            // One directory can be reached by several paths.
            let directory = directory.canonicalize_utf8().unwrap_or(directory);
            if CARRIED.contains(&wanted.as_str()) {
                return Err(LocalError::Reserved { name: wanted });
            }
            if let Some(known) = self.found.get(&wanted) {
                if known.root == directory {
                    continue;
                }
                return Err(LocalError::TwoOfOneName {
                    name: wanted,
                    first: known.root.clone(),
                    second: directory,
                });
            }
            if self.found.len() >= MAX_CRATES {
                return Err(LocalError::TooMany);
            }
            let package = self.package(&directory, &wanted)?;
            let needed = package
                .dependencies
                .iter()
                .filter(|dependency| local_manifest::is_built(dependency));
            for dependency in needed {
                if let Some(path) = dependency
                    .path
                    .as_ref()
                    .filter(|_| !CARRIED.contains(&dependency.name.as_str()))
                {
                    open.push((path.clone(), dependency.name.clone()));
                }
            }
            let copied = self.copy(&directory, &package)?;
            self.found.insert(wanted, copied);
        }
        Ok(())
    }

    /// Everything that was taken over, sorted by name, and the workspaces that it stands in.
    pub(super) fn finish(self) -> (Vec<LocalCrate>, BTreeSet<Utf8PathBuf>) {
        (self.found.into_values().collect(), self.workspaces)
    }

    fn package(&mut self, directory: &Utf8Path, wanted: &str) -> Result<Package, LocalError> {
        let path = directory.join("Cargo.toml");
        if !path.is_file() {
            return Err(LocalError::NoManifest { path });
        }
        let arguments = [
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--manifest-path",
            path.as_str(),
        ];
        let answer = self.cargo("cargo-metadata", &arguments)?;
        let described = |source| LocalError::Metadata {
            path: path.clone(),
            source,
        };
        let text = std::str::from_utf8(&answer).map_err(|source| described(source.into()))?;
        let metadata: Metadata = MetadataCommand::parse(text).map_err(described)?;
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
        let here = real(&path);
        self.workspaces.insert(metadata.workspace_root);
        let found = metadata
            .packages
            .into_iter()
            .find(|package| real(&package.manifest_path) == here);
        let package = found.ok_or_else(|| LocalError::NoPackage { path: path.clone() })?;
        if package.name.as_str() != wanted {
            return Err(LocalError::OtherPackage {
                path,
                found: package.name.to_string(),
                wanted: wanted.to_owned(),
            });
        }
        Ok(package)
    }

    fn copy(&self, directory: &Utf8Path, package: &Package) -> Result<LocalCrate, LocalError> {
        let name = package.name.to_string();
        let root = package.manifest_path.parent().unwrap_or(directory);
        let manifest = local_manifest::write(package, root)?;
        let arguments = [
            "package",
            "--list",
            // To write one, cargo would resolve the whole workspace.
            "--exclude-lockfile",
            "--allow-dirty",
            "--offline",
            "--quiet",
            "--manifest-path",
            package.manifest_path.as_str(),
        ];
        let answer = self.cargo("cargo-package-list", &arguments)?;
        let mut files = Vec::new();
        let mut size = 0;
        for line in String::from_utf8_lossy(&answer).lines() {
            if matches!(
                line,
                "Cargo.toml" | "Cargo.toml.orig" | "Cargo.lock" | ".cargo_vcs_info.json"
            ) {
                continue;
            }
            let bytes = read(root, line, &name)?;
            // cargo lists a readme that stands elsewhere.
            let Some(bytes) = bytes else { continue };
            size += bytes.len() as u64;
            if size > MAX_CRATE_SIZE {
                return Err(LocalError::TooLarge { name });
            }
            files.push((Utf8PathBuf::from(line), bytes));
        }
        files.sort();
        Ok(LocalCrate {
            name,
            version: package.version.to_string(),
            root: directory.to_owned(),
            manifest,
            files,
        })
    }

    fn cargo(&self, name: &str, arguments: &[&str]) -> Result<Vec<u8>, LocalError> {
        let invocation = Invocation::cargo_in(self.directory, self.cargo, &self.scratch)
            .args(arguments.iter().copied());
        self.runner
            .read(name, &invocation)
            .map_err(LocalError::Cargo)
    }
}

/// A file of the crate; `None` if it does not stand where its name says.
fn read(root: &Utf8Path, relative: &str, name: &str) -> Result<Option<Vec<u8>>, LocalError> {
    let failed = |source| LocalError::Read {
        name: name.to_owned(),
        source,
    };
    let path = root.join(relative);
    if Utf8Path::new(relative)
        .components()
        .any(|part| part.as_str() == "..")
    {
        return Err(LocalError::Escapes { path });
    }
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let real = |path: &Utf8Path| path.canonicalize_utf8().map_err(failed);
    if !real(&path)?.starts_with(real(root)?) {
        return Err(LocalError::Escapes { path });
    }
    if metadata.len() > MAX_CRATE_SIZE {
        return Err(LocalError::TooLarge {
            name: name.to_owned(),
        });
    }
    fs::read(&path).map(Some).map_err(failed)
}
