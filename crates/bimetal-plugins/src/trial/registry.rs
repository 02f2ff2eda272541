//! What a process has once, and two plugins both want.
//!
//! In: what a process wrote about its end. Out: the name of the registry. Invariant: only what the
//! registry's own sentence says is believed.

/// Words of the sentence with which a registry refuses a second owner of a name, all of which stand
/// in one line, and what the registry is.
const REGISTRIES: [(&[&str], &str); 10] = [
    (
        &["Reuse of exported var name"],
        "the variables of Go's `expvar`",
    ),
    (
        &["Register called twice for driver"],
        "the drivers of Go's `database/sql`",
    ),
    (
        &["duplicate metrics collector registration"],
        "the default registerer of Prometheus",
    ),
    (
        &["a previously registered descriptor"],
        "the default registerer of Prometheus",
    ),
    (&["flag redefined"], "the command line of Go's `flag`"),
    (&["proto:", "registered"], "the registry of protobuf"),
    (&["proto:", "conflict"], "the registry of protobuf"),
    (
        &["pattern", "conflicts with pattern"],
        "the default mux of Go's `net/http`",
    ),
    (
        &["gob: registering duplicate"],
        "the types of Go's `encoding/gob`",
    ),
    (
        &["gate is already registered"],
        "the feature gates of the Collector",
    ),
];

/// The registry that a line is the refusal of.
pub(crate) fn registry<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
    lines.into_iter().find_map(|line| {
        let is_said = |words: &[&str]| words.iter().all(|word| line.contains(word));
        let found = REGISTRIES.iter().find(|(words, _)| is_said(words))?;
        Some(found.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_is_known_by_the_sentence_that_it_refuses_with() {
        for (line, name) in [
            ("2026/11/01 Reuse of exported var name: requests", "expvar"),
            (
                "panic: sql: Register called twice for driver pgx",
                "database/sql",
            ),
            (
                "panic: duplicate metrics collector registration attempted",
                "Prometheus",
            ),
            ("/main flag redefined: v", "flag"),
            (
                "panic: proto: file \"a.proto\" is already registered",
                "protobuf",
            ),
            (
                "panic: pattern \"/x\" (registered at b.go:1) conflicts with pattern \"/x\"",
                "net/http",
            ),
        ] {
            let found = registry(["other", line]).unwrap_or_default();
            assert!(found.contains(name), "{line}: {found}");
        }
        assert_eq!(registry(["panic: no luck", "flag", "registered"]), None);
    }
}
