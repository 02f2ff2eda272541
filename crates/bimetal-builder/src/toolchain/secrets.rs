//! What of a command line and of a tool's output may stand in a log.
//!
//! In: variables, arguments, lines. Out: the same without secrets. Invariant: a variable is shown
//! only if it is on the list below; no guess by its name shows one, or hides one.

use std::borrow::Cow;

use super::environment::Environment;
use super::go_variables;

/// Variables whose values say where something is, or how something is made, beside those of Go.
const HARMLESS: &[&str] = &[
    "AR",
    "BUILDAH_FORMAT",
    "BUILDAH_ISOLATION",
    "BUILDAH_RUNTIME",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "CARGO_NET_OFFLINE",
    "CARGO_NET_RETRY",
    "CARGO_TARGET_DIR",
    "CARGO_TERM_COLOR",
    "DOCKER_BUILDKIT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GO111MODULE",
    "GOENV",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOWORK",
    "HOME",
    "LC_ALL",
    "LD",
    "LOGNAME",
    "NO_PROXY",
    "OBJCOPY",
    "PATH",
    "PKG_CONFIG_PATH",
    "RUSTC",
    "RUSTUP_AUTO_INSTALL",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SOURCE_DATE_EPOCH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "STORAGE_DRIVER",
    "TMPDIR",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "no_proxy",
];
const MASK: &str = "***";
/// Shorter texts are words of every output, such as `true`.
const SHORTEST: usize = 8;

/// The value of a variable as a log shows it.
pub fn shown<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if is_harmless(name) {
        without_credentials(value)
    } else {
        MASK.into()
    }
}

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || go_variables::is_harmless(name)
}

/// Without the user part and the query of addresses.
pub(super) fn without_credentials(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return text.into();
    }
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("://");
        let ends = |c: char| c.is_whitespace() || "\"`".contains(c);
        let (address, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        let host_end = address.find(['/', '?', '#']).unwrap_or(address.len());
        let address = match address[..host_end].rfind('@') {
            Some(at) => {
                shown.push_str(MASK);
                &address[at..]
            }
            None => address,
        };
        match address.split_once('?') {
            // Go prints it with every module that it looks for.
            Some((before, query)) if !query.starts_with("go-get=1") => {
                shown.extend([before, "?", MASK]);
            }
            _ => shown.push_str(address),
        }
        shown.push_str(rest);
    }
    shown.into()
}

/// The values that a tool may repeat in what it prints.
#[derive(Debug)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those that `environment` has: the values that are not shown, and each long word of them.
    pub(super) fn of(environment: &Environment) -> Self {
        let hidden = environment
            .iter()
            .filter(|(name, _)| !is_harmless(name))
            .flat_map(|(_, value)| value.lines().chain(value.split_whitespace()));
        let mut texts: Vec<String> = hidden
            .filter(|text| text.len() >= SHORTEST)
            .map(str::to_owned)
            .collect();
        // A word is part of a line.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self(texts)
    }

    /// A line that a tool printed, as a log shows it.
    pub(super) fn hide<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(line);
        for secret in &self.0 {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), MASK).into();
            }
        }
        match without_credentials(&shown) {
            Cow::Borrowed(_) => shown,
            Cow::Owned(text) => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_a_double_entry_is_seen() {
        assert!(HARMLESS.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn only_values_of_listed_variables_are_shown() {
        for (name, value, wanted) in [
            ("PATH", "/bin:/a@b", "/bin:/a@b"),
            ("SSH_AUTH_SOCK", "/run/agent", "/run/agent"),
            ("CARGO_REGISTRIES_ACME_TOKEN", "abc", "***"),
            ("GIT_CONFIG_VALUE_0", "Authorization: Basic eDp5", "***"),
            ("GIT_ASKPASS_OF_A_LATER_GIT", "hunter2", "***"),
            ("GOAUTH", "netrc", "***"),
            ("HTTPS_PROXY", "me:pass@proxy:3128", "***"),
            (
                "GOPROXY",
                "https://me:pa,ss@proxy.acme/x,https://other|direct",
                "https://***@proxy.acme/x,https://other|direct",
            ),
        ] {
            assert_eq!(shown(name, value), wanted, "{name}");
        }
    }

    #[test]
    fn credentials_in_addresses_are_not_shown_wherever_they_stand() {
        for (text, wanted) in [
            (
                "fetch https://me:pass@host/x now",
                "fetch https://***@host/x now",
            ),
            ("`https://token@host`", "`https://***@host`"),
            ("https://host/x?X-Signature=abc \"", "https://host/x?*** \""),
            ("https://host/x?go-get=1", "https://host/x?go-get=1"),
            ("https://host/a@v1", "https://host/a@v1"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_credentials(text), wanted);
        }
    }

    #[test]
    fn what_a_tool_repeats_of_a_hidden_variable_is_not_shown() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let secrets = Secrets::of(&Environment::from([
            variable("GIT_CONFIG_VALUE_0", "Authorization: Basic c2VjcmV0"),
            variable("CARGO_NET_OFFLINE_OF_MINE", "true"),
            variable("HOME", "/home/me"),
        ]));
        assert_eq!(
            secrets.hide("true: Basic c2VjcmV0 in /home/me"),
            "true: Basic *** in /home/me"
        );
    }
}
