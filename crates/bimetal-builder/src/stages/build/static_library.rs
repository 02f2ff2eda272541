//! Turns main's static library into one object that Go takes as a `.syso`.
//!
//! In: the archive that cargo made. Out: an object with only what the `bimetal_…` functions reach,
//! and only those as global names. Invariant: no other Rust symbol can meet one of a plugin. Go
//! sees the object's bytes and relinks when they change; an archive named in linker flags would be
//! overlooked.

use std::collections::BTreeSet;
use std::env;

use bimetal_files::{Digest, Hasher};
use camino::{Utf8Path, Utf8PathBuf};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};

use super::error::BuildError;
use super::made;
use crate::model::{GENERATOR_HASH, Plan};
use crate::toolchain::{Invocation, Runner, find, work};

const PREFIX: &str = "bimetal_";

/// Links `archive`, unless the object is there that came of equal inputs; returns the object's path
/// in the work directory.
pub(super) fn link(
    plan: &Plan,
    archive: &Utf8Path,
    runner: &Runner<'_>,
) -> Result<Utf8PathBuf, BuildError> {
    let bytes = bimetal_files::read(archive)?;
    let directory = work::built(&plan.out);
    let (object, record) = (directory.join("host.o"), directory.join("host.json"));
    let inputs = inputs(plan, &bytes);
    if made::is_current(&object, &record, &inputs) {
        return Ok(object);
    }
    let whole = directory.join("host-whole.o");
    let symbols = symbols(archive, &bytes)?;
    let linked = Invocation::new(tool(LD), &directory)
        .args(["-r", "--gc-sections"])
        .args(symbols.iter().map(|symbol| format!("--undefined={symbol}")))
        .args(["-o", whole.as_str(), archive.as_str()]);
    runner
        .run("ld-host", &linked)
        .map_err(|source| BuildError::Link { source })?;
    let mut narrowed = Invocation::new(tool(OBJCOPY), &directory)
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
    made::note(&object, &record, inputs)?;
    Ok(object)
}

/// Everything that decides about the object: the archive, the tools, and how they are called, which
/// changes with the builder only.
fn inputs(plan: &Plan, archive: &[u8]) -> Digest {
    let mut sum = Hasher::default();
    let mut add = |text: &str| {
        sum.update(text.len().to_le_bytes());
        sum.update(text);
    };
    add(env!("CARGO_PKG_VERSION"));
    add(GENERATOR_HASH);
    add(if plan.go.debug { "debug" } else { "" });
    let search = env::var("PATH").unwrap_or_default();
    for name in [tool(LD), tool(OBJCOPY)] {
        add(&name);
        let file = find(&name, Utf8Path::new("/"), &search);
        let metadata = file.as_ref().and_then(|file| file.metadata().ok());
        let metadata = metadata.map(|found| (found.len(), found.modified().ok()));
        add(&format!("{file:?} {metadata:?}"));
    }
    add(Digest::of(archive).tagged().as_str());
    sum.finish()
}

/// A variable that names the tool, and its usual name.
type Tool = (&'static str, &'static str);
const LD: Tool = ("LD", "ld");
const OBJCOPY: Tool = ("OBJCOPY", "objcopy");

fn tool((variable, name): Tool) -> String {
    env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| name.to_owned())
}

/// Names that the Go side may call.
fn symbols(archive: &Utf8Path, bytes: &[u8]) -> Result<BTreeSet<String>, BuildError> {
    let failed = |error: object::Error| BuildError::Archive {
        path: archive.to_owned(),
        reason: error.to_string(),
    };
    let mut names = BTreeSet::new();
    for member in ArchiveFile::parse(bytes).map_err(failed)?.members() {
        let data = member
            .and_then(|member| member.data(bytes))
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

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;
    use crate::progress::Activity;
    use crate::stages::plan::samples;

    #[test]
    fn an_equal_archive_is_linked_once_and_a_damaged_or_missing_object_is_made_again() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let mut plan = samples::hosted_plan();
        plan.out = root.join("out");
        bimetal_files::create_directory(&work::built(&plan.out)).unwrap();
        let activity = Activity::silent();
        let logs = root.join("logs");
        let runner = Runner {
            logs: Some(&logs),
            activity: &activity,
        };
        let archive = root.join("libbimetal_main.a");
        let compiled = |code: &str| {
            let (source, object) = (root.join("a.c"), root.join("a.o"));
            fs::write(&source, code).unwrap();
            let compile = ["-c", "-o", object.as_str(), source.as_str()];
            let compile = Invocation::new("cc", root).args(compile);
            runner.run("cc", &compile).unwrap();
            let pack = ["rcsD", archive.as_str(), object.as_str()];
            runner
                .run("ar", &Invocation::new("ar", root).args(pack))
                .unwrap();
        };
        let linked = || {
            let object = link(&plan, &archive, &runner).unwrap();
            let did = bimetal_files::remove_if_present(&logs.join("ld-host.log")).unwrap();
            (did, fs::read(object).unwrap())
        };
        compiled("int bimetal_one(void) { return 1; }\n");
        let (did, first) = linked();
        assert!(did);
        assert_eq!(linked(), (false, first.clone()), "nothing changed");
        let object = work::built(&plan.out).join("host.o");
        fs::write(&object, "damaged").unwrap();
        assert_eq!(linked(), (true, first.clone()));
        fs::remove_file(&object).unwrap();
        assert_eq!(linked(), (true, first.clone()));
        fs::write(work::built(&plan.out).join("host.json"), "{").unwrap();
        assert_eq!(linked(), (true, first.clone()));
        compiled("int bimetal_one(void) { return 2; }\n");
        let (did, second) = linked();
        assert!(did && second != first);
    }
}
