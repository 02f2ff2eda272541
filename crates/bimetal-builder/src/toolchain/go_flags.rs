//! `GOFLAGS`, taken apart as Go does it.
//!
//! In: the variable's value. Out: its flags, and the one that no build takes. Invariant: quotes
//! count only around a whole flag, and no character is an escape.

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

/// A flag with which a build would not be what it says it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`GOFLAGS` is `{flags}`: with `{flag}` {why}")]
pub struct RefusedFlag {
    pub flags: String,
    pub flag: &'static str,
    pub why: &'static str,
    pub cure: &'static str,
}

/// A rule: the flag, whether it holds only where sources are hashed, what it would do, what to do
/// instead.
type Rule = (&'static str, bool, &'static str, &'static str);

const REFUSED: &[Rule] = &[
    (
        "-n",
        false,
        "Go prints what it would do, and makes nothing",
        "take `-n` away; `bimetal --dry-run` prints what it would do",
    ),
    (
        "-mod=vendor",
        false,
        "Go reads a directory `vendor`, which generated sources do not have",
        "take `-mod=vendor` away; `GOFLAGS=-mod=mod` and a filled module cache build without a \
         network",
    ),
    (
        "-modfile",
        false,
        "Go reads another go.mod than the one that is generated",
        "take `-modfile` away; `replaces` and `excludes` of the configuration reach the generated \
         go.mod",
    ),
    (
        "-overlay",
        true,
        "the compiler would read other files than those that are hashed",
        "take `-overlay` away; `replace` of an entry builds a module from other sources",
    ),
    (
        "-toolexec",
        true,
        "a program that no hash covers would run in the place of the compiler",
        "take `-toolexec` away; without plugins it is passed on",
    ),
];

/// Refuses a flag that fits no build, or none whose sources are `hashed`.
pub fn refuse(flags: &str, hashed: bool) -> Result<(), RefusedFlag> {
    let given = go_flags(flags);
    let is_given = |rule: &str| {
        let (name, value) = rule.split_once('=').unzip();
        given.iter().any(|flag| match (name, value) {
            (Some(name), value) => flag.name == name && flag.value == value,
            // An empty value takes an earlier one away, and `false` turns a switch off.
            _ => flag.name == rule && !matches!(flag.value, Some("" | "false" | "0")),
        })
    };
    match REFUSED
        .iter()
        .find(|(rule, only_hashed, ..)| (hashed || !only_hashed) && is_given(rule))
    {
        None => Ok(()),
        Some(&(flag, _, why, cure)) => Err(RefusedFlag {
            flags: flags.to_owned(),
            flag,
            why,
            cure,
        }),
    }
}

/// Whether `flags` ask for a stamp of the checkout, which the builder never makes.
pub fn wants_checkout(flags: &str) -> bool {
    let last = go_flags(flags)
        .into_iter()
        .rfind(|flag| flag.name == "-buildvcs");
    last.is_some_and(|flag| matches!(flag.value, None | Some("true" | "1")))
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

    #[test]
    fn a_flag_with_which_a_build_is_not_what_it_says_is_refused() {
        let flag = |flags: &str, hashed| refuse(flags, hashed).err().map(|error| error.flag);
        for (flags, refused) in [
            ("-race '-overlay=/home/me/o.json'", "-overlay"),
            ("-toolexec=TOOL", "-toolexec"),
            ("\"--toolexec=a b\"", "-toolexec"),
        ] {
            assert_eq!(flag(flags, true), Some(refused), "{flags}");
            assert_eq!(flag(flags, false), None, "{flags}");
        }
        for (flags, refused) in [
            ("-n", "-n"),
            ("-v --n=true", "-n"),
            ("-mod=vendor", "-mod=vendor"),
            ("-modfile=absent", "-modfile"),
        ] {
            assert_eq!(flag(flags, true), Some(refused), "{flags}");
            assert_eq!(flag(flags, false), Some(refused), "{flags}");
        }
        for flags in [
            "-mod=mod",
            "-modcacherw",
            "-n=false",
            "-toolexec=",
            "-tags=overlay -overlay=",
            "'-ldflags=-n -toolexec=x'",
        ] {
            assert_eq!(refuse(flags, true), Ok(()), "{flags}");
        }
        assert_eq!(
            refuse("-race '-overlay=/o.json'", true)
                .unwrap_err()
                .to_string(),
            "`GOFLAGS` is `-race '-overlay=/o.json'`: with `-overlay` the compiler would read \
             other files than those that are hashed"
        );
    }

    #[test]
    fn the_last_word_about_the_checkout_counts() {
        assert!(wants_checkout("-buildvcs=true") && wants_checkout("-v -buildvcs"));
        assert!(!wants_checkout("-buildvcs=true -buildvcs=false"));
        assert!(!wants_checkout("-buildvcs=auto") && !wants_checkout(""));
    }
}
