//! Durations as Go writes them.
//!
//! In: text like `1h30m`, `1.5s`, `-250ms`. Out: whole nanoseconds. Invariant: overflow is an
//! error; a number without a unit is one too.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Units of Go's `time.ParseDuration`, in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration in a configuration, written as in Go: `1h30m`, `1.5s`, `250ms`.
///
/// ```
/// use bimetal_sdk::config::Duration;
///
/// let wait: Duration = "1h30m".parse()?;
/// assert_eq!(wait, Duration::from_secs(5400));
/// assert_eq!(wait.to_string(), "1h30m0s");
/// assert_eq!(std::time::Duration::try_from(wait)?, std::time::Duration::from_secs(5400));
/// # Ok::<(), bimetal_sdk::config::DurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i64,
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// It is not written as Go writes durations.
    Malformed(String),
    /// It does not fit: Go's durations end at about 292 years.
    TooLong(String),
    /// It is negative and the standard library's durations are not.
    Negative,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// Whole nanoseconds.
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// Whole milliseconds, at most what Go can hold.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self {
            nanoseconds: milliseconds.saturating_mul(1_000_000),
        }
    }

    /// Whole seconds, at most what Go can hold.
    pub const fn from_secs(seconds: i64) -> Self {
        Self {
            nanoseconds: seconds.saturating_mul(1_000_000_000),
        }
    }

    /// As nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.nanoseconds
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let malformed = || DurationError::Malformed(text.to_owned());
        let too_long = || DurationError::TooLong(text.to_owned());
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(malformed());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
            let (unit, after) = split_where(after, |c| c.is_ascii_digit() || c == '.');
            rest = after;
            let (_, size) = UNITS
                .into_iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(malformed)?;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
                return Err(malformed());
            }
            let whole: u64 = if whole.is_empty() {
                0
            } else {
                whole.parse().map_err(|_| too_long())?
            };
            total = whole
                .checked_mul(size)
                .and_then(|value| value.checked_add(part(fraction, size)))
                .and_then(|value| total.checked_add(value))
                .ok_or_else(too_long)?;
        }
        let signed = if negative {
            0_i64.checked_sub_unsigned(total)
        } else {
            i64::try_from(total).ok()
        };
        signed.map(Self::from_nanos).ok_or_else(too_long)
    }
}

/// The decimal `fraction` of `size`, cut to whole nanoseconds. Digits beyond what a unit can show
/// change nothing.
fn part(fraction: &str, size: u64) -> u64 {
    let digits = &fraction[..fraction.len().min(15)];
    let scale = 10_u128.pow(u32::try_from(digits.len()).unwrap_or(0));
    let value = digits.parse::<u128>().unwrap_or(0) * u128::from(size) / scale;
    u64::try_from(value).unwrap_or(0)
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

impl TryFrom<Duration> for std::time::Duration {
    type Error = DurationError;

    fn try_from(duration: Duration) -> Result<Self, DurationError> {
        u64::try_from(duration.nanoseconds)
            .map(Self::from_nanos)
            .map_err(|_| DurationError::Negative)
    }
}

impl fmt::Display for Duration {
    /// As Go's `Duration.String`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.nanoseconds.unsigned_abs();
        if self.nanoseconds < 0 {
            f.write_str("-")?;
        }
        match total {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{total}ns"),
            1_000..1_000_000 => write!(f, "{}\u{b5}s", decimal(total, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", decimal(total, 1_000_000)),
            _ => {
                let (minutes, rest) = (total / 60_000_000_000, total % 60_000_000_000);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", decimal(rest, 1_000_000_000))
            }
        }
    }
}

/// `value / unit` without trailing zeros.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(
                f,
                "`{}` is not a duration; write `1h30m`, `1.5s` or `250ms`",
                text.escape_debug()
            ),
            Self::TooLong(text) => write!(
                f,
                "`{}` is longer than a duration can be",
                text.escape_debug()
            ),
            Self::Negative => f.write_str("the duration is negative"),
        }
    }
}

impl std::error::Error for DurationError {}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with a unit, such as `5s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a duration as Go writes it, such as `1h30m`",
            "pattern": concat!(
                "^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)",
                "(ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h))+)$"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("1h15m30.918273645s", 4_530_918_273_645),
            ("+.5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("10\u{b5}s", 10_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(
                text.parse(),
                Ok(Duration::from_nanos(nanoseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "-",
            "5",
            ".s",
            "s",
            "1x",
            "1.2.3s",
            "9223372036854775808ns",
            "3000000h",
            " 5s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn writes_as_go_does() {
        let shown = |nanoseconds| Duration::from_nanos(nanoseconds).to_string();
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(1_500), "1.5\u{b5}s");
        assert_eq!(shown(2_200_000), "2.2ms");
        assert_eq!(shown(3_300_000_000), "3.3s");
        assert_eq!(shown(245_000_000_000), "4m5s");
        assert_eq!(shown(3_600_000_000_000), "1h0m0s");
        assert_eq!(shown(i64::MIN), "-2562047h47m16.854775808s");
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(nanoseconds: i64) {
            let duration = Duration::from_nanos(nanoseconds);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn never_panics(text in "[-+0-9.a-zµ ]{0,24}") {
            let _ = text.parse::<Duration>();
        }
    }
}
