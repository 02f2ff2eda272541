//! One run of one tool, as data.
//!
//! In: program, arguments, directory, variables. Out: the command line as a person would type it.
//! Invariant: the same value feeds the process, the log and the manifest's flags.

use camino::{Utf8Path, Utf8PathBuf};

use super::cargo_home;
use super::environment::{Environment, inherited, inherited_by_engines};
use super::secrets::{Secrets, shown, without_credentials};
use super::user_settings;

/// A command line with everything that can change its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub program: Utf8PathBuf,
    pub args: Vec<String>,
    pub env: Environment,
    pub cwd: Utf8PathBuf,
}

impl Invocation {
    /// `program` in `cwd`, with the variables that pass through.
    pub fn new(program: impl AsRef<Utf8Path>, cwd: impl AsRef<Utf8Path>) -> Self {
        // rustup's programs would install what a file in their directory asks for.
        Self::with(inherited(), program, cwd)
            .without_git_settings()
            .env("RUSTUP_AUTO_INSTALL", "0")
    }

    /// A command of a container engine, which sees other variables than compilers.
    pub fn engine(program: impl AsRef<Utf8Path>, cwd: impl AsRef<Utf8Path>) -> Self {
        Self::with(inherited_by_engines(), program, cwd)
    }

    fn with(
        mut env: Environment,
        program: impl AsRef<Utf8Path>,
        cwd: impl AsRef<Utf8Path>,
    ) -> Self {
        // English messages: errors are quoted, searched for and compared.
        env.insert("LC_ALL".to_owned(), "C".to_owned());
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env,
            cwd: cwd.as_ref().to_owned(),
        }
    }

    /// What git finds in files of the user or the machine could rewrite where sources come from.
    /// Who needs such a file names it.
    fn without_git_settings(mut self) -> Self {
        if !self.env.contains_key("GIT_CONFIG_GLOBAL") {
            let off = [
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_SYSTEM", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
            ];
            let off = off.map(|(name, value)| (name.to_owned(), value.to_owned()));
            self.env.extend(off);
        }
        self
    }

    /// A `go` command: modules on, the toolchain and workspace that we chose, cgo as the
    /// distribution says. Of what the user set for Go in its file of settings only what is about
    /// fetching counts.
    pub fn go(go: impl AsRef<Utf8Path>, cwd: impl AsRef<Utf8Path>, cgo: bool) -> Self {
        let mut invocation = Self::new(go, cwd);
        for (name, value) in user_settings::fetching() {
            let entry = invocation.env.entry(name.clone());
            entry.or_insert_with(|| value.clone());
        }
        invocation
            .env("GOENV", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .env("GO111MODULE", "on")
            .env("CGO_ENABLED", if cgo { "1" } else { "0" })
    }

    /// A `cargo` command that looks at a crate of the user's, in its directory and with the user's
    /// settings, and compiles nothing.
    pub fn cargo_in(
        cwd: impl AsRef<Utf8Path>,
        cargo: impl AsRef<Utf8Path>,
        target: impl AsRef<Utf8Path>,
    ) -> Self {
        Self::new(cargo, cwd)
            .env("CARGO_TARGET_DIR", target.as_ref().as_str())
            .env("CARGO_TERM_COLOR", "never")
    }

    /// A `cargo` command that downloads and compiles nothing: it is given the keys of registries.
    pub fn cargo_with_keys(cargo: &Utf8Path, target: &Utf8Path) -> Self {
        Self::cargo(cargo, target).with_settings(|_| true)
    }

    /// A `cargo` command without colours, with our `CARGO_HOME` and the target directory `target`.
    /// It runs where no file of settings lies above it, so its workspace has to be named.
    pub fn cargo(cargo: &Utf8Path, target: &Utf8Path) -> Self {
        let invocation = Self::new(cargo, "/");
        // Cargo's own git would read the user's settings of git.
        let git = match invocation.env.get("CARGO_NET_GIT_FETCH_WITH_CLI") {
            Some(chosen) => chosen.clone(),
            None => "true".to_owned(),
        };
        invocation
            .env("CARGO_HOME", cargo_home::of_builder(target).as_str())
            .env("CARGO_NET_GIT_FETCH_WITH_CLI", git)
            .env("CARGO_TARGET_DIR", target.as_str())
            .env("CARGO_TERM_COLOR", "never")
            .with_settings(|name| name.ends_with("_INDEX"))
    }

    /// What our `CARGO_HOME` does not say; the user's own variables win.
    fn with_settings(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        for (name, value) in cargo_home::variables() {
            if wanted(name) {
                let entry = self.env.entry(name.clone());
                entry.or_insert_with(|| value.clone());
            }
        }
        self
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// The command line, quoted for a shell, without credentials.
    pub fn command_line(&self) -> String {
        std::iter::once(self.program.as_str())
            .chain(self.args.iter().map(String::as_str))
            .map(|text| quote(&without_credentials(text)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What the tool may repeat and a log must not.
    pub(super) fn secrets(&self) -> Secrets {
        Secrets::of(&self.env)
    }

    /// Directory, variables and command line: typed into a shell, it does the same again. Secrets
    /// are left out.
    pub fn transcript(&self) -> String {
        let mut text = format!("cd {} && env -i", quote(self.cwd.as_str()));
        for (name, value) in &self.env {
            text.push_str(" \\\n  ");
            text.push_str(name);
            text.push('=');
            text.push_str(&quote(&shown(name, value)));
        }
        text.push_str(" \\\n  ");
        text.push_str(&self.command_line());
        text.push('\n');
        text
    }
}

/// An argument with a NUL cannot be quoted; no command line of ours has one, and it would not start
/// either.
fn quote(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.escape_debug().to_string(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        let invocation = Invocation::go("/opt/go/bin/go", "/tmp/out put", true).args([
            "build",
            "-ldflags=-s -w",
            "",
        ]);
        assert_eq!(
            invocation.command_line(),
            "/opt/go/bin/go build '-ldflags=-s -w' ''"
        );
        let transcript = invocation.transcript();
        assert!(transcript.starts_with("cd '/tmp/out put' && env -i"));
        assert!(transcript.contains(" \\\n  GOTOOLCHAIN=local \\\n"));
    }

    #[test]
    fn a_transcript_has_no_secret_in_variables_and_arguments() {
        let text = Invocation::new("git", "/")
            .env("GIT_CONFIG_VALUE_0", "Authorization: Basic hunter2")
            .args(["clone", "https://me:hunter3@host/x"])
            .transcript();
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("GIT_CONFIG_VALUE_0='***'"), "{text}");
        assert!(text.contains("https://***@host/x"), "{text}");
    }

    #[test]
    fn what_the_builder_sets_wins_over_what_is_inherited() {
        let invocation = Invocation::go("go", "/", false);
        assert_eq!(invocation.env["GOWORK"], "off");
        assert_eq!(invocation.env["CGO_ENABLED"], "0");
        assert_eq!(invocation.env["LC_ALL"], "C");
    }
}
