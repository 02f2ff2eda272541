//! Where a program writes: data to one stream, everything else to another.
//!
//! In: text. Out: bytes, coloured only where the stream is a terminal that wants it. Invariant: a
//! reader that went away is neither an error nor a panic; labelled text is escaped here.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::escape;
use crate::hint::{Lookup, hint, texts};

/// The two streams of a program, and what may be written to them.
pub struct Printer {
    data: Stream,
    messages: Stream,
    width: Option<usize>,
    watched: bool,
}

struct Stream {
    colour: bool,
    state: RefCell<State>,
}

struct State {
    writer: Box<dyn Write>,
    closed: bool,
    failure: Option<io::Error>,
}

/// How a word is shown on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Good,
    Warning,
    Bad,
    Quiet,
}

impl Printer {
    /// Standard output and standard error of this process.
    pub fn of_process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let watched = stderr.is_terminal();
        let width = stdout
            .is_terminal()
            .then(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
            .flatten();
        Self {
            data: Stream::new(wants_colour(stdout.is_terminal()), Box::new(stdout)),
            messages: Stream::new(wants_colour(watched), Box::new(stderr)),
            width,
            watched,
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
            watched: false,
        }
    }

    /// The same writers with colour on or off.
    #[must_use]
    pub fn with_colour(mut self, colour: bool) -> Self {
        self.data.colour = colour;
        self.messages.colour = colour;
        self
    }

    /// Width of the terminal that shows the data.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether a person reads the messages on a terminal.
    pub fn is_watched(&self) -> bool {
        self.watched
    }

    /// One line of data that is already safe to show.
    pub fn data(&self, line: &str) {
        self.data.line(line);
    }

    /// Data of any origin, sent on its way at once.
    pub fn text(&self, text: &str) -> io::Result<()> {
        self.data(&escape::lines(text.trim_end()));
        self.finish()
    }

    /// Help that was asked for, as data; it ends its own lines.
    pub fn help(&self, coloured: impl Display, plain: impl Display) {
        self.data.either(coloured, plain);
    }

    /// A usage error, which brings its own `error:`.
    pub fn usage(&self, coloured: impl Display, plain: impl Display) {
        self.messages.either(coloured, plain);
    }

    /// A message without a label.
    pub fn line(&self, text: &str) {
        self.messages.line(&escape::lines(text));
    }

    pub fn note(&self, text: &str) {
        self.labelled("", Tone::Strong, "note:", text);
    }

    pub fn warning(&self, text: &str) {
        self.labelled("", Tone::Warning, "warning:", text);
    }

    /// `error:`, one `caused by:` for each source, and `help:` for the next action, if `known` has
    /// one.
    pub fn error(&self, error: &(dyn Error + 'static), known: &[Lookup]) {
        let texts = texts(error);
        self.labelled("", Tone::Bad, "error:", &texts[0]);
        for cause in &texts[1..] {
            self.labelled("  ", Tone::Strong, "caused by:", cause);
        }
        for line in hint(error, known)
            .as_deref()
            .into_iter()
            .flat_map(str::lines)
        {
            self.labelled("  ", Tone::Good, "help:", line);
        }
    }

    /// `text` in the colours of the data's terminal.
    pub fn paint(&self, text: &str, tone: Tone) -> String {
        self.data.paint(text, tone)
    }

    /// Sends everything on its way; the error is why the data did not arrive, if its reader still
    /// wanted it.
    pub fn finish(&self) -> io::Result<()> {
        self.messages.flush();
        self.data.flush();
        self.data
            .state
            .borrow_mut()
            .failure
            .take()
            .map_or(Ok(()), Err)
    }

    fn labelled(&self, indent: &str, tone: Tone, label: &str, text: &str) {
        let label = self.messages.paint(label, tone);
        self.messages
            .line(&format!("{indent}{label} {}", escape::lines(text)));
    }
}

impl Stream {
    fn new(colour: bool, writer: Box<dyn Write>) -> Self {
        Self {
            colour,
            state: RefCell::new(State {
                writer,
                closed: false,
                failure: None,
            }),
        }
    }

    fn line(&self, text: &str) {
        self.attempt(|writer| {
            writer.write_all(text.as_bytes())?;
            writer.write_all(b"\n")
        });
    }

    fn either(&self, coloured: impl Display, plain: impl Display) {
        let text = if self.colour {
            coloured.to_string()
        } else {
            plain.to_string()
        };
        self.line(text.trim_end());
    }

    fn flush(&self) {
        self.attempt(|writer| writer.flush());
    }

    fn attempt(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut state = self.state.borrow_mut();
        if state.closed {
            return;
        }
        if let Err(error) = write(&mut state.writer) {
            state.closed = true;
            // A reader that closes the pipe has seen enough: `plugins list | head -1` is not a
            // failure.
            if error.kind() != io::ErrorKind::BrokenPipe {
                state.failure = Some(error);
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

/// What the user's variables say: `NO_COLOR` first, then `CLICOLOR_FORCE`; else colour is for
/// terminals that can show it.
fn wants_colour(is_terminal: bool) -> bool {
    let of_terminal =
        || anstyle_query::term_supports_color() && anstyle_query::clicolor() != Some(false);
    !anstyle_query::no_color() && (anstyle_query::clicolor_force() || is_terminal && of_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Kept(std::rc::Rc<RefCell<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn text_of_others_in_a_message_cannot_command_the_terminal() {
        let kept = Kept::default();
        let printer = Printer::to_writers(io::sink(), kept.clone(), None);
        printer.line("a\u{1b}[31mb");
        let known: &[Lookup] = &[|_| Some("do\nthis".into())];
        printer.error(&io::Error::other("two\nlines\u{9b}"), known);
        let text = String::from_utf8(kept.0.borrow().clone()).unwrap();
        assert_eq!(
            text,
            "a\\u{1b}[31mb\nerror: two\nlines\\u{9b}\n  help: do\n  help: this\n"
        );
    }

    #[test]
    fn a_reader_that_went_away_is_not_an_error_and_a_full_disk_is() {
        for (kind, is_good) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            let printer = Printer::to_writers(Failing(kind), io::sink(), None);
            printer.data("x");
            printer.data("y");
            assert_eq!(printer.finish().is_ok(), is_good, "{kind}");
        }
    }
}
