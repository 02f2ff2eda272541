//! Makes text that came out of a file safe to show.
//!
//! In: any text. Out: the same text without a character that a terminal acts on or that hides or
//! reorders others, and of bounded length. Invariant: no control character, bidirectional control
//! or invisible character passes; JSON stays the same JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use bimetal_manifest::escape;

/// Longest text of one field in a table, in characters.
pub(crate) const FIELD_LIMIT: usize = 1000;

/// `text` with every character that a terminal acts on written as `\u{…}`, cut after `limit`
/// characters.
pub(crate) fn capped(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => escape(text),
        Some((end, _)) => {
            let start = &text[..end];
            Cow::Owned(format!("{}… ({} bytes)", escape(start), text.len()))
        }
    }
}

/// `text` for one field of a table or one line of a report.
pub(crate) fn field(text: &str) -> Cow<'_, str> {
    capped(text, FIELD_LIMIT)
}

/// JSON text with the same characters as JSON escapes. They occur only inside strings, so the value
/// is unchanged.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if text
        .lines()
        .all(|line| matches!(escape(line), Cow::Borrowed(_)))
    {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character != '\n' && acts(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn acts(character: char) -> bool {
    matches!(escape(character.encode_utf8(&mut [0; 4])), Cow::Owned(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_line_breaks_and_reordering_become_visible() {
        assert_eq!(
            field("a\u{1b}]0;owned\u{7}\r\nb\u{202e}c\u{9b}31m"),
            "a\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}b\\u{202e}c\\u{9b}31m"
        );
        assert_eq!(field("zażółć gęślą 日本"), "zażółć gęślą 日本");
    }

    #[test]
    fn long_text_is_cut_and_its_length_named() {
        assert_eq!(capped(&"x".repeat(50), 5), "xxxxx… (50 bytes)");
        assert_eq!(capped("żółć", 4), "żółć");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "k\u{202e}": "a\u{1b}[2J\u{7f}\u{9b}\u{e0041}é" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = json(&text);
        assert!(safe.chars().all(|c| c == '\n' || !acts(c)), "{safe}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
            value
        );
    }
}
