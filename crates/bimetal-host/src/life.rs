//! Which functions of one instance may run at the same time.
//!
//! In: a request to call one. Out: permission for as long as the call lasts, or why not. Invariant:
//! `consume` runs only between the end of `start` and the beginning of `shutdown`; `start` and
//! `shutdown` run alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `consume` may be called.
const OPEN: usize = 1 << (usize::BITS - 1);
/// `shutdown` was asked for; the word holds the number of calls beside these two.
const CLOSED: usize = 1 << (usize::BITS - 2);

/// The calls of one instance.
#[derive(Debug, Default)]
pub(crate) struct Life {
    calls: AtomicUsize,
    stage: Mutex<Stage>,
    waiting: Mutex<()>,
    ended: Condvar,
}

/// What has been called of `start` and `shutdown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Created,
    Started,
    ShutDown,
}

/// A call of `consume` while it lasts.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Life);

/// A call is not allowed now.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LifeError {
    #[error("the component is not started")]
    NotStarted,
    #[error("the component is shut down")]
    ShutDown,
    #[error("the component is started already")]
    StartedTwice,
    #[error("{calls} calls did not end before the deadline, so that the component still runs")]
    Overdue { calls: usize },
}

impl Life {
    /// Begins a call of `consume`, or of another function under its rules.
    #[inline]
    pub(crate) fn consume(&self) -> Result<Running<'_>, LifeError> {
        let found = self.calls.fetch_add(1, Ordering::AcqRel);
        let running = Running(self);
        if found & OPEN != 0 {
            Ok(running)
        } else if found & CLOSED != 0 {
            Err(LifeError::ShutDown)
        } else {
            Err(LifeError::NotStarted)
        }
    }

    /// Runs `start`, once; afterwards `consume` may be called, if it succeeded.
    pub(crate) fn start<E: From<LifeError>>(
        &self,
        start: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stage = self.stage();
        match *stage {
            Stage::Created => *stage = Stage::Started,
            Stage::Started => return Err(LifeError::StartedTwice.into()),
            Stage::ShutDown => return Err(LifeError::ShutDown.into()),
        }
        start()?;
        self.calls.fetch_or(OPEN, Ordering::AcqRel);
        Ok(())
    }

    /// Lets no call in any more, waits for those that run, and runs `shutdown`; 0 means no
    /// deadline.
    pub(crate) fn shutdown<E: From<LifeError>>(
        &self,
        deadline_unix_ns: u64,
        shutdown: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stage = self.stage();
        self.calls.fetch_or(CLOSED, Ordering::AcqRel);
        self.calls.fetch_and(!OPEN, Ordering::AcqRel);
        self.wait((deadline_unix_ns != 0).then(|| Duration::from_nanos(deadline_unix_ns)))?;
        *stage = Stage::ShutDown;
        shutdown()
    }

    /// Whether `start` was called and `shutdown` was not.
    pub(crate) fn is_started(&self) -> bool {
        *self.stage() == Stage::Started
    }

    fn wait(&self, deadline: Option<Duration>) -> Result<(), LifeError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let calls = self.calls.load(Ordering::Acquire) & !CLOSED;
            if calls == 0 {
                return Ok(());
            }
            waiting = match deadline {
                None => self
                    .ended
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = (UNIX_EPOCH + deadline).duration_since(SystemTime::now());
                    let left = left.map_err(|_| LifeError::Overdue { calls })?;
                    let waited = self.ended.wait_timeout(waiting, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    #[cold]
    fn tell_end(&self) {
        // A `shutdown` that read the number before this waits by now, and hears of its end.
        drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.ended.notify_all();
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        let found = self.0.calls.fetch_sub(1, Ordering::AcqRel);
        // While calls are let in, no `shutdown` waits for their end.
        if found == CLOSED | 1 {
            self.0.tell_end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const FINE: fn() -> Result<(), LifeError> = || Ok(());

    #[test]
    fn consume_runs_between_start_and_shutdown_only() {
        let life = Life::default();
        assert_eq!(life.consume().unwrap_err(), LifeError::NotStarted);
        life.start(|| {
            assert_eq!(life.consume().unwrap_err(), LifeError::NotStarted);
            FINE()
        })
        .unwrap();
        assert_eq!(life.start(FINE), Err(LifeError::StartedTwice));
        drop(life.consume().unwrap());
        life.shutdown(0, || {
            assert_eq!(life.consume().unwrap_err(), LifeError::ShutDown);
            FINE()
        })
        .unwrap();
        assert_eq!(life.consume().unwrap_err(), LifeError::ShutDown);
        assert_eq!(life.start(FINE), Err(LifeError::ShutDown));
        life.shutdown(0, FINE).unwrap();
    }

    #[test]
    fn after_a_start_that_failed_nothing_is_consumed_and_shutdown_is_still_called() {
        let life = Life::default();
        let failed = life.start(|| Err(LifeError::Overdue { calls: 7 }));
        assert_eq!(failed, Err(LifeError::Overdue { calls: 7 }));
        assert_eq!(life.consume().unwrap_err(), LifeError::NotStarted);
        assert!(life.is_started());
        life.shutdown(0, FINE).unwrap();
        assert!(!life.is_started());
    }

    #[test]
    fn shutdown_waits_for_the_calls_that_run_and_refuses_later_ones() {
        let life = Life::default();
        life.start(FINE).unwrap();
        let running = life.consume().unwrap();
        let (said, heard) = channel();
        thread::scope(|scope| {
            let late = said.clone();
            scope
                .spawn(|| life.shutdown(0, || FINE().inspect(|()| said.send("shutdown").unwrap())));
            while life.consume().is_ok() {
                thread::yield_now();
            }
            late.send("late call refused").unwrap();
            drop(running);
        });
        let order: Vec<_> = heard.try_iter().collect();
        assert_eq!(order, ["late call refused", "shutdown"]);
    }

    #[test]
    fn a_call_that_outlasts_the_deadline_keeps_shutdown_away() {
        let life = Life::default();
        life.start(FINE).unwrap();
        let running = life.consume().unwrap();
        let overdue = life.shutdown(1, || unreachable!("a call runs"));
        assert_eq!(overdue, Err(LifeError::Overdue { calls: 1 }));
        assert_eq!(life.consume().unwrap_err(), LifeError::ShutDown);
        drop(running);
        life.shutdown(1, FINE).unwrap();
    }
}
