//! One row of the catalogue, and when its two sides agree.
//!
//! In: what was predicted, what was seen, what the symptom in the row's name is. Out: whether all
//! three are one. Invariant: pure.

use std::fmt;

use bimetal_verify::compare::Outcome;

/// What the bytes say about loading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Predicted {
    /// It fits: it will load, and its code and main's will be one.
    Accepted,
    /// There is nothing against it in the bytes, and what decides is no matter of bytes.
    Undecidable,
    /// It is no whole object file: no loader will run its code, and one that maps it may die of it.
    Unreadable(String),
    /// It does not fit, and this comes of it first.
    Refused(Outcome, String),
    /// A program that is run on it ends so, and its report has all of these texts.
    Reported(Symptom, &'static [&'static str]),
}

/// What came of loading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It loaded, and the code that ran was the right one.
    RightCode,
    /// A program did what it was asked, and reported this.
    Done(String),
    /// It loaded, and this was wrong.
    WrongCode(String),
    /// The loader, or a rule of main's, said no.
    Error(String),
    /// The process ended, or had to be ended.
    Died(String),
}

/// What a row's name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symptom {
    /// None: it loads and is right.
    Loads,
    /// It runs code that does not fit together.
    WrongCode,
    /// An error.
    Error,
    /// The end of the process.
    Death,
}

/// What refuses, where anything does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decider {
    /// The system's loader or Go's runtime: the file was not checked before.
    Loader,
    /// A Collector by its rules, before the loader could find out what would come of it.
    Collector,
    /// The builder, whose report is what matters.
    Builder,
}

/// Both sides of a row.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) decider: Decider,
    pub(crate) symptom: Symptom,
    pub(crate) predicted: Predicted,
    pub(crate) seen: Seen,
}

impl Seen {
    fn symptom(&self) -> Symptom {
        match self {
            Self::RightCode | Self::Done(_) => Symptom::Loads,
            Self::WrongCode(_) => Symptom::WrongCode,
            Self::Error(_) => Symptom::Error,
            Self::Died(_) => Symptom::Death,
        }
    }

    /// Whether its report has this text.
    fn says(&self, text: &str) -> bool {
        match self {
            Self::RightCode => false,
            Self::Done(said) | Self::WrongCode(said) | Self::Error(said) | Self::Died(said) => {
                said.contains(text)
            }
        }
    }
}

impl Finding {
    /// A report that has to end so and to say all of `texts`.
    pub(crate) fn of_report(
        decider: Decider,
        symptom: Symptom,
        texts: &'static [&'static str],
        seen: Seen,
    ) -> Self {
        Self {
            decider,
            symptom,
            predicted: Predicted::Reported(symptom, texts),
            seen,
        }
    }

    /// The bytes predicted what was seen, and what was seen is the symptom that the row is named
    /// after.
    pub(crate) fn agrees(&self) -> bool {
        let seen = self.seen.symptom();
        let is_predicted = match &self.predicted {
            Predicted::Accepted => seen == Symptom::Loads,
            Predicted::Reported(end, texts) => {
                seen == *end && texts.iter().all(|text| self.seen.says(text))
            }
            // Everything is allowed but what bytes can show.
            Predicted::Undecidable => seen != Symptom::WrongCode,
            Predicted::Unreadable(_) => matches!(seen, Symptom::Error | Symptom::Death),
            Predicted::Refused(..) if self.decider == Decider::Collector => seen == Symptom::Error,
            Predicted::Refused(Outcome::Refused, _) => seen == Symptom::Error,
            Predicted::Refused(Outcome::WouldAbort, _) => seen == Symptom::Death,
            Predicted::Refused(Outcome::WouldRunWrongCode, _) => seen == Symptom::WrongCode,
        };
        is_predicted && seen == self.symptom
    }
}

impl fmt::Display for Predicted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => write!(formatter, "accepted"),
            Self::Undecidable => write!(formatter, "only loading tells"),
            Self::Unreadable(reason) => write!(formatter, "unreadable: {reason}"),
            Self::Reported(Symptom::Loads, texts) => {
                write!(formatter, "done: {}", texts.join("; "))
            }
            Self::Reported(_, texts) => write!(formatter, "refused: {}", texts.join("; ")),
            Self::Refused(outcome, reason) => write!(formatter, "{}: {reason}", outcome.as_str()),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RightCode => write!(formatter, "loaded, right code"),
            Self::Done(text) => write!(formatter, "done: {text}"),
            Self::WrongCode(what) => write!(formatter, "loaded, wrong code: {what}"),
            Self::Error(text) => write!(formatter, "error: {text}"),
            Self::Died(text) => write!(formatter, "died: {text}"),
        }
    }
}
