//! The Collectors whose components are measured.
//!
//! In: blocks. Out: what they took. Invariant: a Collector is started when its first block comes,
//! and ends with the [`Programs`].

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bimetal_conformance::distribution::{Distribution, build_apart, repository};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chore::ChoreError;

/// A Collector: how it was built and started, and which of equal ones it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    pub(crate) variant: Variant,
    pub(crate) copy: u8,
}

/// How a Collector was built and started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variant {
    Linked,
    /// Linked in, and nothing is read in place.
    LinkedWithoutView,
    Plugins,
}

/// What the driver is asked to run; `fixtures/bench/driver` has the same fields.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Block {
    pub(crate) processor: &'static str,
    pub(crate) config: Value,
    pub(crate) signal: &'static str,
    pub(crate) instance: u8,
    pub(crate) records: u64,
    pub(crate) batches: u64,
    pub(crate) changes: bool,
    pub(crate) room: bool,
}

/// What a block took.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) wall_ns: f64,
    pub(crate) cpu_ns: f64,
    pub(crate) allocs: f64,
    pub(crate) bytes: f64,
    pub(crate) output: String,
    #[serde(default)]
    error: String,
}

/// The Collectors that run.
pub(crate) struct Programs {
    directory: tempfile::TempDir,
    built: BTreeMap<&'static str, Distribution>,
    running: BTreeMap<Program, Running>,
}

struct Running {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    log: Utf8PathBuf,
}

impl Programs {
    pub(crate) fn new() -> Result<Self, ChoreError> {
        Ok(Self {
            directory: tempfile::tempdir()?,
            built: BTreeMap::new(),
            running: BTreeMap::new(),
        })
    }

    /// Has one block run.
    pub(crate) fn run(&mut self, program: Program, block: &Block) -> Result<Answer, ChoreError> {
        if !self.running.contains_key(&program) {
            let started = self.start(program)?;
            self.running.insert(program, started);
        }
        let running = self.running.get_mut(&program).expect("started above");
        let answer = running.ask(block)?;
        if answer.error.is_empty() {
            return Ok(answer);
        }
        Err(ChoreError::Found(format!(
            "`{}` cannot be measured: {}\n{}",
            block.processor,
            answer.error,
            fs::read_to_string(&running.log)?
        )))
    }

    /// Ends all that run, so that they take no memory from the next row's.
    pub(crate) fn end(&mut self) {
        self.running.clear();
    }

    fn build(&mut self, variant: Variant) -> Result<Distribution, ChoreError> {
        let name = match variant {
            Variant::Linked | Variant::LinkedWithoutView => "linked",
            Variant::Plugins => "plugins",
        };
        if let Some(built) = self.built.get(name) {
            return Ok(built.clone());
        }
        let fixtures = repository().join("crates/bimetal-conformance/fixtures/bench");
        let built = build_apart(
            &format!("otelcol-bench-{name}"),
            &fixtures.join(format!("{name}.yaml")),
        )?;
        self.built.insert(name, built.clone());
        Ok(built)
    }

    fn start(&mut self, program: Program) -> Result<Running, ChoreError> {
        let distribution = self.build(program.variant)?;
        let directory =
            Utf8PathBuf::try_from(self.directory.path().to_owned()).map_err(io::Error::other)?;
        let view = match program.variant {
            Variant::LinkedWithoutView => "off",
            Variant::Linked | Variant::Plugins => "required",
        };
        let config = directory.join(format!("{view}.yaml"));
        fs::write(&config, collector(view).to_string())?;
        let log = directory.join(format!("{:?}-{}.log", program.variant, program.copy));
        #[expect(
            clippy::disallowed_methods,
            reason = "chores run the tools of a developer with the developer's environment"
        )]
        let mut command = Command::new(&distribution.main);
        command
            .args(["--config", config.as_str()])
            .current_dir(&distribution.out)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?.into_parts().0);
        let mut child = command.spawn().map_err(|source| ChoreError::Spawn {
            program: distribution.main.to_string(),
            source,
        })?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        Ok(Running {
            to,
            from: BufReader::new(from.expect("standard output is a pipe")),
            child,
            log,
        })
    }
}

impl Running {
    fn ask(&mut self, block: &Block) -> Result<Answer, ChoreError> {
        let mut text = serde_json::to_string(block).expect("a block is JSON");
        text.push('\n');
        let to = self.to.as_mut().expect("open until this is dropped");
        let mut line = String::new();
        let asked = to.write_all(text.as_bytes());
        let answered = asked.and_then(|()| self.from.read_line(&mut line));
        let answer = serde_json::from_str(&line);
        match (answered, answer) {
            (Ok(_), Ok(answer)) => Ok(answer),
            _ => Err(ChoreError::Found(format!(
                "the Collector ended:\n{}",
                fs::read_to_string(&self.log)?
            ))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The driver ends its Collector where its input ends.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

/// A pipeline that uses both plugins, so that they are loaded; nothing flows through it.
fn collector(view: &str) -> Value {
    json!({
        "runtime": {"rust": {"pdata_view": view}},
        "receivers": {"nop": null},
        "processors": {
            "attributes": {"actions": [{"key": "absent", "action": "delete"}]},
            "transform": {},
        },
        "exporters": {"nop": null},
        "extensions": {"driver": null},
        "service": {
            "extensions": ["driver"],
            "telemetry": {"logs": {"level": "warn"}, "metrics": {"level": "none"}},
            "pipelines": {"logs": {
                "receivers": ["nop"],
                "processors": ["attributes", "transform"],
                "exporters": ["nop"],
            }},
        },
    })
}
