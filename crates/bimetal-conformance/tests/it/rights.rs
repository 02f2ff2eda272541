//! Who may write a plugin: what `plugins check` predicts and what a start does agree, for every way
//! in which others could exchange it. These tests give files to other users, so they need root, as
//! the gate has it.

use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use bimetal_conformance::collector::{Ended, Start};
use bimetal_conformance::tamper;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::scene::{GO_PLUGIN, RUST_PLUGIN, Scene};

/// Two users that this machine has no use for.
const OPERATOR: u32 = 47_112;
const STRANGER: u32 = 47_113;

fn mode(path: &Utf8Path, mode: u32) {
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Utf8Path, user: u32) {
    chown(path, Some(user), Some(user)).expect("giving files away needs root");
}

/// A scene whose plugins lie one directory deeper, so that they have a parent to spoil.
struct Nested {
    scene: Scene,
    parent: Utf8PathBuf,
    plugins: Utf8PathBuf,
}

impl Nested {
    fn new() -> Self {
        let mut scene = Scene::unpinned();
        let parent = scene.directory.join("parent");
        let plugins = parent.join("plugins");
        fs::create_dir(&parent).unwrap();
        mode(&parent, 0o755);
        fs::rename(&scene.plugins, &plugins).unwrap();
        mode(&plugins, 0o755);
        scene.plugins.clone_from(&plugins);
        Self {
            scene,
            parent,
            plugins,
        }
    }
}

type Spoil = fn(&Nested) -> Utf8PathBuf;

/// Each changes a good directory, and gives the path that the Collector is given.
const GOOD: &[(&str, Spoil)] = &[
    ("as it is", |it| it.plugins.clone()),
    ("a shared parent with the sticky bit", |it| {
        mode(&it.parent, 0o1777);
        it.plugins.clone()
    }),
    ("two dots", |it| it.plugins.join("../plugins")),
    ("a link to the directory", |it| {
        let link = it.scene.directory.join("link");
        symlink(&it.plugins, &link).unwrap();
        link
    }),
    ("a second name of the file", |it| {
        let plugin = it.plugins.join(RUST_PLUGIN);
        fs::hard_link(&plugin, it.scene.directory.join("second.so")).unwrap();
        it.plugins.clone()
    }),
];

const BAD: &[(&str, &str, Spoil)] = &[
    ("a file that its group may write", "mode 664", |it| {
        mode(&it.plugins.join(RUST_PLUGIN), 0o664);
        it.plugins.clone()
    }),
    ("a file of a stranger", "user 47113", |it| {
        give(&it.plugins.join(RUST_PLUGIN), STRANGER);
        it.plugins.clone()
    }),
    ("a link in the place of the file", "symbolic link", |it| {
        let (plugin, elsewhere) = (
            it.plugins.join(RUST_PLUGIN),
            it.scene.directory.join("x.so"),
        );
        fs::rename(&plugin, &elsewhere).unwrap();
        symlink(&elsewhere, &plugin).unwrap();
        it.plugins.clone()
    }),
    (
        "a link to nowhere in the place of the file",
        "symbolic link",
        |it| {
            let plugin = it.plugins.join(RUST_PLUGIN);
            fs::remove_file(&plugin).unwrap();
            symlink("nowhere", &plugin).unwrap();
            it.plugins.clone()
        },
    ),
    ("a directory that its group may write", "plugins` ", |it| {
        mode(&it.plugins, 0o775);
        it.plugins.clone()
    }),
    (
        "a shared directory with the sticky bit",
        "plugins` ",
        |it| {
            mode(&it.plugins, 0o1777);
            it.plugins.clone()
        },
    ),
    ("a directory of a stranger", "user 47113", |it| {
        give(&it.plugins, STRANGER);
        it.plugins.clone()
    }),
    ("a parent that everybody may write", "parent` ", |it| {
        mode(&it.parent, 0o777);
        it.plugins.clone()
    }),
    ("a parent of a stranger", "user 47113", |it| {
        give(&it.parent, STRANGER);
        it.plugins.clone()
    }),
    (
        "a stranger's entry in a shared parent",
        "user 47113",
        |it| {
            mode(&it.parent, 0o1777);
            give(&it.plugins, STRANGER);
            it.plugins.clone()
        },
    ),
    ("a link where everybody may write", "open` ", |it| {
        let open = it.scene.directory.join("open");
        fs::create_dir(&open).unwrap();
        mode(&open, 0o777);
        let link = open.join("link");
        symlink(&it.plugins, &link).unwrap();
        link
    }),
    ("a link to nowhere", "nowhere", |it| {
        let link = it.scene.directory.join("nowhere");
        symlink("not-there", &link).unwrap();
        link
    }),
];

/// What `plugins check` says, and what a start with the Rust probe says.
fn both(it: &Nested, directory: &Utf8Path) -> (Ended, Ended) {
    let check = Start::command(&it.scene.main, &["plugins", "check"])
        .argument(format!("--plugins-dir={directory}"))
        .to_end()
        .unwrap();
    let start = it
        .scene
        .start(&["validate"], &["rust_probe"])
        .argument(format!("--plugins-dir={directory}"))
        .to_end()
        .unwrap();
    (check, start)
}

#[test]
fn check_and_start_agree_about_who_may_write() {
    for (name, spoil) in GOOD {
        let it = Nested::new();
        let directory = spoil(&it);
        let (check, start) = both(&it, &directory);
        assert!(check.status.success(), "{name}:\n{}", check.log);
        assert!(start.status.success(), "{name}:\n{}", start.log);
    }
    for (name, text, spoil) in BAD {
        let it = Nested::new();
        let directory = spoil(&it);
        let (check, start) = both(&it, &directory);
        for (way, ended) in [("check", check), ("start", start)] {
            assert!(!ended.status.success(), "{name}, {way}:\n{}", ended.log);
            assert!(
                ended.log.contains(text),
                "{name}, {way}: no `{text}` in:\n{}",
                ended.log
            );
        }
        assert_eq!(it.scene.signs(), [""; 0], "{name}: code has run");
    }
}

/// Main as another user, in a copy that this user can reach.
fn as_user(it: &Nested, user: u32, arguments: &[&str]) -> Start {
    let main = it.scene.directory.join("main");
    if !main.exists() {
        // Another test may start a program while a copy of ours is open for writing; its child then
        // holds that file too, and the kernel runs no file that is open for writing.
        let copied = Start::command(Utf8Path::new("/bin/cp"), &[it.scene.main.as_str()])
            .argument(main.as_str())
            .to_end()
            .unwrap();
        assert!(copied.status.success(), "{}", copied.log);
    }
    let cache = it.scene.directory.join("cache");
    if !cache.exists() {
        fs::create_dir(&cache).unwrap();
    }
    mode(&cache, 0o700);
    give(&cache, user);
    mode(&it.scene.directory, 0o755);
    let id = user.to_string();
    let mut start = Start::command(
        Utf8Path::new("/usr/bin/setpriv"),
        &[
            "--reuid",
            &id,
            "--regid",
            &id,
            "--clear-groups",
            main.as_str(),
        ],
    );
    for argument in arguments {
        start = start.argument(*argument);
    }
    start
        .argument(format!("--plugins-dir={}", it.plugins))
        .argument(format!("--plugins-cache-dir={cache}"))
}

#[test]
fn an_unprivileged_collector_takes_plugins_of_root_and_its_own_and_of_no_other_user() {
    let it = Nested::new();
    let config = it.scene.config(&["go_probe", "rust_probe"]);
    let argument = format!("--config={config}");
    let files = [it.plugins.join(GO_PLUGIN), it.plugins.join(RUST_PLUGIN)];
    for (owner, passes) in [(0, true), (OPERATOR, true), (STRANGER, false)] {
        for file in &files {
            give(file, owner);
        }
        let start = as_user(&it, OPERATOR, &["validate", &argument])
            .to_end()
            .unwrap();
        assert_eq!(start.status.success(), passes, "{owner}:\n{}", start.log);
        let id = OPERATOR.to_string();
        let check = Start::command(
            Utf8Path::new("/usr/bin/setpriv"),
            &["--reuid", &id, "--regid", &id, "--clear-groups"],
        )
        .argument(it.scene.directory.join("main"))
        .argument("plugins")
        .argument("check")
        .argument(format!("--plugins-dir={}", it.plugins))
        .to_end()
        .unwrap();
        assert_eq!(check.status.success(), passes, "{owner}:\n{}", check.log);
    }
}

#[test]
fn a_parent_that_only_the_users_own_group_may_write_passes() {
    // An account that every Debian has, with a group of its own.
    const DAEMON: u32 = 1;
    let it = Nested::new();
    let argument = format!("--config={}", it.scene.config(&["rust_probe"]));
    give(&it.parent, DAEMON);
    for (bits, passes) in [(0o775, true), (0o777, false)] {
        mode(&it.parent, bits);
        let start = as_user(&it, DAEMON, &["validate", &argument])
            .to_end()
            .unwrap();
        assert_eq!(start.status.success(), passes, "{bits:o}:\n{}", start.log);
    }
    mode(&it.parent, 0o775);
    chown(&it.parent, Some(DAEMON), Some(0)).unwrap();
    let start = as_user(&it, DAEMON, &["validate", &argument])
        .to_end()
        .unwrap();
    assert!(!start.status.success(), "{}", start.log);
}

#[test]
fn a_lock_that_lies_elsewhere_lets_the_volume_of_a_group_pass() {
    const FS_GROUP: u32 = 2000;
    let scene = Scene::pinned();
    let safe = scene.directory.join("safe");
    fs::create_dir(&safe).unwrap();
    mode(&safe, 0o755);
    let lock = safe.join("plugins.lock");
    fs::rename(scene.plugin("plugins.lock"), &lock).unwrap();
    mode(&lock, 0o644);
    let files = [scene.plugin(GO_PLUGIN), scene.plugin(RUST_PLUGIN)];
    for file in &files {
        chown(file, None, Some(FS_GROUP)).unwrap();
        mode(file, 0o664);
    }
    chown(&scene.plugins, None, Some(FS_GROUP)).unwrap();
    mode(&scene.plugins, 0o2775);
    let start = || scene.start(&["validate"], &["go_probe", "rust_probe"]);
    let refused = start().to_end().unwrap();
    assert!(!refused.status.success(), "{}", refused.log);
    for text in ["group 2000", "--plugins-trust lock=FILE"] {
        assert!(refused.log.contains(text), "{}", refused.log);
    }
    let trust = format!("lock={lock}");
    let by_flag = start().argument(format!("--plugins-trust={trust}"));
    let by_variable = start().variable("OTELCOL_PLUGINS_TRUST", &trust);
    for start in [by_flag, by_variable] {
        let ended = start.to_end().unwrap();
        assert!(ended.status.success(), "{}", ended.log);
    }
    tamper::flip_code_byte(&files[1]).unwrap();
    let changed = start()
        .argument(format!("--plugins-trust={trust}"))
        .to_end()
        .unwrap();
    assert!(!changed.status.success(), "{}", changed.log);
    assert!(changed.log.contains("plugins.lock"), "{}", changed.log);
}

#[test]
fn a_set_user_id_collector_takes_nothing_from_its_environment() {
    const BORROWED: u32 = OPERATOR + 2;
    let it = Nested::new();
    let config = it.scene.config(&["go_probe", "rust_probe"]);
    let main = it.scene.directory.join("main");
    let temporary = it.scene.directory.join("temporary");
    fs::create_dir(&temporary).unwrap();
    mode(&temporary, 0o1777);
    mode(&it.scene.directory, 0o755);
    let id = STRANGER.to_string();
    let run = |arguments: &[&str]| {
        let mut start = Start::command(
            Utf8Path::new("/usr/bin/setpriv"),
            &[
                "--reuid",
                &id,
                "--regid",
                &id,
                "--clear-groups",
                main.as_str(),
            ],
        );
        for argument in arguments {
            start = start.argument(*argument);
        }
        start
            .variable("OTELCOL_PLUGINS_DIR", &it.plugins)
            .variable("TMPDIR", &temporary)
            .variable("XDG_RUNTIME_DIR", &temporary)
            .to_end()
            .unwrap()
    };
    let validate = format!("--config={config}");
    let named = format!("--plugins-dir={}", it.plugins);

    fs::copy(&it.scene.main, &main).unwrap();
    mode(&main, 0o755);
    let ordinary = run(&["validate", &validate]);
    assert!(ordinary.status.success(), "{}", ordinary.log);
    assert!(temporary.join("bimetal").exists(), "{}", ordinary.log);
    fs::remove_dir_all(temporary.join("bimetal")).unwrap();

    give(&main, BORROWED);
    mode(&main, 0o4755);
    let lists = run(&["plugins", "list", "--format=json"]);
    let beside = it.scene.directory.join("plugins");
    assert!(lists.log.contains(beside.as_str()), "{}", lists.log);
    let start = run(&["validate", &validate]);
    assert!(!start.status.success(), "{}", start.log);
    assert!(
        start.log.contains(&format!("`{beside}` does not exist")),
        "{}",
        start.log
    );
    let flag = run(&["validate", &validate, &named]);
    assert!(flag.status.success(), "{}", flag.log);
    assert_eq!(
        temporary.read_dir_utf8().unwrap().count(),
        0,
        "{}",
        flag.log
    );
    fs::remove_dir_all(format!("/tmp/bimetal-{BORROWED}")).unwrap();
}
