//! A `CARGO_HOME` of the builder's own: the user's caches and keys, and of the user's settings
//! those about fetching.
//!
//! In: the user's `CARGO_HOME`, cargo's target directory. Out: a directory in it that cargo is
//! given instead. Invariant: nothing that a file of settings says about compiling reaches cargo;
//! crates are downloaded once, into the user's cache, under the user's lock.

use std::env;
use std::io;
use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use toml_edit::{DocumentMut, Item, TableLike, value};

/// Where crates come from, how they are fetched, and who asks; what is made of them none of these
/// tables says.
const TABLES: [&str; 6] = [
    "credential-alias",
    "http",
    "net",
    "registries",
    "registry",
    "source",
];
/// Directories of caches, cargo's locks on them, and keys.
const CACHES: [&str; 2] = ["git", "registry"];
const LOCKS: [&str; 2] = [".package-cache", ".package-cache-mutate"];
const KEYS: [&str; 2] = ["credentials", "credentials.toml"];
const SETTINGS: [&str; 2] = ["config.toml", "config"];
/// Keys of `[source.…]` whose value is a path, from the directory that has the `CARGO_HOME`.
const PATHS: [&str; 2] = ["directory", "local-registry"];

/// The user's, as cargo finds it.
pub fn of_user() -> Option<Utf8PathBuf> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    variable("CARGO_HOME")
        .map(Utf8PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Utf8PathBuf::from(home).join(".cargo")))
}

/// Ours. It lies in the target directory, so that distributions which share compiled crates share
/// the paths in them.
pub fn of_builder(target: &Utf8Path) -> Utf8PathBuf {
    target.join(".bimetal-home")
}

/// Makes ours, or brings it up to date.
pub fn prepare(target: &Utf8Path) -> io::Result<()> {
    let ours = of_builder(target);
    fs::create_dir_all(&ours)?;
    match of_user() {
        Some(theirs) => fill(&ours, &theirs),
        None => Ok(()),
    }
}

fn fill(ours: &Utf8Path, theirs: &Utf8Path) -> io::Result<()> {
    for name in CACHES {
        unless_forbidden(fs::create_dir_all(theirs.join(name)))?;
    }
    for name in LOCKS {
        let lock = theirs.join(name);
        if !lock.exists() {
            let mut options = fs::File::options();
            let made = options.create(true).append(true).open(lock.as_std_path());
            unless_forbidden(made.map(drop))?;
        }
    }
    for name in CACHES.iter().chain(&LOCKS).chain(&KEYS) {
        link(&theirs.join(name), &ours.join(name))?;
    }
    let text = settings(theirs)?;
    bimetal_files::write_if_changed(&ours.join(SETTINGS[0]), text.as_bytes())
        .map(drop)
        .map_err(|error| error.source)
}

/// A `CARGO_HOME` that only others may write still serves, as far as it is filled.
fn unless_forbidden(made: io::Result<()>) -> io::Result<()> {
    match made {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// A link to what exists; an older one is replaced.
fn link(to: &Utf8Path, from: &Utf8Path) -> io::Result<()> {
    if fs::read_link(from).is_ok_and(|found| found == to) {
        return Ok(());
    }
    match fs::symlink_metadata(from) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(from)?,
        Ok(_) => fs::remove_file(from)?,
        Err(_) => {}
    }
    if to.exists() {
        symlink(to, from)
    } else {
        Ok(())
    }
}

/// The part of the user's settings that is about fetching.
fn settings(theirs: &Utf8Path) -> io::Result<String> {
    let found = SETTINGS
        .iter()
        .map(|name| theirs.join(name))
        .find(|path| path.exists());
    let Some(path) = found else {
        return Ok(String::new());
    };
    let text = fs::read_to_string(&path)?;
    let directory = theirs.parent().unwrap_or(theirs);
    filtered(&text, directory).map_err(|error| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("`{path}` is no TOML: {error}"),
        )
    })
}

fn filtered(text: &str, directory: &Utf8Path) -> Result<String, toml_edit::TomlError> {
    let mut settings: DocumentMut = text.parse()?;
    settings.retain(|name, _| TABLES.contains(&name));
    let sources = settings.get_mut("source").and_then(Item::as_table_like_mut);
    for (_, source) in sources.into_iter().flat_map(TableLike::iter_mut) {
        for name in PATHS {
            let path = source
                .as_table_like_mut()
                .and_then(|source| source.get_mut(name));
            if let Some(path) = path
                && let Some(text) = path.as_str()
            {
                *path = value(directory.join(text).into_string());
            }
        }
    }
    Ok(settings.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_about_fetching_are_taken_over_and_their_paths_stay_right() {
        let text = "paths = [\"x\"]\n[build]\nrustc = \"/evil\"\n[env]\nA = \"b\"\n\
            [profile.release]\ndebug = true\n\
                    [net]\noffline = true\n[source.crates-io]\nreplace-with = \"v\"\n[source.v]\n\
                    directory = \"vendor\"\n";
        let kept = filtered(text, Utf8Path::new("/home/me")).unwrap();
        for gone in ["paths", "build", "evil", "env", "profile"] {
            assert!(!kept.contains(gone), "{gone}: {kept}");
        }
        for stays in [
            "offline = true",
            "replace-with = \"v\"",
            "directory = \"/home/me/vendor\"",
        ] {
            assert!(kept.contains(stays), "{stays}: {kept}");
        }
        assert!(filtered("[", Utf8Path::new("/")).is_err());
    }

    #[test]
    fn caches_and_keys_are_the_users_own() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (ours, theirs) = (root.join("ours"), root.join("theirs"));
        fs::create_dir_all(theirs.join("registry/cache")).unwrap();
        fs::create_dir(&ours).unwrap();
        fs::write(theirs.join("credentials.toml"), "key").unwrap();
        fs::write(theirs.join("config.toml"), "[env]\nA = \"b\"\n").unwrap();
        fill(&ours, &theirs).unwrap();
        assert!(ours.join("registry/cache").is_dir());
        assert_eq!(
            fs::read_to_string(ours.join("credentials.toml")).unwrap(),
            "key"
        );
        assert_eq!(
            fs::read_to_string(ours.join("config.toml")).unwrap().trim(),
            ""
        );
        fs::remove_file(theirs.join("credentials.toml")).unwrap();
        fill(&ours, &theirs).unwrap();
        assert!(!ours.join("credentials.toml").exists());
        assert!(theirs.join(".package-cache").exists());
    }
}
