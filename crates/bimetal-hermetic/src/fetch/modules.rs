//! The Go modules as a proxy in a directory, and local modules as copies.
//!
//! In: go.mod and go.sum of the output directory, the module cache. Out: `modules/` (what
//! `GOPROXY=file://…` reads), `local/`, go.mod with its replacements turned to the copies.
//! Invariant: every archive has the sum that go.sum has, computed from the bytes that are taken
//! along.

use std::collections::BTreeMap;
use std::io;

use bimetal_files::{Digest, copy_hashed};
use bimetal_lockfile::GoSum;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Deserialize;
use zip::ZipArchive;

use super::error::FetchError;
use super::inputs::Inputs;
use super::{LOCAL, MODULES, SOURCES};
use bimetal_builder::flags::go::go;
use bimetal_builder::model::Plan;
use bimetal_builder::stages::lock::{cached_name, local_module, sum_of_digests};
use bimetal_builder::toolchain::{AnswerError, Runner, interrupt};

/// Takes along every module that go.sum names, as far as builds need it.
pub(super) fn add(plan: &Plan, inputs: &mut Inputs, runner: &Runner<'_>) -> Result<(), FetchError> {
    let sums = sums(&plan.out.join("go.sum"))?;
    let answer = runner
        .read("go-env-modcache", &go(plan).args(["env", "GOMODCACHE"]))
        .map_err(|source| FetchError::GoCache { source })?;
    let cache = Utf8PathBuf::from(String::from_utf8_lossy(&answer).trim()).join("cache/download");
    for (module, version, wanted) in sums.go_mods() {
        let found = |path: &Utf8Path| go_mod_sum(path);
        add_file(
            inputs,
            &cache,
            &Named::new(module, version, "mod", wanted),
            found,
        )?;
        // Go asks a proxy for it; what an original one says beyond the version depends on when it
        // was asked.
        let text = serde_json::json!({ "Version": version }).to_string();
        inputs.write(place(module, version, "info"), text.as_bytes())?;
    }
    for (module, version, wanted) in sums.iter() {
        let named = Named::new(module, version, "zip", wanted);
        // go.sum also has modules that only tests of modules need; tidying downloads what a build
        // does.
        if cache.join(named.path()).exists() {
            add_file(inputs, &cache, &named, |path| archive_sum(path, &named))?;
        }
    }
    Ok(())
}

/// One file of the module cache.
struct Named<'a> {
    module: &'a str,
    version: &'a str,
    end: &'static str,
    wanted: &'a str,
}

impl<'a> Named<'a> {
    fn new(module: &'a str, version: &'a str, end: &'static str, wanted: &'a str) -> Self {
        Self {
            module,
            version,
            end,
            wanted,
        }
    }

    fn path(&self) -> String {
        cached_name(self.module, self.version, self.end)
    }
}

fn place(module: &str, version: &str, end: &str) -> Utf8PathBuf {
    Utf8Path::new(MODULES).join(cached_name(module, version, end))
}

/// Copies first and computes the sum of the copy: what is checked is what is taken along.
fn add_file(
    inputs: &mut Inputs,
    cache: &Utf8Path,
    named: &Named<'_>,
    sum: impl Fn(&Utf8Path) -> Result<String, FetchError>,
) -> Result<(), FetchError> {
    let from = cache.join(named.path());
    let place = place(named.module, named.version, named.end);
    if named.end == "mod" && !from.exists() {
        // A module whose go.mod was read for nothing; Go says so inside if it is needed after all.
        return Ok(());
    }
    inputs.copy(&place, &from)?;
    let found = sum(&inputs.root().join(&place))?;
    if found == named.wanted {
        return Ok(());
    }
    Err(FetchError::ModuleChanged {
        module: named.module.to_owned(),
        version: named.version.to_owned(),
        path: from,
        found,
        wanted: named.wanted.to_owned(),
    })
}

fn sums(path: &Utf8Path) -> Result<GoSum, FetchError> {
    // A module without dependencies has none.
    let bytes = bimetal_files::read_if_present(path)?.unwrap_or_default();
    GoSum::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| FetchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// `h1:` over one go.mod: that of a module whose only file it is.
fn go_mod_sum(path: &Utf8Path) -> Result<String, FetchError> {
    let bytes = bimetal_files::read(path)?;
    let files = BTreeMap::from([("go.mod".to_owned(), Digest::of(bytes))]);
    Ok(sum_of_digests(&files))
}

/// `h1:` over the files of a module's archive.
fn archive_sum(path: &Utf8Path, named: &Named<'_>) -> Result<String, FetchError> {
    let failed = |source| FetchError::Archive {
        module: named.module.to_owned(),
        version: named.version.to_owned(),
        path: path.to_owned(),
        source,
    };
    let file = fs::File::open(path.as_std_path()).map_err(|error| failed(error.into()))?;
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(failed)?;
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        interrupt::check()?;
        let mut entry = archive.by_index(index).map_err(failed)?;
        let name = entry.name().map_err(failed)?.into_owned();
        let copied = copy_hashed(&mut entry, &mut io::sink(), interrupt::requested)
            .map_err(|error| failed(error.source.into()))?;
        files.insert(name, copied.digest);
    }
    Ok(sum_of_digests(&files))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GoMod {
    replace: Option<Vec<Replace>>,
}

/// A replacement in go.mod.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Replace {
    old: Module,
    pub(super) new: Module,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Module {
    pub(super) path: String,
    version: Option<String>,
}

/// The replacements in go.mod that lead to directories.
pub(super) fn local_replacements(
    plan: &Plan,
    runner: &Runner<'_>,
) -> Result<Vec<Replace>, FetchError> {
    let answer = runner
        .read("go-mod-replaced", &go(plan).args(["mod", "edit", "-json"]))
        .map_err(|source| FetchError::Replacements { source })?;
    let parsed: GoMod =
        serde_json::from_slice(&answer).map_err(AnswerError::of("go mod edit -json"))?;
    let is_local = |replace: &Replace| {
        replace
            .new
            .version
            .as_deref()
            .unwrap_or_default()
            .is_empty()
    };
    Ok(parsed
        .replace
        .into_iter()
        .flatten()
        .filter(is_local)
        .collect())
}

/// Copies the local modules that go.mod names, and turns its replacements to the copies.
pub(super) fn add_local(
    plan: &Plan,
    inputs: &mut Inputs,
    runner: &Runner<'_>,
) -> Result<(), FetchError> {
    let go_mod = inputs.root().join(SOURCES).join("go.mod");
    let mut edit = go(plan).args(["mod", "edit"]);
    let mut directories: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    for replace in local_replacements(plan, runner)? {
        let directory = plan.out.join(&replace.new.path);
        let next = directories.len();
        let name = if let Some(name) = directories.get(&directory) {
            name.clone()
        } else {
            let name = format!("{LOCAL}/{next}");
            copy_module(&directory, &name, inputs)?;
            directories.insert(directory, name.clone());
            name
        };
        let old = match &replace.old.version {
            Some(version) if !version.is_empty() => format!("{}@{version}", replace.old.path),
            _ => replace.old.path,
        };
        edit = edit.arg(format!("-replace={old}=../{name}"));
    }
    if directories.is_empty() {
        return Ok(());
    }
    runner
        .run("go-mod-replace", &edit.arg(go_mod.as_str()))
        .map_err(|source| FetchError::Replacements { source })?;
    inputs.adopt(Utf8Path::new(SOURCES).join("go.mod"))
}

fn copy_module(directory: &Utf8Path, name: &str, inputs: &mut Inputs) -> Result<(), FetchError> {
    let files = local_module(directory, name).map_err(|source| FetchError::Local {
        directory: directory.to_owned(),
        source: Box::new(source),
    })?;
    for (name, path) in files {
        inputs.copy(name, &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bimetal_terminal::Hint as _;

    use std::io::Write as _;

    use super::*;

    const GO_MOD: &str = "module m\n\ngo 1.21\n";

    fn archive(directory: &Utf8Path) -> Utf8PathBuf {
        let path = directory.join("v1.0.0.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(path.as_std_path()).unwrap());
        for (name, text) in [
            ("m@v1.0.0/go.mod", GO_MOD),
            ("m@v1.0.0/a.go", "package m\n"),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    /// What `go mod download` wrote into go.sum for this module.
    #[test]
    fn the_sum_of_an_archive_is_that_of_its_unpacked_files() {
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(keep.path()).unwrap();
        let path = archive(directory);
        let named = Named::new("m", "v1.0.0", "zip", "");
        let digest = |text: &str| Digest::of(text);
        let wanted = BTreeMap::from([
            ("m@v1.0.0/go.mod".to_owned(), digest(GO_MOD)),
            ("m@v1.0.0/a.go".to_owned(), digest("package m\n")),
        ]);
        assert_eq!(archive_sum(&path, &named).unwrap(), sum_of_digests(&wanted));
        fs::write(&path, "no zip").unwrap();
        assert!(matches!(
            archive_sum(&path, &named),
            Err(FetchError::Archive { .. })
        ));
    }

    #[test]
    fn a_file_of_the_cache_that_was_changed_is_named_with_both_sums() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let cache = root.join("cache");
        let from = cache.join("example.com/!upper/@v/v1.0.0.mod");
        fs::create_dir_all(from.parent().unwrap()).unwrap();
        fs::write(&from, GO_MOD).unwrap();
        let wanted = go_mod_sum(&from).unwrap();
        let mut inputs = Inputs::start(root.join("inputs")).unwrap();
        let named = Named::new("example.com/Upper", "v1.0.0", "mod", &wanted);
        add_file(&mut inputs, &cache, &named, go_mod_sum).unwrap();
        fs::write(&from, "module other\n").unwrap();
        let error = add_file(&mut inputs, &cache, &named, go_mod_sum).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(from.as_str()) && text.contains(&wanted),
            "{text}"
        );
        assert!(error.hint().is_some());
    }
}
