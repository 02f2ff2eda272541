//! What a component answers when something goes wrong, with the classes of the Collector's
//! `consumererror`.
//!
//! In: any error of the author. Out: [`Error`]. Invariant: an HTTP status or gRPC code that means
//! success is never reported as a failure.

use std::fmt;
use std::time::Duration;

use bimetal_abi::Signal;

/// An error with what the Collector needs to know about it.
///
/// Every `std::error::Error` converts by `?`; its causes are part of the text. Without a class the
/// Collector decides, and exporters then try again.
///
/// ```
/// use bimetal_sdk::Error;
///
/// fn parse(text: &str) -> Result<u16, Error> {
///     Ok(text.parse()?)
/// }
/// assert!(parse("x").is_err());
///
/// let busy = Error::retryable("far end is busy")
///     .with_http_status(503)
///     .with_retry_after(std::time::Duration::from_secs(2));
/// assert!(!busy.is_permanent());
/// ```
#[derive(Debug)]
pub struct Error(pub(crate) Box<Said>);

/// What an error says. Behind an address, so that the answer of every call is small: most have no
/// error, and would be moved with the room for one.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) message: String,
    pub(crate) class: Class,
    pub(crate) http_status: Option<u16>,
    pub(crate) grpc_code: Option<u8>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) retry_data: Option<(Signal, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Unknown,
    Permanent,
    Retryable,
}

impl Error {
    /// An error of no particular class.
    pub fn new(message: impl fmt::Display) -> Self {
        Self::of(Class::Unknown, message)
    }

    /// Sending the same data again cannot succeed.
    pub fn permanent(message: impl fmt::Display) -> Self {
        Self::of(Class::Permanent, message)
    }

    /// Sending the same data again may succeed.
    pub fn retryable(message: impl fmt::Display) -> Self {
        Self::of(Class::Retryable, message)
    }

    /// The HTTP status of the far end; one below 300 is no error and is left out.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = (300..600).contains(&status).then_some(status);
        self
    }

    /// The gRPC code of the far end; `OK` and unknown numbers are left out.
    #[must_use]
    pub fn with_grpc_code(mut self, code: u8) -> Self {
        self.0.grpc_code = (1..=16).contains(&code).then_some(code);
        self
    }

    /// The delay that the far end asks for.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// The part of the data, as OTLP, that may be sent again; the rest was taken.
    #[must_use]
    pub fn with_retry_data(mut self, signal: Signal, otlp: Vec<u8>) -> Self {
        self.0.retry_data = Some((signal, otlp));
        self
    }

    /// Puts `context` and a colon before the text.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether it was made by [`Error::permanent`].
    pub fn is_permanent(&self) -> bool {
        self.0.class == Class::Permanent
    }

    /// Whether it was made by [`Error::retryable`].
    pub fn is_retryable(&self) -> bool {
        self.0.class == Class::Retryable
    }

    fn of(class: Class, message: impl fmt::Display) -> Self {
        Self(Box::new(Said {
            message: message.to_string(),
            class,
            http_status: None,
            grpc_code: None,
            retry_after: None,
            retry_data: None,
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            message = format!("{message}: {source}");
            cause = source.source();
        }
        Self::new(message)
    }
}
