//! What happens on Ctrl-C.
//!
//! In: SIGINT, SIGTERM, SIGHUP. Out: one flag that [`super::Runner`] looks at while a child runs.
//! Invariant: the handler only sets the flag; children are ended by the code that started them.

use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_terminal::Interrupted;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Takes over the signals. Call once, at the start of the program.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
}

/// Whether a signal came. Long loops of our own look here too.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// An error if a signal came; for loops that can end between two files.
pub fn check() -> Result<(), Interrupted> {
    if requested() {
        return Err(Interrupted::default());
    }
    Ok(())
}
