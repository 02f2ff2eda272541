//! The templates, and the two ways in which text is put into them.
//!
//! In: a template's name and its values. Out: text. Invariant: nothing is escaped unasked: a
//! template quotes with `go` or `toml` where a user's text becomes a literal; a value that is
//! missing never becomes empty text.

use std::fmt::Write;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::Value;

use super::carried;

/// Fills the template `name`.
///
/// # Panics
/// If it is none of ours, or lacks one of its values; a test fills each.
pub fn render(name: &str, context: Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("go", |text: String| go_string(&text));
    environment.add_filter("toml", |text: String| {
        toml_edit::Value::from(text).to_string()
    });
    for (known, text) in carried::templates() {
        environment
            .add_template(known, text)
            .expect("our own templates parse; a test fills each");
    }
    let template = environment
        .get_template(name)
        .expect("our own templates are there");
    let mut text = template
        .render(Serde(context))
        .expect("our own templates know what they are given");
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// `text` as a Go string literal.
fn go_string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            '\r' => literal.push_str("\\r"),
            // A byte order mark is not allowed in Go sources, and what does not print would hide in
            // them.
            c if c.is_control() || c == '\u{feff}' => {
                write!(literal, "\\U{:08x}", u32::from(c))
                    .expect("writing to a string cannot fail");
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_go_string() {
        assert_eq!(
            go_string("a \"b\" \\ c\n\u{7}é"),
            "\"a \\\"b\\\" \\\\ c\\n\\U00000007é\""
        );
    }
}
