//! Two users: what one may do that changes what the other one loads. These tests change the user of
//! a thread, so they need root, as the gate has it.

use std::os::unix::fs::{PermissionsExt as _, chown};

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::lock::LockedPlugin;
use bimetal_manifest::schema::Kind;
use bimetal_terminal::Hint as _;
use bimetal_verify::rights::{RightsError, check_directory};
use bimetal_verify::{DirectoryVerdict, FoundLock, Request, Status, Trust, verify_directory};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{XattrFlags, setxattr};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use tempfile::TempDir;

use crate::fixture::{self, fixtures, request};

/// An account that every Debian has, with a group of its own.
const DAEMON: u32 = 1;
/// A user and a group that this machine has no use for.
const STRANGER: u32 = 47_113;

/// The Collector's user in a pod, and the pod's `fsGroup`.
const IN_POD: u32 = 10_001;
const FS_GROUP: u32 = 2000;

/// Runs `work` as another user, in a thread that ends afterwards.
fn as_user<T: Send>(user: u32, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
            let groups = [Gid::from_raw(FS_GROUP)];
            let groups = &groups[..usize::from(user.as_raw() == IN_POD)];
            set_thread_groups(groups).expect("changing the user needs root");
            set_thread_res_gid(group, group, group).unwrap();
            set_thread_res_uid(user, user, user).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

fn mode(path: &Utf8Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// `user::rwx,user:NUMBER:rwx,group::r-x,mask::rwx,other::r-x`, as the kernel stores it.
fn let_in(path: &Utf8Path, user: u32) {
    const UNNAMED: u32 = u32::MAX;
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 7, UNNAMED),
        (0x02, 7, user),
        (0x04, 5, UNNAMED),
        (0x10, 7, UNNAMED),
        (0x20, 5, UNNAMED),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, number) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(number.to_le_bytes());
    }
    setxattr(
        path.as_std_path(),
        "system.posix_acl_access",
        &list,
        XattrFlags::empty(),
    )
    .expect("the temporary directory has access control lists");
}

/// A plugin directory with a plugin, two directories below the temporary one.
struct Place {
    _guard: TempDir,
    parent: Utf8PathBuf,
    plugins: Utf8PathBuf,
    plugin: Utf8PathBuf,
    lock: Utf8PathBuf,
}

impl Place {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(guard.path()).unwrap();
        let parent = top.join("parent");
        let plugins = parent.join("plugins");
        fs_err::create_dir_all(&plugins).unwrap();
        for path in [top, &parent, &plugins] {
            mode(path, 0o755);
        }
        let plugin = plugins.join("processor-crab.so");
        fs_err::copy(&fixtures().rust_plugin, &plugin).unwrap();
        mode(&plugin, 0o644);
        Self {
            lock: plugins.join("plugins.lock"),
            plugin,
            plugins,
            parent,
            _guard: guard,
        }
    }

    /// As a volume that Kubernetes gives to a group: `fsGroup`.
    fn give_to_a_group(&self) {
        for path in [&self.parent, &self.plugins, &self.plugin] {
            chown(path, None, Some(FS_GROUP)).unwrap();
        }
        mode(&self.parent, 0o2775);
        mode(&self.plugins, 0o2775);
        mode(&self.plugin, 0o664);
    }

    fn entry(&self) -> LockedPlugin {
        let bytes = fs_err::read(&self.plugin).unwrap();
        let component = fixture::read(&self.plugin).component().cloned().unwrap();
        LockedPlugin {
            file: "processor-crab.so".to_owned(),
            sha256: Digest::of(&bytes),
            size: bytes.len() as u64,
            kind: component.kind,
            type_name: component.type_name,
        }
    }

    fn check(&self, trust: &Trust) -> DirectoryVerdict {
        let request = Request {
            trust,
            ..request(fixture::main(), &FoundLock::Absent)
        };
        verify_directory(&self.plugins, &request).unwrap()
    }
}

fn write_lock(path: &Utf8Path, entry: LockedPlugin) {
    fs_err::write(path, Lock::new(vec![entry]).unwrap().to_text()).unwrap();
    mode(path, 0o644);
}

#[test]
fn a_list_that_lets_another_user_in_ends_the_exception_for_the_users_own_group() {
    let place = Place::new();
    chown(&place.parent, Some(DAEMON), Some(DAEMON)).unwrap();
    mode(&place.parent, 0o775);
    let checked = || as_user(DAEMON, || check_directory(&place.plugins));
    checked().unwrap();
    let exchange = || {
        as_user(STRANGER, || {
            fs_err::rename(&place.plugins, place.parent.join("away")).is_ok()
        })
    };
    assert!(!exchange(), "without a list the mode keeps a stranger out");

    let_in(&place.parent, STRANGER);
    let error = checked().unwrap_err();
    assert!(
        matches!(&error, RightsError::AccessList { path, mode: 0o775 } if *path == place.parent),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("setfacl"), "{error}");
    assert!(exchange(), "what the list allows is what was refused");
}

#[test]
fn a_lock_that_others_may_write_or_that_is_a_link_vouches_for_nothing() {
    let place = Place::new();
    write_lock(&place.lock, place.entry());
    assert!(place.check(&Trust::Rights).is_good());

    mode(&place.lock, 0o666);
    let append = as_user(STRANGER, || {
        let entry = LockedPlugin {
            size: 1,
            ..place.entry()
        };
        fs_err::write(&place.lock, Lock::new(vec![entry]).unwrap().to_text()).is_ok()
    });
    assert!(append, "a stranger can write it");
    let report = place.check(&Trust::Rights);
    let problem = report.lock.problem.as_ref().unwrap();
    assert!(problem.message.contains("mode 666"), "{problem:?}");
    assert_eq!(report.plugins[0].status, Status::Refused);

    fs_err::remove_file(&place.lock).unwrap();
    let elsewhere = place.parent.join("elsewhere.lock");
    write_lock(&elsewhere, place.entry());
    fs_err::os::unix::fs::symlink(&elsewhere, &place.lock).unwrap();
    let report = place.check(&Trust::Rights);
    let problem = report.lock.problem.unwrap();
    assert!(
        problem.message.contains("is a symbolic link"),
        "{problem:?}"
    );
}

#[test]
fn an_entry_that_lists_the_bytes_as_another_plugin_refuses_them() {
    let place = Place::new();
    let size = place.entry().size;
    let wrong: [fn(&mut LockedPlugin); 3] = [
        |entry| entry.size += 1,
        |entry| entry.kind = Kind::Exporter,
        |entry| "other".clone_into(&mut entry.type_name),
    ];
    for change in wrong {
        let mut entry = place.entry();
        change(&mut entry);
        write_lock(&place.lock, entry);
        let report = place.check(&Trust::Rights);
        let plugin = &report.plugins[0];
        assert_eq!(plugin.status, Status::Refused);
        let found = plugin.mismatches[0].sentence();
        assert!(found.contains("entry"), "{found}");
        assert!(found.contains(&format!("{size} bytes")), "{found}");
    }
}

#[test]
fn the_volume_of_a_group_is_named_as_one_with_what_lasts() {
    let place = Place::new();
    place.give_to_a_group();
    let report = place.check(&Trust::Rights);
    let found = &report.plugins[0].mismatches;
    assert_eq!(report.plugins[0].status, Status::Refused);
    for mismatch in found {
        assert!(mismatch.help.contains("--plugins-trust"), "{mismatch:?}");
        assert!(mismatch.help.contains("read-only"), "{mismatch:?}");
    }
    let text: String = found
        .iter()
        .map(bimetal_verify::Mismatch::sentence)
        .collect();
    assert!(text.contains("group 2000"), "{text}");
}

#[test]
fn a_lock_out_of_the_groups_reach_stands_in_for_the_modes_of_the_files_it_pins() {
    let place = Place::new();
    place.give_to_a_group();
    let safe = tempfile::tempdir().unwrap();
    let lock = Utf8Path::from_path(safe.path()).unwrap().join("their.lock");
    write_lock(&lock, place.entry());
    let trust = Trust::LockAt(lock.clone());
    let report = place.check(&trust);
    assert!(report.is_good(), "{:#?}", report.plugins[0].mismatches);

    // What the lock does not pin is not vouched for, and neither is a link or a stranger's file.
    let second = place.plugins.join("processor-second.so");
    fs_err::copy(&place.plugin, &second).unwrap();
    mode(&second, 0o664);
    let report = place.check(&trust);
    assert_eq!(report.plugins[1].status, Status::Refused);
    fs_err::remove_file(&second).unwrap();
    chown(&place.plugin, Some(STRANGER), None).unwrap();
    assert_eq!(place.check(&trust).plugins[0].status, Status::Refused);
    chown(&place.plugin, Some(0), None).unwrap();

    // Other bytes are changed bytes.
    let kept = fs_err::read(&place.plugin).unwrap();
    fs_err::write(&place.plugin, [&kept[..], b"x"].concat()).unwrap();
    assert_eq!(place.check(&trust).plugins[0].status, Status::Changed);
    fs_err::write(&place.plugin, kept).unwrap();

    // A lock that the group can exchange is worth nothing, and so is one that is not there.
    write_lock(&place.lock, place.entry());
    let report = place.check(&Trust::Lock);
    let problem = report.lock.problem.unwrap();
    assert!(problem.message.contains("group 2000"), "{problem:?}");
    fs_err::remove_file(&lock).unwrap();
    let report = place.check(&trust);
    let problem = report.lock.problem.unwrap();
    assert!(problem.message.contains("does not exist"), "{problem:?}");
}

type Arrange = fn(&Place) -> Utf8PathBuf;

/// Volumes as the kubelet and installers leave them, the plugin directory in them, and what keeps
/// it out; the same rows as in `docs/guides/kubernetes.md`.
const VOLUMES: [(&str, Option<&str>, Arrange); 8] = [
    ("an image", None, |place| place.plugins.clone()),
    ("a read-only source", None, |place| {
        mode(&place.plugin, 0o444);
        mode(&place.plugins, 0o555);
        place.plugins.clone()
    }),
    ("fsGroup", Some("group 2000"), |place| {
        place.give_to_a_group();
        place.plugins.clone()
    }),
    ("an emptyDir", Some("mode 777"), |place| {
        mode(&place.plugins, 0o2777);
        place.plugins.clone()
    }),
    ("an emptyDir after chmod 755", None, |place| {
        mode(&place.plugins, 0o2777);
        mode(&place.plugins, 0o755);
        place.plugins.clone()
    }),
    ("a projected volume", Some("mode 777"), |place| {
        mode(&place.parent, 0o777);
        fs_err::os::unix::fs::symlink("plugins", place.parent.join("..data")).unwrap();
        place.parent.join("..data")
    }),
    (
        "links of an installer",
        Some("is a symbolic link"),
        |place| {
            let store = place.parent.join("store");
            fs_err::create_dir(&store).unwrap();
            mode(&store, 0o755);
            fs_err::rename(&place.plugin, store.join("it.so")).unwrap();
            fs_err::os::unix::fs::symlink(store.join("it.so"), &place.plugin).unwrap();
            place.plugins.clone()
        },
    ),
    (
        "another user's file",
        Some("is owned by user 47113"),
        |place| {
            chown(&place.plugin, Some(STRANGER), None).unwrap();
            place.plugins.clone()
        },
    ),
];

#[test]
fn the_volumes_of_a_pod_pass_or_not_as_the_page_about_kubernetes_says() {
    for (name, expected, arrange) in VOLUMES {
        let place = Place::new();
        let directory = arrange(&place);
        let request = request(fixture::main(), &FoundLock::Absent);
        let report = as_user(IN_POD, || verify_directory(&directory, &request).unwrap());
        let plugin = &report.plugins[0];
        let said: String = plugin
            .mismatches
            .iter()
            .map(|found| format!("{}\n", found.sentence()))
            .chain(plugin.problem.iter().map(|problem| problem.message.clone()))
            .collect();
        match expected {
            None => assert!(report.is_good(), "{name}: {said}"),
            Some(text) => assert!(said.contains(text), "{name}: no `{text}` in {said}"),
        }
    }
}
