//! Lines of product code and of comments, by crate.
//!
//! In: the work tree or a revision. Out: a table. Invariant: both are copied and formatted by the
//! same rustfmt first, so that two counts can be compared.
//!
//! A product line is neither blank nor a comment. Tests (files and inline), conformance, fuzzing,
//! chores, examples, benchmarks and generated files are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use bimetal_conformance::distribution::repository;
use syn::spanned::Spanned;
use syn::visit::Visit;

use crate::chore::{ChoreError, run_in};
use crate::test_items::{attributes, for_tests};

/// Directories that hold no product code.
const LEFT_OUT: [&str; 8] = [
    "benches",
    "bimetal-conformance",
    "corpus",
    "examples",
    "fixtures",
    "fuzz",
    "tests",
    "xtask",
];

const MACH_O: &str = "Mach-O";

#[derive(Clone, Copy, Default)]
struct Count {
    code: usize,
    comments: usize,
}

/// Prints the table of `revision`, or of the work tree.
pub(crate) fn run(revision: Option<&str>) -> Result<(), ChoreError> {
    let copy = tempfile::tempdir()?;
    let files = match revision {
        Some(revision) => format!("git archive --format=tar '{revision}'"),
        None => "git ls-files -co --exclude-standard -z | \
                 tar --create --null --ignore-failed-read --files-from -"
            .to_owned(),
    };
    let place = copy.path().display();
    let command = format!("{files} | tar --extract --directory '{place}'");
    run_in(repository().as_std_path(), "sh", &["-c", &command])?;
    let sources = sources(copy.path())?;
    format(copy.path(), &sources)?;
    let counts = count(copy.path(), &sources)?;
    let mut total = Count::default();
    println!(
        "{:<36} {:>8} {:>9} {:>8}",
        "", "code", "comments", "per 100"
    );
    for (name, count) in &counts {
        row(name, *count);
        if name != MACH_O {
            total.code += count.code;
            total.comments += count.comments;
        }
    }
    row("total without Mach-O", total);
    Ok(())
}

fn row(name: &str, count: Count) {
    let tenths = 1000 * count.comments / count.code.max(1);
    println!(
        "{name:<36} {:>8} {:>9} {:>6}.{}",
        count.code,
        count.comments,
        tenths / 10,
        tenths % 10
    );
}

/// Sources of the product below `root`, relative to it.
fn sources(root: &Path) -> Result<Vec<PathBuf>, ChoreError> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        for entry in fs_err::read_dir(root.join(&directory))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = directory.join(&name);
            if entry.file_type()?.is_dir() {
                if !LEFT_OUT.contains(&&*name) {
                    waiting.push(path);
                }
            } else if is_source(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_source(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.extension().and_then(|end| end.to_str()) {
        Some("go") => !stem.ends_with("_test") && !stem.ends_with("_gen"),
        Some("rs") => stem != "tests",
        _ => false,
    }
}

/// Files that are not Rust any more are for the compiler to refuse, not for a count.
fn format(root: &Path, sources: &[PathBuf]) -> Result<(), ChoreError> {
    let names: Vec<_> = sources
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut words = vec!["--edition", "2024", "--style-edition", "2024", "--quiet"];
    words.extend(names.iter().map(String::as_str));
    run_in(root, "rustfmt", &words)
}

fn count(root: &Path, sources: &[PathBuf]) -> Result<BTreeMap<String, Count>, ChoreError> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut for_tests_only = BTreeSet::new();
    let mut counted = Vec::new();
    for path in sources {
        let text = fs_err::read_to_string(root.join(path))?;
        if is_generated(&text) {
            continue;
        }
        let mut lines = vec![true; text.lines().count()];
        if path.extension().is_some_and(|end| end == "rs") {
            let Ok(syntax) = syn::parse_file(&text) else {
                return Err(ChoreError::Found(format!(
                    "`{}` is not Rust",
                    path.display()
                )));
            };
            let mut tests = Tests::default();
            tests.visit_file(&syntax);
            for range in tests.lines {
                for line in range {
                    lines[line - 1] = false;
                }
            }
            let beside = children(path);
            for_tests_only.extend(tests.modules.iter().map(|name| beside.join(name)));
        }
        let mut count = Count::default();
        for (line, _) in text.lines().zip(lines).filter(|(_, product)| *product) {
            match line.trim() {
                "" => {}
                line if line.starts_with("//") => count.comments += 1,
                _ => count.code += 1,
            }
        }
        counted.push((path, count));
    }
    for (path, count) in counted {
        let module = path.with_extension("");
        if module
            .ancestors()
            .any(|above| for_tests_only.contains(above))
        {
            continue;
        }
        let sum = counts.entry(part(path)).or_default();
        sum.code += count.code;
        sum.comments += count.comments;
    }
    Ok(counts)
}

/// Where the files of a module's children stand.
fn children(path: &Path) -> PathBuf {
    let directory = path.parent().unwrap_or(path);
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") | None => directory.to_owned(),
        Some(stem) => directory.join(stem),
    }
}

/// The row that a file counts for. The reader of Mach-O files, which was removed, has its own.
fn part(path: &Path) -> String {
    let name = path.to_string_lossy();
    if name.contains("macho") {
        return MACH_O.to_owned();
    }
    let depth = if name.starts_with("go/") { 1 } else { 2 };
    let parts: Vec<_> = name.split('/').take(depth).collect();
    parts.join("/")
}

fn is_generated(text: &str) -> bool {
    let mut start = text.lines().take(5);
    start.any(|line| line.contains("Code generated") || line.contains("Generated by"))
}

/// What a file has for tests only.
#[derive(Default)]
struct Tests {
    lines: Vec<RangeInclusive<usize>>,
    /// Modules in files of their own.
    modules: Vec<String>,
}

impl Tests {
    fn take(&mut self, item: &impl Spanned) {
        let span = item.span();
        self.lines.push(span.start().line..=span.end().line);
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(for_tests) {
            syn::visit::visit_item(self, item);
            return;
        }
        self.take(item);
        if let syn::Item::Mod(module) = item
            && module.content.is_none()
        {
            self.modules.push(module.ident.to_string());
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.attrs.iter().any(for_tests) {
            self.take(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_comments_blanks_and_generated_files_are_not_code() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            (
                "crates/a/src/lib.rs",
                "//! A.\n\nmod b;\n#[cfg(any(test, feature = \"samples\"))]\nmod samples;\n",
            ),
            (
                "crates/a/src/b.rs",
                "// Why.\nfn f() {\n}\n\n\
                 /// For tests.\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
            ),
            ("crates/a/src/samples.rs", "fn h() {}\n"),
            ("crates/a/src/tests.rs", "fn h() {}\n"),
            ("crates/a/tests/it/main.rs", "fn h() {}\n"),
            ("xtask/src/main.rs", "fn main() {}\n"),
            ("go/host/host.go", "package host\n\n// Why.\nvar x = 1\n"),
            (
                "go/host/kinds.go",
                "// Code generated by a chore. DO NOT EDIT.\n\npackage host\n",
            ),
            ("go/host/host_test.go", "package host\n"),
        ];
        for (path, text) in files {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let sources = sources(root.path()).unwrap();
        let counts = count(root.path(), &sources).unwrap();
        let shown: Vec<_> = counts
            .iter()
            .map(|(name, count)| format!("{name} {} {}", count.code, count.comments))
            .collect();
        assert_eq!(shown, ["crates/a 3 2", "go 2 1"]);
    }
}
