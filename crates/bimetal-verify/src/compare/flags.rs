//! Compiler flags and the build environment: which of them matter, and whether they are equal.
//!
//! In: a pair. Out: mismatches. Invariant: pure; a flag that is written in another way and means
//! the same is no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::Pair;
use super::link_values;
use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::Artifact;

/// Go's flags that change what is compiled.
const GO_FLAGS: &[&str] = &[
    "-trimpath",
    "-tags",
    "-race",
    "-msan",
    "-asan",
    "-gcflags",
    "-asmflags",
    "-pgo",
    "-cover",
    "-covermode",
    "-coverpkg",
];

/// The flag whose values each change something or nothing.
const TAGS: &str = "-tags";

/// Those of them that need no value.
const GO_SWITCHES: &[&str] = &["-trimpath", "-race", "-msan", "-asan", "-cover"];

/// Variables that say where something is or what is fetched, not what is compiled.
const PLACES: &[&str] = &[
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GOCOVERDIR",
    "GODEBUG",
    "GOENV",
    "GOEXE",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOINSECURE",
    "GOMOD",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTELEMETRY",
    "GOTELEMETRYDIR",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOTOOLDIR",
    "GOVCS",
    "GOVERSION",
    "GOWORK",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "GOGC",
    "GOTRACEBACK",
];

/// Settings in Go's build information that must be equal, whatever the manifests say.
const RECORDED: &[&str] = &["CGO_ENABLED", "GOEXPERIMENT", "GOFIPS140"];

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    let (mut main, mut plugin) = (
        go_flags(&pair.main_part.build_flags),
        go_flags(&pair.plugin_part.build_flags),
    );
    if let Some((ours, theirs)) = effective_tags(pair) {
        let both_fit = fit(ours, &given_tags(&plugin, pair.plugin))
            && fit(theirs, &given_tags(&main, pair.main));
        for (flags, tags) in [(&mut main, ours), (&mut plugin, theirs)] {
            flags.remove(TAGS);
            let matters = !tags.is_empty() && !both_fit;
            flags.extend(matters.then(|| (TAGS.to_owned(), tags.join(","))));
        }
    }
    let mut found: Vec<_> = differences(&main, &plugin)
        .map(|(name, ours, theirs)| go_flag(name, ours, theirs))
        .collect();
    let (main, plugin) = (
        environment(&pair.main_part.environment),
        environment(&pair.plugin_part.environment),
    );
    found.extend(
        differences(&main, &plugin).map(|(name, ours, theirs)| variable(name, ours, theirs)),
    );
    found.extend(recorded(pair, &found));
    found.extend(pgo_profile(pair));
    found.extend(link_values::compare(pair));
    found
}

/// Go records the name of a profile only; two profiles of one name differ in their digests.
fn pgo_profile(pair: &Pair<'_>) -> Option<Mismatch> {
    let (main, plugin) = (
        pair.main_part.pgo_profile.as_deref(),
        pair.plugin_part.pgo_profile.as_deref(),
    );
    if main == plugin {
        return None;
    }
    let mismatch = Mismatch::new(Outcome::WouldRunWrongCode, Check::Flag, "PGO profile")
        .values(main, plugin)
        .on_load("packages that both have would be compiled differently, unnoticed")
        .help(
            "build both with `-pgo` and the same file, or both with `-pgo=off`; never one of \
            them with `auto`",
        );
    Some(mismatch)
}

/// The tags that change something, where both sides know them.
fn effective_tags<'a>(pair: &Pair<'a>) -> Option<(&'a [String], &'a [String])> {
    let main = pair.main_part.effective_tags.as_deref()?;
    Some((main, pair.plugin_part.effective_tags.as_deref()?))
}

/// Every tag that an artifact was built with, by its manifest's flags and by Go's own record, which
/// has those of `GOFLAGS` too.
fn given_tags(flags: &BTreeMap<String, String>, artifact: &Artifact) -> BTreeSet<String> {
    let settings = artifact.facts.go.iter();
    let recorded = settings
        .flat_map(|go| &go.build_info.settings)
        .filter(|(key, _)| key == TAGS)
        .map(|(_, value)| sorted_tags(value));
    let all: Vec<_> = flags
        .get(TAGS)
        .cloned()
        .into_iter()
        .chain(recorded)
        .collect();
    all.iter()
        .flat_map(|tags| tags.split(','))
        .map(str::to_owned)
        .collect()
}

/// Whether the other side was given every tag that matters here; files of its own may well ask for
/// fewer.
fn fit(effective: &[String], given: &BTreeSet<String>) -> bool {
    effective.iter().all(|tag| given.contains(tag))
}

/// Differences in Go's own record that the manifests do not show: the record is written by the
/// toolchain itself.
fn recorded(pair: &Pair<'_>, found: &[Mismatch]) -> Vec<Mismatch> {
    let (Some(main), Some(plugin)) = (&pair.main.facts.go, &pair.plugin.facts.go) else {
        return Vec::new();
    };
    let knows_tags = effective_tags(pair).is_some();
    let settings = |settings: &[(String, String)]| -> BTreeMap<String, String> {
        let matters = |key: &str| {
            (GO_FLAGS.contains(&key) && !(key == TAGS && knows_tags))
                || RECORDED.contains(&key)
                || key.starts_with("GOAMD64")
                || key.starts_with("GOARM")
        };
        let normal = |key: &str, value: &str| {
            if key == TAGS {
                without_fips_tag(&sorted_tags(value))
            } else {
                value.to_owned()
            }
        };
        settings
            .iter()
            .filter(|(key, value)| matters(key) && !["false", "off"].contains(&value.as_str()))
            .map(|(key, value)| (key.clone(), normal(key, value)))
            .filter(|(key, value)| key != TAGS || !value.is_empty())
            .collect()
    };
    let (main, plugin) = (
        settings(&main.build_info.settings),
        settings(&plugin.build_info.settings),
    );
    differences(&main, &plugin)
        .filter(|(name, ..)| found.iter().all(|known| known.subject != *name))
        .map(|(name, ours, theirs)| {
            if name.starts_with('-') {
                go_flag(name, ours, theirs)
            } else {
                variable(name, ours, theirs)
            }
        })
        .collect()
}

fn go_flag(name: &str, main: Option<&str>, plugin: Option<&str>) -> Mismatch {
    let on_load = match name {
        "-gcflags" | "-asmflags" => {
            "packages that both have would be compiled differently, mostly unnoticed"
        }
        "-tags" => "packages that both have may consist of other files, sometimes unnoticed",
        _ => "packages that both have would be compiled differently, unnoticed",
    };
    Mismatch::new(Outcome::WouldRunWrongCode, Check::Flag, name)
        .values(main, plugin)
        .on_load(on_load)
        .help(flag_help(name, main))
}

pub(super) fn flag_help(name: &str, main: Option<&str>) -> String {
    match main {
        None => format!("build the plugin without `{name}`"),
        Some("true") => format!("build the plugin with `{name}`"),
        Some(value) => format!("build the plugin with `{name}={value}`"),
    }
}

fn variable(name: &str, main: Option<&str>, plugin: Option<&str>) -> Mismatch {
    let on_load = match name {
        "GOAMD64" | "GOARM64" | "GOARM" => {
            "packages that both have would be there for two processors: results differ, and \
             instructions that this one lacks end the process"
        }
        "GOEXPERIMENT" | "GOFLAGS" | "GOFIPS140" | "CGO_ENABLED" => {
            "packages that both have would be compiled differently, unnoticed"
        }
        _ => "C code that both have would be compiled differently, unnoticed",
    };
    let help = match main {
        Some(value) => format!("build the plugin with `{name}={value}` in the environment"),
        None => format!("build the plugin without `{name}` in the environment"),
    };
    Mismatch::new(Outcome::WouldRunWrongCode, Check::Environment, name)
        .values(main, plugin)
        .on_load(on_load)
        .help(help)
}

/// Name -> value of Go's flags that matter. Switches that are off are left out, tags are sorted.
fn go_flags(flags: &[String]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = flags.iter();
    while let Some(flag) = rest.next() {
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag.as_str(), None),
        };
        let name = if name.starts_with("--") {
            &name[1..]
        } else {
            name
        };
        if !GO_FLAGS.contains(&name) {
            continue;
        }
        let is_switch = GO_SWITCHES.contains(&name);
        let value = match value {
            Some(value) if is_switch && is_true(value) => "true",
            Some(value) => value,
            None if is_switch => "true",
            None => rest.next().map_or("", String::as_str),
        };
        let value = if name == TAGS {
            sorted_tags(value)
        } else {
            value.to_owned()
        };
        let is_off = (is_switch && value == "false") || (name == "-pgo" && value == "off");
        if value.is_empty() || is_off {
            found.remove(name);
            continue;
        }
        // Flags for packages add up, of all others the last one counts.
        match found.get_mut(name) {
            Some(earlier) if matches!(name, "-gcflags" | "-asmflags") => {
                earlier.push_str("; ");
                earlier.push_str(&value);
            }
            _ => {
                found.insert(name.to_owned(), value);
            }
        }
    }
    found
}

/// As Go's `flag` package reads it.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "TRUE" | "True")
}

/// Go adds a tag of its own for GOFIPS140, which is compared as the variable that it is.
fn without_fips_tag(tags: &str) -> String {
    let others: Vec<_> = tags
        .split(',')
        .filter(|tag| !tag.starts_with("fips140v"))
        .collect();
    others.join(",")
}

fn sorted_tags(value: &str) -> String {
    let tags: BTreeSet<_> = value
        .split([',', ' '])
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.into_iter().collect::<Vec<_>>().join(",")
}

fn environment(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let matters = |name: &str| {
        // Lists of flags that cgo lets pass change no code; the flags themselves do.
        let permits = name.ends_with("_ALLOW") || name.ends_with("_DISALLOW");
        (name.starts_with("GO") || name.starts_with("CGO_")) && !permits && !PLACES.contains(&name)
    };
    // An empty variable means the same as none.
    variables
        .iter()
        .filter(|(name, value)| matters(name) && !value.is_empty())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Every key whose value is not the same on both sides.
pub(super) fn differences<'a>(
    main: &'a BTreeMap<String, String>,
    plugin: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a str, Option<&'a str>, Option<&'a str>)> {
    let keys: BTreeSet<_> = main
        .keys()
        .chain(plugin.keys())
        .map(String::as_str)
        .collect();
    keys.into_iter()
        .map(|key| {
            (
                key,
                main.get(key).map(String::as_str),
                plugin.get(key).map(String::as_str),
            )
        })
        .filter(|(_, main, plugin)| main != plugin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|flag| (*flag).to_owned()).collect()
    }

    #[test]
    fn spellings_of_one_go_flag_are_equal() {
        let one = go_flags(&list(&[
            "-trimpath",
            "-tags=b,a",
            "-race=false",
            "-ldflags=-s",
            "-gcflags=all=-N -l",
        ]));
        let other = go_flags(&list(&[
            "--trimpath=true",
            "-tags",
            "a b",
            "-gcflags",
            "all=-N -l",
            "-o",
            "x",
        ]));
        assert_eq!(one, other);
        assert_eq!(one.len(), 3);
    }

    #[test]
    fn a_switch_that_is_off_again_counts_as_off() {
        assert!(go_flags(&list(&["-race", "-race=false", "-tags=", "-pgo=off"])).is_empty());
        assert_eq!(
            go_flags(&list(&["-gcflags=a", "-gcflags=b"]))["-gcflags"],
            "a; b"
        );
    }

    #[test]
    fn variables_that_name_places_do_not_count() {
        let variables = [
            ("GOCACHE", "/a"),
            ("GOAMD64", "v3"),
            ("CGO_CFLAGS", ""),
            ("CC", "cc"),
            ("CGO_LDFLAGS", "-lm"),
            ("CGO_CFLAGS_ALLOW", "-f.*"),
        ];
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(
            environment(&variables).into_keys().collect::<Vec<_>>(),
            ["CGO_LDFLAGS", "GOAMD64"]
        );
    }
}
