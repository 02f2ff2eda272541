//! The only room that starts processes.
//!
//! In: an [`Invocation`], whose environment is listed in full. Out: its output, and a log of it
//! that stays. Invariant: nothing is inherited in silence, and no child outlives an interrupt.

mod answer;
pub mod cargo_home;
mod cargo_keys;
pub mod claim;
mod environment;
mod find;
pub mod go_files;
mod go_flags;
mod go_mod;
pub mod go_variables;
pub mod interrupt;
mod invocation;
pub mod remembered;
mod run;
mod secrets;
mod side_by_side;
mod user_settings;
pub mod work;

pub use answer::AnswerError;
pub use environment::inherited;
pub use find::{find, find_tool, is_program};
pub use go_flags::{RefusedFlag, go_flags, refuse, wants_checkout, without_neutral};
pub use go_mod::{GoMod, ModuleVersion, Replace, Setting};
pub use invocation::Invocation;
pub use run::{InvocationError, Runner};
pub use secrets::shown;
pub use side_by_side::side_by_side;
pub use user_settings::without_effect;
