//! The builder: from a configuration to a Collector and its plugins.
#![forbid(unsafe_code)]

mod args;
mod build;
mod completion;
mod dispatch;
mod error;
mod exit_code;
mod init;
mod inside;
mod plugins;
mod rebuild;
#[cfg(test)]
mod reference;

fn main() -> std::process::ExitCode {
    dispatch::run(std::env::args_os()).into()
}
