//! Makes text that came out of a file or a tool safe to show.
//!
//! In: any text. Out: the same text without a character that a terminal acts on or that hides or
//! reorders others. Invariant: no control, format or bidirectional character remains, apart from
//! the line ends and tabs that [`lines`] and [`json`] keep; JSON stays the same JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest text of one field in a table, in characters.
pub const FIELD_LIMIT: usize = 1000;

/// `text` with every character that moves, colours, hides or reorders others written as `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    replaced(text, acts, |safe, character| {
        let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
    })
}

/// Like [`escape`], for text of several lines: line ends and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    let acts = |character| acts(character) && character != '\n' && character != '\t';
    replaced(text, acts, |safe, character| {
        let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
    })
}

/// Like [`escape`], and cut after `limit` characters.
pub fn capped(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => escape(text),
        Some((end, _)) => {
            let start = &text[..end];
            Cow::Owned(format!("{}… ({} bytes)", escape(start), text.len()))
        }
    }
}

/// `text` for one field of a table or one line of a report.
pub fn field(text: &str) -> Cow<'_, str> {
    capped(text, FIELD_LIMIT)
}

/// JSON text with the same characters as JSON escapes. They occur only inside strings, so the value
/// is unchanged.
pub fn json(text: &str) -> Cow<'_, str> {
    let acts = |character| acts(character) && character != '\n';
    replaced(text, acts, |safe, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    })
}

fn replaced(
    text: &str,
    acts: impl Fn(char) -> bool,
    replace: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            replace(&mut safe, character);
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_and_reordering_marks_become_visible() {
        assert_eq!(
            escape("a\u{1b}[31mb\n\u{9b}c\u{202e}d"),
            "a\\u{1b}[31mb\\u{a}\\u{9b}c\\u{202e}d"
        );
        assert_eq!(
            field("a\u{1b}]0;owned\u{7}\r\nb\u{202e}c\u{9b}31m"),
            "a\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}b\\u{202e}c\\u{9b}31m"
        );
        assert!(matches!(escape("plain żółć 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_of_a_tool_keep_their_ends_and_nothing_else() {
        assert_eq!(
            lines("a\u{1b}[31mb\tc\nd\u{9b}\u{202e}"),
            "a\\u{1b}[31mb\tc\nd\\u{9b}\\u{202e}"
        );
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
