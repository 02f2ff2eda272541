//! Text out of files, made safe to show.
//!
//! In: any text. Out: the same text without what a terminal obeys. Invariant: no control, format or
//! bidirectional character remains.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with every character that moves, colours, hides or reorders others written as `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
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
        assert!(matches!(escape("plain żółć 日本"), Cow::Borrowed(_)));
    }
}
