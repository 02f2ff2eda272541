//! The real builder on a small configuration: what it must say, and what it says.
//!
//! In: files of a directory of its own, arguments, variables. Out: a finding. Invariant: nothing of
//! this machine's settings counts, and no report blames the network: no input here needs it.

use std::collections::BTreeMap;

use bimetal_conformance::distribution::builder;
use camino::Utf8PathBuf;
use fs_err as fs;
use tempfile::TempDir;

use crate::row::{Decider, Finding, Seen, Symptom};
use crate::tools::command;

/// What is set outside and would be part of a row.
const REMOVED: [&str; 5] = ["GOFLAGS", "GOOS", "GOARCH", "NO_COLOR", "CLICOLOR_FORCE"];

/// A directory, and what the builder is started with in it.
pub(crate) struct Input {
    directory: Utf8PathBuf,
    arguments: Vec<&'static str>,
    variables: BTreeMap<&'static str, &'static str>,
    _keep: TempDir,
}

/// `lines` after the part `dist` of a configuration that asks for no plugins.
pub(crate) fn configuration(lines: &str) -> Input {
    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::try_from(keep.path().canonicalize().unwrap()).unwrap();
    let input = Input {
        directory,
        arguments: vec!["--config", "b.yaml"],
        variables: BTreeMap::from([("GOENV", "off")]),
        _keep: keep,
    };
    let dist = "dist: {name: otelcol-acme, module: example.com/acme, output_path: out}\n";
    input.file("b.yaml", &format!("{dist}{lines}"))
}

impl Input {
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// The Go module `example.com/<name>` with one package, in a directory of that name.
    pub(crate) fn module(self, name: &str, go_mod: &str, code: &str) -> Self {
        let head = format!("module example.com/{name}\n\ngo 1.25\n\n{go_mod}");
        self.file(&format!("{name}/go.mod"), &head).file(
            &format!("{name}/{name}.go"),
            &format!("package {name}\n\n{code}"),
        )
    }

    pub(crate) fn argument(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument);
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.insert(name, value);
        self
    }

    /// The builder does what it is asked, and says all of `texts`.
    pub(crate) fn passes(self, texts: &'static [&'static str]) -> Finding {
        self.finding(Symptom::Loads, texts)
    }

    /// The builder refuses, and says all of `texts`.
    pub(crate) fn fails(self, texts: &'static [&'static str]) -> Finding {
        self.finding(Symptom::Error, texts)
    }

    fn finding(self, symptom: Symptom, texts: &'static [&'static str]) -> Finding {
        Finding::of_report(Decider::Builder, symptom, texts, self.seen())
    }

    fn seen(&self) -> Seen {
        let mut command = command(builder().unwrap().as_str());
        for name in REMOVED {
            command.env_remove(name);
        }
        let output = command
            .current_dir(&self.directory)
            .args(&self.arguments)
            .envs(&self.variables)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("proxy can be reached"), "{text}");
        match output.status.code() {
            Some(0) => Seen::Done(text),
            Some(1) => Seen::Error(text),
            _ => Seen::Died(format!("{} {text}", output.status)),
        }
    }
}
