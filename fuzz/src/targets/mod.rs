//! The bodies of all targets, for the fuzzer and for the tests that replay seeds.
//!
//! In: bytes. Out: nothing. Invariant: a target that is not in [`ALL`] is none, and its seeds stand
//! below `corpus/` under its name.

pub mod build_info;
pub mod cargo_lock;
pub mod go_sum;
pub mod library_list;
pub mod manifest;
pub mod object;
pub mod pdata;
pub mod plugins_lock;
pub mod records;
pub mod sums;
pub mod view;
pub mod yaml;

/// What runs one input.
pub type Run = fn(&[u8]);

/// Every target.
pub const ALL: [(&str, Run); 12] = [
    ("build_info", build_info::run),
    ("cargo_lock", cargo_lock::run),
    ("go_sum", go_sum::run),
    ("library_list", library_list::run),
    ("manifest", manifest::run),
    ("object", object::run),
    ("pdata", pdata::run),
    ("plugins_lock", plugins_lock::run),
    ("records", records::run),
    ("sums", sums::run),
    ("view", view::run),
    ("yaml", yaml::run),
];
