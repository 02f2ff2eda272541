//! Finds a shared library by its name, in the order of the GNU loader.
//!
//! In: a name without directories. Out: the library as it would be loaded. Invariant: a file for
//! another processor is passed over, as the loader does.

use camino::{Utf8Path, Utf8PathBuf};

use super::cache::LibraryList;
use bimetal_manifest::object::{self, Library};

/// Where the loader keeps its list.
const CACHE: &str = "/etc/ld.so.cache";

/// Where the loader looks without a list.
const DIRECTORIES: &[&str] = &["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Debian's loaders look into directories with a name for each system first.
const SYSTEMS: &[(&str, &str)] = &[
    ("x86_64", "x86_64-linux-gnu"),
    ("aarch64", "aarch64-linux-gnu"),
];

/// Where a loader looks for libraries.
#[derive(Debug, Default)]
pub struct Search {
    directories: Vec<Utf8PathBuf>,
    cache: LibraryList,
    defaults: Vec<Utf8PathBuf>,
    tunables: String,
}

impl Search {
    /// The places of this machine's loader. Without `environment` neither `LD_LIBRARY_PATH` nor
    /// `GLIBC_TUNABLES` counts, as for a program with borrowed rights.
    pub fn of_this_machine(environment: bool) -> Self {
        let variable = |name| {
            environment
                .then(|| std::env::var(name).ok())
                .flatten()
                .unwrap_or_default()
        };
        let path = variable("LD_LIBRARY_PATH");
        Self {
            directories: path
                .split([':', ';'])
                .filter(|directory| !directory.is_empty())
                .map(Utf8PathBuf::from)
                .collect(),
            cache: LibraryList::read(Utf8Path::new(CACHE)),
            defaults: DIRECTORIES.iter().map(Utf8PathBuf::from).collect(),
            tunables: variable("GLIBC_TUNABLES"),
        }
    }

    /// These directories and nothing else.
    pub fn in_directories(directories: impl IntoIterator<Item = Utf8PathBuf>) -> Self {
        Self {
            directories: directories.into_iter().collect(),
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
        let debian = system.into_iter().flat_map(|(_, directory)| {
            ["/lib", "/usr/lib"].map(|base| Utf8Path::new(base).join(directory))
        });
        let debian = debian.filter(|_| !self.defaults.is_empty());
        let in_directories = self
            .directories
            .iter()
            .map(|directory| directory.join(name));
        let cached = self.cache.paths(name).map(Utf8PathBuf::from);
        let defaults = self.defaults.iter().map(|directory| directory.join(name));
        in_directories
            .chain(cached)
            .chain(debian.map(|directory| directory.join(name)))
            .chain(defaults)
            .find_map(|path| read(&path, machine))
    }
}

fn read(path: &Utf8Path, machine: &str) -> Option<Library> {
    object::library(path)
        .ok()
        .filter(|library| library.machine == machine)
}
