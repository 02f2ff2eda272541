//! A root file system with the toolchains, for machines that have no registry of images.
//!
//! In: the package archive and the toolchains of this machine. Out: one tar file, made once for a
//! recipe. Invariant: a file with the final name is whole; the same recipe over the same archive
//! gives the same bytes.

use bimetal_files::Digest;
use camino::Utf8PathBuf;
use fs_err as fs;

use super::error::MachineError;
use crate::distribution::{run, target};

/// Its C library is as old as any that this project is tested with, so what is built there also
/// starts here.
const SUITE: &str = "bookworm";
const PACKAGES: &str = "--include=binutils,ca-certificates,gcc,libc6-dev";
/// Parts of the toolchains that compile; a company with an image of its own brings its own in the
/// same way.
const OF_GO: &str = "bin lib pkg/include pkg/tool src go.env VERSION";
const OF_RUST: &str = "--exclude=lib/rustlib/src --exclude=lib/rustlib/etc bin/cargo bin/rustc lib";
const LINKS: &str = concat!(
    "--customize-hook=ln -s ../go/bin/go ../rust/bin/cargo ../rust/bin/rustc ",
    r#""$1/usr/local/bin/""#
);
/// Nothing that a compiler reads.
const LEFT_OUT: [&str; 4] = ["doc", "info", "locale", "man"];
/// Times of files are cut off here, so that they do not tell when the tar was made.
const EPOCH: &str = "SOURCE_DATE_EPOCH=1751500000";
const NAME: &str = "rootfs-";

/// The tar file; made if it is not there yet, which takes a minute.
pub fn rootfs() -> Result<Utf8PathBuf, MachineError> {
    let directory = target().join("hermetic");
    fs::create_dir_all(&directory)?;
    let recipe = recipe()?;
    let digest = Digest::of(recipe.key.as_bytes()).to_string();
    let path = directory.join(format!("{NAME}{}.tar", &digest[..16]));
    // Tests of several processes may ask at once.
    let lock = fs::File::create(directory.join("lock"))?;
    lock.file().lock()?;
    if path.is_file() {
        return Ok(path);
    }
    let archive = archive()?;
    let unfinished = directory.join("unfinished.tar");
    let sources = [
        unfinished.to_string(),
        format!("deb {archive} {SUITE} main"),
    ];
    let words: Vec<&str> = recipe
        .words
        .iter()
        .chain(&sources)
        .map(String::as_str)
        .collect();
    let made = run("env", &words);
    if let Err(source) = made {
        // It may never have been begun.
        let _absent = fs::remove_file(&unfinished);
        return Err(MachineError::RootFs { path, source });
    }
    remove_others(&directory)?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

struct Recipe {
    words: Vec<String>,
    /// Everything that decides about the content, but for the archive.
    key: String,
}

fn recipe() -> Result<Recipe, MachineError> {
    let said = |program, words: &[&str]| -> Result<String, MachineError> {
        let answer = run(program, words)?.stdout;
        Ok(String::from_utf8_lossy(&answer).trim().to_owned())
    };
    let (go, rust) = (
        said("go", &["env", "GOROOT"])?,
        said("rustc", &["--print", "sysroot"])?,
    );
    let take = |from: &str, parts: &str, to: &str| {
        format!(
            "--customize-hook=mkdir -p \"$1{to}\" && tar -C '{from}' -cf - {parts} \
             | tar -C \"$1{to}\" -xf - && chown -R 0:0 \"$1{to}\""
        )
    };
    let mut words: Vec<String> = [
        EPOCH,
        "mmdebstrap",
        "--quiet",
        "--format=tar",
        "--variant=minbase",
        PACKAGES,
    ]
    .map(str::to_owned)
    .into();
    words.push(take(&go, OF_GO, "/usr/local/go"));
    words.push(take(&rust, OF_RUST, "/usr/local/rust"));
    words.push(LINKS.to_owned());
    words.extend(LEFT_OUT.map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")));
    words.push(SUITE.to_owned());
    let key = format!(
        "{}\n{}\n{}",
        words.join("\n"),
        said("go", &["version"])?,
        said("rustc", &["-vV"])?
    );
    Ok(Recipe { words, key })
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
fn remove_others(directory: &camino::Utf8Path) -> Result<(), MachineError> {
    for entry in directory.read_dir_utf8()? {
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
        let targets = "Other|Other|http://a.example/apt\n\
            Debian|Debian-Security|http://b.example/debian-security\n\
            Debian|Debian|http://b.example/debian\n";
        assert_eq!(
            of_debian(targets).as_deref(),
            Some("http://b.example/debian")
        );
        assert_eq!(of_debian("Ubuntu|Ubuntu|http://c.example\n"), None);
    }
}
