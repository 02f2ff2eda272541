//! Go's variables, and what each is for.
//!
//! In: a name. Out: whether it reaches a tool, stands in manifests, or says where modules come
//! from. Invariant: each variable is listed once.

use Use::{Authenticates, Compiles, Fetches, Reported};

/// What a variable decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// What is compiled: it reaches the tools and stands in the manifest.
    Compiles,
    /// What is compiled, but the builder sets it itself or no target of ours has it: Go is asked
    /// for it, and the user's value does not pass.
    Reported,
    /// Where modules come from and where they are kept. The modules are the same whatever it says,
    /// because go.sum decides.
    Fetches,
    /// The same, and its value may be a secret.
    Authenticates,
}

const VARIABLES: &[(&str, Use)] = &[
    ("CC", Compiles),
    ("CGO_CFLAGS", Compiles),
    ("CGO_CFLAGS_ALLOW", Compiles),
    ("CGO_CFLAGS_DISALLOW", Compiles),
    ("CGO_CPPFLAGS", Compiles),
    ("CGO_CPPFLAGS_ALLOW", Compiles),
    ("CGO_CPPFLAGS_DISALLOW", Compiles),
    ("CGO_CXXFLAGS", Compiles),
    ("CGO_CXXFLAGS_ALLOW", Compiles),
    ("CGO_CXXFLAGS_DISALLOW", Compiles),
    ("CGO_ENABLED", Reported),
    ("CGO_FFLAGS", Compiles),
    ("CGO_FFLAGS_ALLOW", Compiles),
    ("CGO_FFLAGS_DISALLOW", Compiles),
    ("CGO_LDFLAGS", Compiles),
    ("CGO_LDFLAGS_ALLOW", Compiles),
    ("CGO_LDFLAGS_DISALLOW", Compiles),
    ("CXX", Compiles),
    ("FC", Compiles),
    ("GO386", Reported),
    ("GOAMD64", Compiles),
    ("GOARCH", Compiles),
    ("GOARM", Reported),
    ("GOARM64", Compiles),
    ("GOAUTH", Authenticates),
    ("GOCACHE", Fetches),
    ("GODEBUG", Compiles),
    ("GOEXPERIMENT", Compiles),
    ("GOFIPS140", Compiles),
    ("GOFLAGS", Compiles),
    ("GOINSECURE", Fetches),
    ("GOMODCACHE", Fetches),
    ("GONOPROXY", Fetches),
    ("GONOSUMDB", Fetches),
    ("GOOS", Compiles),
    ("GOPATH", Fetches),
    ("GOPRIVATE", Fetches),
    ("GOPROXY", Fetches),
    ("GOSUMDB", Fetches),
    ("GOVCS", Fetches),
    ("PKG_CONFIG", Compiles),
];

/// Whether the user's value reaches a tool.
pub(super) fn passes(name: &str) -> bool {
    named(|variable, used| variable == name && used != Reported)
        .next()
        .is_some()
}

/// Whether its value may stand in a log.
pub(super) fn is_harmless(name: &str) -> bool {
    named(|variable, used| variable == name && used != Authenticates)
        .next()
        .is_some()
}

/// Whether it is about fetching only.
pub(super) fn is_about_fetching(name: &str) -> bool {
    named(|variable, used| variable == name && matches!(used, Fetches | Authenticates))
        .next()
        .is_some()
}

/// The variables that change what Go compiles.
pub fn that_compile() -> impl Iterator<Item = &'static str> {
    named(|_, used| matches!(used, Compiles | Reported))
}

fn named(wanted: impl Fn(&str, Use) -> bool) -> impl Iterator<Item = &'static str> {
    VARIABLES
        .iter()
        .filter(move |(name, used)| wanted(name, *used))
        .map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_listed_once() {
        assert!(VARIABLES.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn what_is_only_asked_for_does_not_reach_a_tool() {
        assert!(passes("GOFLAGS") && passes("GOPROXY") && !passes("CGO_ENABLED"));
        assert!(is_harmless("CGO_ENABLED") && !is_harmless("GOAUTH") && !is_harmless("GOTOKEN"));
        assert!(is_about_fetching("GOAUTH") && is_about_fetching("GOPROXY"));
        assert!(!is_about_fetching("GOFLAGS"));
        let compile: Vec<_> = that_compile().collect();
        assert!(compile.contains(&"CGO_ENABLED") && !compile.contains(&"GOPROXY"));
    }
}
