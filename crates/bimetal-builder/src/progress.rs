//! What a running step tells a person: its name with its time when it ends, and a live line while
//! it works.
//!
//! In: the name of a step and its work. Out: what the work gave, and lines for a person. Invariant:
//! everything goes to stderr; a live line appears only on a terminal and leaves nothing behind.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bimetal_terminal::escape;
use indicatif::{ProgressBar, ProgressStyle};

/// Prints the progress of a run.
#[derive(Clone, Debug)]
pub struct Progress {
    terminal: bool,
    verbose: bool,
}

/// The running step: says on the live line what it is doing. Cheap to clone; may be used from any
/// thread.
#[derive(Clone, Debug)]
pub struct Activity {
    bar: Option<Arc<ProgressBar>>,
    verbose: bool,
}

impl Progress {
    /// `terminal` says whether stderr is one.
    pub fn new(terminal: bool, verbose: bool) -> Self {
        Self { terminal, verbose }
    }

    /// Runs `work` as the step `name` and prints one line with its time, whether it succeeds or
    /// not.
    pub fn step<T, E>(
        &self,
        name: &str,
        work: impl FnOnce(&Activity) -> Result<T, E>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let activity = Activity {
            bar: self.terminal.then(|| Arc::new(live_line(name))),
            verbose: self.verbose,
        };
        let result = work(&activity);
        if let Some(bar) = &activity.bar {
            bar.finish_and_clear();
        }
        let mark = if result.is_ok() { "" } else { "  failed" };
        print(&format!(
            "{name:<9} {:>7}{mark}",
            seconds(started.elapsed())
        ));
        result
    }
}

impl Activity {
    /// An activity that shows nothing.
    pub fn silent() -> Self {
        Self {
            bar: None,
            verbose: false,
        }
    }

    /// Replaces the text of the live line.
    pub fn doing(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.replace(|c: char| c.is_control(), " "));
        }
    }

    /// Prints one line that stays.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(text)),
            None => print(text),
        }
    }

    /// Whether `--verbose` was given: a step then notes each command line that it runs.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }
}

fn live_line(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix:<9} {elapsed:>6}  {wide_msg}");
    let bar = ProgressBar::new_spinner().with_prefix(name.to_owned());
    bar.set_style(style.expect("the template is a constant that parses"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1}s", elapsed.as_secs_f64())
}

/// A closed stderr is no reason to stop a build.
fn print(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", escape::lines(line));
}
