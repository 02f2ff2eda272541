//! The builder: from a configuration to a Collector and its plugins.
#![forbid(unsafe_code)]

mod attest;
mod cli;
mod engine;
mod progress;
mod rebuild;
mod stages;
mod toolchain;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os()).into()
}
