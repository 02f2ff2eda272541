//! What Go itself brings into an artifact, and the C compiler that it calls.
//!
//! In: Go's variables, the directories of its standard packages. Out: one digest. Invariant: bytes
//! count, and no time does; what cannot be read gives no digest, and no error. Where the user wants
//! everything built again there is none either.

use std::collections::BTreeSet;
use std::io;

use bimetal_files::{Digest, Hasher};
use camino::{Utf8Path, Utf8PathBuf};

use super::parallel;
use super::variables::{Variables, flags};
use crate::model::Plan;
use crate::toolchain::{Invocation, Runner, find, go_flags, interrupt};

/// The programs of Go's directory of tools that a build runs.
const TOOLS: &[&str] = &["asm", "cgo", "compile", "link", "preprofile"];

/// Of everything that decides about a build, beside the sources that are locked.
pub(super) fn digest(
    plan: &Plan,
    variables: &Variables,
    standard: &BTreeSet<&Utf8Path>,
    runner: &Runner<'_>,
) -> Option<Digest> {
    if go_flags(flags(variables))
        .iter()
        .any(|flag| flag.name == "-a")
    {
        return None;
    }
    let named = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let (root, tools) = (named("GOROOT")?, named("GOTOOLDIR")?);
    let (root, tools) = (Utf8Path::new(root), Utf8Path::new(tools));
    let mut files: BTreeSet<Utf8PathBuf> = c_programs(plan, variables, runner)?;
    files.extend(["bin/go", "VERSION"].map(|name| root.join(name)));
    // An older release has not all of them.
    files.extend(
        TOOLS
            .iter()
            .map(|name| tools.join(name))
            .filter(|path| path.exists()),
    );
    let headers = root.join("pkg/include");
    for directory in standard.iter().copied().chain([headers.as_path()]) {
        files.extend(sources(directory).ok()?);
    }
    let files: Vec<Utf8PathBuf> = files.into_iter().collect();
    let digests = parallel::map(&files, |path| {
        let is_wanted = !interrupt::requested();
        is_wanted.then(|| Digest::of_path(path).ok())?
    });
    let digests: Vec<Digest> = digests.into_iter().collect::<Option<_>>()?;

    let mut sum = Hasher::default();
    sum.update(format!("{variables:?}"));
    sum.update(format!("{:?} {:?}", plan.go.tool, plan.cc));
    for (path, digest) in files.iter().zip(digests) {
        sum.update(format!("{path:?} {digest}"));
    }
    Some(sum.finish())
}

/// The C compilers that Go may call, and the linker that they call.
fn c_programs(
    plan: &Plan,
    variables: &Variables,
    runner: &Runner<'_>,
) -> Option<BTreeSet<Utf8PathBuf>> {
    let Some(cc) = &plan.cc else {
        return Some(BTreeSet::new());
    };
    let asked = Invocation::new(&cc.program, "/").arg("-print-prog-name=ld");
    let search = asked.env.get("PATH").cloned().unwrap_or_default();
    let answer = runner.read("cc-linker", &asked).ok()?;
    let linker = String::from_utf8_lossy(&answer);
    let found = |name: &str| find(name, Utf8Path::new("/"), &search);
    let cxx = variables
        .get("CXX")
        .and_then(|text| text.split_whitespace().next());
    let programs = [
        Some(found(cc.program.as_str())?),
        found(linker.trim()),
        cxx.and_then(found),
    ];
    Some(programs.into_iter().flatten().collect())
}

/// The files of a package, without those of its tests.
fn sources(directory: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        if !entry.file_name().ends_with("_test.go") && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;
    use crate::progress::Activity;
    use crate::stages::plan::samples;

    #[test]
    fn every_byte_of_go_counts_and_what_cannot_be_read_gives_no_digest() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let put = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for name in [
            "VERSION",
            "bin/go",
            "pkg/include/textflag.h",
            "pkg/tool/link",
            "src/fmt/a.go",
        ] {
            put(name, "one");
        }
        let mut plan = samples::plain_plan();
        plan.cc = None;
        let variables = |flags: &str| -> Variables {
            let tools = root.join("pkg/tool").into_string();
            [
                ("GOROOT", root.to_string()),
                ("GOTOOLDIR", tools),
                ("GOFLAGS", flags.to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
        };
        let source = root.join("src/fmt");
        let of = |flags: &str| {
            let activity = Activity::silent();
            let runner = Runner {
                logs: None,
                activity: &activity,
            };
            digest(
                &plan,
                &variables(flags),
                &[source.as_path()].into(),
                &runner,
            )
        };
        let mut seen = BTreeSet::from([of("").unwrap()]);
        assert!(!seen.insert(of("").unwrap()));
        assert!(seen.insert(of("-race").unwrap()));
        assert_eq!(of("-race '-a'"), None, "the user wants all of it again");
        put("src/fmt/a_test.go", "tests are not compiled");
        assert!(!seen.insert(of("").unwrap()));
        for name in [
            "pkg/tool/link",
            "pkg/tool/compile",
            "src/fmt/a.go",
            "src/fmt/b.s",
            "bin/go",
        ] {
            put(name, "two");
            assert!(seen.insert(of("").unwrap()), "{name}");
        }
        fs::remove_file(root.join("VERSION")).unwrap();
        assert_eq!(of(""), None);
    }
}
