//! `inspect`: everything that a file says about itself.
//!
//! In: files. Out: manifest, facts, exported symbols, digest of each. Invariant: nothing is
//! compared and nothing is loaded.

use bimetal_files::Digest;
use bimetal_manifest::object::{self, Artifact, Form};
use bimetal_verify::Problem;
use camino::Utf8Path;

use super::{print, stop_if_interrupted};
use crate::HINTS;
use crate::args::{Format, InspectArgs};
use crate::context::Context;
use crate::document::{INSPECT, InspectDocument, InspectedFile};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::inspection;
use bimetal_terminal::Printer;

const SYMBOLS_IN_JSON: usize = 100_000;

pub(crate) fn run(
    arguments: &InspectArgs,
    context: &Context,
    out: &Printer,
) -> Result<ExitCode, CommandError> {
    let limit = match arguments.common.format {
        Format::Table => inspection::SYMBOLS_SHOWN,
        Format::Json | Format::Sarif => SYMBOLS_IN_JSON,
    };
    let mut files = Vec::with_capacity(arguments.files.len());
    for path in &arguments.files {
        stop_if_interrupted(context)?;
        files.push(inspect(path, limit));
    }
    let ok = files.iter().all(|file| file.problem.is_none());
    let document = InspectDocument {
        schema: INSPECT,
        ok,
        files,
    };
    print(&document, arguments.common.format, inspection::print, out);
    Ok(if ok {
        ExitCode::Ok
    } else {
        ExitCode::Unreadable
    })
}

fn inspect(path: &Utf8Path, limit: usize) -> InspectedFile {
    let mut inspected = InspectedFile {
        file: path.to_string(),
        sha256: None,
        problem: None,
        facts: None,
        manifests: Vec::new(),
        symbols: None,
    };
    let (file, artifact) = match object::open(path) {
        Ok(read) => read,
        Err(error) => {
            inspected.problem = Some(Problem::of(&error, HINTS));
            return inspected;
        }
    };
    match Digest::of_file(&file) {
        Ok(digest) => inspected.sha256 = Some(digest),
        Err(error) => inspected.problem = Some(Problem::of(&error, HINTS)),
    }
    match object::exported_symbols(&file, limit) {
        Ok(symbols) => inspected.symbols = Some(symbols),
        Err(error) => inspected.problem = Some(Problem::of(&error, HINTS)),
    }
    let Artifact { facts, manifests } = artifact;
    match manifests {
        Ok(manifests) => inspected.manifests = manifests.parts,
        Err(error) => inspected.problem = Some(Problem::of(&error, HINTS)),
    }
    if inspected.problem.is_none()
        && !matches!(facts.form, Form::Main | Form::GoPlugin | Form::RustPlugin)
    {
        inspected.problem = Some(Problem {
            message: format!(
                "it is neither a plugin nor a Collector but a file of the form `{}`",
                facts.form.as_str()
            ),
            help: None,
        });
    }
    inspected.facts = Some(facts);
    inspected
}
