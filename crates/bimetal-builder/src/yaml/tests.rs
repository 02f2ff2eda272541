use std::fmt::Write as _;
use std::time::Instant;

use super::*;

fn refused(text: &str) -> String {
    parse("b.yaml", text).unwrap_err().to_string()
}

#[test]
fn the_bytes_of_a_text_count_as_often_as_an_alias_repeats_it() {
    let mut text = format!("a: &a {}\nb:\n", "x".repeat(200_000));
    for _ in 0..30_000 {
        text.push_str("  - *a\n");
    }
    assert_eq!(
        refused(&text),
        "b.yaml:84:5: more than 16777216 bytes of text"
    );
    let doubled = text.replacen("a: &a ", "a: &a\n  k: ", 1);
    assert!(refused(&doubled).contains("bytes of text"));
}

#[test]
fn the_bytes_of_keys_count_too() {
    let key = "k".repeat(200_000);
    let mut text = format!("a: &a {{\"{key}\": 1}}\nb:\n");
    for _ in 0..1000 {
        text.push_str("  - *a\n");
    }
    assert!(refused(&text).contains("bytes of text"));
}

#[test]
fn the_keys_of_one_map_take_as_long_as_those_of_many_maps() {
    const KEYS: usize = 48_000;
    let time = |in_one_map: usize| {
        let mut text = String::new();
        for number in 0..KEYS {
            let indent = if number % in_one_map == 0 { "- " } else { "  " };
            writeln!(text, "{indent}a-key-with-a-number-at-its-end-{number}: 1").unwrap();
        }
        let start = Instant::now();
        let (node, _) = parse("b.yaml", &text).unwrap();
        assert!(
            matches!(node.unwrap().value, Value::List(maps) if maps.len() == KEYS / in_one_map)
        );
        start.elapsed()
    };
    let (many_maps, one_map) = (time(100), time(KEYS));
    // Compared with each other one by one, the keys of one map take a hundred times as long.
    assert!(
        one_map < many_maps * 20,
        "{many_maps:?} for many maps, {one_map:?} for one"
    );
}

#[test]
fn a_key_of_the_map_wins_over_one_that_is_merged_and_a_second_one_is_refused() {
    let (node, _) = parse("b.yaml", "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n").unwrap();
    assert_eq!(node.unwrap().place_of("b.x").position, Some((4, 6)));
    assert!(refused("x: 1\nx: 2\n").contains("the first is at b.yaml:1:1"));
}
