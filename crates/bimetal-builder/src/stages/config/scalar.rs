//! OCB's weak typing: what a scalar means where text or a truth value is wanted.
//!
//! In: a scalar's text and whether it stood without quotes. Out: text or truth value. Invariant: no
//! input makes it panic.
//!
//! OCB reads a scalar first as YAML types it and then converts, so that `version: 1.10` becomes the
//! text `1.1`. The same happens here; the caller warns when the text changed.

/// The scalar as text.
pub(super) fn to_text(text: &str, plain: bool) -> String {
    if !plain {
        return text.to_owned();
    }
    if let Some(truth) = truth(text) {
        return if truth { "1" } else { "0" }.to_owned();
    }
    if let Some(number) = integer(text) {
        return number.to_string();
    }
    match float(text) {
        Some(number) => number.to_string(),
        None => text.to_owned(),
    }
}

/// The scalar as a truth value; `None` when it is none.
pub(super) fn to_bool(text: &str, plain: bool) -> Option<bool> {
    if plain {
        if let Some(number) = integer(text) {
            return Some(number != 0);
        }
        if let Some(number) = float(text) {
            return Some(number != 0.0);
        }
    }
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some(start) if start.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits.as_str()),
    };
    // A sign after the prefix is not a number, although Rust's parser would take it.
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    Some(if negative { -number } else { number })
}

fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let looks_right = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    looks_right
        .then(|| text.parse::<f64>().ok())
        .flatten()
        .filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_ocb_makes_of_it() {
        for (given, expected) in [
            ("0.161.0-dev", "0.161.0-dev"),
            ("1.10", "1.1"),
            ("1.0", "1"),
            ("true", "1"),
            ("0x10", "16"),
            ("010", "8"),
            ("1_000", "1000"),
            ("-7", "-7"),
            ("1e3", "1000"),
            ("1.2.3", "1.2.3"),
            (".", "."),
            ("-", "-"),
            ("v1", "v1"),
            ("yes", "yes"),
            ("2026-08-21", "2026-08-21"),
        ] {
            assert_eq!(to_text(given, true), expected, "{given}");
            assert_eq!(to_text(given, false), given);
        }
    }

    #[test]
    fn truth_is_what_go_parses() {
        for (given, expected) in [
            ("true", Some(true)),
            ("T", Some(true)),
            ("0", Some(false)),
            ("2", Some(true)),
            ("yes", None),
            ("", Some(false)),
        ] {
            assert_eq!(to_bool(given, true), expected, "{given}");
        }
        assert_eq!(to_bool("2", false), None);
    }
}
