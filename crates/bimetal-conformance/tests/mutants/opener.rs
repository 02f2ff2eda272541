//! The second opinion: the loader of this machine.
//!
//! In: files. Out: what came of opening each. Invariant: each is opened in a process of its own,
//! which has loaded the libraries that main has.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bimetal_conformance::distribution::{repository, target};
use camino::Utf8Path;
use fs_err as fs;

/// A program that opens files, one in each child.
pub(crate) struct Opener {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Opener {
    #[expect(
        clippy::disallowed_methods,
        reason = "the opener is made by the real compiler, and runs the real loader"
    )]
    pub(crate) fn start() -> Self {
        let place = target().join("tmp/mutants");
        fs::create_dir_all(&place).unwrap();
        let (source, program) = (
            repository().join("crates/bimetal-conformance/tests/mutants/opener.c"),
            place.join("opener"),
        );
        let libraries = ["-Wl,--no-as-needed", "-lgcc_s", "-lm", "-lresolv", "-ldl"];
        let status = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-o", program.as_str()])
            .arg(source.as_str())
            .args(libraries)
            .status()
            .unwrap();
        assert!(status.success(), "the opener does not compile");
        let mut child = Command::new(program.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            child,
            input,
            output: BufReader::new(output),
        }
    }

    /// The libraries that the file brought in beside itself, or why it was not loaded. `symbol`: a
    /// function that has to be found.
    pub(crate) fn open(
        &mut self,
        path: &Utf8Path,
        symbol: Option<&str>,
    ) -> Result<Vec<String>, String> {
        writeln!(self.input, "{path} {}", symbol.unwrap_or("-")).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let line = line.trim_end();
        let mut words = line.split(' ');
        if words.next() != Some("loaded") {
            return Err(line.replace(path.as_str(), "it"));
        }
        let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(words.map(file_name).collect())
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
