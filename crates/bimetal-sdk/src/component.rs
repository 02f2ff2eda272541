//! What a component is: kind, type, signals with their stability, and the factory table made from
//! an implementation.
//!
//! In: an author's type. Out: [`Component`], a constant. Invariant: a wrong declaration does not
//! compile; nothing is registered globally.

use bimetal_abi as abi;
use serde_json::Value;

use crate::describe::{Identity, identity};
use crate::error::Error;
use crate::processor::{self, Processor};

/// Kind of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Brings telemetry into a pipeline.
    Receiver = abi::KIND_RECEIVER,
    /// Changes or drops telemetry in a pipeline.
    Processor = abi::KIND_PROCESSOR,
    /// Takes telemetry out of a pipeline.
    Exporter = abi::KIND_EXPORTER,
    /// Ends one pipeline and begins others.
    Connector = abi::KIND_CONNECTOR,
    /// Stands beside the pipelines.
    Extension = abi::KIND_EXTENSION,
}

/// Signal that an instance is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Signal {
    /// Spans.
    Traces = abi::SIGNAL_TRACES,
    /// Data points.
    Metrics = abi::SIGNAL_METRICS,
    /// Log records.
    Logs = abi::SIGNAL_LOGS,
    /// Profiles.
    Profiles = abi::SIGNAL_PROFILES,
}

/// The Collector's stability levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stability {
    /// Nobody looks after it.
    Unmaintained = abi::STABILITY_UNMAINTAINED,
    /// Will be removed.
    Deprecated = abi::STABILITY_DEPRECATED,
    /// Not ready for use.
    Development = abi::STABILITY_DEVELOPMENT,
    /// For limited use; configuration may change.
    Alpha = abi::STABILITY_ALPHA,
    /// For general use; configuration rarely changes.
    Beta = abi::STABILITY_BETA,
    /// For general use; configuration does not break.
    Stable = abi::STABILITY_STABLE,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Receiver,
        Self::Processor,
        Self::Exporter,
        Self::Connector,
        Self::Extension,
    ];

    /// The word in symbol names and manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiver => "receiver",
            Self::Processor => "processor",
            Self::Exporter => "exporter",
            Self::Connector => "connector",
            Self::Extension => "extension",
        }
    }

    pub(crate) fn from_abi(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u32 == number)
    }
}

impl Signal {
    /// Every signal, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Traces, Self::Metrics, Self::Logs, Self::Profiles];

    /// The word in pipelines and manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Profiles => "profiles",
        }
    }

    /// The bit in `Factory::signals`.
    pub const fn bit(self) -> u64 {
        1 << self as u32
    }

    pub(crate) fn from_abi(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|signal| *signal as u32 == number)
    }
}

impl Stability {
    const ALL: [Self; 6] = [
        Self::Unmaintained,
        Self::Deprecated,
        Self::Development,
        Self::Alpha,
        Self::Beta,
        Self::Stable,
    ];

    /// The word in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmaintained => "unmaintained",
            Self::Deprecated => "deprecated",
            Self::Development => "development",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Stable => "stable",
        }
    }

    /// The level of `signal` in `Factory::stability`.
    pub(crate) fn from_abi(packed: u64, signal: Signal) -> Option<Self> {
        let number = packed >> (4 * signal as u32) & 0xf;
        Self::ALL.into_iter().find(|level| *level as u64 == number)
    }
}

/// One component: its identity and the table that a Collector drives it with.
///
/// A component crate offers it as `pub fn component() -> &'static Component`; the same table serves
/// when the crate is linked into the Collector and when it is built as a plugin.
#[derive(Debug)]
pub struct Component {
    factory: abi::Factory,
    type_name: &'static str,
    identity: fn(&Identity<'_>) -> Result<Value, Error>,
}

impl Component {
    /// A processor of type `type_name` for `signals`.
    ///
    /// Evaluated at compile time: a malformed type, no signal, a signal named twice, or one that
    /// processors do not support yet does not compile. Nor does a `P` that is no [`Processor`]:
    ///
    /// ```compile_fail,E0277
    /// use bimetal_sdk::{Component, Signal, Stability};
    ///
    /// struct NotAProcessor;
    /// static COMPONENT: Component = Component::processor::<NotAProcessor>("redactor", &[(Signal::Logs, Stability::Alpha)]);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use bimetal_sdk::{Component, Context, Error, Logs, Outcome, Processor, Settings, Signal, Stability};
    /// # struct Nop;
    /// # impl Processor for Nop {
    /// #     type Config = bimetal_sdk::config::Empty;
    /// #     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> { Ok(Self) }
    /// # }
    /// static COMPONENT: Component = Component::processor::<Nop>("not a type", &[(Signal::Logs, Stability::Alpha)]);
    /// ```
    pub const fn processor<P: Processor>(
        type_name: &'static str,
        signals: &'static [(Signal, Stability)],
    ) -> Self {
        check_type(type_name);
        check_signals(signals);
        Self {
            factory: processor::factory::<P>(type_name, bits(signals), levels(signals)),
            type_name,
            identity: identity::<P::Config>,
        }
    }

    /// Declares that the component never changes data, so that shared data need not be copied for
    /// it.
    ///
    /// Its changes are then an error of the component.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.factory.features &= !abi::FEATURE_MUTATES;
        self
    }

    /// Declares that the component reads
    /// [`Context::request_context`](crate::Context::request_context), which costs an encoding per
    /// call.
    #[must_use]
    pub const fn reads_metadata(mut self) -> Self {
        self.factory.features |= abi::FEATURE_METADATA;
        self
    }

    /// The table that a host drives the component with.
    pub const fn factory(&'static self) -> &'static abi::Factory {
        &self.factory
    }

    /// The type as in the Collector's configuration.
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    pub(crate) fn describe(&self) -> Result<Value, Error> {
        (self.identity)(&Identity {
            kind: self.factory.kind,
            type_name: self.type_name,
            signals: self.factory.signals,
            stability: self.factory.stability,
        })
    }
}

/// The Collector's rule: a letter, then at most 62 letters, digits or underscores.
const fn check_type(type_name: &str) {
    let bytes = type_name.as_bytes();
    assert!(
        !bytes.is_empty() && bytes.len() <= 63,
        "a component type has 1 to 63 characters"
    );
    assert!(
        bytes[0].is_ascii_alphabetic(),
        "a component type starts with a letter"
    );
    let mut at = 1;
    while at < bytes.len() {
        assert!(
            bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_',
            "a component type consists of letters, digits and underscores"
        );
        at += 1;
    }
}

const fn check_signals(signals: &[(Signal, Stability)]) {
    assert!(!signals.is_empty(), "a processor has at least one signal");
    let mut seen = 0;
    let mut at = 0;
    while at < signals.len() {
        let signal = signals[at].0;
        assert!(
            !matches!(signal, Signal::Profiles),
            "processors do not support profiles yet"
        );
        assert!(seen & signal.bit() == 0, "a signal is named twice");
        seen |= signal.bit();
        at += 1;
    }
}

const fn bits(signals: &[(Signal, Stability)]) -> u64 {
    let mut bits = 0;
    let mut at = 0;
    while at < signals.len() {
        bits |= signals[at].0.bit();
        at += 1;
    }
    bits
}

const fn levels(signals: &[(Signal, Stability)]) -> u64 {
    let mut levels = 0;
    let mut at = 0;
    while at < signals.len() {
        levels |= (signals[at].1 as u64) << (4 * signals[at].0 as u32);
        at += 1;
    }
    levels
}
