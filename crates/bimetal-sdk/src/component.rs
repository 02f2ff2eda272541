//! What a component is: kind, type, signals with their stability, and the factory table made from
//! an implementation.
//!
//! In: an author's type. Out: [`Component`], a constant. Invariant: a wrong declaration does not
//! compile; nothing is registered globally.

use bimetal_abi as abi;
use bimetal_abi::{Signal, Stability};
use serde_json::Value;

use crate::connector::{Connecting, Connector};
use crate::describe::Identity;
use crate::error::Error;
use crate::exporter::{Exporter, Exporting};
use crate::extension::{Extending, Extension};
use crate::processor::{Processing, Processor};
use crate::receiver::{Receiver, Receiving};
use crate::runtime::table::{Consume, Life, consuming, factory, watching};

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
    /// is not supported in Rust yet does not compile. Nor does a `P` that is no [`Processor`]:
    ///
    /// ```compile_fail,E0277
    /// use bimetal_sdk::{Component, Signal, Stability};
    ///
    /// struct NotAProcessor;
    /// static COMPONENT: Component =
    ///     Component::processor::<NotAProcessor>("redactor", &[(Signal::Logs, Stability::Alpha)]);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use bimetal_sdk::{
    /// #     Component, Context, Error, Logs, Outcome,
    /// #     Processor, Settings, Signal, Stability,
    /// # };
    /// # struct Nop;
    /// # impl Processor for Nop {
    /// #     type Config = bimetal_sdk::config::Empty;
    /// #     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> { Ok(Self) }
    /// # }
    /// static COMPONENT: Component =
    ///     Component::processor::<Nop>("not a type", &[(Signal::Logs, Stability::Alpha)]);
    /// ```
    ///
    /// # Panics
    /// Outside of a constant, for what would not compile in one.
    pub const fn processor<P: Processor>(
        type_name: &'static str,
        signals: &'static [(Signal, Stability)],
    ) -> Self {
        Self::consuming::<Processing<P>>(type_name, signals)
    }

    /// A receiver of type `type_name` for `signals`. What does not compile is as for
    /// [`processor`](Self::processor).
    ///
    /// # Panics
    /// Outside of a constant, for what would not compile in one.
    pub const fn receiver<R: Receiver>(
        type_name: &'static str,
        signals: &'static [(Signal, Stability)],
    ) -> Self {
        check_type(type_name);
        check_signals(signals);
        Self {
            factory: factory::<Receiving<R>>(type_name, bits(signals), levels(signals)),
            type_name,
            identity: Receiving::<R>::identity,
        }
    }

    /// An exporter of type `type_name` for `signals`. What does not compile is as for
    /// [`processor`](Self::processor).
    ///
    /// # Panics
    /// Outside of a constant, for what would not compile in one.
    pub const fn exporter<E: Exporter>(
        type_name: &'static str,
        signals: &'static [(Signal, Stability)],
    ) -> Self {
        Self::consuming::<Exporting<E>>(type_name, signals)
    }

    /// A connector of type `type_name` for these pairs: what it takes, and what it makes of that.
    /// What does not compile is as for [`processor`](Self::processor).
    ///
    /// # Panics
    /// Outside of a constant, for what would not compile in one.
    pub const fn connector<C: Connector>(
        type_name: &'static str,
        pairs: &'static [(Signal, Signal, Stability)],
    ) -> Self {
        check_type(type_name);
        let (signals, pairs) = check_pairs(pairs);
        let mut factory = consuming::<Connecting<C>>(type_name, signals, 0);
        factory.pairs = pairs;
        Self {
            factory,
            type_name,
            identity: Connecting::<C>::identity,
        }
    }

    /// An extension of type `type_name`. A malformed type, no level of stability, and an `E` that
    /// is no [`Extension`] do not compile.
    ///
    /// # Panics
    /// Outside of a constant, for what would not compile in one.
    pub const fn extension<E: Extension>(type_name: &'static str, stability: Stability) -> Self {
        check_type(type_name);
        check_stability(stability);
        Self {
            factory: watching::<Extending<E>>(type_name, stability as u64),
            type_name,
            identity: Extending::<E>::identity,
        }
    }

    const fn consuming<C: Consume>(
        type_name: &'static str,
        signals: &'static [(Signal, Stability)],
    ) -> Self {
        check_type(type_name);
        check_signals(signals);
        Self {
            factory: consuming::<C>(type_name, bits(signals), levels(signals)),
            type_name,
            identity: C::identity,
        }
    }

    /// Declares that the processor never changes data, so that shared data need not be copied for
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

    /// Declares that the extension hears when every pipeline runs, and when that ends.
    ///
    /// # Panics
    /// In a constant, which then does not compile: of what is no extension.
    #[must_use]
    pub const fn watches_pipelines(self) -> Self {
        self.watches(abi::FEATURE_WATCH_PIPELINES)
    }

    /// Declares that the extension hears of the status of every component.
    ///
    /// # Panics
    /// As for [`watches_pipelines`](Self::watches_pipelines).
    #[must_use]
    pub const fn watches_status(self) -> Self {
        self.watches(abi::FEATURE_WATCH_STATUS)
    }

    /// Declares that the extension hears the Collector's configuration.
    ///
    /// # Panics
    /// As for [`watches_pipelines`](Self::watches_pipelines).
    #[must_use]
    pub const fn watches_config(self) -> Self {
        self.watches(abi::FEATURE_WATCH_CONFIG)
    }

    const fn watches(mut self, feature: u64) -> Self {
        assert!(self.factory.notify.is_some(), "only extensions watch");
        self.factory.features |= feature;
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
            pairs: self.factory.pairs,
        })
    }
}

/// Identity, defaults and schema of `components` as a JSON array.
///
/// The builder links the components of a distribution into a small binary that prints this.
///
/// # Panics
/// If a component panics while it makes its defaults or its schema, or if these are not JSON.
pub fn describe(components: &[&'static Component]) -> String {
    let all: Vec<Value> = components
        .iter()
        .map(|component| {
            component
                .describe()
                .unwrap_or_else(|error| panic!("cannot describe a component: {error}"))
        })
        .collect();
    Value::Array(all).to_string()
}

const fn check_type(type_name: &str) {
    assert!(
        bimetal_abi::is_component_type(type_name),
        "a component type is a letter, then at most 62 letters, digits or underscores"
    );
}

const fn check_stability(level: Stability) {
    assert!(
        !matches!(level, Stability::Undefined),
        "a component has a level of stability"
    );
}

const fn check_signals(signals: &[(Signal, Stability)]) {
    assert!(!signals.is_empty(), "a component has at least one signal");
    let mut seen = 0;
    let mut at = 0;
    while at < signals.len() {
        let signal = signals[at].0;
        check_signal(signal);
        check_stability(signals[at].1);
        assert!(seen & signal.bit() == 0, "a signal is named twice");
        seen |= signal.bit();
        at += 1;
    }
}

/// The signals that are taken, and the levels of the pairs.
const fn check_pairs(pairs: &[(Signal, Signal, Stability)]) -> (u64, u64) {
    assert!(!pairs.is_empty(), "a connector has at least one pair");
    let (mut signals, mut levels) = (0, 0);
    let mut at = 0;
    while at < pairs.len() {
        let (from, to, level) = pairs[at];
        check_signal(from);
        check_signal(to);
        check_stability(level);
        let whole = Stability::Stable.packed_pair(from, to) | Stability::Beta.packed_pair(from, to);
        assert!(levels & whole == 0, "a pair is named twice");
        levels |= level.packed_pair(from, to);
        signals |= from.bit();
        at += 1;
    }
    (signals, levels)
}

const fn check_signal(signal: Signal) {
    assert!(
        !matches!(signal, Signal::Profiles),
        "components in Rust do not support profiles yet"
    );
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
        levels |= signals[at].1.packed(signals[at].0);
        at += 1;
    }
    levels
}
