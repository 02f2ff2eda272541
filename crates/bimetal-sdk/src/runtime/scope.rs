//! Which instance a thread works for, so that what `tracing` is given there reaches its logger.
//!
//! In: an instance at the beginning of a call. Out: that until the call ends. Invariant: one scope
//! inside of another gives the thread back to the outer one; without the feature `tracing` it is
//! nothing.

use crate::runtime::host::HostCalls;

#[cfg(feature = "tracing")]
std::thread_local! {
    static CURRENT: std::cell::Cell<Option<HostCalls>> = const { std::cell::Cell::new(None) };
}

/// A thread works for an instance until this is dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Scope {
    #[cfg(feature = "tracing")]
    outer: Option<HostCalls>,
}

impl Scope {
    #[cfg(feature = "tracing")]
    #[inline]
    pub(crate) fn enter(host: HostCalls) -> Self {
        let outer = CURRENT.replace(Some(host));
        Self { outer }
    }

    #[cfg(not(feature = "tracing"))]
    #[inline]
    pub(crate) fn enter(_: HostCalls) -> Self {
        Self {}
    }
}

#[cfg(feature = "tracing")]
impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

/// The instance that this thread works for.
#[cfg(feature = "tracing")]
pub(crate) fn current() -> Option<HostCalls> {
    CURRENT.get()
}
