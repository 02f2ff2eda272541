//! The guide for authors shows the example that the crate's own documentation compiles.

use std::path::Path;

/// The example of the crate's documentation, as a reader sees it.
fn example() -> String {
    let source = include_str!("../../src/lib.rs");
    let block = source.split("//! ```\n").nth(1).unwrap();
    let lines: Vec<&str> = block
        .lines()
        .map(|line| line.strip_prefix("//!").unwrap())
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with("# "))
        .collect();
    lines.join("\n")
}

/// What the crate's documentation runs without showing it: the guide's test.
fn test_of_the_example() -> impl Iterator<Item = &'static str> {
    include_str!("../../src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! # "))
}

#[test]
fn the_guide_for_authors_shows_the_compiled_example() {
    let guide =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/first-rust-component.md");
    let guide = fs_err::read_to_string(guide).unwrap();
    for line in test_of_the_example() {
        assert!(
            guide.contains(line),
            "docs/guides/first-rust-component.md does not contain: {line}"
        );
    }
    assert!(
        guide.contains(&example()),
        "docs/guides/first-rust-component.md does not contain:\n{}",
        example()
    );
}
