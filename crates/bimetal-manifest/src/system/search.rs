//! Finds a shared library by its name, in the order of the GNU loader.
//!
//! In: a name without folders. Out: the library as it would be loaded. Invariant: a file for another processor is passed over, as the
//! loader does.

use camino::{Utf8Path, Utf8PathBuf};

use super::cache::Cache;
use crate::object::{self, Library};

/// Where the loader keeps its list.
const CACHE: &str = "/etc/ld.so.cache";

/// Where the loader looks without a list.
const FOLDERS: &[&str] = &["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Debian's loaders look into folders with a name for each system first.
const SYSTEMS: &[(&str, &str)] = &[
    ("x86_64", "x86_64-linux-gnu"),
    ("aarch64", "aarch64-linux-gnu"),
];

/// Where a loader looks for libraries.
#[derive(Debug, Default)]
pub struct Search {
    folders: Vec<Utf8PathBuf>,
    cache: Cache,
    defaults: Vec<Utf8PathBuf>,
    tunables: String,
}

impl Search {
    /// The places of this machine's loader. Without `environment` neither `LD_LIBRARY_PATH` nor `GLIBC_TUNABLES` counts, as for a
    /// program with borrowed rights.
    pub fn of_this_machine(environment: bool) -> Self {
        let variable = |name| {
            environment
                .then(|| std::env::var(name).ok())
                .flatten()
                .unwrap_or_default()
        };
        let path = variable("LD_LIBRARY_PATH");
        Self {
            folders: path
                .split([':', ';'])
                .filter(|folder| !folder.is_empty())
                .map(Utf8PathBuf::from)
                .collect(),
            cache: Cache::read(Utf8Path::new(CACHE)),
            defaults: FOLDERS.iter().map(Utf8PathBuf::from).collect(),
            tunables: variable("GLIBC_TUNABLES"),
        }
    }

    /// These folders and nothing else.
    pub fn in_folders(folders: impl IntoIterator<Item = Utf8PathBuf>) -> Self {
        Self {
            folders: folders.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(super) fn tunables(&self) -> &str {
        &self.tunables
    }

    pub(super) fn find(&self, name: &str, machine: &str) -> Option<Library> {
        if name.contains('/') {
            return read(Utf8Path::new(name), machine);
        }
        let system = SYSTEMS.iter().find(|(of, _)| *of == machine);
        let debian = system.into_iter().flat_map(|(_, folder)| {
            ["/lib", "/usr/lib"].map(|base| Utf8Path::new(base).join(folder))
        });
        let debian = debian.filter(|_| !self.defaults.is_empty());
        let in_folders = self.folders.iter().map(|folder| folder.join(name));
        let cached = self.cache.paths(name).map(Utf8PathBuf::from);
        let defaults = self.defaults.iter().map(|folder| folder.join(name));
        in_folders
            .chain(cached)
            .chain(debian.map(|folder| folder.join(name)))
            .chain(defaults)
            .find_map(|path| read(&path, machine))
    }
}

fn read(path: &Utf8Path, machine: &str) -> Option<Library> {
    object::library(path)
        .ok()
        .filter(|library| library.machine == machine)
}
