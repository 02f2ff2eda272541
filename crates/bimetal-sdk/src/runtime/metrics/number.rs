//! What is measured: whole numbers and others.
//!
//! In: a number. Out: its bits, and a word that it was added to. Invariant: a word holds what the
//! C ABI says: a whole number with a sign, or a floating-point one.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that an instrument takes.
pub trait Number: Bits {}

/// Closes [`Number`].
pub trait Bits: Copy + Send + Sync + 'static {
    #[doc(hidden)]
    const FLOATING: bool;
    #[doc(hidden)]
    fn bits(self) -> u64;
    #[doc(hidden)]
    fn is_number(self) -> bool;
    #[doc(hidden)]
    fn only_grows(self) -> bool;
    #[doc(hidden)]
    fn add_to(self, word: &AtomicU64);
}

impl Number for u64 {}
impl Number for i64 {}
impl Number for f64 {}

impl Bits for u64 {
    const FLOATING: bool = false;

    fn bits(self) -> u64 {
        self.min(i64::MAX.cast_unsigned())
    }

    fn is_number(self) -> bool {
        true
    }

    fn only_grows(self) -> bool {
        true
    }

    fn add_to(self, word: &AtomicU64) {
        word.fetch_add(self, Ordering::Relaxed);
    }
}

impl Bits for i64 {
    const FLOATING: bool = false;

    fn bits(self) -> u64 {
        self.cast_unsigned()
    }

    fn is_number(self) -> bool {
        true
    }

    fn only_grows(self) -> bool {
        self >= 0
    }

    fn add_to(self, word: &AtomicU64) {
        word.fetch_add(self.cast_unsigned(), Ordering::Relaxed);
    }
}

impl Bits for f64 {
    const FLOATING: bool = true;

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn is_number(self) -> bool {
        self.is_finite()
    }

    fn only_grows(self) -> bool {
        self.is_finite() && self >= 0.0
    }

    fn add_to(self, word: &AtomicU64) {
        let sum = |bits| Some((f64::from_bits(bits) + self).to_bits());
        // The closure always has an answer, so that this does not fail.
        let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
    }
}
