//! Which variables reach a tool.
//!
//! In: the process's environment. Out: [`Environment`], the part that is on the list below.
//! Invariant: a variable that is not listed here never reaches a compiler.

use std::collections::BTreeMap;
use std::env;

use super::go_variables;

/// Name -> value, sorted, so that logs and snapshots are stable.
pub(super) type Environment = BTreeMap<String, String>;

/// Variables that pass through when they are set, beside those of Go.
const PASSED: &[&str] = &[
    "AR",
    "CARGO_HOME",
    "CARGO_TARGET_DIR",
    "GOTMPDIR",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LD",
    "NO_PROXY",
    "OBJCOPY",
    "PATH",
    "PKG_CONFIG_PATH",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SOURCE_DATE_EPOCH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "USER",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Beginnings of further variables that pass through.
const PASSED_PREFIXES: &[&str] = &[
    "CARGO_CREDENTIAL_ALIAS_",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "GIT_",
];

/// The variables of this process that a tool may see. A value that is not UTF-8 does not pass.
pub fn inherited() -> Environment {
    select(texts())
}

fn texts() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Variables that a container engine may see, and nothing else may: who it is, where its daemon,
/// images and keys are, how it gets out.
const OF_ENGINES: &[&str] = &[
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "REGISTRY_AUTH_FILE",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Beginnings of further variables that an engine may see.
const OF_ENGINES_PREFIXES: &[&str] = &[
    "BUILDAH_",
    "BUILDKIT_",
    "BUILDX_",
    "CONTAINERS_",
    "CONTAINER_",
    "DOCKER_",
    "PODMAN_",
    "STORAGE_",
];

/// The variables of this process that a container engine may see.
pub(super) fn inherited_by_engines() -> Environment {
    let passes = |name: &str| {
        OF_ENGINES.contains(&name)
            || OF_ENGINES_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
    };
    texts().filter(|(name, _)| passes(name)).collect()
}

fn select(variables: impl Iterator<Item = (String, String)>) -> Environment {
    variables.filter(|(name, _)| passes(name)).collect()
}

pub(super) fn passes(name: &str) -> bool {
    PASSED.contains(&name)
        || go_variables::passes(name)
        || PASSED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_variables_reach_a_tool() {
        let given = [
            ("PATH", "/bin"),
            ("CARGO_NET_OFFLINE", "true"),
            ("RUSTFLAGS", "-Ctarget-cpu=native"),
            ("LD_PRELOAD", "/tmp/x.so"),
            ("GOTOOLCHAIN", "auto"),
        ];
        let selected = select(
            given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        assert_eq!(
            selected.keys().collect::<Vec<_>>(),
            ["CARGO_NET_OFFLINE", "PATH"]
        );
    }

    #[test]
    fn the_list_is_sorted_so_that_a_double_entry_is_seen() {
        assert!(PASSED.is_sorted());
        assert!(PASSED_PREFIXES.is_sorted());
        assert!(OF_ENGINES.is_sorted() && OF_ENGINES_PREFIXES.is_sorted());
    }
}
