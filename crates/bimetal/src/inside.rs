//! `bimetal hermetic-inside`: builds in a container; the Dockerfile of a hermetic build runs it.
//!
//! In: the directory of the inputs. Out: an exit code; a failure in lines that are understood
//! outside. Invariant: nothing is decided here.

use bimetal_builder::pipeline::PipelineError;
use bimetal_builder::toolchain::interrupt;
use bimetal_hermetic::pipeline::{inside, report};
use bimetal_terminal::Printer;
use camino::Utf8Path;

use crate::error::{HINTS, StartError, exit_code};
use crate::exit_code::ExitCode;

pub(crate) fn run(root: &Utf8Path, printer: &Printer) -> Result<ExitCode, PipelineError> {
    interrupt::install().map_err(StartError::Signals)?;
    let Err(error) = inside(root) else {
        return Ok(ExitCode::Ok);
    };
    printer.error(error.as_error(), HINTS);
    // Last, because of an engine's output only the end is kept.
    printer.line(&report(&error));
    Ok(exit_code(&error))
}
