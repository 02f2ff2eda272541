//! Turns main's static library into one object that Go takes as a `.syso`.
//!
//! In: the archive that cargo made. Out: an object with only what the `bimetal_…` functions reach,
//! and only those as global names. Invariant: no other Rust symbol can meet one of a plugin. Go
//! sees the object's bytes and relinks when they change; an archive named in linker flags would be
//! overlooked.

use std::collections::BTreeSet;
use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};

use super::error::BuildError;
use crate::model::Plan;
use crate::toolchain::{Invocation, Runner, work};

const PREFIX: &str = "bimetal_";

/// Links `archive`; returns the object's path in the work directory.
pub(super) fn link(
    plan: &Plan,
    archive: &Utf8Path,
    runner: &Runner<'_>,
) -> Result<Utf8PathBuf, BuildError> {
    let symbols = symbols(archive)?;
    let directory = work::built(&plan.out);
    let (whole, object) = (directory.join("host-whole.o"), directory.join("host.o"));
    let linked = Invocation::new(tool("LD", "ld"), &directory)
        .args(["-r", "--gc-sections"])
        .args(symbols.iter().map(|symbol| format!("--undefined={symbol}")))
        .args(["-o", whole.as_str(), archive.as_str()]);
    runner
        .run("ld-host", &linked)
        .map_err(|source| BuildError::Link { source })?;
    let mut narrowed = Invocation::new(tool("OBJCOPY", "objcopy"), &directory)
        .args(["--wildcard", "--keep-global-symbol=bimetal_*"])
        // The standard library brings its bitcode, which is nine tenths of the file.
        .args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    if !plan.go.debug {
        narrowed = narrowed.arg("--strip-debug");
    }
    let narrowed = narrowed.args([whole.as_str(), object.as_str()]);
    runner
        .run("objcopy-host", &narrowed)
        .map_err(|source| BuildError::Link { source })?;
    Ok(object)
}

fn tool(variable: &str, name: &str) -> String {
    env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| name.to_owned())
}

/// Names that the Go side may call.
fn symbols(archive: &Utf8Path) -> Result<BTreeSet<String>, BuildError> {
    let bytes = bimetal_files::read(archive)?;
    let failed = |error: object::Error| BuildError::Archive {
        path: archive.to_owned(),
        reason: error.to_string(),
    };
    let mut names = BTreeSet::new();
    for member in ArchiveFile::parse(bytes.as_slice())
        .map_err(failed)?
        .members()
    {
        let data = member
            .and_then(|member| member.data(bytes.as_slice()))
            .map_err(failed)?;
        // Members that are no objects (metadata of rustc) have no symbols.
        let Ok(object) = object::File::parse(data) else {
            continue;
        };
        let defined = object
            .symbols()
            .filter(|symbol| symbol.is_global() && symbol.is_definition());
        names.extend(
            defined
                .filter_map(|symbol| symbol.name().ok())
                .filter(|name| name.starts_with(PREFIX))
                .map(str::to_owned),
        );
    }
    if names.is_empty() {
        return Err(BuildError::NoSymbols {
            path: archive.to_owned(),
        });
    }
    Ok(names)
}
