//! A `CARGO_HOME` of the builder's own: the user's caches, and of the user's settings those about
//! fetching.
//!
//! In: the user's `CARGO_HOME`, cargo's target directory. Out: a directory in it that cargo is
//! given instead, and variables. Invariant: nothing that a file of settings says about compiling
//! reaches cargo; keys stand in variables and in no file of ours; crates are downloaded once, into
//! the user's cache, under the user's lock.

use std::env;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::OnceLock;

use bimetal_files::unless_absent;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::Value;

use super::cargo_keys::{self, Tables};
use super::environment::Environment;

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
/// Directories of caches, cargo's locks on them, and files of keys.
const CACHES: [&str; 2] = ["git", "registry"];
const LOCKS: [&str; 2] = [".package-cache", ".package-cache-mutate"];
const KEYS: [&str; 2] = ["credentials", "credentials.toml"];
/// Where both names are there, cargo reads the first.
const SETTINGS: [&str; 2] = ["config", "config.toml"];
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

/// What cargo learns from variables: keys, and addresses with a user. Those of a file that cannot
/// be understood are missing; [`prepare`] reports it.
pub(super) fn variables() -> &'static Environment {
    static FOUND: OnceLock<Environment> = OnceLock::new();
    FOUND.get_or_init(|| {
        let theirs = of_user().unwrap_or_default();
        read(&theirs)
            .map(|(_, variables)| variables)
            .unwrap_or_default()
    })
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
    // Earlier builders linked keys into it, and copied settings for everybody to read.
    fs::set_permissions(ours, Permissions::from_mode(0o700))?;
    for name in KEYS {
        unless_absent(fs::remove_file(ours.join(name)))?;
    }
    for name in CACHES.iter().chain(&LOCKS) {
        link(&theirs.join(name), &ours.join(name))?;
    }
    let (tables, _) = read(theirs)?;
    let text = toml_edit::ser::to_string_pretty(&tables).map_err(io::Error::other)?;
    let settings = ours.join(SETTINGS[1]);
    bimetal_files::write_if_changed(&settings, text.as_bytes()).map_err(|error| error.source)?;
    fs::set_permissions(&settings, Permissions::from_mode(0o600))
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

/// The part of the user's settings that is about fetching, and what of it are keys: those of the
/// file for keys win, as they do in cargo.
fn read(theirs: &Utf8Path) -> io::Result<(Tables, Environment)> {
    let directory = theirs.parent().unwrap_or(theirs);
    let mut settings = (Tables::new(), Environment::new());
    for (names, is_settings) in [(SETTINGS, true), (KEYS, false)] {
        let paths = names.map(|name| theirs.join(name));
        let Some(path) = paths.iter().find(|path| path.exists()) else {
            continue;
        };
        let (tables, variables) =
            filtered(&fs::read_to_string(path)?, directory).map_err(|why| {
                io::Error::new(io::ErrorKind::InvalidData, format!("`{path}`: {why}"))
            })?;
        settings.1.extend(variables);
        if is_settings {
            settings.0 = tables;
        }
    }
    Ok(settings)
}

fn filtered(text: &str, directory: &Utf8Path) -> Result<(Tables, Environment), String> {
    // Its message, because the whole error quotes the line.
    let mut tables: Tables = toml_edit::de::from_str(text)
        .map_err(|error| format!("it is no TOML: {}", error.message()))?;
    tables.retain(|name, _| TABLES.contains(&name.as_str()));
    let variables = cargo_keys::take(&mut tables, directory)?;
    let sources = tables.get_mut("source").and_then(Value::as_object_mut);
    for (_, source) in sources.into_iter().flatten() {
        for name in PATHS {
            if let Some(Value::String(path)) = source.get_mut(name) {
                *path = directory.join(&*path).into_string();
            }
        }
    }
    Ok((tables, variables))
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
        let (kept, _) = filtered(text, Utf8Path::new("/home/me")).unwrap();
        let kept = toml_edit::ser::to_string_pretty(&kept).unwrap();
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
    fn caches_are_the_users_own_and_keys_are_in_no_file() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (ours, theirs) = (root.join("ours"), root.join("theirs"));
        fs::create_dir_all(theirs.join("registry/cache")).unwrap();
        fs::create_dir(&ours).unwrap();
        fs::write(
            theirs.join("config.toml"),
            "# s-1\n[registry]\ntoken = \"s-2\"\n[net]\noffline = true # s-3\n",
        )
        .unwrap();
        fs::write(
            theirs.join("credentials.toml"),
            "[registry]\ntoken = \"s-4\"\n",
        )
        .unwrap();
        // As an earlier builder left it.
        symlink(
            theirs.join("credentials.toml"),
            ours.join("credentials.toml"),
        )
        .unwrap();
        fs::write(ours.join("config.toml"), "").unwrap();
        fill(&ours, &theirs).unwrap();
        assert!(ours.join("registry/cache").is_dir() && theirs.join(".package-cache").exists());
        assert!(ours.join("credentials.toml").symlink_metadata().is_err());
        let settings = ours.join("config.toml");
        let text = fs::read_to_string(&settings).unwrap();
        assert!(
            text.contains("offline = true") && !text.contains("s-"),
            "{text}"
        );
        let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&ours), mode(&settings)), (0o700, 0o600));
        let (_, variables) = read(&theirs).unwrap();
        assert_eq!(variables["CARGO_REGISTRY_TOKEN"], "s-4");
    }

    #[test]
    fn a_file_that_is_no_toml_is_named_and_not_quoted() {
        let keep = tempfile::tempdir().unwrap();
        let theirs = Utf8Path::from_path(keep.path()).unwrap();
        fs::write(theirs.join("credentials.toml"), "token = s-1\n").unwrap();
        let text = read(theirs).unwrap_err().to_string();
        assert!(
            text.contains("credentials.toml") && !text.contains("s-1"),
            "{text}"
        );
    }
}
