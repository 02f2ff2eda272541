//! The only room that starts processes.
//!
//! In: an [`Invocation`], whose environment is listed in full. Out: its output, and a log of it
//! that stays. Invariant: nothing is inherited in silence, and no child outlives an interrupt.

pub(crate) mod cargo_home;
pub(crate) mod claim;
mod environment;
mod go_flags;
pub(crate) mod interrupt;
mod invocation;
mod run;
mod user_settings;
pub(crate) mod work;
pub(crate) mod write;

pub(crate) use environment::inherited;
pub(crate) use go_flags::{go_flags, without_neutral};
pub(crate) use invocation::Invocation;
pub(crate) use run::{InvocationError, Runner};
pub(crate) use user_settings::without_effect;
