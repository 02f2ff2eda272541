//! The bytes that were verified are the bytes that run, whatever happens to the file meanwhile, and
//! whatever the place of private copies is like. The other bytes are those of the same plugin with
//! other probes: had they run, their files would be there.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bimetal_conformance::collector::Start;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

const BOTH: [(&str, &str); 2] = [(GO_PLUGIN, "go_probe"), (RUST_PLUGIN, "rust_probe")];

/// Same code, same length, other names for the files that it leaves.
fn evil(bytes: &[u8]) -> Vec<u8> {
    let mut evil = bytes.to_vec();
    let mut count = 0;
    for (good, bad) in [
        (b"go-init".as_slice(), b"ev-init".as_slice()),
        (b"go-factory", b"ev-factory"),
        (b"go-constructor", b"ev-constructor"),
        (b"rust-factory", b"evil-factory"),
        (b"rust-constructor", b"evil-constructor"),
    ] {
        let mut from = 0;
        while let Some(place) = evil[from..]
            .windows(good.len())
            .position(|part| part == good)
        {
            evil[from + place..from + place + bad.len()].copy_from_slice(bad);
            from += place + bad.len();
            count += 1;
        }
    }
    assert!(count >= 2, "the probes' names are in the file as they are");
    evil
}

/// Repeats `change` until `body` has ended.
fn while_changing<T>(change: impl Fn(usize) + Sync, body: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                change(round);
                round += 1;
            }
        });
        let _end = End(&done);
        body()
    })
}

/// Also after a failure, for which the thread must not be waited in vain.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs main several times; only verified code may have run, and every end has a name.
fn only_verified_code_runs(scene: &Scene, processor: &str) {
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..6 {
        let ended = scene.validate(&[processor]);
        if ended.status.success() {
            loaded += 1;
        } else {
            refused += 1;
            let named = [
                "`plugins.lock` lists",
                "changed while it was read",
                "is not the one that was there when the Collector started",
                "cannot open",
                "is refused",
            ];
            assert!(
                ended.status.code() == Some(1) && named.iter().any(|text| ended.log.contains(text)),
                "{:?}\n{}",
                ended.status,
                ended.log
            );
        }
    }
    let signs = scene.signs();
    assert!(
        !signs.iter().any(|name| name.starts_with("ev")),
        "{loaded} loaded, {refused} refused, and unverified code ran: {signs:?}"
    );
    assert_eq!(loaded > 0, !signs.is_empty(), "{signs:?}");
}

#[test]
fn the_other_bytes_would_leave_their_mark_if_they_ran() {
    for (file, processor) in BOTH {
        let scene = Scene::unpinned();
        let plugin = scene.plugin(file);
        let bytes = fs::read(&plugin).unwrap();
        fs::write(&plugin, evil(&bytes)).unwrap();
        let ended = scene.validate(&[processor]);
        assert!(ended.status.success(), "{}", ended.log);
        assert!(
            scene.signs().iter().all(|name| name.starts_with("ev")),
            "{:?}",
            scene.signs()
        );
    }
}

#[test]
fn a_file_that_is_exchanged_in_a_loop_never_gets_unverified_bytes_executed() {
    for (file, processor) in BOTH {
        let scene = Scene::pinned();
        let plugin = scene.plugin(file);
        let good = fs::read(&plugin).unwrap();
        let contents = [evil(&good), good];
        while_changing(
            |round| {
                let draft = scene.directory.join("draft");
                fs::write(&draft, &contents[round % 2]).unwrap();
                fs::rename(&draft, &plugin).unwrap();
            },
            || only_verified_code_runs(&scene, processor),
        );
    }
}

#[test]
fn a_file_that_is_written_over_and_truncated_in_a_loop_never_gets_unverified_bytes_executed() {
    for (file, processor) in BOTH {
        let scene = Scene::pinned();
        let plugin = scene.plugin(file);
        let good = fs::read(&plugin).unwrap();
        let contents = [evil(&good), good];
        while_changing(
            |round| fs::write(&plugin, &contents[round % 2]).unwrap(),
            || only_verified_code_runs(&scene, processor),
        );
    }
}

#[test]
fn a_private_copy_that_holds_something_else_is_not_believed() {
    let scene = Scene::pinned();
    let cache = scene.directory.join("cache");
    let start = || {
        scene
            .start(&["validate"], &["go_probe"])
            .argument(format!("--plugins-cache-dir={cache}"))
            .to_end()
            .unwrap()
    };
    let first = start();
    assert!(first.status.success(), "{}", first.log);
    let copies: Vec<_> = cache.read_dir_utf8().unwrap().map(Result::unwrap).collect();
    assert_eq!(copies.len(), 1, "one plugin, one copy, no draft");
    let copy = copies[0].path();
    let bytes = fs::read(copy).unwrap();
    fs::remove_file(copy).unwrap();
    fs::write(copy, evil(&bytes)).unwrap();
    fs::set_permissions(copy, std::fs::Permissions::from_mode(0o400)).unwrap();
    let second = start();
    assert!(second.status.success(), "{}", second.log);
    assert!(
        !scene.signs().iter().any(|name| name.starts_with("ev")),
        "{:?}",
        scene.signs()
    );
    assert_eq!(fs::read(copy).unwrap(), bytes, "it was replaced");
}

#[test]
fn a_huge_sparse_file_is_refused_before_it_is_read() {
    for (file, processor) in BOTH {
        let scene = Scene::unpinned();
        let plugin = fs::OpenOptions::new()
            .write(true)
            .open(scene.plugin(file))
            .unwrap();
        plugin.set_len((512 << 20) + 1).unwrap();
        let ended = scene.validate(&[processor]);
        assert!(!ended.status.success(), "{}", ended.log);
        assert!(
            ended.log.contains("more than the 536870912"),
            "{}",
            ended.log
        );
        assert_eq!(scene.signs(), [""; 0]);
    }
}

/// Main in a mount namespace of its own, after `mounts`, a piece of shell in which `$place` is an
/// empty directory.
fn mounted(scene: &Scene, mounts: &str, processor: &str) -> (Start, Utf8PathBuf) {
    let place = scene.directory.join("place");
    fs::create_dir_all(&place).unwrap();
    let config = scene.config(&[processor]);
    let script = format!("set -e; place=$1; shift; {mounts}; exec \"$@\"");
    let start = Start::command(
        Utf8Path::new("/usr/bin/unshare"),
        &["--mount", "sh", "-c", &script, "sh", place.as_str()],
    );
    let start = start
        .argument(scene.main.as_str())
        .argument("validate")
        .argument(format!("--config={config}"))
        .argument(format!("--plugins-dir={}", scene.plugins));
    (start, place)
}

#[test]
fn a_place_for_private_copies_that_is_full_or_forbids_code_or_writing_is_named() {
    for (mounts, text) in [
        (
            "mount -t tmpfs -o size=1m,mode=0700 none \"$place\"",
            "cannot write in",
        ),
        (
            "mount -t tmpfs -o noexec,mode=0700 none \"$place\"",
            "is mounted `noexec`",
        ),
        (
            "mount -t tmpfs -o ro,mode=0700 none \"$place\"",
            "cannot be written",
        ),
    ] {
        let scene = Scene::pinned();
        let run = |processor: &str| {
            let (start, place) = mounted(&scene, mounts, processor);
            start
                .argument(format!("--plugins-cache-dir={place}"))
                .variable("BIMETAL_PROBE", scene.directory.join("probe"))
                .to_end()
                .unwrap()
        };
        let ended = run("go_probe");
        assert!(!ended.status.success(), "{mounts}:\n{}", ended.log);
        for text in [text, "/place`", "--plugins-cache-dir"] {
            assert!(
                ended.log.contains(text),
                "{mounts}: no `{text}` in:\n{}",
                ended.log
            );
        }
        assert_eq!(scene.signs(), [""; 0], "{mounts}");
        // Memory is another place: nothing of it concerns a Rust plugin.
        let ended = run("rust_probe");
        assert!(ended.status.success(), "{mounts}:\n{}", ended.log);
    }
}

#[test]
fn from_a_read_only_root_plugins_are_loaded_where_they_lie() {
    let scene = Scene::pinned();
    for (_, processor) in BOTH {
        let (start, _) = mounted(&scene, "mount -o remount,bind,ro /", processor);
        let ended = start
            .variable("TMPDIR", "/tmp")
            .variable("XDG_RUNTIME_DIR", "/tmp")
            .to_end()
            .unwrap();
        assert!(ended.status.success(), "{}", ended.log);
    }
}
