//! The view against an independent decoder: the same messages, read and written by `prost`.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod applied;
mod edits;
mod fields;
mod hostile;
mod image;
mod in_place;
mod lossless;
mod model;
mod reading;
mod tables;
mod views;
