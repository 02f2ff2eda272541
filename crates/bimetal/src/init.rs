//! `bimetal init`: a directory with a first Collector of one's own.
//!
//! In: the directory to make. Out: its files: a configuration for the builder and one for the
//! Collector, a Makefile, a README. Invariant: files that exist stay as they are; if there is one
//! of them, none is written.

use std::borrow::Cow;
use std::io;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::json;

use crate::args::InitArgs;
use crate::exit_code::ExitCode;
use bimetal_builder::model::pinned::{COLLECTOR_STABLE_VERSION, COLLECTOR_VERSION};
use bimetal_builder::pipeline::PipelineError;
use bimetal_builder::stages::generate::render;
use bimetal_terminal::Printer;

/// File in the directory, and the template that it is made from.
const FILES: [(&str, &str); 5] = [
    ("manifest.yaml", "init/manifest.yaml.j2"),
    ("config.yaml", "init/config.yaml.j2"),
    ("Makefile", "init/Makefile.j2"),
    ("README.md", "init/README.md.j2"),
    (".gitignore", "init/gitignore.j2"),
];

#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    #[error("cannot find out where `{path}` is")]
    Place {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{directory}` already has {}", .names.join(", "))]
    Exists {
        directory: Utf8PathBuf,
        names: Vec<String>,
    },
    #[error("{0}")]
    File(#[from] FileError),
}

impl Hint for InitError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Exists { .. } => {
                "choose another directory with `--path`, or move these files away"
            }
            Self::Place { .. } | Self::File(_) => {
                "choose a directory that can be written with `--path`"
            }
        };
        Some(hint.into())
    }
}

pub(crate) fn run(arguments: &InitArgs, printer: &Printer) -> Result<ExitCode, PipelineError> {
    let directory = make(&arguments.path)?;
    let names = FILES.iter().map(|(name, _)| (*name).to_owned());
    let names: Vec<String> = names
        .filter(|name| fs::symlink_metadata(directory.join(name)).is_ok())
        .collect();
    if !names.is_empty() {
        return Err(InitError::Exists { directory, names }.into());
    }
    let context = json!({
        "name": collector_name(&directory),
        "version": COLLECTOR_VERSION,
        "stable": COLLECTOR_STABLE_VERSION,
    });
    for (name, template) in FILES {
        let path = directory.join(name);
        bimetal_files::write_if_changed(&path, render(template, context.clone()).as_bytes())
            .map_err(InitError::from)?;
    }
    printer.line(&format!(
        "made {directory}: {}",
        FILES.map(|(name, _)| name).join(", ")
    ));
    printer.line(&format!("next: cd {} && make run", arguments.path));
    Ok(ExitCode::Ok)
}

fn make(path: &Utf8Path) -> Result<Utf8PathBuf, InitError> {
    bimetal_files::create_directory(path)?;
    path.canonicalize_utf8().map_err(|source| InitError::Place {
        path: path.to_owned(),
        source,
    })
}

/// The directory's name, with what cannot stand in a file name or module path turned into dashes.
fn collector_name(directory: &Utf8Path) -> String {
    let name: String = directory
        .file_name()
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() {
        "otelcol-custom".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_directory_gives_a_name_that_can_be_a_program() {
        let name = |directory: &str| collector_name(Utf8Path::new(directory));
        assert_eq!(name("/home/me/my collector"), "my-collector");
        assert_eq!(name("/home/me/...é"), "otelcol-custom");
        assert_eq!(name("/"), "otelcol-custom");
    }
}
