use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// A directory below the system's temporary directory, which everybody may write and whose
/// sticky bit makes it safe.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).unwrap().join(name)
    }

    fn directory(&self, name: &str, mode: u32) -> Utf8PathBuf {
        let path = self.path(name);
        fs_err::create_dir_all(&path).unwrap();
        set_mode(&path, mode);
        path
    }

    fn link(&self, name: &str, to: &str) -> Utf8PathBuf {
        let path = self.path(name);
        symlink(to, &path).unwrap();
        path
    }
}

fn set_mode(path: &Utf8Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(path: &Utf8Path) -> String {
    check_directory(path).unwrap_err().to_string()
}

fn file(path: &Utf8Path) -> Result<(), RightsError> {
    check_file(path, &fs_err::symlink_metadata(path).unwrap())
}

#[test]
fn a_private_directory_in_the_shared_temporary_directory_passes_however_it_is_named() {
    let place = Place::new();
    let plugins = place.directory("a/plugins", 0o755);
    let inner = place.directory("a/b", 0o755);
    let link = place.link("link", "a/plugins");
    let absolute_link = place.link("a/b/absolute", plugins.as_str());
    for path in [
        plugins.clone(),
        inner.join("../plugins"),
        inner.join(".").join("..").join("plugins/"),
        link,
        absolute_link.join("../b/absolute"),
    ] {
        check_directory(&path).unwrap();
    }
    check_directory(Utf8Path::new("/")).unwrap();
}

#[test]
fn a_directory_or_a_parent_that_others_may_write_is_named() {
    let place = Place::new();
    let plugins = place.directory("a/plugins", 0o755);
    for mode in [0o775, 0o757, 0o777, 0o1777] {
        set_mode(&plugins, mode);
        assert_eq!(
            refused(&plugins),
            format!(
                "`{plugins}` can be written by its group or by others (mode {:03o})",
                mode & 0o777
            )
        );
    }
    set_mode(&plugins, 0o755);
    for mode in [0o775, 0o777] {
        let parent = place.directory("a", mode);
        assert_eq!(
            refused(&plugins),
            format!("`{parent}` can be written by its group or by others (mode {mode:03o})")
        );
    }
    place.directory("a", 0o1777);
    check_directory(&plugins).unwrap();
}

#[test]
fn where_a_link_lies_counts_as_much_as_where_it_leads() {
    let place = Place::new();
    let plugins = place.directory("safe/plugins", 0o755);
    let open = place.directory("open", 0o777);
    let link = place.link("open/plugins", plugins.as_str());
    assert!(refused(&link).starts_with(&format!("`{open}` can be written")));
    // Nothing in the open directory is on this way.
    check_directory(&place.path("open/../safe/plugins")).unwrap();
    // Up again after a link means the parent of what it leads to.
    let around = place.link("around", "safe/plugins");
    check_directory(&around.join("../plugins")).unwrap();
}

#[test]
fn ways_that_lead_nowhere_are_errors() {
    let place = Place::new();
    let dangling = place.link("dangling", "nowhere");
    assert_eq!(
        refused(&dangling),
        format!("cannot look at `{}`", place.path("nowhere"))
    );
    let (one, _other) = (place.link("one", "other"), place.link("other", "one"));
    assert!(refused(&one).contains("more than 40 symbolic links"));
    let text = place.path("text");
    fs_err::write(&text, "").unwrap();
    assert_eq!(refused(&text), format!("`{text}` is not a directory"));
    assert_eq!(
        refused(&text.join("plugins")),
        format!("cannot look at `{}`", text.join("plugins"))
    );
}

#[test]
fn a_file_is_regular_itself_and_no_link_and_written_by_its_owner_only() {
    let place = Place::new();
    let plugin = place.path("x.so");
    fs_err::write(&plugin, "").unwrap();
    for (mode, passes) in [(0o755, true), (0o600, true), (0o664, false), (0o646, false)] {
        set_mode(&plugin, mode);
        assert_eq!(file(&plugin).is_ok(), passes, "{mode:o}");
    }
    set_mode(&plugin, 0o644);
    let second_name = place.path("second.so");
    fs_err::hard_link(&plugin, &second_name).unwrap();
    file(&plugin).unwrap();
    file(&second_name).unwrap();
    let link = place.link("link.so", "x.so");
    assert!(matches!(file(&link), Err(RightsError::Link { .. })));
    let directory = place.directory("directory.so", 0o755);
    assert!(matches!(
        file(&directory),
        Err(RightsError::NotRegular { .. })
    ));
}

#[test]
fn every_refusal_says_what_to_do() {
    let place = Place::new();
    let open = place.directory("open", 0o777);
    let mismatch = check_directory(&open).unwrap_err().mismatch("plugins");
    assert_eq!(
        (mismatch.subject.as_str(), mismatch.plugin),
        ("plugins", Some(format!("`{open}` has mode 777")))
    );
    assert!(mismatch.help.contains("chmod go-w"), "{}", mismatch.help);
}
