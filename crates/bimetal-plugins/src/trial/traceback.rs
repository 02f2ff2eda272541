//! Reads what Go's runtime and Rust's panics write about the end of a process.
//!
//! In: lines of a process that ended, untrusted. Out: [`Traceback`]: what it was, and the
//! goroutines with their calls. Invariant: text that is something else gives an empty traceback;
//! nothing is believed that is not written there.

/// What the runtime wrote.
#[derive(Debug, Default)]
pub(crate) struct Traceback {
    /// What it was, and in which line that stands.
    pub(crate) headline: Option<(usize, Headline)>,
    /// In the order in which they are written: the one that is at fault, where one is, comes first.
    pub(crate) goroutines: Vec<Goroutine>,
    /// Where a Rust panic was raised, and in which line that stands.
    pub(crate) rust_panic: Option<(usize, String)>,
}

/// How a process of Go ends when something goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Headline {
    Panic,
    FatalError,
    /// The name of the signal that the runtime caught.
    Signal(String),
}

/// One goroutine.
#[derive(Debug, Default)]
pub(crate) struct Goroutine {
    /// The line that it begins in.
    pub(crate) line: usize,
    /// 0 is the runtime's own.
    pub(crate) number: u64,
    /// Innermost first.
    pub(crate) frames: Vec<Frame>,
    /// The function that started it.
    pub(crate) created_by: Option<String>,
}

/// One call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Import path and name.
    pub(crate) function: String,
    /// File and line.
    pub(crate) place: Option<String>,
}

impl Traceback {
    /// Reads all lines of a text.
    pub(crate) fn read(lines: &[&str]) -> Self {
        let mut read = Self::default();
        for (position, line) in lines.iter().enumerate() {
            let next = lines.get(position + 1).copied().unwrap_or_default();
            if let Some(place) = rust_panic(line) {
                read.rust_panic.get_or_insert((position, place.to_owned()));
            } else if let Some(headline) = headline(line, next) {
                read.headline.get_or_insert((position, headline));
            } else if let Some(number) = goroutine(line) {
                read.goroutines.push(Goroutine {
                    line: position,
                    number,
                    ..Goroutine::default()
                });
            } else if let Some(goroutine) = read.goroutines.last_mut() {
                goroutine.add(line);
            }
        }
        read
    }
}

impl Goroutine {
    /// Whether it is inside a call whose name ends like this.
    pub(crate) fn is_inside(&self, function: &str) -> bool {
        self.position(function).is_some()
    }

    /// The innermost call whose name ends like this.
    pub(crate) fn position(&self, function: &str) -> Option<usize> {
        self.frames
            .iter()
            .position(|frame| frame.function.ends_with(function))
    }

    /// The calls that led to a panic: without those of who caught it.
    pub(crate) fn without_recovery(mut self) -> Self {
        if let Some(position) = self
            .frames
            .iter()
            .rposition(|frame| frame.function == "panic")
        {
            self.frames.drain(..=position);
        }
        self
    }

    fn add(&mut self, line: &str) {
        if let Some(place) = line.strip_prefix('\t') {
            let end = place
                .find(" +0x")
                .or_else(|| place.find(" fp=0x"))
                .unwrap_or(place.len());
            if self.created_by.is_none()
                && let Some(frame) = self.frames.last_mut()
            {
                frame.place.get_or_insert_with(|| place[..end].to_owned());
            }
        } else if let Some(creator) = line.strip_prefix("created by ") {
            let name = creator.split(" in goroutine ").next().unwrap_or(creator);
            self.created_by = Some(name.to_owned());
        } else if let Some((function, _)) = line.rsplit_once('(')
            && line.ends_with(')')
        {
            self.frames.push(Frame {
                function: function.to_owned(),
                place: None,
            });
        }
    }
}

impl Frame {
    /// A function that Go calls to initialise a package, or a closure of one.
    pub(crate) fn is_package_init(&self) -> bool {
        let name = self.function.rsplit('/').next().unwrap_or_default();
        name.split_once(".init")
            .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('.'))
    }

    /// A function of a module: the import paths of the standard library have no dot in their first
    /// part.
    pub(crate) fn is_of_a_module(&self) -> bool {
        self.function
            .split_once('/')
            .is_some_and(|(first, _)| first.contains('.'))
    }
}

fn headline(line: &str, next: &str) -> Option<Headline> {
    if line.starts_with("panic: ") {
        return Some(Headline::Panic);
    }
    if line.starts_with("fatal error: ") {
        return Some(Headline::FatalError);
    }
    let (name, _) = line.split_once(": ")?;
    let is_signal = name.starts_with("SIG") && name.bytes().all(|byte| byte.is_ascii_uppercase());
    (is_signal && next.starts_with("PC=")).then(|| Headline::Signal(name.to_owned()))
}

fn goroutine(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("goroutine ")?;
    if !line.ends_with("]:") {
        return None;
    }
    rest.split_once(' ')?.0.parse().ok()
}

fn rust_panic(line: &str) -> Option<&str> {
    let (start, place) = line.split_once(" panicked at ")?;
    start
        .starts_with("thread ")
        .then(|| place.trim_end_matches(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Traceback {
        Traceback::read(&text.lines().collect::<Vec<_>>())
    }

    #[test]
    fn a_panic_is_read_with_the_calls_of_its_goroutine() {
        let read = read(
            "noise\npanic: no luck\n\ngoroutine 7 [running]:\nexample.com/p.init.0.func1()\n\t\
             example.com/p/main.go:29 +0x25\ncreated by example.com/p.init.0 in goroutine 1\n\t\
             example.com/p/main.go:28 +0x111\n\ngoroutine 1 [sleep]:\ntime.Sleep(0x3b9aca00)\n\t\
             runtime/time.go:363 +0x17c\nexample.com/p.(*T).wait({0x1, \
             0x2})\n\texample.com/p/main.go:30 +0x11b fp=0x1\n",
        );
        assert_eq!(read.headline, Some((1, Headline::Panic)));
        let [first, second] = read.goroutines.as_slice() else {
            panic!("{read:?}")
        };
        assert_eq!((first.number, first.line, second.number), (7, 3, 1));
        assert_eq!(first.created_by.as_deref(), Some("example.com/p.init.0"));
        let wanted = Frame {
            function: "example.com/p.init.0.func1".to_owned(),
            place: Some("example.com/p/main.go:29".to_owned()),
        };
        assert_eq!(first.frames, [wanted]);
        assert!(first.frames[0].is_package_init() && first.frames[0].is_of_a_module());
        assert_eq!(second.frames[1].function, "example.com/p.(*T).wait");
        assert_eq!(
            second.frames[1].place.as_deref(),
            Some("example.com/p/main.go:30")
        );
        assert!(!second.frames[0].is_of_a_module() && !second.frames[0].is_package_init());
    }

    #[test]
    fn a_signal_is_one_only_where_the_runtime_says_so() {
        let caught = read("SIGSEGV: segmentation violation\nPC=0x7f4f m=0 sigcode=1 addr=0x8\n");
        let signal = Headline::Signal("SIGSEGV".to_owned());
        assert_eq!(caught.headline, Some((0, signal)));
        assert_eq!(read("SIGSEGV: says the plugin\n").headline, None);
        assert_eq!(
            read("fatal error: concurrent map writes\n").headline,
            Some((0, Headline::FatalError))
        );
    }

    #[test]
    fn a_panic_of_rust_has_its_place() {
        let read = read("\nthread '<unnamed>' (77) panicked at src/lib.rs:10:5:\nno luck\n");
        assert_eq!(read.rust_panic, Some((1, "src/lib.rs:10:5".to_owned())));
    }

    #[test]
    fn what_caught_a_panic_is_left_out() {
        let mut read = read(
            "goroutine 1 [running]:\nruntime/debug.Stack()\n\tstack.go:26\n\
             host.open.func1()\n\thost.go:14\n\
             panic({0x1?, 0x2?})\n\tpanic.go:1\nexample.com/p.NewFactory()\n\tp.go:3 +0x1\n",
        );
        let goroutine = read.goroutines.remove(0).without_recovery();
        assert_eq!(goroutine.frames[0].function, "example.com/p.NewFactory");
        assert_eq!(goroutine.frames.len(), 1);
    }

    #[test]
    fn any_text_is_read_without_a_fault() {
        for text in [
            "",
            "goroutine",
            "goroutine 1",
            "goroutine x [running]:",
            "goroutine 1 [a]:\n(\n)\n\t\ncreated by ",
            "panic:",
            "SIG: \nPC=",
            " panicked at ",
        ] {
            let read = read(text);
            assert!(read.goroutines.len() <= 1, "{text:?}");
        }
    }
}
