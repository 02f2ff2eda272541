//! The builds that run on this machine, each a list of steps.
//!
//! In: a configuration, what the command line asks for. Out: a plan with its sources, those on the
//! disk, or a distribution. Invariant: a step gets what the one before it gave; what a `--skip-*`
//! flag leaves out is decided here and in no step.

mod again;
mod claim;
mod compile;
mod error;
mod last_build;
mod plain;
mod prepare;
mod run;
mod sources;

pub use again::build_again;
pub use claim::claim;
pub use error::{PipelineError, StartError, StepError};
pub use last_build::LastBuild;
pub use plain::plain;
pub use prepare::{Prepared, prepare};
pub use run::Run;
pub use sources::{sources, write_sources};
