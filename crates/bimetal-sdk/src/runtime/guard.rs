//! Turns panics into values at the C ABI.
//!
//! In: code that may panic. Out: its answer, or message and place of the panic. Invariant: nothing
//! unwinds past [`guard`], and a panic below it is reported once, by the caller, not printed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

#[cfg(panic = "abort")]
compile_error!(
    "bimetal-sdk needs `panic = \"unwind\"`: a component's panic must not end the Collector \
     (remove `panic = \"abort\"` from the profile)"
);

/// Whether the hook is installed.
static INSTALLED: Once = Once::new();

thread_local! {
    /// How many guards this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the hook saw last on this thread.
    static SEEN: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    message: String,
    place: Option<String>,
}

/// Runs `body`; a panic becomes `Err`.
///
/// The caller must not use afterwards what `body` may have left half-changed: instances are
/// poisoned.
#[inline]
pub(crate) fn guard<T>(body: impl FnOnce() -> T) -> Result<T, Box<Panic>> {
    if !INSTALLED.is_completed() {
        install_hook();
    }
    // In a shared library the address of a thread's variable is the answer of a function, which is
    // asked once here and not at both ends.
    DEPTH.with(|depth| {
        depth.set(depth.get() + 1);
        let answer = panic::catch_unwind(AssertUnwindSafe(body));
        let answer = answer.map_err(caught);
        depth.set(depth.get() - 1);
        answer
    })
}

#[cold]
#[expect(clippy::unnecessary_box_returns, reason = "as all answers have it")]
fn caught(payload: Box<dyn Any + Send>) -> Box<Panic> {
    let seen = SEEN.take();
    let panic = seen.unwrap_or_else(|| Panic {
        message: text(&*payload),
        place: None,
    });
    discard(payload);
    Box::new(panic)
}

#[cold]
fn install_hook() {
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                previous(info);
            } else {
                SEEN.set(Some(Panic::of(info)));
            }
        }));
    });
}

/// Drops a payload, whose own drop may panic too.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second);
        SEEN.take();
    }
}

fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a text".to_owned())
}

impl Panic {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let message = info
            .payload_as_str()
            .unwrap_or("panic without a text")
            .to_owned();
        Self {
            message,
            place: info.location().map(ToString::to_string),
        }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the component panicked: {}", self.message)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_message_and_place() {
        let line = line!() + 1;
        let panic = guard(|| panic!("no {}", "luck")).unwrap_err();
        assert_eq!(panic.message, "no luck");
        assert!(panic.place.unwrap().contains(&format!("guard.rs:{line}:")));
    }

    #[test]
    fn survives_payloads_that_are_no_text_or_panic_when_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let panic = guard(|| panic::panic_any(Bomb)).unwrap_err();
        assert_eq!(panic.message, "panic without a text");
        let panic = guard(|| panic::resume_unwind(Box::new("quiet"))).unwrap_err();
        assert_eq!((panic.message.as_str(), panic.place), ("quiet", None));
        assert_eq!(guard(|| 1), Ok(1));
    }

    #[test]
    fn an_inner_guard_leaves_the_outer_one_intact() {
        let outer = guard(|| {
            assert!(guard(|| panic!("inner")).is_err());
            panic!("outer");
        });
        assert_eq!(outer.unwrap_err().message, "outer");
    }
}
