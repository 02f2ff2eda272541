//! The rule for a component's type.
//!
//! In: a text. Out: whether a Collector takes it as a type. Invariant: usable at compile time.

/// The longest type.
const LIMIT: usize = 63;

/// Whether `text` is a letter and then letters, digits or underscores. A type becomes part of
/// symbol and file names, so nothing else passes.
pub const fn is_component_type(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > LIMIT || !bytes[0].is_ascii_alphabetic() {
        return false;
    }
    // A `for` loop is not possible in a `const fn`.
    let mut at = 1;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() && bytes[at] != b'_' {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_cannot_leave_the_plugin_directory() {
        for good in ["otlp", "a", "k8s_attributes"] {
            assert!(is_component_type(good), "{good}");
        }
        for bad in ["", "../x", "a/b", "1a", "a-b", &"a".repeat(64)] {
            assert!(!is_component_type(bad), "{bad}");
        }
    }
}
