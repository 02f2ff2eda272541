//! Life of one instance: created, started, shut down; poisoned by a panic.
//!
//! In: an author's value. Out: permission to call it, or why not. Invariant: after a panic the
//! value is never called again; `start` and `shutdown` reach it at most once each.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bimetal_abi::{FEATURE_EDITS, FEATURE_TABLE, Signal};
use bimetal_pdata::Layout;

use crate::error::Error;
use crate::runtime::guard::{Panic, guard};
use crate::runtime::host::HostCalls;
use crate::runtime::scope::Scope;

const CREATED: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;
const STOPPED: u8 = 3;

/// One instance as the host holds it.
#[derive(Debug)]
pub(crate) struct Instance<T> {
    component: T,
    pub(crate) signal: Option<Signal>,
    pub(crate) answer: Answer,
    host: HostCalls,
    state: AtomicU8,
    poisoned: AtomicBool,
    /// Where the host's table lies, and what it says.
    layout: OnceLock<(usize, Option<Layout>)>,
}

/// How the host wants to hear what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As below, and new telemetry as a table.
    Tables,
    /// As what is to be done to what it holds.
    Edits,
    /// Whole, encoded.
    Otlp,
}

impl Answer {
    /// As the host's features say.
    pub(crate) fn to_host(features: u64) -> Self {
        match (features & FEATURE_EDITS, features & FEATURE_TABLE) {
            (0, _) => Self::Otlp,
            (_, 0) => Self::Edits,
            _ => Self::Tables,
        }
    }
}

/// Why a call has no answer. In a box where a call answers it: see [`Error`].
#[derive(Debug)]
pub(crate) enum Failure {
    Component(Error),
    Panicked(Box<Panic>),
    Poisoned,
    Unsupported(String),
    Invalid(String),
}

impl From<Error> for Box<Failure> {
    #[cold]
    fn from(error: Error) -> Self {
        Self::new(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Component(error)
    }
}

impl From<Box<Panic>> for Failure {
    fn from(panic: Box<Panic>) -> Self {
        Self::Panicked(panic)
    }
}

impl<T> Instance<T> {
    pub(crate) fn new(
        component: T,
        signal: Option<Signal>,
        answer: Answer,
        host: HostCalls,
    ) -> Self {
        Self {
            component,
            signal,
            answer,
            host,
            state: AtomicU8::new(CREATED),
            poisoned: AtomicBool::new(false),
            layout: OnceLock::new(),
        }
    }

    /// The calling thread works for this instance.
    #[inline]
    pub(crate) fn scope(&self) -> Scope {
        Scope::enter(self.host)
    }

    /// Calls `start` on a fresh instance.
    pub(crate) fn start(&self, start: impl FnOnce(&T) -> Result<(), Error>) -> Result<(), Failure> {
        self.refuse_poisoned()?;
        self.step(CREATED, STARTING).map_err(|state| {
            Failure::Invalid(format!("`start` on an instance that {}", describe(state)))
        })?;
        self.call(start)?;
        // A shutdown that came in between wins.
        let _ = self.step(STARTING, STARTED);
        Ok(())
    }

    /// What the host's table for telemetry in place says, if this component can work with it. The
    /// host gives the same one in every call; another one would have to be read anew each time.
    pub(crate) fn layout(&self, signal: Signal, table: &[u8]) -> Option<&Layout> {
        let read = || (table.as_ptr().addr(), Layout::of(signal, table));
        let (address, layout) = self.layout.get_or_init(read);
        layout
            .as_ref()
            .filter(|_| *address == table.as_ptr().addr())
    }

    /// The value of a started instance. Who calls it is inside a guard, and poisons the instance
    /// after a panic.
    pub(crate) fn started(&self) -> Result<&T, Failure> {
        self.refuse_poisoned()?;
        match self.state.load(Ordering::Acquire) {
            STARTED => Ok(&self.component),
            state => Err(not_started(state)),
        }
    }

    /// Ends all calls after a panic.
    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    /// Stops an instance; does nothing for one that is stopped or was never started.
    pub(crate) fn shutdown(
        &self,
        shutdown: impl FnOnce(&T) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        self.refuse_poisoned()?;
        match self.state.swap(STOPPED, Ordering::AcqRel) {
            STARTED => self.call(shutdown),
            _ => Ok(()),
        }
    }

    fn call<R>(&self, work: impl FnOnce(&T) -> Result<R, Error>) -> Result<R, Failure> {
        match guard(|| work(&self.component)) {
            Ok(answer) => Ok(answer?),
            Err(panic) => {
                self.poison();
                Err(panic.into())
            }
        }
    }

    fn refuse_poisoned(&self) -> Result<(), Failure> {
        if self.poisoned.load(Ordering::Acquire) {
            Err(Failure::Poisoned)
        } else {
            Ok(())
        }
    }

    fn step(&self, from: u8, to: u8) -> Result<u8, u8> {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }
}

#[cold]
fn not_started(state: u8) -> Failure {
    Failure::Component(Error::new(format!("the component {}", describe(state))))
}

fn describe(state: u8) -> &'static str {
    match state {
        CREATED => "is not started",
        STARTING => "failed to start or is still starting",
        STARTED => "is started",
        _ => "is shut down",
    }
}
