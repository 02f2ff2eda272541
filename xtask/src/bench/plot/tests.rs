//! What an image of figures has.
//!
//! In: measurements of these tests. Out: verdicts. Invariant: no file is read.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::super::{component, history};
use super::*;

/// The pages of the book, and those of a forge, when they are light and when they are dark.
const GROUNDS: [RGBColor; 4] = [
    RGBColor(255, 255, 255),
    RGBColor(241, 225, 201),
    RGBColor(13, 17, 23),
    RGBColor(22, 25, 35),
];

fn measurement(date: &str, ratios: &[(String, f64)]) -> Measurement {
    let row = |(name, ratio): &(String, f64)| history::Row {
        name: name.clone(),
        ratio: *ratio,
        quartiles: None,
        wall_ratio: 7.0,
        a_a: [1.0; 2],
        aim: None,
        allocations: Some([5.0; 2]),
        bytes: None,
    };
    Measurement {
        date: date.to_owned(),
        version: "0.1.0".to_owned(),
        commit: None,
        machine: component::Machine::sample(),
        load: [1.0; 2],
        rounds: 9,
        rows: ratios.iter().map(row).collect(),
        instructions: Vec::new(),
    }
}

/// What of an image is a text, in its order.
fn texts(image: &str) -> Vec<&str> {
    image
        .split("</text>")
        .filter_map(|part| Some(part.rsplit_once(">\n")?.1.trim()))
        .collect()
}

/// How bright a colour is beside another one, as WCAG counts it.
fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let luminance = |RGBColor(red, green, blue): RGBColor| {
        let [red, green, blue] = [red, green, blue].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    (a / b).max(b / a)
}

#[test]
fn every_row_that_is_drawn_is_measured() {
    let tables = component::tables();
    for (work, _) in WORKS {
        for (records, _) in SIZES {
            let name = name(work, records);
            let mut names = tables.iter().flat_map(|(_, names)| names);
            assert!(names.any(|row| *row == name), "{name}");
        }
    }
}

#[test]
fn every_colour_can_be_read_on_light_and_on_dark() {
    let colours = WORKS.iter().map(|(_, colour)| *colour).chain([INK]);
    for colour in colours {
        for ground in GROUNDS {
            let contrast = contrast(colour, ground);
            assert!(contrast >= 3.0, "{colour:?} on {ground:?}: {contrast:.2}");
        }
    }
}

#[test]
fn an_image_says_what_it_shows_and_when_it_was_measured() {
    let row = |work, records, ratio| (name(work, records), ratio);
    let history = [
        measurement("2026-11-01", &[("logs, other, 1".to_owned(), 0.01)]),
        measurement("2026-11-28", &[row("delete", 8192, 3.0)]),
        measurement("2026-12-03", &[row("delete", 100, 1.5)]),
        measurement("2026-12-24T01:00:00Z", &[row("no key matches", 8192, 0.7)]),
    ];
    let image = svg(&history).unwrap();
    assert_snapshot!(texts(&image).join("\n"), @"
    Rust attributes / contrib&apos;s Go attributes: processor time, log scale. Below 1 Rust takes less.
    no key matches
    upsert an existing key
    upsert a new key, lists full
    delete
    8,192 log records a batch
    0.5
    1
    2
    5
    0.1.0, 2026-11-28
    0.1.0, 2026-12-24
    100 log records a batch
    0.5
    1
    2
    5
    0.1.0, 2026-11-28
    0.1.0, 2026-12-24
    1 log record a batch
    0.5
    1
    2
    5
    0.1.0, 2026-11-28
    0.1.0, 2026-12-24
    ");
}

proptest! {
    #[test]
    fn every_ratio_has_its_place_between_the_first_and_the_last_tick(
        measured in proptest::collection::vec(
            proptest::collection::vec(0.02_f64..50.0, 12), 0..5
        )
    ) {
        let names = || WORKS.iter().flat_map(|(work, _)| SIZES.map(|(size, _)| name(work, size)));
        let history: Vec<_> = (measured.iter().enumerate())
            .map(|(day, ratios)| measurement(
                &format!("2026-11-{day:02}"),
                &names().zip(ratios.iter().copied()).collect::<Vec<_>>(),
            ))
            .collect();
        let range = range(measured.iter().flatten().copied());
        prop_assert!(range.contains(&1.0));
        prop_assert!(measured.iter().flatten().all(|ratio| range.contains(ratio)));
        let image = svg(&history).unwrap();
        prop_assert_eq!(&svg(&history).unwrap(), &image);
        // Two of the four shapes are circles; each is in the legend once.
        let circles = image.matches("<circle").count();
        prop_assert_eq!(circles, 2 + measured.len() * 2 * SIZES.len());
    }
}
