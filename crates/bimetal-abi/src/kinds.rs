//! The one table of kinds, signals, stability levels, formats, statuses and instruments.
//!
//! In: the rows below. Out: an enum with words for each, and the constants of the C ABI. Invariant:
//! nothing else in the repository lists them: the C header, Go's constants, the manifest's words,
//! the SDK's types and the builder's lists are made from these rows. A number is never reused.

use crate::number::{FEATURE_EDITS, FEATURE_TABLE, FEATURE_VIEW};

/// Makes an enum and its constants from rows `Variant CONSTANT = number "word"`.
macro_rules! rows {
    (
        $(#[$about:meta])* $name:ident: $number:ident
        $($(#[$doc:meta])+ $variant:ident $constant:ident = $value:literal $word:literal;)+
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
            serde(rename_all = "snake_case")
        )]
        #[repr($number)]
        pub enum $name {
            $($(#[$doc])+ $variant = $value,)+
        }

        $(#[doc = concat!("Number of [`", stringify!($name), "::", stringify!($variant), "`].")]
        pub const $constant: $number = $value;)+

        impl $name {
            /// Every row, in the order of the table.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word in symbols, manifests and configurations.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The name as Go and Rust spell it in identifiers.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// The number that crosses the C ABI.
            pub const fn number(self) -> $number {
                self as $number
            }

            /// The row with this number.
            pub fn from_number(number: $number) -> Option<Self> {
                Self::ALL.into_iter().find(|row| row.number() == number)
            }

            /// The row with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|row| row.as_str() == word)
            }
        }
    };
}

// In the order in which OCB lists them in `components.go`.
rows! {
    /// Kind of a component (`Factory::kind`).
    Kind: u32
    /// Stands beside the pipelines.
    Extension KIND_EXTENSION = 5 "extension";
    /// Brings telemetry into a pipeline.
    Receiver KIND_RECEIVER = 1 "receiver";
    /// Takes telemetry out of a pipeline.
    Exporter KIND_EXPORTER = 3 "exporter";
    /// Changes or drops telemetry in a pipeline.
    Processor KIND_PROCESSOR = 2 "processor";
    /// Ends one pipeline and begins others.
    Connector KIND_CONNECTOR = 4 "connector";
}

rows! {
    /// Signal that an instance is made for (`Data::signal`). The bit `1 << number` of
    /// `Factory::signals` stands for it.
    Signal: u32
    /// Spans.
    Traces SIGNAL_TRACES = 1 "traces";
    /// Data points.
    Metrics SIGNAL_METRICS = 2 "metrics";
    /// Log records.
    Logs SIGNAL_LOGS = 3 "logs";
    /// Profiles.
    Profiles SIGNAL_PROFILES = 4 "profiles";
}

rows! {
    /// The Collector's stability levels (`Factory::stability`).
    Stability: u64
    /// Says nothing.
    Undefined STABILITY_UNDEFINED = 0 "undefined";
    /// Has no maintainer.
    Unmaintained STABILITY_UNMAINTAINED = 1 "unmaintained";
    /// Will be removed.
    Deprecated STABILITY_DEPRECATED = 2 "deprecated";
    /// Not ready for use.
    Development STABILITY_DEVELOPMENT = 3 "development";
    /// For limited use; configuration may change.
    Alpha STABILITY_ALPHA = 4 "alpha";
    /// For general use; configuration rarely changes.
    Beta STABILITY_BETA = 5 "beta";
    /// For general use; configuration does not break.
    Stable STABILITY_STABLE = 6 "stable";
}

rows! {
    /// How telemetry is laid out in a call (`Data::format`, `Output::format`).
    Format: u32
    /// One OTLP `Export…ServiceRequest` message, protobuf-encoded.
    Otlp FORMAT_OTLP = 1 "otlp";
    /// An edit list, in answers only.
    Edits FORMAT_EDITS = 2 "edits";
    /// Go's own telemetry in place. Answers are OTLP.
    View FORMAT_VIEW = 3 "view";
    /// New telemetry as rows and one text, in answers only.
    Table FORMAT_TABLE = 4 "table";
}

rows! {
    /// What a component is, in the Collector's words (`Host::report_status`).
    #[non_exhaustive]
    Status: i32
    /// It starts.
    Starting COMPONENT_STARTING = 1 "starting";
    /// It runs.
    Ok COMPONENT_OK = 2 "ok";
    /// It has a problem that may end.
    RecoverableError COMPONENT_RECOVERABLE_ERROR = 3 "recoverable_error";
    /// It has a problem that will not end by itself; the Collector runs on.
    PermanentError COMPONENT_PERMANENT_ERROR = 4 "permanent_error";
    /// It has a problem that ends the Collector.
    FatalError COMPONENT_FATAL_ERROR = 5 "fatal_error";
    /// It is being shut down.
    Stopping COMPONENT_STOPPING = 6 "stopping";
    /// It is shut down.
    Stopped COMPONENT_STOPPED = 7 "stopped";
}

rows! {
    /// What a component measures with (`Instrument::kind`).
    InstrumentKind: u32
    /// A total that only grows.
    Counter INSTRUMENT_COUNTER = 1 "counter";
    /// A total that also falls.
    UpDownCounter INSTRUMENT_UP_DOWN_COUNTER = 2 "up_down_counter";
    /// A value that is as it is.
    Gauge INSTRUMENT_GAUGE = 3 "gauge";
    /// How values are distributed.
    Histogram INSTRUMENT_HISTOGRAM = 4 "histogram";
}

impl Kind {
    /// The section of the Collector's configuration, and the list in the builder's.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Extension => "extensions",
            Self::Receiver => "receivers",
            Self::Exporter => "exporters",
            Self::Processor => "processors",
            Self::Connector => "connectors",
        }
    }

    /// The word for a connector's pair of signals, such as `logs_to_metrics`.
    pub fn pair(from: Signal, to: Signal) -> String {
        format!("{}_to_{}", from.as_str(), to.as_str())
    }

    /// A manifest may give a stability for this: a signal, a connector's pair such as
    /// `logs_to_metrics`, or the word `extension`.
    pub fn has_signal(self, word: &str) -> bool {
        let is_signal = |word: &str| Signal::from_word(word).is_some();
        match self {
            Self::Extension => word == self.as_str(),
            Self::Connector => word
                .split_once("_to_")
                .is_some_and(|(from, to)| is_signal(from) && is_signal(to)),
            Self::Receiver | Self::Exporter | Self::Processor => is_signal(word),
        }
    }
}

impl Signal {
    /// Every pair of signals, of which a connector may take the first and make the second.
    pub fn pairs() -> impl Iterator<Item = (Self, Self)> {
        let all = Self::ALL;
        all.into_iter()
            .flat_map(move |from| all.map(|to| (from, to)))
    }

    /// The bit in `Factory::signals`.
    pub const fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl Stability {
    /// The level of `signal` in `Factory::stability`; an extension's without a signal.
    ///
    /// ```
    /// use bimetal_abi::{Signal, Stability};
    /// let packed = Stability::Beta.packed(Signal::Logs);
    /// assert_eq!(Stability::of(packed, Some(Signal::Logs)), Stability::Beta);
    /// assert_eq!(Stability::of(packed, None), Stability::Undefined);
    /// ```
    pub fn of(packed: u64, signal: Option<Signal>) -> Self {
        let place = 4 * signal.map_or(0, Signal::number);
        Self::from_number(packed >> place & 0xf).unwrap_or(Self::Undefined)
    }

    /// The level of the pair in `Factory::pairs`.
    ///
    /// ```
    /// use bimetal_abi::{Signal, Stability};
    /// let packed = Stability::Beta.packed_pair(Signal::Logs, Signal::Metrics);
    /// assert_eq!(Stability::of_pair(packed, Signal::Logs, Signal::Metrics), Stability::Beta);
    /// assert_eq!(Stability::of_pair(packed, Signal::Metrics, Signal::Logs), Stability::Undefined);
    /// ```
    pub fn of_pair(packed: u64, from: Signal, to: Signal) -> Self {
        Self::from_number(packed >> place_of_pair(from, to) & 0xf).unwrap_or(Self::Undefined)
    }

    /// This level at the place of the pair in `Factory::pairs`.
    pub const fn packed_pair(self, from: Signal, to: Signal) -> u64 {
        (self as u64) << place_of_pair(from, to)
    }

    /// This level at the place of `signal` in `Factory::stability`.
    pub const fn packed(self, signal: Signal) -> u64 {
        (self as u64) << (4 * signal as u32)
    }
}

const fn place_of_pair(from: Signal, to: Signal) -> u32 {
    16 * (from as u32 - 1) + 4 * (to as u32 - 1)
}

impl Format {
    /// The `FEATURE_…` bits that both sides must have before one of them uses the format.
    pub const fn features(self) -> u64 {
        match self {
            Self::Otlp => 0,
            Self::Edits => FEATURE_EDITS,
            Self::View => FEATURE_VIEW,
            Self::Table => FEATURE_TABLE,
        }
    }
}
