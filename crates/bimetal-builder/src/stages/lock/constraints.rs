//! The tags that one source file asks for, read as Go reads them.
//!
//! In: the bytes of a file. Out: every name in its build constraints. Invariant: nothing is decided
//! here; `one` and `!one` ask for the same tag, and a name counts whether or not it is given.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

const MARK: &[u8] = "\u{feff}".as_bytes();

/// The names in the constraints that stand before a file's first word of code. Go takes lines of
/// the old form only where none of the new form is, and only in front of an empty line.
pub(super) fn head(mut text: impl BufRead) -> io::Result<BTreeSet<String>> {
    let (mut new, mut old, mut pending) = (None, BTreeSet::new(), Vec::new());
    let (mut is_first, mut is_over, mut in_block) = (true, false, false);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if text.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let bytes = match bytes.strip_prefix(MARK) {
            Some(rest) if is_first => rest,
            _ => bytes.as_slice(),
        };
        is_first = false;
        let line = String::from_utf8_lossy(bytes);
        let line = line.trim();
        if line.is_empty() && !is_over {
            old.extend(pending.drain(..));
            continue;
        }
        is_over |= !line.starts_with("//");
        if !in_block {
            if let Some(constraint) = directive(line, "//go:build") {
                new.get_or_insert_with(BTreeSet::new)
                    .extend(names(constraint));
            } else if !is_over {
                let comment = line.trim_start_matches("//").trim_start();
                pending.extend(directive(comment, "+build").into_iter().flat_map(names));
            }
        }
        if has_code(line, &mut in_block) {
            break;
        }
    }
    Ok(new.unwrap_or(old))
}

/// The names in the conditions of `#cgo` lines, which choose flags for C compilers. They stand
/// wherever `import "C"` has its comment.
pub(super) fn cgo(text: &str) -> BTreeSet<String> {
    let conditions = text.lines().filter_map(|line| {
        let line = line.trim();
        let line = line
            .strip_prefix("//")
            .or_else(|| line.strip_prefix("/*"))
            .unwrap_or(line);
        let (words, _) = directive(line.trim(), "#cgo")?.split_once(':')?;
        // The last word says which compiler the flags are for.
        let (condition, _) = words.trim().rsplit_once(char::is_whitespace)?;
        Some(names(condition))
    });
    conditions.flatten().collect()
}

/// What follows `name` in a line that starts with this very word.
fn directive<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)
        .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Operators and blanks of both forms separate names.
fn names(constraint: &str) -> impl Iterator<Item = String> {
    constraint
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
        .filter(|name| !name.is_empty())
        .map(|name| match name {
            // Go lets the old name stand for the new one.
            "boringcrypto" => "goexperiment.boringcrypto".to_owned(),
            name => name.to_owned(),
        })
}

/// Whether anything but comments is in the line; follows comments over several lines.
fn has_code(mut line: &str, in_block: &mut bool) -> bool {
    loop {
        if *in_block {
            let Some((_, after)) = line.split_once("*/") else {
                return false;
            };
            *in_block = false;
            line = after.trim();
        }
        if line.is_empty() || line.starts_with("//") {
            return false;
        }
        let Some(after) = line.strip_prefix("/*") else {
            return true;
        };
        *in_block = true;
        line = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn asks(text: &str, wanted: &[&str]) {
        let found = head(text.as_bytes()).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{text:?}");
    }

    #[test]
    fn every_name_of_an_expression_counts() {
        asks(
            "//go:build (one && !two) || go1.18 || with_1\n\npackage a\n",
            &["go1.18", "one", "two", "with_1"],
        );
        asks("//go:build\tone\npackage a", &["one"]);
        asks("//go:build one//two\n", &["one", "two"]);
    }

    #[test]
    fn a_file_without_a_constraint_asks_for_nothing() {
        for text in ["", "package a\n", "// Package a.\npackage a\n", "\n\n"] {
            asks(text, &[]);
        }
        asks("//go:builds one\n\npackage a\n", &[]);
        asks("// go:build one\n\npackage a\n", &[]);
        asks("//go:generate one\n\npackage a\n", &[]);
    }

    #[test]
    fn comments_may_stand_in_front_of_a_constraint() {
        asks(
            "// Copyright 2026\n// All rights.\n\n//go:build one\n\npackage a\n",
            &["one"],
        );
        asks(
            "/* Copyright\n//go:build two\n*/ /* x */\n\n//go:build one\npackage a\n",
            &["one"],
        );
        asks("/**//**/ // x\n//go:build one\n", &["one"]);
        asks("/* //go:build two */\npackage a\n", &[]);
    }

    #[test]
    fn line_ends_and_the_mark_of_other_systems_change_nothing() {
        asks(
            "\u{feff}// Text.\r\n\r\n//go:build one\r\n\r\npackage a\r\n",
            &["one"],
        );
        asks("\u{feff}//go:build one\n\npackage a", &["one"]);
        asks("\n\u{feff}//go:build one\n\npackage a", &[]);
    }

    #[test]
    fn what_follows_the_first_code_is_no_constraint() {
        asks("package a\n\n//go:build one\n", &[]);
        asks("/* x */ package a\n//go:build one\n", &[]);
        asks("#include \"a.h\"\n//go:build one\n", &[]);
    }

    #[test]
    fn the_old_form_counts_where_the_new_one_is_missing() {
        asks(
            "// +build one,!two three\n//+build four\n\npackage a\n",
            &["four", "one", "three", "two"],
        );
        asks("//go:build one\n// +build one two\n\npackage a\n", &["one"]);
        // Without an empty line it would be the comment of the package.
        asks("// +build one\npackage a\n", &[]);
        asks("/* x */\n// +build one\n\npackage a\n", &[]);
    }

    #[test]
    fn a_file_may_ask_by_the_old_name_of_an_experiment() {
        asks(
            "//go:build boringcrypto\n\npackage a\n",
            &["goexperiment.boringcrypto"],
        );
    }

    #[test]
    fn a_condition_of_a_cgo_line_counts() {
        let text = "package a\n\n// #cgo one,linux !two CFLAGS: -DX=three\n// #cgo LDFLAGS: -lm\n\
                    /* #cgo (four||five) LDFLAGS: -la:b\n\t#cgo six CFLAGS: -g */\n\
                    // #cgo noescape seven\n//#cgodata eight CFLAGS:\nimport \"C\"\n";
        assert_eq!(
            cgo(text).iter().collect::<Vec<_>>(),
            ["five", "four", "linux", "one", "six", "two"]
        );
    }
}
