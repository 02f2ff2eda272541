//! The status of a component, as it reports it.
//!
//! In: what the component is, and for an error what is wrong. Out: calls of the host. Invariant:
//! reporting never fails and never panics.

use std::fmt;

use bimetal_abi::Status;

use crate::runtime::host::HostCalls;

/// Reports the component's status to the Collector, which hands it to whatever watches.
///
/// The Collector itself reports starting, ok, stopping and stopped around `start` and `shutdown`,
/// and an error where these fail. A component reports what changes in between: an error that may
/// end, and that it has ended. Keep a clone; it may be used from any thread from `start` on. What
/// the Collector does not expect, such as ok after a permanent error, it leaves out.
///
/// ```
/// # fn example(settings: &bimetal_sdk::Settings) {
/// let status = settings.status.clone();
/// status.recoverable_error("the server does not answer");
/// status.ok();
/// # }
/// ```
#[derive(Clone)]
pub struct StatusReporter {
    host: HostCalls,
}

impl StatusReporter {
    pub(crate) fn new(host: HostCalls) -> Self {
        Self { host }
    }

    /// It runs; what was wrong is over.
    pub fn ok(&self) {
        self.report(Status::Ok, "");
    }

    /// It has a problem that may end.
    pub fn recoverable_error(&self, what: impl fmt::Display) {
        self.report(Status::RecoverableError, &what.to_string());
    }

    /// It has a problem that will not end without a person. The Collector runs on.
    pub fn permanent_error(&self, what: impl fmt::Display) {
        self.report(Status::PermanentError, &what.to_string());
    }

    /// It has a problem that ends the Collector. Within `start`, that fails with it; after
    /// `shutdown` was asked for it is a permanent one.
    pub fn fatal_error(&self, what: impl fmt::Display) {
        self.report(Status::FatalError, &what.to_string());
    }

    /// Any status, and for an error what is wrong.
    pub fn report(&self, status: Status, what: &str) {
        self.host.report_status(status.number(), what);
    }
}

impl fmt::Debug for StatusReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusReporter").finish_non_exhaustive()
    }
}
