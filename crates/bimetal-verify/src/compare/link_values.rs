//! Values that `-ldflags=-X` puts into variables of packages that main has too.
//!
//! In: a pair of Go parts. Out: mismatches. Invariant: pure; a value for the plugin's own main
//! package concerns no other.

use std::collections::BTreeMap;

use super::Pair;
use super::mismatch::{Check, Mismatch, Outcome};

/// A plugin's variables of shared packages are main's: the loader binds data to the first that
/// came, so the plugin's own value is lost.
pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    let Some(main) = &pair.main.facts.go else {
        return Vec::new();
    };
    let (ours, theirs) = (
        values(&pair.main_part.build_flags),
        values(&pair.plugin_part.build_flags),
    );
    theirs
        .iter()
        .filter(|(variable, value)| ours.get(*variable) != Some(value))
        .filter(|(variable, _)| {
            let package = variable.rsplit_once('.').map(|(package, _)| package);
            // Every artifact has a package `main` of its own.
            package.is_some_and(|package| {
                package != "main" && main.package_hashes.contains_key(package)
            })
        })
        .map(|(variable, value)| {
            let ours = ours
                .get(variable)
                .map_or("the value in its source", String::as_str);
            Mismatch::new(
                Outcome::WouldRunWrongCode,
                Check::Flag,
                &format!(
                    "-ldflags=-X \
                {variable}"
                ),
            )
            .values(Some(ours), Some(value))
            .on_load(
                "the variable belongs to a package of main, so the plugin would see \
                    main's value, unnoticed",
            )
            .help(format!(
                "build the plugin without `-X {variable}=…`, or main with the same value; give \
                     a plugin values in a package of its own"
            ))
        })
        .collect()
}

/// Variable, with its package -> value, out of every `-ldflags`. Of several values the last one
/// counts.
fn values(flags: &[String]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        let text = match flag.trim_start_matches('-').split_once('=') {
            Some(("ldflags", text)) => text,
            None if flag.trim_start_matches('-') == "ldflags" => {
                flags.next().map_or("", String::as_str)
            }
            _ => continue,
        };
        // What stands in front names the packages that the flags are for.
        let text = match text.split_once('=') {
            Some((pattern, rest)) if !pattern.starts_with('-') && !pattern.contains(' ') => rest,
            _ => text,
        };
        let mut words = words(text).into_iter();
        while let Some(word) = words.next() {
            let setting = match word.strip_prefix("--").or(word.strip_prefix('-')) {
                Some("X") => words.next(),
                Some(rest) => rest.strip_prefix("X=").map(str::to_owned),
                None => None,
            };
            let setting = setting
                .as_deref()
                .and_then(|setting| setting.split_once('='));
            if let Some((variable, value)) = setting {
                found.insert(variable.to_owned(), value.to_owned());
            }
        }
    }
    found
}

/// Splits as the go command does: blanks separate, a word that starts with a quote ends with the
/// next one.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '\'' | '"' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(flags: &[&str]) -> Vec<(String, String)> {
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        values(&flags).into_iter().collect()
    }

    #[test]
    fn every_spelling_of_a_value_is_found() {
        let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(
            found(&["-ldflags=-s -w -X a.com/b.c=1"]),
            one("a.com/b.c", "1")
        );
        assert_eq!(found(&["--ldflags", "-X=a.b=x=y"]), one("a.b", "x=y"));
        assert_eq!(found(&["-ldflags=-X 'a.b=x y' -s"]), one("a.b", "x y"));
        assert_eq!(
            found(&["-ldflags=all=-X \"a.b=1\" -X a.b=2"]),
            one("a.b", "2")
        );
        assert!(
            found(&[
                "-gcflags=-X a.b=1",
                "-ldflags",
                "-ldflags=-extldflags=-Wl,-X"
            ])
            .is_empty()
        );
    }
}
