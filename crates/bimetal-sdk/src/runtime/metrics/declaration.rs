//! What is measured, under which name, with which attributes.
//!
//! In: an author's words. Out: an instrument that the host knows. Invariant: what the Collector
//! would not take is an error that names the metric.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use bimetal_abi::{InstrumentKind, MOST_ATTRIBUTE_SETS};
use serde_json::Value;

use super::held::Held;
use super::number::Number;
use super::shim::{Declared, Refresh, declare};
use super::{Counter, Gauge, Histogram, Meter, UpDownCounter, Words};
use crate::error::Error;

/// An instrument that is being declared; `build` or `observe` ends it.
#[derive(Debug)]
#[must_use = "an instrument is declared by `build` or `observe`"]
pub struct Declaration<'a, I> {
    meter: &'a Meter,
    name: &'a str,
    unit: &'a str,
    description: &'a str,
    attributes: Vec<Value>,
    bounds: Vec<f64>,
    instrument: PhantomData<fn() -> I>,
}

/// What an instance has declared.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: Vec<String>,
    sets: u64,
}

/// An instrument of some kind; closed, since the Collector knows no others.
pub trait Instrument: Sized + Made {}

/// How an instrument is made.
pub trait Made: Sized {
    #[doc(hidden)]
    const KIND: InstrumentKind;
    #[doc(hidden)]
    const FLOATING: bool;
    #[doc(hidden)]
    fn make(parts: &Parts) -> Self;
}

/// What an instrument is made of.
#[derive(Debug)]
pub struct Parts {
    words: Words,
    held: Arc<Held>,
}

impl<'a, I> Declaration<'a, I> {
    pub(super) fn new(meter: &'a Meter, name: &'a str) -> Self {
        Self {
            meter,
            name,
            unit: "",
            description: "",
            attributes: Vec::new(),
            bounds: Vec::new(),
            instrument: PhantomData,
        }
    }

    /// The unit, by UCUM: `By`, `s`, `{records}`.
    pub fn unit(mut self, unit: &'a str) -> Self {
        self.unit = unit;
        self
    }

    /// What it tells, for people.
    pub fn description(mut self, description: &'a str) -> Self {
        self.description = description;
        self
    }

    /// A set of attributes, as a JSON object of texts, numbers and booleans. Its number is its
    /// place among the sets of this instrument, from 0. Without any there is one set, of none.
    pub fn attributes(mut self, set: Value) -> Self {
        self.attributes.push(set);
        self
    }

    fn sets(&self) -> usize {
        self.attributes.len().max(1)
    }
}

impl<I: Instrument> Declaration<'_, I> {
    /// Declares it. An error where the name is taken or no name, or where there are too many sets
    /// of attributes in the instance: the Collector takes 2000.
    pub fn build(self) -> Result<I, Error> {
        let parts = self.parts();
        let refresh = matches!(I::KIND, InstrumentKind::Histogram).then(|| {
            let held = Arc::clone(&parts.held);
            Box::new(move || held.flush()) as Refresh
        });
        let number = self.declare(&parts, refresh)?;
        parts.held.declared(number);
        Ok(I::make(&parts))
    }

    fn parts(&self) -> Parts {
        let (words, held) = match I::KIND {
            InstrumentKind::Counter | InstrumentKind::UpDownCounter => (self.sets(), 0),
            InstrumentKind::Gauge => (2 * self.sets(), 0),
            InstrumentKind::Histogram => (0, self.sets()),
        };
        let zero = || AtomicU64::new(0);
        Parts {
            words: std::iter::repeat_with(zero).take(words).collect(),
            held: Arc::new(Held::new(self.meter.host, held)),
        }
    }

    fn declare(&self, parts: &Parts, refresh: Option<Refresh>) -> Result<u32, Error> {
        let refused = |problem: &dyn fmt::Display| {
            Error::permanent(format_args!("metric `{}`: {problem}", self.name))
        };
        self.check().map_err(|problem| refused(&problem))?;
        self.enter().map_err(|problem| refused(&problem))?;
        let json = |values: Value| {
            if values == Value::Array(Vec::new()) {
                String::new()
            } else {
                values.to_string()
            }
        };
        declare(
            self.meter.host,
            &Declared {
                kind: I::KIND,
                floating: I::FLOATING,
                name: self.name,
                unit: self.unit,
                description: self.description,
                attributes: &json(Value::Array(self.attributes.clone())),
                bounds: &json(self.bounds.iter().copied().map(Value::from).collect()),
            },
            Arc::clone(&parts.words),
            refresh,
        )
    }

    fn check(&self) -> Result<(), &'static str> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        let begins = self
            .name
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphabetic);
        if !begins || self.name.len() > 255 || !self.name.bytes().all(is_part) {
            return Err("a name is a letter, then at most 254 letters, digits or `_.-/`");
        }
        if self.unit.len() > 63 || !self.unit.is_ascii() {
            return Err("a unit is at most 63 characters of ASCII");
        }
        let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        let is_set = |set: &Value| {
            set.as_object()
                .is_some_and(|set| set.values().all(is_plain))
        };
        if !self.attributes.iter().all(is_set) {
            return Err("a set of attributes is an object of texts, numbers and booleans");
        }
        let rises = |pair: &[f64]| pair[0] < pair[1];
        let finite = self.bounds.iter().all(|bound| bound.is_finite());
        if !finite || !self.bounds.windows(2).all(rises) {
            return Err("the bounds of a histogram rise");
        }
        Ok(())
    }

    fn enter(&self) -> Result<(), String> {
        let mut names = self
            .meter
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // OpenTelemetry takes names that differ in case for the same.
        let name = self.name.to_ascii_lowercase();
        if names.taken.contains(&name) {
            return Err("it is declared twice".to_owned());
        }
        let sets = names.sets + self.sets() as u64;
        if sets > MOST_ATTRIBUTE_SETS {
            return Err(format!(
                "the component declares {sets} sets of attributes, at most {MOST_ATTRIBUTE_SETS} \
                 are allowed"
            ));
        }
        names.taken.push(name);
        names.sets = sets;
        Ok(())
    }
}

impl<N: Number> Declaration<'_, Counter<N>> {
    /// Declares a total that is asked for when metrics are collected, with the number of a set of
    /// attributes. It must not fall, and `None` leaves it as it was. The closure is called from any
    /// thread, also before `start`; it is dropped when the instance ends.
    pub fn observe(
        self,
        total: impl Fn(usize) -> Option<N> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let parts = self.parts();
        let words = Arc::clone(&parts.words);
        let refresh = move || {
            for (set, word) in words.iter().enumerate() {
                if let Some(total) = total(set) {
                    word.store(total.bits(), Ordering::Relaxed);
                }
            }
        };
        self.declare(&parts, Some(Box::new(refresh))).map(drop)
    }
}

impl<N: Number> Declaration<'_, Gauge<N>> {
    /// Declares a value that is asked for when metrics are collected, with the number of a set of
    /// attributes; `None` means that there is none. The closure is called from any thread, also
    /// before `start`; it is dropped when the instance ends.
    pub fn observe(
        self,
        value: impl Fn(usize) -> Option<N> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let parts = self.parts();
        let (gauge, sets) = (Gauge::<N>::make(&parts), self.sets());
        let refresh = move || {
            for set in 0..sets {
                match value(set) {
                    Some(value) => gauge.set_of(set, value),
                    None => gauge.clear(set),
                }
            }
        };
        self.declare(&parts, Some(Box::new(refresh))).map(drop)
    }
}

impl<N: Number> Declaration<'_, Histogram<N>> {
    /// The upper bounds of the buckets, rising. Without them they are the Collector's.
    pub fn bounds(mut self, bounds: &[f64]) -> Self {
        self.bounds = bounds.to_vec();
        self
    }
}

macro_rules! instruments {
    ($($name:ident: $parts:ident => $field:ident $value:expr;)+) => {$(
        impl<N: Number> Instrument for $name<N> {}

        impl<N: Number> Made for $name<N> {
            const KIND: InstrumentKind = InstrumentKind::$name;
            const FLOATING: bool = N::FLOATING;

            fn make($parts: &Parts) -> Self {
                Self { $field: Arc::clone(&$value), number: PhantomData }
            }
        }
    )+};
}

instruments! {
    Counter: parts => words parts.words;
    UpDownCounter: parts => words parts.words;
    Gauge: parts => words parts.words;
    Histogram: parts => held parts.held;
}
