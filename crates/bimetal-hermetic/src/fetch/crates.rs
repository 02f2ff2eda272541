//! The crates: vendored by cargo, each compared with the archive that Cargo.lock names, and the
//! archives beside them.
//!
//! In: the generated workspace with its Cargo.lock, cargo's cache. Out: `crates/vendor/`,
//! `crates/archives/`, `crates/config.toml`. Invariant: a vendored file that its archive does not
//! have, or has otherwise, is an error here and once more inside.

use bimetal_files::{FileError, unless_absent};
use bimetal_lockfile::CargoLock;
use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{DocumentMut, TomlError, value};
use walkdir::WalkDir;

use super::error::FetchError;
use super::inputs::Inputs;
use super::{CARGO, INSIDE, SOURCES, VENDORED};
use bimetal_builder::flags::cargo::cargo;
use bimetal_builder::model::Plan;
use bimetal_builder::stages::lock::registry::{self, ARCHIVES};
use bimetal_builder::toolchain::{AnswerError, Runner, cargo_home};

/// Vendors what Cargo.lock names.
pub(super) fn add(plan: &Plan, inputs: &mut Inputs, runner: &Runner<'_>) -> Result<(), FetchError> {
    let vendored = inputs.root().join(VENDORED);
    let config = vendor(plan, &vendored, runner)?;
    let lock = lock(&inputs.root().join(SOURCES).join("rust/Cargo.lock"))?;
    let home = cargo_home::of_user().unwrap_or_default();
    let caches = caches(&home.join("registry/cache"))?;
    for (name, version, checksum) in lock.iter() {
        let file = format!("{name}-{version}.crate");
        let archive = caches
            .iter()
            .map(|cache| cache.join(&file))
            .find(|path| path.is_file())
            .ok_or_else(|| FetchError::NoCrate {
                name: name.to_owned(),
                version: version.to_owned(),
                file: file.clone(),
                directory: home.clone(),
            })?;
        inputs.copy(Utf8Path::new(CARGO).join(ARCHIVES).join(&file), &archive)?;
        let directory = vendored.join(format!("{name}-{version}"));
        registry::verify(&registry::Unpacked {
            name: name.to_owned(),
            version: version.to_owned(),
            directory,
            checksum: checksum.to_owned(),
        })
        .map_err(|source| FetchError::Crate {
            source: Box::new(source),
        })?;
    }
    adopt(&vendored, inputs)?;
    inputs.write(Utf8Path::new(CARGO).join("config.toml"), config.as_bytes())
}

/// Runs `cargo vendor`, from the caches alone where they suffice; gives the configuration for
/// inside.
fn vendor(plan: &Plan, directory: &Utf8Path, runner: &Runner<'_>) -> Result<String, FetchError> {
    let vendor = |offline: &[&str]| {
        let invocation = cargo(plan, "vendor")
            .args(["--locked", "--versioned-dirs"])
            .args(offline.iter().copied())
            .arg(directory.as_str());
        runner.read("cargo-vendor", &invocation)
    };
    let answer = match vendor(&["--offline"]) {
        Err(error) if !is_interrupt(&error) => vendor(&[]),
        other => other,
    };
    let answer = answer.map_err(|source| FetchError::Vendor { source })?;
    turned(&String::from_utf8_lossy(&answer))
}

/// The configuration that cargo printed, with the directory that the crates have inside.
fn turned(printed: &str) -> Result<String, FetchError> {
    let mut config: DocumentMut = printed
        .parse()
        .map_err(AnswerError::of::<TomlError>("cargo vendor"))?;
    let sources = config
        .get_mut("source")
        .and_then(|sources| sources.as_table_like_mut());
    // Without a crate to vendor, cargo prints nothing.
    if let Some(sources) = sources {
        for (_, source) in sources.iter_mut() {
            if let Some(directory) = source
                .as_table_like_mut()
                .and_then(|source| source.get_mut("directory"))
            {
                *directory = value(format!("{INSIDE}/{VENDORED}"));
            }
        }
    }
    Ok(config.to_string())
}

fn lock(path: &Utf8Path) -> Result<CargoLock, FetchError> {
    let text = bimetal_files::read_to_string(path)?;
    CargoLock::parse(&text).map_err(|error| FetchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// The directories of archives, one for each registry.
fn caches(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FetchError> {
    let failed = FileError::reading(directory);
    let Some(entries) = unless_absent(directory.read_dir_utf8()).map_err(failed)? else {
        return Ok(Vec::new());
    };
    let mut caches = entries
        .map(|entry| entry.map(|entry| entry.path().to_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    caches.sort();
    Ok(caches)
}

/// Records what cargo put there.
fn adopt(directory: &Utf8Path, inputs: &mut Inputs) -> Result<(), FetchError> {
    if !directory.exists() {
        return Ok(());
    }
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let entry = entry.map_err(|error| FileError::reading(directory)(error.into()))?;
        let path = Utf8Path::from_path(entry.path()).ok_or_else(|| FetchError::Unreadable {
            path: directory.to_owned(),
            reason: "a file name is not UTF-8".to_owned(),
        })?;
        if entry.file_type().is_file() {
            let below = path.strip_prefix(inputs.root()).unwrap_or(path).to_owned();
            inputs.adopt(below)?;
        } else if !entry.file_type().is_dir() {
            return Err(FetchError::Unreadable {
                path: path.to_owned(),
                reason: "it is neither a file nor a directory".to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_configuration_is_turned_to_the_directory_inside() {
        let printed = "[source.crates-io]\nreplace-with = \"vendored-sources\"\n\n\
            [source.vendored-sources]\ndirectory = \"/home/me/v\"\n";
        let config = turned(printed).unwrap();
        assert!(
            config.contains("directory = \"/bimetal/crates/vendor\""),
            "{config}"
        );
        assert!(
            config.contains("replace-with = \"vendored-sources\""),
            "{config}"
        );
        assert!(turned("[source").is_err());
        assert_eq!(turned("").unwrap(), "");
    }
}
