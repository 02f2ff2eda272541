//! Values of a histogram that wait to be handed over.
//!
//! In: values from any thread. Out: calls of the host with many of them. Invariant: no lock is held
//! while the host is called, and nothing is allocated.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::runtime::host::HostCalls;

/// How many values of one set wait at most. Crossing with one value costs about as much as the
/// Collector's own work for it; with 64 it no longer counts.
const MOST: usize = 64;

#[derive(Debug)]
pub(super) struct Held {
    host: HostCalls,
    number: OnceLock<u32>,
    sets: Box<[Mutex<Values>]>,
}

#[derive(Clone, Copy, Debug)]
struct Values {
    len: usize,
    bits: [u64; MOST],
}

impl Held {
    pub(super) fn new(host: HostCalls, sets: usize) -> Self {
        let none = || Mutex::new(Values::NONE);
        Self {
            host,
            number: OnceLock::new(),
            sets: std::iter::repeat_with(none).take(sets).collect(),
        }
    }

    /// The host knows the histogram by this number.
    pub(super) fn declared(&self, number: u32) {
        let _ = self.number.set(number);
    }

    #[inline]
    pub(super) fn push(&self, set: usize, bits: u64) {
        let Some(held) = self.sets.get(set) else {
            return;
        };
        let full = {
            let mut values = held.lock().unwrap_or_else(PoisonError::into_inner);
            let at = values.len;
            values.bits[at] = bits;
            values.len += 1;
            (values.len == MOST).then(|| values.all())
        };
        if let Some(values) = full {
            self.hand_over(set, &values);
        }
    }

    /// Hands over whatever waits.
    pub(super) fn flush(&self) {
        for (set, held) in self.sets.iter().enumerate() {
            let values = held.lock().unwrap_or_else(PoisonError::into_inner).all();
            if values.len > 0 {
                self.hand_over(set, &values);
            }
        }
    }

    #[cold]
    fn hand_over(&self, set: usize, values: &Values) {
        if let (Some(number), Ok(set)) = (self.number.get(), u32::try_from(set)) {
            self.host.record(*number, set, &values.bits[..values.len]);
        }
    }
}

impl Values {
    const NONE: Self = Self {
        len: 0,
        bits: [0; MOST],
    };

    /// What waits; nothing waits any more.
    fn all(&mut self) -> Self {
        let all = *self;
        self.len = 0;
        all
    }
}
