//! One run of one tool, as data.
//!
//! In: program, arguments, folder, variables. Out: the command line as a person would type it.
//! Invariant: the same value feeds the process, the log and the manifest's flags.

use camino::{Utf8Path, Utf8PathBuf};

use super::environment::{Environment, inherited};

/// A command line with everything that can change its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: Utf8PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Environment,
    pub(crate) cwd: Utf8PathBuf,
}

impl Invocation {
    /// `program` in `cwd`, with the variables that pass through.
    pub(crate) fn new(program: impl AsRef<Utf8Path>, cwd: impl AsRef<Utf8Path>) -> Self {
        let mut env = inherited();
        // English messages: errors are quoted, searched for and compared.
        env.insert("LC_ALL".to_owned(), "C".to_owned());
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env,
            cwd: cwd.as_ref().to_owned(),
        }
    }

    /// A `go` command: modules on, the tool chain and workspace that we chose, cgo as the distribution says.
    pub(crate) fn go(go: impl AsRef<Utf8Path>, cwd: impl AsRef<Utf8Path>, cgo: bool) -> Self {
        Self::new(go, cwd)
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .env("GO111MODULE", "on")
            .env("CGO_ENABLED", if cgo { "1" } else { "0" })
    }

    /// A `cargo` command without colours, whose target folder is `target` whatever the environment says.
    pub(crate) fn cargo(
        cargo: impl AsRef<Utf8Path>,
        cwd: impl AsRef<Utf8Path>,
        target: impl AsRef<Utf8Path>,
    ) -> Self {
        Self::new(cargo, cwd)
            .env("CARGO_TARGET_DIR", target.as_ref().as_str())
            .env("CARGO_TERM_COLOR", "never")
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// The command line, quoted for a shell.
    pub(crate) fn command_line(&self) -> String {
        std::iter::once(self.program.as_str())
            .chain(self.args.iter().map(String::as_str))
            .map(quote)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Folder, variables and command line: typed into a shell, it does the same again.
    pub(crate) fn transcript(&self) -> String {
        let variables: String = self
            .env
            .iter()
            .map(|(name, value)| format!(" \\\n  {name}={}", quote(value)))
            .collect();
        format!(
            "cd {} && env -i{variables} \\\n  {}\n",
            quote(self.cwd.as_str()),
            self.command_line()
        )
    }
}

/// An argument with a NUL cannot be quoted; no command line of ours has one, and it would not start either.
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
    fn what_the_builder_sets_wins_over_what_is_inherited() {
        let invocation = Invocation::go("go", "/", false);
        assert_eq!(invocation.env["GOWORK"], "off");
        assert_eq!(invocation.env["CGO_ENABLED"], "0");
        assert_eq!(invocation.env["LC_ALL"], "C");
    }
}
