//! `GOFLAGS`, taken apart as Go does it.
//!
//! In: the variable's value. Out: its flags. Invariant: quotes count only around a whole flag, and
//! no character is an escape.

/// One flag of `GOFLAGS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoFlag<'a> {
    /// As it is written, with its quotes.
    pub raw: &'a str,
    /// With one `-` and the value behind `=`.
    pub name: &'a str,
    /// What stands behind `=`; none for a switch.
    pub value: Option<&'a str>,
}

/// The flags in `text`, in their order. What follows a quote that is never closed is one flag: Go
/// refuses it.
pub fn go_flags(text: &str) -> Vec<GoFlag<'_>> {
    let mut flags = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (raw, meant) = match first {
            '"' | '\'' => match rest[1..].find(first) {
                Some(end) => (&rest[..end + 2], &rest[1..=end]),
                None => (rest, &rest[1..]),
            },
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (&rest[..end], &rest[..end])
            }
        };
        flags.push(flag(raw, meant));
        rest = rest[raw.len()..].trim_start();
    }
    flags
}

fn flag<'a>(raw: &'a str, meant: &'a str) -> GoFlag<'a> {
    let (name, value) = match meant.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (meant, None),
    };
    let name = if name.starts_with("--") {
        &name[1..]
    } else {
        name
    };
    GoFlag { raw, name, value }
}

/// Flags in `GOFLAGS` that change how Go works and not what it compiles; and the profile and the
/// tags, which are among the flags of the build.
const NEUTRAL: &[&str] = &[
    "-buildvcs",
    "-mod",
    "-modcacherw",
    "-p",
    "-pgo",
    "-tags",
    "-v",
    "-x",
];

/// The flags in the value of `GOFLAGS` that change what is compiled.
pub fn without_neutral(flags: &str) -> String {
    go_flags(flags)
        .iter()
        .filter(|flag| !NEUTRAL.contains(&flag.name))
        .map(|flag| flag.raw)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_a_flag_with_spaces_together() {
        let flags = go_flags(" -race \"-ldflags=-X a.b=c -s\"  '--pgo=/a b' -tags=x'y ");
        let parts: Vec<_> = flags.iter().map(|flag| (flag.name, flag.value)).collect();
        assert_eq!(
            parts,
            [
                ("-race", None),
                ("-ldflags", Some("-X a.b=c -s")),
                ("-pgo", Some("/a b")),
                ("-tags", Some("x'y")),
            ]
        );
        assert_eq!(flags[1].raw, "\"-ldflags=-X a.b=c -s\"");
        assert!(go_flags("  ").is_empty());
        assert_eq!(go_flags("'-tags=a")[0].value, Some("a"));
    }

    #[test]
    fn flags_that_do_not_change_the_code_are_not_recorded() {
        assert_eq!(
            without_neutral(
                "-buildvcs=false --mod=mod -pgo=/home/me/x.pgo -tags=a '-gcflags=all=-N -v' -v"
            ),
            "'-gcflags=all=-N -v'"
        );
        assert_eq!(without_neutral(" -buildvcs=false"), "");
    }
}
