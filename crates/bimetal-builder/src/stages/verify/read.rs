//! Re-reads artifacts from disk.
//!
//! In: paths, the texts that were stamped. Out: what the files really are. Invariant: digest, facts
//! and manifest of a file come through one descriptor; what memory believes about an artifact does
//! not count.

use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::{Digest, FileError};
use bimetal_manifest::object::{self, Artifact, Form};
use bimetal_manifest::schema::Language;
use camino::Utf8Path;

use super::error::VerifyError;
use super::{About, Checked, CheckedPlugin};
use crate::stages::build::{BuiltMain, BuiltPlugin};

/// A main without manifests: a regular file that may be executed.
pub(super) fn program(built: BuiltMain) -> Result<Checked, VerifyError> {
    let BuiltMain { path, invocation } = built;
    let failed = FileError::reading(&path);
    let named = fs_err::symlink_metadata(&path).map_err(failed)?;
    if !named.is_file() || named.len() == 0 || named.permissions().mode() & 0o111 == 0 {
        return Err(VerifyError::NotProgram {
            path,
            command: invocation.command_line(),
        });
    }
    without_facts(&path)
}

/// A main with the manifests that were stamped.
pub(super) fn main(path: &Utf8Path, stamped: &str) -> Result<Checked, VerifyError> {
    let path_of = || path.to_owned();
    let (artifact, checked) = artifact(path)?;
    if artifact.facts.form != Form::Main {
        return Err(VerifyError::Form {
            path: path_of(),
            found: artifact.facts.form.as_str(),
            wanted: Form::Main.as_str(),
        });
    }
    match &artifact.manifests {
        Err(source) => Err(VerifyError::Manifest {
            path: path_of(),
            source: source.clone(),
        }),
        Ok(manifests) if stamped != manifests.text => Err(VerifyError::Stale { path: path_of() }),
        Ok(_) => Ok(checked),
    }
}

/// A plugin, which has to be the one of this build. Whether it is any good as a plugin is not asked
/// here.
pub(super) fn plugin(
    built: BuiltPlugin,
    stamped: Option<&str>,
) -> Result<CheckedPlugin, VerifyError> {
    let (artifact, checked) = match artifact(&built.path) {
        Ok(read) => read,
        Err(VerifyError::Read { .. }) => {
            let checked = without_facts(&built.path)?;
            return Ok(CheckedPlugin { built, checked });
        }
        Err(error) => return Err(error),
    };
    let other_form = match built.language {
        Language::Go => Form::RustPlugin,
        Language::Rust => Form::GoPlugin,
    };
    let found = artifact.facts.form;
    if found == other_form {
        return Err(VerifyError::Form {
            path: built.path,
            found: found.as_str(),
            wanted: match built.language {
                Language::Go => Form::GoPlugin.as_str(),
                Language::Rust => Form::RustPlugin.as_str(),
            },
        });
    }
    match &artifact.manifests {
        Ok(manifests) if stamped != Some(manifests.text.as_str()) => {
            Err(VerifyError::Stale { path: built.path })
        }
        _ => Ok(CheckedPlugin { built, checked }),
    }
}

fn without_facts(path: &Utf8Path) -> Result<Checked, VerifyError> {
    let failed = FileError::reading(path);
    let file = bimetal_files::open(path)?;
    Ok(Checked {
        path: path.to_owned(),
        size: file.metadata().map_err(failed)?.len(),
        sha256: Digest::of_file(file.file()).map_err(failed)?,
        about: None,
    })
}

fn artifact(path: &Utf8Path) -> Result<(Artifact, Checked), VerifyError> {
    use object::ReadError::{Io, Open};
    let (file, artifact) = object::open(path).map_err(|source| match source {
        Open { source } | Io { source } => FileError::reading(path)(source).into(),
        source => VerifyError::Read {
            path: path.to_owned(),
            source,
        },
    })?;
    let sha256 = Digest::of_file(&file).map_err(FileError::reading(path))?;
    let text = artifact
        .manifests
        .as_ref()
        .map(|manifests| manifests.text.clone())
        .unwrap_or_default();
    let about = Some(About {
        text,
        facts: artifact.facts.clone(),
    });
    let size = artifact.facts.size;
    Ok((
        artifact,
        Checked {
            path: path.to_owned(),
            sha256,
            size,
            about,
        },
    ))
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::toolchain::Invocation;

    fn program_at(path: Utf8PathBuf) -> Result<Checked, VerifyError> {
        program(BuiltMain {
            path,
            invocation: Invocation::new("go", "/").arg("build"),
        })
    }

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, Utf8PathBuf) {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(keep.path().join("main")).unwrap();
        fs_err::write(&path, text).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (keep, path)
    }

    #[test]
    fn a_plain_main_is_a_regular_file_that_may_be_executed() {
        let (_keep, path) = file("program", 0o755);
        let checked = program_at(path.clone()).unwrap();
        assert_eq!(
            (checked.size, checked.sha256),
            (7, bimetal_files::Digest::of(b"program"))
        );
        for (text, mode) in [("program", 0o644), ("", 0o755)] {
            let (_keep, path) = file(text, mode);
            let error = program_at(path.clone()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`go build` ended well, and `{path}` is no program"),
                "{text:?} {mode:o}"
            );
        }
        let link = path.with_file_name("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(
            program_at(link),
            Err(VerifyError::NotProgram { .. })
        ));
        assert!(matches!(
            program_at(path.with_file_name("absent")),
            Err(VerifyError::File(_))
        ));
    }

    #[test]
    fn a_main_with_a_host_must_have_manifests() {
        let (_keep, path) = file("#!/bin/sh\n", 0o755);
        assert!(matches!(main(&path, "[]"), Err(VerifyError::Read { .. })));
    }
}
