//! What an error says beside its text: the next action, and whether a person stopped the program.
//!
//! In: an error, the lookups of the crate that it comes from. Out: texts, a hint, a yes or no.
//! Invariant: one walk along `source()` finds them; no error repeats what its cause knows.
//!
//! A cause is a `dyn Error`, and such a value cannot be turned into another trait's. So each crate
//! lists its types with hints once, as [`Lookup`]s, with the lists of the crates whose errors it
//! hands on, and the walk asks them at every error. An error that only hands on another one shows
//! its text, `#[error("{0}")]`; it must not be `transparent`, because then the walk would miss the
//! error that is handed on.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::iter;

/// An error that can say what to do. A hint stands beside its variant; the hint of a cause is found
/// without help.
pub trait Hint: Error + 'static {
    /// The next action for a person; `None` leaves it to the cause.
    fn hint(&self) -> Option<Cow<'_, str>>;
}

/// The hint of an error, if it is of the type that this function knows.
pub type Lookup = for<'e> fn(&'e (dyn Error + 'static)) -> Option<Cow<'e, str>>;

/// A person stopped the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interrupted {
    /// The command line of the program that ran then.
    pub command: Option<String>,
}

/// The [`Lookup`] for `E`, also in a box.
pub fn of<'e, E: Hint>(error: &'e (dyn Error + 'static)) -> Option<Cow<'e, str>> {
    let boxed = || error.downcast_ref::<Box<E>>().map(AsRef::as_ref);
    error.downcast_ref::<E>().or_else(boxed)?.hint()
}

/// The hint nearest to `error`: its own, else that of its cause.
pub fn hint<'e>(error: &'e (dyn Error + 'static), known: &[Lookup]) -> Option<Cow<'e, str>> {
    walk(error).find_map(|error| among(error, known))
}

/// The own hint of `error`, if `known` knows its type; one crate's list holds another's by this.
pub fn among<'e>(error: &'e (dyn Error + 'static), known: &[Lookup]) -> Option<Cow<'e, str>> {
    known.iter().find_map(|of| of(error))
}

/// Whether a person stopped the program, and `error` only says where.
pub fn is_interrupt(error: &(dyn Error + 'static)) -> bool {
    walk(error).any(|error| {
        // A copy that was stopped in the middle is an error of the file.
        let is_kind = |error: &io::Error| error.kind() == io::ErrorKind::Interrupted;
        error.is::<Interrupted>() || error.downcast_ref().is_some_and(is_kind)
    })
}

/// The text of `error` and of each cause, as far as it says more than the text before.
pub fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = walk(error).map(ToString::to_string).collect();
    texts.dedup();
    texts
}

/// `error`, its cause, the cause's cause.
pub fn walk<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        (**error).source()
    })
}

impl Error for Interrupted {}

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            Some(command) => write!(formatter, "interrupted while `{command}` was running"),
            None => formatter.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Lookup] = &[of::<Outer>, of::<Tool>];

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error("the build failed")]
        Build { source: Box<Step> },
        #[error("the configuration is wrong")]
        Configuration { source: Tool },
    }

    /// Has no hints, and is not listed.
    #[derive(Debug, thiserror::Error)]
    enum Step {
        #[error("{0}")]
        Tool(#[from] Tool),
        #[error("cannot copy")]
        Copy(#[from] io::Error),
        #[error("{0}")]
        Interrupted(#[from] Interrupted),
    }

    #[derive(Debug, thiserror::Error)]
    #[error("`go` is missing")]
    struct Tool;

    impl Hint for Outer {
        fn hint(&self) -> Option<Cow<'_, str>> {
            match self {
                Self::Build { .. } => None,
                Self::Configuration { .. } => Some("correct it".into()),
            }
        }
    }

    impl Hint for Tool {
        fn hint(&self) -> Option<Cow<'_, str>> {
            Some("install it".into())
        }
    }

    fn build(step: impl Into<Step>) -> Outer {
        Outer::Build {
            source: Box::new(step.into()),
        }
    }

    #[test]
    fn a_hint_three_levels_down_is_found_and_a_nearer_one_is_preferred() {
        assert_eq!(hint(&build(Tool), KNOWN).as_deref(), Some("install it"));
        let nearer = Outer::Configuration { source: Tool };
        assert_eq!(hint(&nearer, KNOWN).as_deref(), Some("correct it"));
        assert_eq!(hint(&build(Tool), &KNOWN[..1]), None);
        let other: &[Lookup] = &[of::<Outer>, |error| among(error, KNOWN)];
        assert_eq!(hint(&build(Tool), other).as_deref(), Some("install it"));
        let boxed: &dyn Error = &Box::new(nearer);
        assert_eq!(hint(boxed, KNOWN).as_deref(), Some("correct it"));
    }

    #[test]
    fn an_interrupt_is_found_on_every_level_and_nothing_else_is_one() {
        let kind = |kind: io::ErrorKind| build(io::Error::from(kind));
        assert!(is_interrupt(&build(Interrupted::default())));
        assert!(is_interrupt(&kind(io::ErrorKind::Interrupted)));
        assert!(!is_interrupt(&kind(io::ErrorKind::NotFound)));
        assert!(!is_interrupt(&build(Tool)));
    }

    #[test]
    fn a_text_that_is_handed_on_is_reported_once() {
        assert_eq!(texts(&build(Tool)), ["the build failed", "`go` is missing"]);
        let command = Some("go build".to_owned());
        assert_eq!(
            texts(&build(Interrupted { command }))[1],
            "interrupted while `go build` was running"
        );
    }
}
