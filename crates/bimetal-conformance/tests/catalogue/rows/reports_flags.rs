//! What users report of settings that a build cannot follow.
//!
//! In: a configuration that is good, and one setting. Out: rows. Invariant: a setting that is not
//! followed is refused or reported.

use super::rows;
use crate::builder::{Input, configuration};
use crate::row::Finding;

rows!(
    a_program_in_the_place_of_gos_compiler,
    gos_vendor_directory_in_the_place_of_modules,
    a_build_that_would_only_be_printed,
    another_go_mod_than_the_generated_one,
    the_state_of_a_checkout_in_the_binary,
    sources_that_are_neither_there_nor_generated,
    a_toolchain_file_of_the_working_directory,
    a_toolchain_file_of_a_component,
);

const PROVIDER: &str =
    "providers:\n  - gomod: go.opentelemetry.io/collector/confmap/provider/envprovider v1.67.0\n";
const RECEIVER: &str =
    "receivers:\n  - gomod: go.opentelemetry.io/collector/receiver/nopreceiver v0.161.0\n";

fn with_go_flags(flags: &'static str, entry: &str) -> Input {
    let input = configuration(&format!("{RECEIVER}{entry}{PROVIDER}"));
    input.variable("GOFLAGS", flags).argument("--dry-run")
}

fn a_program_in_the_place_of_gos_compiler() -> Finding {
    with_go_flags("-toolexec=TOOL", "    plugin: true\n").fails(&[
        "`GOFLAGS` is `-toolexec=TOOL`",
        "a program that no hash covers",
    ])
}

fn gos_vendor_directory_in_the_place_of_modules() -> Finding {
    with_go_flags("-mod=vendor", "").fails(&["`GOFLAGS` is `-mod=vendor`", "help: "])
}

fn a_build_that_would_only_be_printed() -> Finding {
    with_go_flags("-n", "").fails(&["`GOFLAGS` is `-n`", "help: "])
}

fn another_go_mod_than_the_generated_one() -> Finding {
    with_go_flags("-modfile=absent", "").fails(&[
        "`GOFLAGS` is `-modfile=absent`",
        "another go.mod than the one that is generated",
    ])
}

fn the_state_of_a_checkout_in_the_binary() -> Finding {
    with_go_flags("-buildvcs=true", "").passes(&["`-buildvcs` of `GOFLAGS` has no effect"])
}

fn sources_that_are_neither_there_nor_generated() -> Finding {
    configuration(PROVIDER)
        .argument("--skip-generate")
        .argument("--skip-compilation")
        .argument("--skip-get-modules")
        .fails(&["has no main.go, and no sources are to be generated"])
}

const TOOLCHAIN: &str = "[toolchain]\nchannel = \"1.64.0\"\n";

/// A Rust component, and rustup left to itself: it would install what a file asks for.
fn with_a_crate() -> Input {
    let lines = "processors:\n  - cargo: redactor = { path = \"redactor\" }\n    plugin: true\n";
    let package = "[package]\nname = \"redactor\"\nversion = \"0.3.0\"\nedition = \"2024\"\n";
    configuration(lines)
        .file("redactor/Cargo.toml", package)
        .file("redactor/src/lib.rs", "")
        .variable("RUSTUP_TOOLCHAIN", "")
        .variable("RUSTUP_AUTO_INSTALL", "1")
        .argument("--dry-run")
}

fn a_toolchain_file_of_the_working_directory() -> Finding {
    with_a_crate()
        .file("rust-toolchain.toml", TOOLCHAIN)
        .fails(&[
            "rust-toolchain.toml` chooses Rust `1.64.0`, and that does not answer",
            "is not installed",
            "run `rustup toolchain install 1.64.0`",
        ])
}

/// Where nothing else chooses, this machine's own toolchain is used.
fn a_toolchain_file_of_a_component() -> Finding {
    with_a_crate()
        .file("redactor/rust-toolchain.toml", TOOLCHAIN)
        .passes(&["redactor/rust-toolchain.toml` asks for Rust `1.64.0`"])
}
