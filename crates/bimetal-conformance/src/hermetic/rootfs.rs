//! A root file system with the tool chains, for machines that have no registry of images.
//!
//! In: the package archive that this machine uses. Out: one tar file, made once for a recipe. Invariant: a file with the final name is whole; the
//! same recipe over the same archive gives the same bytes.

use bimetal_manifest::Digest;
use camino::Utf8PathBuf;
use fs_err as fs;

use super::error::MachineError;
use crate::distribution::{run, target};

const SUITE: &str = "trixie";
/// Go and Rust in the versions that the builder is made for.
const NEWER: &str = "trixie-backports";
const PACKAGES: &str =
    "--include=binutils,ca-certificates,cargo,g++,gcc,golang-1.26-go,libc6-dev,rustc";
/// Two packages have an older version in the suite itself, which would win.
const PREFER: &str = r#"--setup-hook=printf 'Package: cargo libstd-rust-dev rustc\nPin: release n=trixie-backports\nPin-Priority: 990\n' > "$1/etc/apt/preferences.d/newer""#;
/// Debian keeps a versioned Go out of the way.
const LINK: &str = r#"--customize-hook=ln -s ../../lib/go-1.26/bin/go "$1/usr/local/bin/go""#;
/// Nothing that a compiler reads.
const LEFT_OUT: [&str; 4] = ["doc", "info", "locale", "man"];
/// Times of files are cut off here, so that they do not tell when the tar was made.
const EPOCH: &str = "SOURCE_DATE_EPOCH=1751500000";
const NAME: &str = "rootfs-";

/// The tar file; made if it is not there yet, which takes a minute.
pub fn rootfs() -> Result<Utf8PathBuf, MachineError> {
    let folder = target().join("hermetic");
    fs::create_dir_all(&folder)?;
    let recipe = recipe();
    let digest = Digest::of(recipe.join("\n").as_bytes()).to_string();
    let path = folder.join(format!("{NAME}{}.tar", &digest[..16]));
    // Tests of several processes may ask at once.
    let lock = fs::File::create(folder.join("lock"))?;
    lock.file().lock()?;
    if path.is_file() {
        return Ok(path);
    }
    let archive = archive()?;
    let unfinished = folder.join("unfinished.tar");
    let sources = [
        unfinished.to_string(),
        format!("deb {archive} {SUITE} main"),
        format!("deb {archive} {NEWER} main"),
    ];
    let words: Vec<&str> = recipe.iter().chain(&sources).map(String::as_str).collect();
    let made = run("env", &words);
    if let Err(source) = made {
        // It may never have been begun.
        let _absent = fs::remove_file(&unfinished);
        return Err(MachineError::RootFs { path, source });
    }
    remove_others(&folder)?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

/// Everything that decides about the content, but for the archive.
fn recipe() -> Vec<String> {
    let mut words: Vec<String> = [
        EPOCH,
        "mmdebstrap",
        "--quiet",
        "--format=tar",
        "--variant=minbase",
        PACKAGES,
        PREFER,
        LINK,
    ]
    .map(str::to_owned)
    .into();
    words.extend(LEFT_OUT.map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")));
    words.push(SUITE.to_owned());
    words
}

/// Where this machine gets Debian's packages from.
fn archive() -> Result<String, MachineError> {
    if let Some(address) = known_archive()? {
        return Ok(address);
    }
    // Images of containers come without the lists.
    run("apt-get", &["--quiet", "update"])?;
    known_archive()?.ok_or(MachineError::NoArchive)
}

fn known_archive() -> Result<Option<String>, MachineError> {
    let question = [
        "indextargets",
        "--format",
        "$(ORIGIN)|$(LABEL)|$(SITE)",
        "Created-By: Packages",
    ];
    let answer = run("apt-get", &question)?;
    Ok(of_debian(&String::from_utf8_lossy(&answer.stdout)))
}

/// The first address of Debian itself: its security updates have another one.
fn of_debian(targets: &str) -> Option<String> {
    targets
        .lines()
        .find_map(|line| line.strip_prefix("Debian|Debian|"))
        .map(str::to_owned)
}

/// Those of older recipes, a gigabyte each.
fn remove_others(folder: &camino::Utf8Path) -> Result<(), MachineError> {
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name().starts_with(NAME) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_debians_own() {
        let targets = "Other|Other|http://a.example/apt\nDebian|Debian-Security|http://b.example/debian-security\nDebian|Debian|http://b.example/debian\n";
        assert_eq!(
            of_debian(targets).as_deref(),
            Some("http://b.example/debian")
        );
        assert_eq!(of_debian("Ubuntu|Ubuntu|http://c.example\n"), None);
    }
}
