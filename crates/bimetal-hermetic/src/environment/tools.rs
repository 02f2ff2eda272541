//! The toolchains: what they say, and a hash over what they compile with.
//!
//! In: the tools of a build. Out: a [`Tool`] each. Invariant: a compiler, a standard library or a
//! linker with one changed byte has another hash.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Tool;
use camino::{Utf8Path, Utf8PathBuf};

use super::error::EnvironmentError;
use bimetal_builder::model::Tools;
use bimetal_builder::stages::lock::{TreeError, sum_of_files, walked};
use bimetal_builder::toolchain::find_tool;
use bimetal_builder::toolchain::{Invocation, Runner};

/// What Go compiles with, below GOROOT.
const OF_GO: [&str; 3] = ["bin/go", "pkg", "src"];
/// Programs that the C compiler calls, and `objcopy`, which makes the Rust part of main.
const OF_CC: [&str; 5] = ["cc1", "as", "collect2", "ld", "objcopy"];

/// Every tool of a build.
pub(super) fn all(
    tools: &Tools,
    search_path: &str,
    runner: &Runner<'_>,
) -> Result<BTreeMap<String, Tool>, EnvironmentError> {
    let mut all = BTreeMap::new();
    let go = &tools.go;
    runner.activity.doing("hashing the Go toolchain");
    let root = ask(
        "go",
        &Invocation::go(&go.program, "/", false).args(["env", "GOROOT"]),
        runner,
    )?;
    let parts = OF_GO.map(|part| Utf8Path::new(&root).join(part));
    all.insert("go".to_owned(), tool("go", go.version.clone(), &parts)?);
    if let Some(rust) = &tools.rust {
        runner.activity.doing("hashing the Rust toolchain");
        let sysroot = Invocation::new(&rust.rustc, "/").args(["--print", "sysroot"]);
        let sysroot = Utf8PathBuf::from(ask("rustc", &sysroot, runner)?);
        let library = sysroot.join("lib/rustlib").join(&rust.target).join("lib");
        let mut parts = vec![sysroot.join("bin/rustc"), library];
        parts.extend(drivers(&sysroot.join("lib")));
        all.insert(
            "rustc".to_owned(),
            tool("rustc", rust.text.clone(), &parts)?,
        );
        let version = ask(
            "cargo",
            &Invocation::new(&rust.cargo, "/").arg("--version"),
            runner,
        )?;
        let parts = [sysroot.join("bin/cargo")];
        all.insert("cargo".to_owned(), tool("cargo", version, &parts)?);
    }
    if let Some(cc) = &tools.cc {
        let whole = tool("cc", cc.version.clone(), std::slice::from_ref(&cc.program))?;
        all.insert("cc".to_owned(), whole);
        for name in OF_CC {
            let asked = Invocation::new(&cc.program, "/").arg(format!("-print-prog-name={name}"));
            let answer = ask("cc", &asked, runner)?;
            // The bare name is one that is looked for on PATH; clang has its own assembler and no
            // cc1.
            if let Some(path) = find_tool(&answer, search_path) {
                let version = version(name, &path, runner)?;
                all.insert(name.to_owned(), tool("cc", version, &[path])?);
            }
        }
    }
    Ok(all)
}

/// First line of `--version` of programs that can say it; the C compiler's own parts cannot.
fn version(name: &str, path: &Utf8Path, runner: &Runner<'_>) -> Result<String, EnvironmentError> {
    if matches!(name, "cc1" | "collect2") {
        return Ok(String::new());
    }
    ask("cc", &Invocation::new(path, "/").arg("--version"), runner)
}

/// First line of what a tool answers.
fn ask(
    tool: &'static str,
    invocation: &Invocation,
    runner: &Runner<'_>,
) -> Result<String, EnvironmentError> {
    let answer = runner
        .read("environment", invocation)
        .map_err(|source| EnvironmentError::Tool { tool, source })?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().trim().to_owned())
}

/// rustc is a small program around this library.
fn drivers(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = directory.read_dir_utf8() else {
        return Vec::new();
    };
    let is_driver = |path: &Utf8PathBuf| {
        path.file_name()
            .is_some_and(|name| name.starts_with("librustc_driver"))
    };
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path().to_owned()))
        .filter(is_driver)
        .collect()
}

fn tool(
    name: &'static str,
    version: String,
    parts: &[Utf8PathBuf],
) -> Result<Tool, EnvironmentError> {
    let hash = hash(parts).map_err(|source| EnvironmentError::Hash { tool: name, source })?;
    Ok(Tool { version, hash })
}

/// Over the files and the files below the directories, by their path.
fn hash(parts: &[Utf8PathBuf]) -> Result<String, TreeError> {
    let mut files = BTreeMap::new();
    for part in parts {
        files.extend(walked(part)?);
    }
    sum_of_files(&files)
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    #[test]
    fn one_changed_byte_below_a_toolchain_changes_its_hash() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir_all(root.join("src/fmt")).unwrap();
        fs::write(root.join("src/fmt/print.go"), "a").unwrap();
        fs::write(root.join("go"), "program").unwrap();
        // Debian keeps parts of a toolchain elsewhere and links to them.
        std::os::unix::fs::symlink("src", root.join("link")).unwrap();
        let parts = [root.join("go"), root.join("link")];
        let before = hash(&parts).unwrap();
        assert_eq!(hash(&parts).unwrap(), before);
        fs::write(root.join("src/fmt/print.go"), "b").unwrap();
        assert_ne!(hash(&parts).unwrap(), before);
        assert!(hash(&[root.join("absent")]).is_err());
    }
}
