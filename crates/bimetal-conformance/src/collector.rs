//! A Collector as a child process.
//!
//! In: a main binary and its arguments. Out: its log, its answers, its exit. Invariant: the child
//! never outlives its [`Collector`].

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};

/// How long a Collector may take to start or stop before that is a failure of its own.
const PATIENCE: Duration = Duration::from_mins(2);
/// Go's monitor of threads, which gives work to those that wait for a turn, sleeps at most ten
/// milliseconds while there is some.
const QUIET: Duration = Duration::from_millis(30);
/// What the Collector logs when every component has started.
pub const READY: &str = "Everything is ready";

/// What went wrong with a Collector.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The program cannot be started.
    #[error("cannot start `{main}`")]
    Spawn {
        /// The program.
        main: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("`{main}` ended before it was ready, with {status}:\n{log}")]
    Ended {
        /// The program.
        main: Utf8PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its whole log.
        log: String,
    },
    /// A line that was waited for did not come.
    #[error("`{main}` did not log `{wanted}` within {seconds} s:\n{log}")]
    Silent {
        /// The program.
        main: Utf8PathBuf,
        /// The text that was waited for.
        wanted: String,
        /// How long.
        seconds: u64,
        /// Its log so far.
        log: String,
    },
    /// It could not be signalled or waited for.
    #[error("cannot stop `{main}`")]
    Stop {
        /// The program.
        main: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A page of it could not be read.
    #[error("cannot read `{url}`")]
    Page {
        /// Where it was looked for.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// The OTLP receiver refused or could not be reached.
    #[error("cannot send {signal} to `{endpoint}`")]
    Send {
        /// `logs`, `traces` or `metrics`.
        signal: String,
        /// Address of the receiver.
        endpoint: SocketAddr,
        /// Why.
        source: Box<ureq::Error>,
    },
}

/// How to start a Collector.
#[derive(Debug, Clone)]
pub struct Start {
    main: Utf8PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

/// A Collector that has started all its components.
#[derive(Debug)]
pub struct Collector {
    main: Utf8PathBuf,
    child: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
    log: String,
}

/// A Collector, or one command of it, that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Everything it wrote, standard output and error together.
    pub log: String,
}

/// A free address on the loopback interface.
pub fn free_endpoint() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Sends one OTLP/JSON request; an answer other than 2xx is an error.
pub fn send(endpoint: SocketAddr, signal: &str, json: &[u8]) -> Result<(), CollectorError> {
    post(endpoint, signal, "application/json", json)
}

/// Sends one OTLP request as protobuf; an answer other than 2xx is an error.
pub fn send_protobuf(
    endpoint: SocketAddr,
    signal: &str,
    message: &[u8],
) -> Result<(), CollectorError> {
    post(endpoint, signal, "application/x-protobuf", message)
}

/// Reads a page, for instance `metrics`; an answer other than 2xx is an error.
pub fn page(endpoint: SocketAddr, name: &str) -> Result<String, CollectorError> {
    let url = format!("http://{endpoint}/{name}");
    let text = ureq::get(&url)
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string());
    text.map_err(|source| CollectorError::Page {
        url,
        source: Box::new(source),
    })
}

fn post(
    endpoint: SocketAddr,
    signal: &str,
    content: &str,
    body: &[u8],
) -> Result<(), CollectorError> {
    ureq::post(format!("http://{endpoint}/v1/{signal}"))
        .header("content-type", content)
        .send(body)
        .map(drop)
        .map_err(|source| CollectorError::Send {
            signal: signal.to_owned(),
            endpoint,
            source: Box::new(source),
        })
}

impl Start {
    /// `main --config config`.
    pub fn new(main: &Utf8Path, config: &Utf8Path) -> Self {
        Self::command(main, &["--config", config.as_str()])
    }

    /// `main` with these arguments.
    pub fn command(main: &Utf8Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self {
            main: main.to_owned(),
            arguments,
            environment: BTreeMap::new(),
        }
    }

    /// One more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One variable of the child's environment, beside what it inherits.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Display) -> Self {
        self.environment.insert(name.to_owned(), value.to_string());
        self
    }

    /// Starts it and waits until every component runs.
    pub fn run(self) -> Result<Collector, CollectorError> {
        let mut collector = self.spawn()?;
        collector.wait_for(READY)?;
        collector.settle()?;
        Ok(collector)
    }

    /// Runs it to its end.
    pub fn to_end(self) -> Result<Ended, CollectorError> {
        self.spawn()?.wait()
    }

    fn spawn(self) -> Result<Collector, CollectorError> {
        let spawn_error = |source| CollectorError::Spawn {
            main: self.main.clone(),
            source,
        };
        // One pipe for both streams keeps their order.
        let (output, writer) = io::pipe().map_err(spawn_error)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the driver starts the Collector under test"
        )]
        let mut command = Command::new(&self.main);
        let child = command
            .args(&self.arguments)
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(spawn_error)?)
            .stderr(writer)
            .spawn()
            .map_err(spawn_error)?;
        // `command` still holds the writing ends; while it lives the reader would never see the
        // end.
        drop(command);
        let (sender, lines) = channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Collector {
            main: self.main,
            child,
            lines,
            reader: Some(reader),
            log: String::new(),
        })
    }
}

impl Collector {
    /// Waits until a line of the log contains `text`; lines seen before count only if they came
    /// after the last wait.
    pub fn wait_for(&mut self, text: &str) -> Result<String, CollectorError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.log.push_str(&line);
                    self.log.push('\n');
                    if line.contains(text) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(CollectorError::Silent {
                        main: self.main.clone(),
                        wanted: text.to_owned(),
                        seconds: PATIENCE.as_secs(),
                        log: self.log.clone(),
                    });
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self
                        .child
                        .wait()
                        .map_err(|source| self.stop_error(source))?;
                    return Err(CollectorError::Ended {
                        main: self.main.clone(),
                        status,
                        log: self.log.clone(),
                    });
                }
            }
        }
    }

    /// Asks it to load its configuration again.
    pub fn reload(&self) -> Result<(), CollectorError> {
        self.signal(Signal::HUP)
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) -> Result<Ended, CollectorError> {
        self.signal(Signal::TERM)?;
        self.wait()
    }

    /// The log so far.
    pub fn log(&mut self) -> &str {
        while let Ok(line) = self.lines.try_recv() {
            self.log.push_str(&line);
            self.log.push('\n');
        }
        &self.log
    }

    /// Process id, for measuring.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many bytes it has read so far, from files and all else.
    ///
    /// # Panics
    /// Where the kernel does not count that.
    pub fn bytes_read(&self) -> u64 {
        let path = format!("/proc/{}/io", self.child.id());
        let counts = fs::read_to_string(path).expect("the kernel counts what its child reads");
        let read = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
        read.and_then(|read| read.parse().ok())
            .expect("`rchar` is a number")
    }

    /// Waits until all its threads sleep and go on sleeping. The Collector says that it is ready a
    /// moment before it listens for signals, and nothing else tells from outside that it does; a
    /// process that works on its way there does not sleep for as long as [`QUIET`].
    fn settle(&self) -> Result<(), CollectorError> {
        let deadline = Instant::now() + PATIENCE;
        let (mut before, mut since) = (None, Instant::now());
        while Instant::now() < deadline {
            let now = self.sleepers().map_err(|source| self.stop_error(source))?;
            if now.is_none() || now != before {
                (before, since) = (now, Instant::now());
            } else if since.elapsed() > QUIET {
                return Ok(());
            }
            thread::yield_now();
        }
        Err(CollectorError::Silent {
            main: self.main.clone(),
            wanted: "nothing: it never came to rest".to_owned(),
            seconds: PATIENCE.as_secs(),
            log: self.log.clone(),
        })
    }

    /// How often each thread went to sleep, if none is awake or waits for a disk.
    fn sleepers(&self) -> io::Result<Option<Vec<String>>> {
        let mut sleepers = Vec::new();
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread that ended meanwhile does not work either.
            let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
            if !status.is_empty() && !status.contains("\nState:\tS") {
                return Ok(None);
            }
            let counts = status
                .lines()
                .filter(|line| line.starts_with("Pid:") || line.contains("ctxt_switches:"));
            sleepers.push(counts.collect());
        }
        Ok(Some(sleepers))
    }

    fn wait(mut self) -> Result<Ended, CollectorError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.log.push_str(&line);
                    self.log.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(CollectorError::Silent {
                        main: self.main.clone(),
                        wanted: "the end of its output".to_owned(),
                        seconds: PATIENCE.as_secs(),
                        log: self.log.clone(),
                    });
                }
            }
        }
        let status = self
            .child
            .wait()
            .map_err(|source| self.stop_error(source))?;
        Ok(Ended {
            status,
            log: std::mem::take(&mut self.log),
        })
    }

    fn signal(&self, signal: Signal) -> Result<(), CollectorError> {
        kill_process(Pid::from_child(&self.child), signal)
            .map_err(|source| self.stop_error(source.into()))
    }

    fn stop_error(&self, source: io::Error) -> CollectorError {
        CollectorError::Stop {
            main: self.main.clone(),
            source,
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}
