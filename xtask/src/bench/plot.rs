//! The ratios of a few rows, from measurement to measurement.
//!
//! In: measurements. Out: an SVG image. Invariant: pure, the same measurements give the same bytes;
//! every colour can be read on a light and on a dark page, since the image has no ground.

use std::ops::Range;

use plotters::element::DynElement;
use plotters::prelude::*;

use super::history::Measurement;

/// What is done to log records, with its colour.
const WORKS: [(&str, RGBColor); 4] = [
    ("no key matches", RGBColor(50, 115, 200)),
    ("upsert an existing key", RGBColor(190, 95, 15)),
    ("upsert a new key, lists full", RGBColor(35, 130, 75)),
    ("delete", RGBColor(155, 85, 205)),
];
/// Log records in a batch, with the title of their part of the image.
const SIZES: [(u32, &str); 3] = [
    (8192, "8,192 log records a batch"),
    (100, "100 log records a batch"),
    (1, "1 log record a batch"),
];
const INK: RGBColor = RGBColor(118, 118, 118);
const SIZE: (u32, u32) = (960, 380);
const LEGEND_HEIGHT: u32 = 64;
/// Ratios that may have a line; the range of an image begins and ends with one.
const TICKS: [f64; 13] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0,
];

/// A part of the image, or all of it.
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
/// Why nothing could be drawn.
type DrawError = DrawingAreaErrorKind<std::io::Error>;

/// The image. Measurements without any of its rows are left out.
pub(super) fn svg(history: &[Measurement]) -> Result<String, DrawError> {
    let drawn: Vec<_> = history
        .iter()
        .filter(|measurement| shown(measurement).next().is_some())
        .collect();
    let range = range(drawn.iter().copied().flat_map(shown));
    let mut text = String::new();
    {
        let whole = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        let (top, below) = whole.split_vertically(LEGEND_HEIGHT);
        legend(&top)?;
        for ((records, title), area) in SIZES.iter().zip(below.split_evenly((1, SIZES.len()))) {
            part(&area, title, *records, &range, &drawn)?;
        }
        whole.present()?;
    }
    Ok(text)
}

/// The name of a row as measurements have it.
fn name(work: &str, records: u32) -> String {
    format!("logs, {work}, {records}")
}

/// The ratios of a measurement that are drawn.
fn shown(measurement: &Measurement) -> impl Iterator<Item = f64> {
    let names = WORKS
        .iter()
        .flat_map(|(work, _)| SIZES.map(|(records, _)| name(work, records)));
    names.filter_map(|name| ratio(measurement, &name))
}

fn ratio(measurement: &Measurement, name: &str) -> Option<f64> {
    let row = measurement.rows.iter().find(|row| row.name == name)?;
    Some(row.ratio)
}

/// From a tick below all ratios to one above them, with 1 between.
fn range(ratios: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = ratios.fold((1.0_f64, 1.0_f64), |(least, most), ratio| {
        (least.min(ratio), most.max(ratio))
    });
    let below = TICKS.iter().rev().find(|tick| **tick < least);
    let above = TICKS.iter().find(|tick| **tick > most);
    *below.unwrap_or(&TICKS[0])..*above.unwrap_or(&TICKS[TICKS.len() - 1])
}

fn legend(area: &Area<'_>) -> Result<(), DrawError> {
    let title = "Rust attributes / contrib's Go attributes: processor time, log scale. \
                 Below 1 Rust takes less.";
    area.draw(&Text::new(title, (16, 12), font(18)))?;
    let mut left = 24;
    for (index, (work, colour)) in WORKS.iter().enumerate() {
        area.draw(&marker(index, *colour, (left, 47)))?;
        area.draw(&Text::new(*work, (left + 12, 40), font(17)))?;
        left += if index == 2 { 230 } else { 190 };
    }
    Ok(())
}

fn part(
    area: &Area<'_>,
    title: &str,
    records: u32,
    range: &Range<f64>,
    drawn: &[&Measurement],
) -> Result<(), DrawError> {
    // One place more at either side, so that no marker is cut.
    let (first, last) = (0, place(drawn.len()) - 1);
    let mut ends = vec![first, last];
    ends.dedup();
    let ticks: Vec<_> = TICKS
        .into_iter()
        .filter(|tick| (range.start..=range.end).contains(tick))
        .collect();
    let across = (first - 1..last + 1).with_key_points(ends);
    let up = range.clone().log_scale().with_key_points(ticks);
    let mut chart = ChartBuilder::on(area)
        .caption(title, font(18))
        .margin(8)
        .margin_right(28)
        .x_label_area_size(28)
        .y_label_area_size(44)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(INK)
        .bold_line_style(INK.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style(font(16))
        .y_label_formatter(&|tick| tick.to_string())
        .x_label_formatter(&|at| label(drawn, *at))
        .draw()?;
    let level = [(first - 1, 1.0), (last + 1, 1.0)];
    chart.draw_series(LineSeries::new(level, INK.stroke_width(2)))?;
    for (index, (work, colour)) in WORKS.iter().enumerate() {
        let name = name(work, records);
        let points: Vec<_> = (drawn.iter().enumerate())
            .filter_map(|(at, measurement)| Some((place(at), ratio(measurement, &name)?)))
            .collect();
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart.draw_series(
            points
                .into_iter()
                .map(|point| marker(index, *colour, point)),
        )?;
    }
    Ok(())
}

/// Rows differ by shape, too.
fn marker<'a, Point: Clone + 'static>(
    index: usize,
    colour: RGBColor,
    at: Point,
) -> DynElement<'static, SVGBackend<'a>, Point> {
    match index {
        0 => Circle::new(at, 5, colour.filled()).into_dyn(),
        1 => TriangleMarker::new(at, 6, colour.filled()).into_dyn(),
        2 => Cross::new(at, 5, colour.stroke_width(2)).into_dyn(),
        _ => Circle::new(at, 5, colour.stroke_width(2)).into_dyn(),
    }
}

fn label(drawn: &[&Measurement], at: i32) -> String {
    let found = usize::try_from(at).ok().and_then(|at| drawn.get(at));
    found.map_or(String::new(), |measurement| {
        let date = measurement.date.split('T').next().unwrap_or_default();
        format!("{}, {date}", measurement.version)
    })
}

fn place(index: usize) -> i32 {
    i32::try_from(index).expect("a history is shorter")
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

#[cfg(test)]
mod tests;
