//! What Go says when it cannot bring modules together, and cargo of crates.
//!
//! In: the output of a `go` or `cargo` command that failed. Out: the imports that it complains
//! about, the package that is in two modules, the next action. Invariant: a text that is not known
//! gives nothing, and the output itself is shown in every case.

/// Words of Go's -> what to do.
const CURES: &[(&[&str], &str)] = &[
    (
        &["requires go >= ", "requires go 1."],
        "name a newer Go with `dist.go` or put it first on PATH, or use a version of the module \
         that this Go can build",
    ),
    (
        &["declares its path as"],
        "write the path that the module declares into `gomod`; where another module asks for the \
         old path, a line `OLD => NEW VERSION` in `replaces` leads it there",
    ),
    (
        &["checksum mismatch", "SECURITY ERROR"],
        "what was downloaded is not what go.sum or the checksum database knows: find out where \
         the bytes come from before you delete go.sum; for modules of your own set `GOPRIVATE`",
    ),
    (
        &[
            "does not contain package",
            "no required module provides package",
            "cannot find module providing package",
        ],
        "write a version of the module that has the package into a `gomod`, or hold the module at \
         one with a line `MODULE => MODULE VERSION` in `replaces`",
    ),
    (
        &["use of internal package"],
        "the package is for one module only and another one imports it: use versions of the two \
         that were released together",
    ),
    (
        &["excluded by"],
        "take the line out of `excludes`, or name another version in `gomod`",
    ),
    (
        &[
            "unknown revision",
            "invalid version",
            "malformed module path",
            "missing dot in first path element",
        ],
        "see that every `gomod` names a module and a version that exist",
    ),
];

const DOWNLOADS: &str = "see that every `gomod` names a module and a version that exist, and that \
    the module proxy can be reached\nfor modules that git fetches: git reads no file of settings \
    but those that `GIT_CONFIG_GLOBAL` and `GIT_CONFIG_SYSTEM` name";

/// Words of cargo's -> what to do.
const CRATE_CURES: &[(&[&str], &str)] = &[
    (
        &["does not have that feature", "does not have these features"],
        "name features in `cargo` that this version of the crate has",
    ),
    (
        &[
            "failed to select a version for",
            "links to the native library",
        ],
        "all crates of a distribution share one Cargo.lock: choose versions of the components \
         that accept a common version of the crate that cargo names",
    ),
    (
        &["requires rustc"],
        "use a newer Rust, or a version of the crate that this one compiles",
    ),
];

const CRATE_DOWNLOADS: &str = "see that every `cargo` names a crate and a version that exist, and \
    that the registry can be reached\nfor crates that git fetches: git reads no file of settings \
    but those that `GIT_CONFIG_GLOBAL` and `GIT_CONFIG_SYSTEM` name";

/// The next action after a `go` command with this output.
pub(super) fn cure(output: &str) -> &'static str {
    known(CURES, output).unwrap_or(DOWNLOADS)
}

/// The next action after a `cargo` command with this output.
pub(super) fn crate_cure(output: &str) -> &'static str {
    known(CRATE_CURES, output).unwrap_or(CRATE_DOWNLOADS)
}

fn known(cures: &[(&[&str], &'static str)], output: &str) -> Option<&'static str> {
    cures
        .iter()
        .find(|(words, _)| words.iter().any(|word| output.contains(word)))
        .map(|(_, cure)| *cure)
}

/// An import that Go found no package for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import<'a> {
    /// The package that has it.
    importer: &'a str,
    in_test: bool,
    package: &'a str,
    reason: &'a str,
}

impl Import<'_> {
    /// As a note says that the build does without it.
    pub(super) fn text(&self) -> String {
        let Self {
            importer,
            package,
            reason,
            ..
        } = self;
        let who = if self.in_test {
            format!("only a test of `{importer}`")
        } else {
            format!("`{importer}`, under other build tags or for another system,")
        };
        format!("{who} imports `{package}`: {reason}")
    }
}

/// A module that has a package which another one has as well.
#[derive(Debug)]
pub struct Rival {
    /// Path and version.
    pub module: String,
    /// The entries of the configuration that lead to it.
    pub entries: Vec<String>,
}

/// The imports that `output` complains about: each is the end of a chain from the main module.
pub(super) fn imports(output: &str) -> Vec<Import<'_>> {
    let mut found = Vec::new();
    let mut importer = None;
    for line in output.lines() {
        let text = line.strip_prefix("go: ").unwrap_or(line).trim();
        if let Some(package) = text.strip_suffix(" imports") {
            importer = Some(package);
        } else if text.ends_with(" tested by") {
            importer = None;
        } else if let (Some(package), Some((import, reason))) =
            (importer.take(), text.split_once(": "))
        {
            let of_test = package.strip_suffix(".test");
            found.push(Import {
                importer: of_test.unwrap_or(package),
                in_test: of_test.is_some(),
                package: import,
                reason,
            });
        }
    }
    found
}

/// A package that is in several modules, with their paths and versions.
pub(super) fn ambiguous(output: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let mut lines = output.lines();
    let package = lines.find_map(|line| {
        let (package, _) = line.split_once(": ambiguous import: ")?;
        package.split_whitespace().last()
    })?;
    let modules = lines.map_while(|line| {
        let (module, _) = line.trim().split_once(" (")?;
        Some(module.split_once(' ').unwrap_or((module, "")))
    });
    Some((package, modules.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_through_a_test_is_known_by_its_end() {
        let output = "go: finding module for package a.b/n/gone\n\
            go: a.b/acme imports\n\ta.b/m tested by\n\ta.b/m.test imports\n\
            \ta.b/n/gone: module a.b/n@latest found (v1.0.0), but does not contain package \
            a.b/n/gone\n\
            go: a.b/acme imports\n\ta.b/o: cannot find module providing package a.b/o\n";
        let found = imports(output);
        let ends: Vec<_> = found
            .iter()
            .map(|one| (one.importer, one.in_test, one.package))
            .collect();
        assert_eq!(
            ends,
            [("a.b/m", true, "a.b/n/gone"), ("a.b/acme", false, "a.b/o")]
        );
    }

    #[test]
    fn every_failure_has_the_cure_of_its_kind() {
        let newer = "go: module ../r requires go >= 1.27 (running go 1.26.8; GOTOOLCHAIN=local)";
        assert!(cure(newer).contains("`dist.go`"));
        let renamed = "module declares its path as: a.b/new\n but was required as: a.b/old";
        assert!(cure(renamed).contains("OLD => NEW"));
        let gone = "go: a.b/r@v1.0.0: reading https://proxy/a.b/r/@v/v1.0.0.mod: 404 Not Found";
        assert_eq!(cure(gone), DOWNLOADS);
    }
}
