//! What a component measures, for the Collector's own metrics.
//!
//! In: declarations in `new`, then numbers from any thread. Out: words that the host reads when
//! metrics are collected. Invariant: recording never fails and never allocates; only a histogram
//! calls the host, once for many values.

mod declaration;
mod held;
mod number;
mod shim;

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::runtime::host::HostCalls;
use declaration::Names;
use held::Held;

pub use declaration::{Declaration, Instrument};
pub use number::Number;

/// Words that this side writes and the host reads.
type Words = Arc<[AtomicU64]>;

/// Declares what an instance measures.
///
/// What a Go component of the same kind reports by itself is reported of a Rust one, too: accepted,
/// refused, sent, failed. This is for what only the component knows. Everything is declared in
/// `new`; the metrics begin with the instance and end with it. Name them as the Collector's are:
/// `otelcol_<type>_<what>`, with a unit such as `By` or `{records}`.
///
/// ```
/// use bimetal_sdk::{Counter, Error, Gauge, Settings};
/// use serde_json::json;
///
/// struct Limiter {
///     dropped: Counter<u64>,
///     waiting: Gauge<i64>,
/// }
///
/// fn new(settings: &Settings) -> Result<Limiter, Error> {
///     let meter = &settings.meter;
///     Ok(Limiter {
///         dropped: meter
///             .counter("otelcol_limiter_dropped")
///             .unit("{records}")
///             .description("Records that were dropped.")
///             .attributes(json!({"reason": "old"}))
///             .attributes(json!({"reason": "large"}))
///             .build()?,
///         waiting: meter.gauge("otelcol_limiter_waiting").unit("{batches}").build()?,
///     })
/// }
///
/// fn work(limiter: &Limiter) {
///     limiter.waiting.set(3);
///     limiter.dropped.add_to(1, 20); // to the second set of attributes: too large
/// }
/// ```
#[derive(Clone)]
pub struct Meter {
    host: HostCalls,
    names: Arc<Mutex<Names>>,
}

/// A total that only grows.
#[derive(Clone, Debug)]
pub struct Counter<N> {
    words: Words,
    number: PhantomData<fn(N)>,
}

/// A total that grows and falls.
#[derive(Clone, Debug)]
pub struct UpDownCounter<N> {
    words: Words,
    number: PhantomData<fn(N)>,
}

/// A value that is as it is. There is none until it is set.
#[derive(Clone, Debug)]
pub struct Gauge<N> {
    /// Two for each set: whether there is a value, and which.
    words: Words,
    number: PhantomData<fn(N)>,
}

/// How values are distributed.
///
/// The Collector's meter takes values one by one. They are held back here and handed over by many,
/// and when metrics are collected.
#[derive(Clone, Debug)]
pub struct Histogram<N> {
    held: Arc<Held>,
    number: PhantomData<fn(N)>,
}

impl Meter {
    pub(crate) fn new(host: HostCalls) -> Self {
        let names = Arc::default();
        Self { host, names }
    }

    /// A total of whole numbers that only grows.
    pub fn counter<'a>(&'a self, name: &'a str) -> Declaration<'a, Counter<u64>> {
        Declaration::new(self, name)
    }

    /// A total that only grows.
    pub fn counter_f64<'a>(&'a self, name: &'a str) -> Declaration<'a, Counter<f64>> {
        Declaration::new(self, name)
    }

    /// A total of whole numbers that grows and falls.
    pub fn up_down_counter<'a>(&'a self, name: &'a str) -> Declaration<'a, UpDownCounter<i64>> {
        Declaration::new(self, name)
    }

    /// A total that grows and falls.
    pub fn up_down_counter_f64<'a>(&'a self, name: &'a str) -> Declaration<'a, UpDownCounter<f64>> {
        Declaration::new(self, name)
    }

    /// A whole number that is as it is.
    pub fn gauge<'a>(&'a self, name: &'a str) -> Declaration<'a, Gauge<i64>> {
        Declaration::new(self, name)
    }

    /// A value that is as it is.
    pub fn gauge_f64<'a>(&'a self, name: &'a str) -> Declaration<'a, Gauge<f64>> {
        Declaration::new(self, name)
    }

    /// How whole numbers are distributed.
    pub fn histogram<'a>(&'a self, name: &'a str) -> Declaration<'a, Histogram<u64>> {
        Declaration::new(self, name)
    }

    /// How values are distributed.
    pub fn histogram_f64<'a>(&'a self, name: &'a str) -> Declaration<'a, Histogram<f64>> {
        Declaration::new(self, name)
    }
}

impl<N: Number> Counter<N> {
    /// Adds to the total without attributes, or with the first set of them. What is negative or no
    /// number is left out.
    #[inline]
    pub fn add(&self, number: N) {
        self.add_to(0, number);
    }

    /// Adds to the total of the set of attributes that was declared as number `set`, from 0. One
    /// that was not declared has no total.
    #[inline]
    pub fn add_to(&self, set: usize, number: N) {
        if number.only_grows() {
            add(&self.words, set, number);
        }
    }
}

impl<N: Number> UpDownCounter<N> {
    /// Adds to the total without attributes, or with the first set of them.
    #[inline]
    pub fn add(&self, number: N) {
        self.add_to(0, number);
    }

    /// Adds to the total of a set of attributes, as [`Counter::add_to`] does.
    #[inline]
    pub fn add_to(&self, set: usize, number: N) {
        if number.is_number() {
            add(&self.words, set, number);
        }
    }
}

impl<N: Number> Gauge<N> {
    /// Sets the value without attributes, or with the first set of them.
    #[inline]
    pub fn set(&self, number: N) {
        self.set_of(0, number);
    }

    /// Sets the value of the set of attributes that was declared as number `set`, from 0.
    #[inline]
    pub fn set_of(&self, set: usize, number: N) {
        if let Some([is_set, value]) = self.words.as_chunks::<2>().0.get(set) {
            value.store(number.bits(), Ordering::Relaxed);
            is_set.store(1, Ordering::Release);
        }
    }

    /// Takes the value of a set of attributes back.
    pub fn clear(&self, set: usize) {
        if let Some([is_set, _]) = self.words.as_chunks::<2>().0.get(set) {
            is_set.store(0, Ordering::Release);
        }
    }
}

impl<N: Number> Histogram<N> {
    /// Records a value without attributes, or with the first set of them.
    #[inline]
    pub fn record(&self, number: N) {
        self.record_in(0, number);
    }

    /// Records a value with the set of attributes that was declared as number `set`, from 0.
    #[inline]
    pub fn record_in(&self, set: usize, number: N) {
        if number.is_number() {
            self.held.push(set, number.bits());
        }
    }
}

#[inline]
fn add<N: Number>(words: &Words, set: usize, number: N) {
    if let Some(word) = words.get(set) {
        number.add_to(word);
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}
