//! What the loader of this machine would bring into main's process.
//!
//! In: main, the places where this machine keeps libraries. Out: [`System`]: the libraries that
//! plugins may need, with what they export. Invariant: nothing is loaded; libraries are read as
//! plugins are, through one descriptor and within limits.

mod cache;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use bimetal_manifest::object::{Artifact, Library};

pub use cache::LibraryList;
pub use search::Search;

/// What plugins may bring in beside what main has brought in itself.
pub const ALLOWED_LIBRARIES: &[&str] = &[
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libresolv.so.2",
    "libutil.so.1",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// Most libraries that are looked at.
const LIBRARIES_LIMIT: usize = 128;

/// The part of it that `glibc.rtld.optional_static_tls` sets.
const TLS_ROOM_TUNABLE: u64 = 512;

/// The libraries of this machine, as far as plugins may need them.
#[derive(Debug)]
pub struct System {
    /// Room for thread-local variables of all plugins together, in bytes.
    pub tls_room: u64,
    libraries: BTreeMap<String, Option<Library>>,
}

impl System {
    /// Bytes that the C library keeps for thread-local variables of libraries that are loaded
    /// later, with its defaults.
    pub const TLS_ROOM: u64 = 1664;

    /// What this machine has for `main` and its plugins. Without `environment` no variable counts,
    /// as for a program with borrowed rights.
    pub fn of_this_machine(main: &Artifact, environment: bool) -> Self {
        let search = Search::of_this_machine(environment);
        Self::new(main, ALLOWED_LIBRARIES, &search)
    }

    /// Looks for everything that `main` needs and for the `others`, with what they need in turn.
    pub fn new(main: &Artifact, others: &[&str], search: &Search) -> Self {
        let mut libraries = BTreeMap::new();
        let mut wanted: BTreeSet<String> = main.facts.needed.iter().cloned().collect();
        wanted.extend(others.iter().map(|name| (*name).to_owned()));
        while let Some(name) = wanted.pop_first() {
            if libraries.len() == LIBRARIES_LIMIT {
                break;
            }
            let found = search.find(&name, &main.facts.machine);
            let needed = found.iter().flat_map(|library| &library.needed);
            wanted.extend(
                needed
                    .filter(|name| !libraries.contains_key(*name))
                    .cloned(),
            );
            libraries.insert(name, found);
        }
        Self {
            tls_room: tls_room(search.tunables()),
            libraries,
        }
    }

    /// The library of that name; the outer `None` says that it was not looked for, the inner one
    /// that it is not there.
    pub fn library(&self, name: &str) -> Option<Option<&Library>> {
        self.libraries.get(name).map(Option::as_ref)
    }

    /// The libraries of these names and everything that they need.
    pub fn closure<'s>(&'s self, names: impl IntoIterator<Item = &'s str>) -> Vec<&'s Library> {
        let mut wanted: Vec<&str> = names.into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(name) = wanted.pop() {
            if !seen.insert(name) {
                continue;
            }
            if let Some(Some(library)) = self.library(name) {
                wanted.extend(library.needed.iter().map(String::as_str));
                found.push(library);
            }
        }
        found
    }
}

/// `GLIBC_TUNABLES` is a list of `name=value` with colons between.
fn tls_room(tunables: &str) -> u64 {
    let wanted = tunables
        .split(':')
        .filter_map(|one| one.strip_prefix("glibc.rtld.optional_static_tls="))
        .filter_map(number)
        .next_back();
    wanted.map_or(System::TLS_ROOM, |bytes| {
        (System::TLS_ROOM - TLS_ROOM_TUNABLE).saturating_add(bytes)
    })
}

/// As the C library reads it: decimal, or hexadecimal behind `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_for_thread_local_variables_is_what_the_tunable_says() {
        assert_eq!(tls_room(""), 1664);
        assert_eq!(tls_room("glibc.malloc.check=1"), 1664);
        assert_eq!(tls_room("a=b:glibc.rtld.optional_static_tls=0x1000"), 5248);
        assert_eq!(tls_room("glibc.rtld.optional_static_tls=512"), 1664);
    }
}
