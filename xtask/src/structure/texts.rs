//! How long lines may be, and what no text of the product cites.
//!
//! In: every text below the repository. Out: each line that is too long, or that names something
//! which a reader of the repository alone does not have. Invariant: generated and recorded texts
//! (locks, snapshots, seeds of fuzzing, recorded outputs) are left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::{Finding, StructureError, words};

const CODE_LIMIT: usize = 100;
const MARKDOWN_LIMIT: usize = 120;
const LONG_WORD: usize = 80;
const CODE: [&str; 12] = [
    "rs", "go", "toml", "yaml", "yml", "sh", "j2", "c", "h", "py", "css", "hbs",
];
/// Names of code files that have no extension.
const CODE_NAMES: [&str; 4] = ["Makefile", "Dockerfile", "run", ".gitignore"];
const SKIPPED_DIRECTORIES: [&str; 4] = ["target", "corpus", "snapshots", "node_modules"];

/// What a reader who has only the repository cannot look up.
const FOREIGN: [(&str, &str); 6] = [
    (concat!("../", "shared/"), OUTSIDE),
    (concat!("review", "-2"), OUTSIDE),
    (concat!("design", ".md"), OUTSIDE),
    (concat!("index.", "crates.io"), REGISTRY),
    (concat!("proxy.", "golang.org"), REGISTRY),
    (concat!("pypi", ".org"), REGISTRY),
];
const OUTSIDE: &str = "it lies outside of the repository";
const REGISTRY: &str = "where packages come from is a setting of the machine";

/// Every text that breaks a rule.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, StructureError> {
    let mut findings = Vec::new();
    for file in texts(root)? {
        // What is not UTF-8 is no text.
        if let Ok(text) = String::from_utf8(fs_err::read(root.join(&file))?) {
            findings.extend(long_lines(&file, &text));
            findings.extend(citations(root, &file, &text));
            findings.extend(words::check(&file, &text));
        }
    }
    Ok(findings)
}

/// Texts below `root`, relative to it.
pub(super) fn texts(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        for entry in fs_err::read_dir(root.join(&directory))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = directory.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
                if !hidden && !SKIPPED_DIRECTORIES.contains(&&*name) {
                    waiting.push(path);
                }
            } else if kind.is_file() && (is_code(&path) || is_markdown(&path)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_code(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    CODE.contains(&&*extension) || CODE_NAMES.contains(&&*name)
}

fn is_markdown(file: &Path) -> bool {
    let name = file.to_string_lossy();
    name.ends_with(".md") || name.ends_with(".md.j2")
}

fn long_lines(file: &Path, text: &str) -> Vec<Finding> {
    let markdown = is_markdown(file);
    let limit = if markdown { MARKDOWN_LIMIT } else { CODE_LIMIT };
    let mut findings = Vec::new();
    let recorded = recorded_lines(file, text);
    for (index, line) in text.lines().enumerate() {
        if recorded.contains(&(index + 1)) {
            continue;
        }
        let columns = line.chars().count();
        if columns > limit && !has_long_word(line) && !(markdown && cannot_be_broken(line)) {
            let text = format!("{columns} columns, at most {limit}");
            findings.push(Finding::new(file, Some(index + 1), text));
        }
    }
    findings
}

/// Lines of the inline snapshots of a Rust source (`@"…"`): a program wrote what stands there.
fn recorded_lines(file: &Path, text: &str) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    if file.extension().is_some_and(|end| end == "rs")
        && let Ok(tokens) = text.parse::<TokenStream>()
    {
        collect_recorded(tokens, &mut lines);
    }
    lines
}

fn collect_recorded(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    let mut after_at = false;
    for token in tokens {
        let is_at = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '@');
        match token {
            TokenTree::Literal(literal) if after_at => {
                lines.extend(literal.span().start().line..=literal.span().end().line);
            }
            TokenTree::Group(group) => collect_recorded(group.stream(), lines),
            _ => {}
        }
        after_at = is_at;
    }
}

/// An import path or a digest leaves no place for a break.
fn has_long_word(line: &str) -> bool {
    line.split_whitespace()
        .any(|word| word.chars().count() >= LONG_WORD)
}

/// A row of a table, or a line that is nothing but a link.
fn cannot_be_broken(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>', '-', '*']).trim_end();
    line.starts_with('|')
        || !line.contains(' ')
        || (line.starts_with('[') && (line.ends_with(')') || line.contains("]: ")))
        || line.starts_with("![")
}

fn citations(root: &Path, file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = format!("{}/", root.display()).to_lowercase();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (word, what) in FOREIGN {
            if lower.contains(word) {
                let text = format!("names `{word}`: {what}");
                findings.push(Finding::new(file, Some(index + 1), text));
            }
        }
        if lower.contains(&root) {
            let text = "names the directory of one machine".to_owned();
            findings.push(Finding::new(file, Some(index + 1), text));
        }
        if cites_an_issue(&lower) {
            let text = "cites an issue by its number".to_owned();
            findings.push(Finding::new(file, Some(index + 1), text));
        }
    }
    findings
}

/// "Issue" and a number; an address of an issue of another project does not count.
fn cites_an_issue(line: &str) -> bool {
    line.match_indices("issue").any(|(at, word)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + word.len()..];
        let number = rest.trim_start_matches([' ', '#']);
        !before.is_some_and(char::is_alphanumeric)
            && number.len() < rest.len()
            && number.starts_with(|next: char| next.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_of_code_has_a_hundred_columns_and_one_of_markdown_twenty_more() {
        let line = "xxx ".repeat(25);
        let text = format!("{line}\n\n{line}y\n");
        assert_eq!(
            shown(&long_lines(Path::new("a.rs"), &text)),
            ["a.rs:3: 101 columns, at most 100"]
        );
        let prose = "a ".repeat(61);
        assert_eq!(
            shown(&long_lines(Path::new("docs/a.md"), &prose)),
            ["docs/a.md:1: 122 columns, at most 120"]
        );
        let snapshot = format!("fn f() {{ check!(x, @\"{line}y\"); }}\n");
        assert!(long_lines(Path::new("a.rs"), &snapshot).is_empty());
        let wide = "ä".repeat(100);
        assert!(long_lines(Path::new("a.rs"), &wide).is_empty());
    }

    #[test]
    fn a_table_and_a_link_may_be_longer() {
        let words = "word ".repeat(30);
        for line in [
            format!("| {words} |"),
            format!("[{words}](somewhere)"),
            format!("  - [{words}](somewhere)"),
            format!("https://example.org/{}", "x".repeat(120)),
        ] {
            assert!(long_lines(Path::new("a.md"), &line).is_empty(), "{line}");
        }
        let path = format!("gomod: {} {}", "x".repeat(80), "y ".repeat(20));
        assert!(long_lines(Path::new("a.yaml"), &path).is_empty());
        assert_eq!(
            long_lines(Path::new("a.md"), &format!("see [{words}](a) or")).len(),
            1
        );
    }

    #[test]
    fn what_only_one_machine_has_is_refused() {
        let found = |line: &str| shown(&citations(Path::new("/srv/here"), Path::new("a.md"), line));
        assert_eq!(
            found(concat!("see ../", "shared/x")),
            [concat!(
                "a.md:1: names `../",
                "shared/`: it lies outside of the repository"
            )]
        );
        assert_eq!(
            found("run /srv/here/x"),
            ["a.md:1: names the directory of one machine"]
        );
        for issue in [concat!("as Issue", " #12 says"), concat!("(issue", " 9)")] {
            assert_eq!(found(issue), ["a.md:1: cites an issue by its number"]);
        }
        for fine in [
            "see https://github.com/a/b/issues/12",
            "the issue is old",
            "reissue 2",
        ] {
            assert!(found(fine).is_empty(), "{fine}");
        }
    }
}
