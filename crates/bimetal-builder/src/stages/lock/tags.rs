//! Which of the given tags choose files or flags in an artifact's import graph.
//!
//! In: the listed packages, the tags behind `-tags`. Out: those that some file asks for. Invariant:
//! without tags no file is read, and a file that cannot be read is an error, never a file that asks
//! for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Deserialize;

use super::error::LockError;
use super::{constraints, parallel};
use crate::toolchain::{go_flags, interrupt};

/// What `go list` is asked for, to fill [`Files`].
pub(super) const FIELDS: &str = "GoFiles,CgoFiles,IgnoredGoFiles,IgnoredOtherFiles,CFiles,CXXFiles,\
                                 MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles";

/// The files of a package that can have constraints; those that are left out by one are among them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Files {
    #[serde(rename = "CgoFiles")]
    cgo: Vec<String>,
    #[serde(rename = "GoFiles")]
    go: Vec<String>,
    #[serde(rename = "IgnoredGoFiles")]
    ignored_go: Vec<String>,
    #[serde(rename = "IgnoredOtherFiles")]
    ignored_other: Vec<String>,
    #[serde(rename = "CFiles")]
    c: Vec<String>,
    #[serde(rename = "CXXFiles")]
    cxx: Vec<String>,
    #[serde(rename = "MFiles")]
    objective_c: Vec<String>,
    #[serde(rename = "HFiles")]
    header: Vec<String>,
    #[serde(rename = "FFiles")]
    fortran: Vec<String>,
    #[serde(rename = "SFiles")]
    assembly: Vec<String>,
    #[serde(rename = "SwigFiles")]
    swig: Vec<String>,
    #[serde(rename = "SwigCXXFiles")]
    swig_cxx: Vec<String>,
}

impl Files {
    fn all(&self) -> impl Iterator<Item = &String> {
        let lists = [
            &self.cgo,
            &self.go,
            &self.ignored_go,
            &self.ignored_other,
            &self.c,
            &self.cxx,
            &self.objective_c,
            &self.header,
            &self.fortran,
            &self.assembly,
            &self.swig,
            &self.swig_cxx,
        ];
        lists.into_iter().flatten()
    }
}

/// One package of the listing.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) path: &'a str,
    pub(super) directory: Utf8PathBuf,
    pub(super) files: &'a Files,
    pub(super) imports: Vec<&'a str>,
}

/// The tags that Go gets: like every flag of the command line, ours take the place of those in
/// `GOFLAGS`, where the last ones count.
pub(super) fn given(own: &str, flags: &str) -> BTreeSet<String> {
    let of_variable = || {
        let flags = go_flags(flags).into_iter().rev();
        let mut tags = flags.filter(|flag| flag.name == "-tags");
        tags.next().and_then(|flag| flag.value).unwrap_or_default()
    };
    let text = if own.is_empty() { of_variable() } else { own };
    // Go still takes the form with blanks, and its quotes.
    let tags: Vec<&str> = if text.contains([' ', '\'']) {
        go_flags(text).iter().map(|word| word.name).collect()
    } else {
        text.split(',').collect()
    };
    let tags = tags.into_iter().filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

/// For each of `roots`, those of the `given` tags that its import graph asks for, sorted.
pub(super) fn effective(
    nodes: &[Node<'_>],
    roots: &[&str],
    given: &BTreeSet<String>,
) -> Result<Vec<Vec<String>>, LockError> {
    if given.is_empty() {
        return Ok(vec![Vec::new(); roots.len()]);
    }
    let asked = parallel::map(nodes, |node| {
        let asked = asked(node)?;
        Ok((node.path, &asked & given))
    });
    let asked: BTreeMap<&str, BTreeSet<String>> =
        asked.into_iter().collect::<Result<_, LockError>>()?;
    let imports: BTreeMap<&str, &[&str]> = nodes
        .iter()
        .map(|node| (node.path, node.imports.as_slice()))
        .collect();
    let implicit = implicit(&imports, roots);
    let of_root = |root: &&str| {
        let reached = reached(&imports, implicit.iter().copied().chain([*root]));
        let tags: BTreeSet<&String> = reached
            .iter()
            .filter_map(|path| asked.get(path))
            .flatten()
            .collect();
        tags.into_iter().cloned().collect()
    };
    Ok(roots.iter().map(of_root).collect())
}

/// Packages that the toolchain links in by itself: no import names them.
fn implicit<'a>(imports: &BTreeMap<&'a str, &[&'a str]>, roots: &[&str]) -> Vec<&'a str> {
    let named: BTreeSet<&str> = imports.values().copied().flatten().copied().collect();
    let is_implicit = |path: &&str| {
        let is_runtime = *path == "runtime" || path.starts_with("runtime/");
        is_runtime || !named.contains(*path) && !roots.contains(path)
    };
    imports.keys().copied().filter(is_implicit).collect()
}

fn reached<'a>(
    imports: &BTreeMap<&'a str, &[&'a str]>,
    start: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = start.collect();
    while let Some(path) = open.pop() {
        if seen.insert(path) {
            open.extend(imports.get(path).copied().unwrap_or_default());
        }
    }
    seen
}

/// Every tag that a file of the package asks for, given or not.
fn asked(node: &Node<'_>) -> Result<BTreeSet<String>, LockError> {
    let mut found = BTreeSet::new();
    for name in node.files.all().filter(|name| may_count(name)) {
        found.extend(read(&node.directory.join(name), |file| {
            constraints::head(BufReader::new(file))
        })?);
    }
    for name in &node.files.cgo {
        found.extend(read(&node.directory.join(name), |mut file| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(constraints::cgo(&String::from_utf8_lossy(&bytes)))
        })?);
    }
    Ok(found)
}

/// No tag brings these files into a build, and Go does not look into object files.
fn may_count(name: &str) -> bool {
    let is_left_out = name.starts_with(['_', '.']) || name.ends_with("_test.go");
    !is_left_out && Utf8Path::new(name).extension() != Some("syso")
}

fn read(
    path: &Utf8Path,
    parse: impl FnOnce(fs::File) -> io::Result<BTreeSet<String>>,
) -> Result<BTreeSet<String>, LockError> {
    interrupt::check()?;
    fs::File::open(path.as_std_path())
        .and_then(parse)
        .map_err(|source| LockError::Constraints {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use bimetal_terminal::Hint as _;

    use super::*;

    #[test]
    fn tags_are_taken_apart_as_go_does_it() {
        let given = |own, flags| given(own, flags).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(given("b,,a,b", ""), "a b");
        assert_eq!(given("b a", ""), "a b");
        assert_eq!(given("'b' a", ""), "a b");
        assert_eq!(given("", "-tags=x -race '--tags=b a'"), "a b");
        assert_eq!(given("a", "-tags=b"), "a");
        assert_eq!(given("", "-tags=x -tags="), "");
        assert_eq!(given("", "-race"), "");
    }

    #[test]
    fn without_tags_no_file_is_read_and_with_them_every_file_must_be_there() {
        let files = Files {
            go: vec!["gone.go".to_owned()],
            ignored_other: vec!["_gone.s".to_owned(), "gone_windows.syso".to_owned()],
            ..Files::default()
        };
        let node = Node {
            path: "example.com/a",
            directory: "/nowhere".into(),
            files: &files,
            imports: Vec::new(),
        };
        let nodes = [node];
        let tags = |given: &str| effective(&nodes, &["example.com/a"], &super::given(given, ""));
        assert_eq!(tags("").unwrap(), [Vec::<String>::new()]);
        let error = tags("one").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read `/nowhere/gone.go` for its build constraints"
        );
        assert!(error.hint().is_some());
    }
}
