//! Where the commands write: data to one writer, everything else to another.
//!
//! In: text that is already safe to show. Out: bytes. Invariant: a reader that went away is not an
//! error and not a panic; colour only where the writer is a terminal that wants it.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

/// The two writers of a command, and what may be written to them.
pub struct Output {
    data: Stream,
    messages: Stream,
    width: Option<usize>,
}

struct Stream {
    writer: Box<dyn Write>,
    colour: bool,
    closed: bool,
    failure: Option<io::Error>,
}

/// How a word is shown on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Good,
    Warning,
    Bad,
    Quiet,
}

impl Output {
    /// Standard output and standard error of this process.
    pub fn of_process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let width = stdout
            .is_terminal()
            .then(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
            .flatten();
        Self {
            data: Stream::new(
                stdout.is_terminal() && terminal_wants_colour(),
                Box::new(stdout),
            ),
            messages: Stream::new(
                stderr.is_terminal() && terminal_wants_colour(),
                Box::new(stderr),
            ),
            width,
        }
    }

    /// Any two writers, without colour; `width` is that of the terminal that will show the data, if
    /// one will.
    pub fn to_writers(
        data: impl Write + 'static,
        messages: impl Write + 'static,
        width: Option<usize>,
    ) -> Self {
        Self {
            data: Stream::new(false, Box::new(data)),
            messages: Stream::new(false, Box::new(messages)),
            width,
        }
    }

    /// The same writers with colour on or off.
    #[must_use]
    pub fn with_colour(mut self, colour: bool) -> Self {
        self.data.colour = colour;
        self.messages.colour = colour;
        self
    }

    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// One line of data.
    pub(crate) fn data(&mut self, line: &str) {
        self.data.line(line);
    }

    /// Text of clap, which ends its own lines.
    pub(crate) fn help(&mut self, text: &clap::builder::StyledStr) {
        let text = if self.data.colour {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        self.data.line(text.trim_end());
    }

    /// A usage error of clap, which brings its own `error:`.
    pub(crate) fn usage(&mut self, text: &clap::builder::StyledStr) {
        let text = if self.messages.colour {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        self.messages.line(text.trim_end());
    }

    /// One line for a person who watches: never part of the data.
    pub(crate) fn note(&mut self, text: &str) {
        let label = self.messages.paint("note:", Tone::Strong);
        self.messages.line(&format!("{label} {text}"));
    }

    /// `error:`, one `caused by:` for each source, and `hint:`.
    pub(crate) fn error(&mut self, error: &dyn std::error::Error, hint: Option<&str>) {
        let label = self.messages.paint("error:", Tone::Bad);
        self.messages
            .line(&format!("{label} {}", safe_lines(&error.to_string())));
        let mut cause = error.source();
        while let Some(source) = cause {
            let label = self.messages.paint("caused by:", Tone::Strong);
            self.messages
                .line(&format!("  {label} {}", safe_lines(&source.to_string())));
            cause = source.source();
        }
        if let Some(hint) = hint {
            let label = self.messages.paint("hint:", Tone::Good);
            self.messages
                .line(&format!("  {label} {}", safe_lines(hint)));
        }
    }

    /// `text` in the colours of the data's terminal.
    pub(crate) fn paint(&self, text: &str, tone: Tone) -> String {
        self.data.paint(text, tone)
    }

    /// Sends everything on its way; the error is why the data did not arrive, if its reader still
    /// wanted it.
    pub(crate) fn finish(&mut self) -> Result<(), io::Error> {
        self.data.flush();
        self.messages.flush();
        self.data.failure.take().map_or(Ok(()), Err)
    }
}

impl Stream {
    fn new(colour: bool, writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            colour,
            closed: false,
            failure: None,
        }
    }

    fn line(&mut self, text: &str) {
        if self.closed {
            return;
        }
        let written = self
            .writer
            .write_all(text.as_bytes())
            .and_then(|()| self.writer.write_all(b"\n"));
        self.note_failure(written);
    }

    fn flush(&mut self) {
        if !self.closed {
            let flushed = self.writer.flush();
            self.note_failure(flushed);
        }
    }

    fn note_failure(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.closed = true;
            // Somebody who closes the pipe has seen enough: `plugins list | head -1` is not a
            // failure.
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failure = Some(error);
            }
        }
    }

    fn paint(&self, text: &str, tone: Tone) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => Style::new().bold(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Quiet => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }
}

fn safe_lines(text: &str) -> std::borrow::Cow<'_, str> {
    crate::escape::capped(text, 4000)
}

fn terminal_wants_colour() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
