//! A file that `plugins.lock` lists is never accepted once a byte of it is another.

use bimetal_manifest::Lock;
use bimetal_manifest::lock::{LockStatus, LockedPlugin};
use bimetal_verify::{Digests, FoundLock, PluginFile, ProcessSet, Scan, Verdict, verify};
use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use proptest::sample::Index;
use std::os::unix::fs::FileExt as _;

use crate::fixture::{self, fixtures, main};

const FILES: [&str; 2] = ["processor-gopher.so", "processor-crab.so"];

/// A change of a file's bytes.
#[derive(Clone, Debug)]
enum Change {
    Bit(Index, u8),
    Cut(Index),
    More(Vec<u8>),
    /// A run of bytes is overwritten with another.
    Moved(Index, Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), 0..8u8).prop_map(|(place, bit)| Change::Bit(place, bit)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => proptest::collection::vec(any::<u8>(), 1..64).prop_map(Change::More),
        2 => (any::<Index>(), any::<Index>(), 1..=255u8)
            .prop_map(|(from, to, length)| Change::Moved(from, to, length)),
    ]
}

struct Scene {
    _directory: tempfile::TempDir,
    path: Utf8PathBuf,
    originals: [Vec<u8>; 2],
    lock: Lock,
}

fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(directory.path().to_owned()).unwrap();
    let originals =
        [&fixtures().go_plugin, &fixtures().rust_plugin].map(|path| fs_err::read(path).unwrap());
    for (name, bytes) in FILES.iter().zip(&originals) {
        fs_err::write(path.join(name), bytes).unwrap();
    }
    let locked = PluginFile::read_all(&Scan::of(&path).unwrap().entries, Digests::Taken)
        .into_iter()
        .map(|read| {
            let artifact = read.artifact.unwrap();
            let component = artifact.component().unwrap();
            LockedPlugin {
                file: read.file,
                sha256: read.sha256.unwrap(),
                size: artifact.facts.size,
                kind: component.kind,
                type_name: component.type_name.clone(),
            }
        })
        .collect();
    Scene {
        _directory: directory,
        path,
        originals,
        lock: Lock::new(locked).unwrap(),
    }
}

fn check(path: &Utf8Path, lock: &Lock) -> Vec<Verdict> {
    let lock = FoundLock::Usable(lock.clone());
    let files = PluginFile::read_all(&Scan::of(path).unwrap().entries, Digests::Taken);
    let request = fixture::request(main(), &lock);
    verify(&request, &files, &mut ProcessSet::default()).plugins
}

/// Whether the bytes are others now.
fn apply(change: &Change, path: &Utf8Path, bytes: &[u8]) -> bool {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = bytes.len();
    match change {
        Change::Bit(place, bit) => {
            let place = place.index(length);
            file.write_all_at(&[bytes[place] ^ (1 << bit)], place as u64)
                .unwrap();
            true
        }
        Change::Cut(end) => {
            file.set_len(end.index(length) as u64).unwrap();
            true
        }
        Change::More(more) => {
            file.write_all_at(more, length as u64).unwrap();
            true
        }
        Change::Moved(from, to, count) => {
            let count = usize::from(*count);
            let (from, to) = (from.index(length - count), to.index(length - count));
            file.write_all_at(&bytes[from..from + count], to as u64)
                .unwrap();
            bytes[from..from + count] != bytes[to..to + count]
        }
    }
}

#[test]
fn a_listed_file_is_refused_whatever_bytes_of_it_were_changed() {
    let scene = scene();
    let good = check(&scene.path, &scene.lock);
    for plugin in &good {
        assert_eq!(plugin.lock, Some(LockStatus::Pinned), "{plugin:?}");
        assert!(plugin.status.may_be_loaded(), "{plugin:?}");
    }
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(changes in [change(), change()])| {
        let mut changed = [false; 2];
        for number in 0..2 {
            let path = scene.path.join(FILES[number]);
            changed[number] = apply(&changes[number], &path, &scene.originals[number]);
        }
        let report = check(&scene.path, &scene.lock);
        for (name, changed) in FILES.iter().zip(changed) {
            let plugin = report.iter().find(|plugin| plugin.file == **name).unwrap();
            let accepted = plugin.status.may_be_loaded();
            prop_assert_eq!(accepted, !changed, "{} {:?}", name, plugin.lock);
        }
        for (name, bytes) in FILES.iter().zip(&scene.originals) {
            fs_err::write(scene.path.join(name), bytes).unwrap();
        }
    });
}
