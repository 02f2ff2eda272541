//! A directory of its own for each test, and the real builder in it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

pub(crate) struct Sandbox {
    directory: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `bimetal` in the directory.
    pub(crate) fn bimetal(&self, arguments: &[&str]) -> Answer {
        self.bimetal_with(arguments, &[])
    }

    /// Runs `bimetal` with further variables.
    pub(crate) fn bimetal_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
        let mut command = Command::cargo_bin("bimetal").unwrap();
        command
            .current_dir(self.directory.path())
            .args(arguments)
            // What is set on this machine is no part of a test.
            .env("GOENV", "off")
            .envs(variables.iter().copied());
        for name in [
            "GOOS",
            "GOARCH",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "OTELCOL_PLUGINS_DIR",
            "OTELCOL_PLUGINS_TRUST",
        ] {
            if !variables.iter().any(|(given, _)| *given == name) {
                command.env_remove(name);
            }
        }
        let output = command.output().unwrap();
        Answer {
            code: output.status.code().unwrap(),
            stdout: self.same_everywhere(&output.stdout),
            stderr: self.same_everywhere(&output.stderr),
        }
    }

    /// Text without what differs between machines and runs.
    fn same_everywhere(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let text = text.replace(
            &format!(
                "{}/",
                self.directory.path().canonicalize().unwrap().display()
            ),
            "/sandbox/",
        );
        let lines = text
            .lines()
            .map(|line| match line.split_once("  ").map(|(word, _)| word) {
                Some(tool @ ("go" | "rust" | "cc")) => format!("{tool} [as found]"),
                Some(step @ ("generate" | "modules" | "lock" | "build" | "package")) => {
                    format!("{step} [time]")
                }
                _ => line.to_owned(),
            });
        lines.map(|line| line + "\n").collect()
    }
}

/// The names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs_err::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
