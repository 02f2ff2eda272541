//! Words that have a plainer or a more usual one.
//!
//! In: a text. Out: each line with such a word, and what to write instead. Invariant: names in code
//! count like words in sentences: `PluginShelf` and `plugin_shelf` both have two.

use std::path::Path;

use super::Finding;

/// Word and its forms -> what to write instead.
const WORDS: [(&[&str], &str); 14] = [
    (&["folder", "folders"], "directory"),
    (&["border", "borders"], "C ABI, FFI boundary"),
    (
        &["foretell", "foretells", "foretold", "foretelling"],
        "predict",
    ),
    (&["wish", "wishes"], "request"),
    (&["shelf", "shelves"], "index"),
    (&["ticket", "tickets"], "handle"),
    (&["door", "doors"], "caller, entry point"),
    (&["glance", "glances"], "check"),
    (
        &[
            "judge",
            "judges",
            "judged",
            "judging",
            "judgement",
            "judgements",
        ],
        "check, verify, verdict",
    ),
    (&["told"], "reported, given, stated"),
    (&["witness", "witnesses"], "record, probe"),
    (
        &["nobody", "somebody"],
        "the user, process or file that acts",
    ),
    (&["whoever"], "the caller, user or process that acts"),
    (&["surroundings"], "environment"),
];
/// Two words that are one.
const TOOL_CHAIN: &str = "tool chain";
/// Where the words are listed.
const LISTED_IN: &str = "xtask/src/structure/words.rs";

/// Every word of the list in `text`.
pub(super) fn check(file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file == Path::new(LISTED_IN) {
        return findings;
    }
    for (index, line) in text.lines().enumerate() {
        let mut find = |word: &str, instead: &str| {
            let text = format!("says `{word}`: write {instead}");
            findings.push(Finding::new(file, Some(index + 1), text));
        };
        if line.to_lowercase().contains(TOOL_CHAIN) {
            find(TOOL_CHAIN, "toolchain");
        }
        for word in words(line) {
            let listed = WORDS.iter().find(|(forms, _)| forms.contains(&&*word));
            if let Some((_, instead)) = listed {
                find(&word, instead);
            }
        }
    }
    findings
}

/// The words of a line in lower case; names in code are taken apart.
fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|letter: char| !letter.is_alphabetic())
        .flat_map(|name| {
            let mut parts = Vec::new();
            let mut part = String::new();
            let mut after_small = false;
            for letter in name.chars() {
                if letter.is_uppercase() && after_small {
                    parts.push(std::mem::take(&mut part));
                }
                after_small = letter.is_lowercase();
                part.extend(letter.to_lowercase());
            }
            parts.push(part);
            parts
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_sentences_and_in_names_and_not_within_others() {
        let found = |line: &str| -> Vec<String> {
            let findings = check(Path::new("a.rs"), line);
            findings.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            found("Nobody opens it."),
            ["a.rs:1: says `nobody`: write the user, process or file that acts"]
        );
        for line in [
            "struct PluginShelf;",
            "let plugin_shelf = 1;",
            "PLUGIN_SHELF",
        ] {
            assert_eq!(found(line), ["a.rs:1: says `shelf`: write index"], "{line}");
        }
        assert_eq!(
            found("the Tool chain"),
            ["a.rs:1: says `tool chain`: write toolchain"]
        );
        assert!(found("the outdoor toolchain wished bordering").is_empty());
    }
}
