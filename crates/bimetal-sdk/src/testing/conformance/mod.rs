//! What every component must stand, whatever it does.
//!
//! In: a test host and a configuration with which the component starts. Out: nothing, or everything
//! that is wrong. Invariant: the component is driven by its table only, as a Collector drives it.

mod batches;
mod process;

use std::fmt;
use std::thread;
use std::time::{Duration, SystemTime};

use bimetal_abi as abi;
use bimetal_abi::{Kind, Signal};
use serde_json::{Value, json};

use super::{Call, Consumed, Failure, TestHost, TestInstance};
use batches::{MALFORMED, batches};
use process::Usage;

/// So many threads give an instance batches at the same time, as a Collector does.
const CALLERS: usize = 8;

/// So many batches each.
const CALLS: usize = 50;

/// So many instances are started and stopped before anything is measured: an allocator, a
/// resolver or a runtime takes its memory once.
const WARM_UP: usize = 50;

/// So many are measured. A leak of one thread or one file each shows beside whatever other tests
/// of the same process do.
const CYCLES: usize = 200;

/// Memory that one start and stop may keep.
const KEPT_BYTES: usize = 4 << 10;

/// What is wrong with a component, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings(pub Vec<String>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the component breaks its contract:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Findings {}

/// One way to make an instance: what it takes, and what it makes of that.
type Way = (Option<Signal>, Option<Signal>);

impl TestHost {
    /// Checks what the Collector relies on and no compiler sees: no side effects of `new`, every
    /// order of the lifecycle, batches of any sort, many callers at once, cancelled calls, and
    /// nothing left behind by instances that are gone.
    ///
    /// `config` is one with which the component starts; what it talks to must be there. An error of
    /// the component's own is fine where one is possible, a panic is not. Best alone in a test
    /// binary: threads, open files and memory of the whole process are counted.
    ///
    /// ```
    /// # use bimetal_sdk::{Component, Context, Error, Logs, Outcome, Processor, Settings};
    /// # use bimetal_sdk::{Signal, Stability};
    /// # struct Nop;
    /// # impl Processor for Nop {
    /// #     type Config = bimetal_sdk::config::Empty;
    /// #     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> { Ok(Self) }
    /// #     fn process_logs(&self, _: &Context<'_>, _: &mut Logs<'_>) -> Result<Outcome, Error> {
    /// #         Ok(Outcome::Continue)
    /// #     }
    /// # }
    /// # fn component() -> &'static Component {
    /// #     static COMPONENT: Component =
    /// #         Component::processor::<Nop>("nop", &[(Signal::Logs, Stability::Beta)]);
    /// #     &COMPONENT
    /// # }
    /// use bimetal_sdk::testing::TestHost;
    ///
    /// TestHost::new(component()).conformance(&serde_json::json!({}))?;
    /// # Ok::<(), bimetal_sdk::testing::Findings>(())
    /// ```
    ///
    /// # Errors
    /// Every finding.
    pub fn conformance(&self, config: &Value) -> Result<(), Findings> {
        let mut suite = Suite {
            host: self,
            config,
            found: Vec::new(),
        };
        suite.identity();
        for way in self.ways() {
            suite.lifecycle(way);
            suite.telemetry(way);
            suite.leaks(way);
        }
        if suite.found.is_empty() {
            Ok(())
        } else {
            Err(Findings(suite.found))
        }
    }

    /// Every way that the component declares.
    fn ways(&self) -> Vec<Way> {
        let takes = |signal: &Signal| self.factory.signals & signal.bit() != 0;
        match Kind::from_number(self.factory.kind) {
            Some(Kind::Extension) => vec![(None, None)],
            Some(Kind::Connector) => {
                let declared = |&(from, to): &(Signal, Signal)| {
                    let level = abi::Stability::of_pair(self.factory.pairs, from, to);
                    level != abi::Stability::Undefined
                };
                let pairs = Signal::pairs().filter(declared);
                pairs.map(|(from, to)| (Some(from), Some(to))).collect()
            }
            _ => {
                let signals = Signal::ALL.into_iter().filter(takes);
                signals.map(|signal| (Some(signal), None)).collect()
            }
        }
    }
}

struct Suite<'a> {
    host: &'a TestHost,
    config: &'a Value,
    found: Vec<String>,
}

impl Suite<'_> {
    fn find(&mut self, way: Way, text: impl fmt::Display) {
        let place = match way {
            (Some(from), Some(to)) => format!("{} to {}: ", from.as_str(), to.as_str()),
            (Some(signal), None) => format!("{}: ", signal.as_str()),
            _ => String::new(),
        };
        self.found.push(format!("{place}{text}"));
    }

    /// Notes a panic; gives back what else went wrong.
    fn panicked<T>(&mut self, way: Way, what: &str, answer: Result<T, Failure>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(failure) => {
                if matches!(failure.status, abi::STATUS_PANIC | abi::STATUS_POISONED) {
                    self.find(way, format_args!("{what}: {}", failure.message));
                }
                None
            }
        }
    }

    /// Notes any failure.
    fn succeeds<T>(&mut self, way: Way, what: &str, answer: Result<T, Failure>) -> Option<T> {
        answer
            .map_err(|failure| self.find(way, format_args!("{what}: {}", failure.message)))
            .ok()
    }

    fn make(&mut self, way: Way) -> Option<TestInstance> {
        let made = self.host.make(way.0, way.1, self.config);
        self.succeeds(way, "`new`", made)
    }

    fn started(&mut self, way: Way) -> Option<TestInstance> {
        let made = self.make(way)?;
        let answer = made.start();
        self.succeeds(way, "`start`", answer).map(|()| made)
    }

    fn identity(&mut self) {
        let none = (None, None);
        let (first, second) = (self.host.describe(), self.host.describe());
        if first != second {
            self.find(none, "it describes itself in two ways");
        }
        self.succeeds(none, "the description", first);
        let valid = self.host.validate(self.config);
        self.succeeds(none, "the configuration of the test", valid);
        let mut unknown = self.config.clone();
        unknown["no_key_of_any_component"] = json!(1);
        match self.host.validate(&unknown) {
            Ok(()) => self.find(none, "a key that it does not know is no error"),
            refused => drop(self.panicked(none, "an unknown key", refused)),
        }
    }

    fn lifecycle(&mut self, way: Way) {
        let before = Usage::now();
        for _ in 0..CYCLES {
            drop(self.host.make(way.0, way.1, self.config));
        }
        for leak in before.grown(CYCLES) {
            self.find(way, format_args!("`new` has side effects: {leak}"));
        }
        if let Some(idle) = self.make(way) {
            let first = idle.shutdown();
            self.succeeds(way, "`shutdown` without `start`", first);
            let second = idle.shutdown();
            self.succeeds(way, "a second `shutdown` without `start`", second);
        }
        let Some(used) = self.started(way) else {
            return;
        };
        if way == (None, None) {
            let ready = used.ready().and_then(|()| used.not_ready());
            self.panicked(way, "what happens around it", ready);
        }
        for what in ["`shutdown`", "a second `shutdown`"] {
            let answer = used.shutdown();
            self.succeeds(way, what, answer);
        }
        if way.0.is_some() && used.consume(&[]).is_ok() {
            self.find(way, "it takes telemetry after `shutdown`");
        }
    }

    fn telemetry(&mut self, way: Way) {
        let Some(signal) = way.0 else { return };
        let batches = batches(signal);
        if let Some(one) = self.started(way) {
            for (what, batch) in &batches {
                self.panicked(way, what, one.consume(batch));
            }
            match one.consume(MALFORMED) {
                Ok(_) => self.find(way, "bytes that are no telemetry are no error"),
                refused => drop(self.panicked(way, "bytes that are no telemetry", refused)),
            }
            let call = Call::default().with_deadline(SystemTime::now() - Duration::from_secs(1));
            call.cancel();
            for (what, batch) in &batches {
                let answer = one.consume_with(&call, batch);
                self.panicked(way, &format!("{what}, cancelled"), answer);
            }
            self.succeeds(way, "`shutdown` after telemetry", one.shutdown());
        }
        self.same_with_edits(way, &batches);
        self.callers(way, &batches);
    }

    /// What is changed is the same whether the host asks for edits or for the whole. A component
    /// that answers differently from time to time is not compared.
    fn same_with_edits(&mut self, way: Way, batches: &[(&str, Vec<u8>)]) {
        let with_edits = TestHost {
            takes_edits: true,
            resource: self.host.resource.clone(),
            ..TestHost::driving(self.host.factory)
        };
        let edits = with_edits.make(way.0, way.1, self.config);
        let edits = edits.and_then(|made| made.start().map(|()| made));
        let (Some(whole), Some(again), Ok(edits)) = (self.started(way), self.started(way), edits)
        else {
            return;
        };
        for (what, batch) in batches {
            let next = |instance: &TestInstance| {
                let answer = instance.consume(batch).ok();
                answer.map(|answer: Consumed| answer.next(batch))
            };
            let expected = next(&whole);
            if expected == next(&again) && expected != next(&edits) {
                let text = "the whole telemetry and the edits of it are different";
                self.find(way, format_args!("{what}: {text}"));
            }
        }
    }

    /// Many callers at once, and `shutdown` while they are there.
    fn callers(&mut self, way: Way, batches: &[(&str, Vec<u8>)]) {
        let Some(one) = self.started(way) else { return };
        let call = || {
            let batches = batches.iter().cycle().take(CALLS);
            let answers = batches.map(|(_, batch)| one.consume(batch));
            answers
                .filter_map(Result::err)
                .find(|failure| matches!(failure.status, abi::STATUS_PANIC | abi::STATUS_POISONED))
        };
        let failed = thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
            let mut answers = callers.into_iter().filter_map(|caller| caller.join().ok());
            answers.find_map(|failure| failure)
        });
        if let Some(failure) = failed {
            self.find(way, format_args!("{CALLERS} callers: {}", failure.message));
        }
        self.succeeds(way, "`shutdown` after many callers", one.shutdown());
    }

    /// Instances that are gone leave nothing behind.
    fn leaks(&mut self, way: Way) {
        let batch = way.0.and_then(|signal| batches(signal).pop());
        let cycle = |suite: &mut Self| {
            let Some(one) = suite.started(way) else {
                return false;
            };
            if let Some((_, batch)) = &batch {
                let _ = one.consume(batch);
            }
            one.shutdown().is_ok()
        };
        if !(0..WARM_UP).all(|_| cycle(self)) {
            return;
        }
        let before = Usage::now();
        if (0..CYCLES).all(|_| cycle(self)) {
            for leak in before.grown(CYCLES) {
                self.find(way, format_args!("start and stop leave behind {leak}"));
            }
        }
    }
}
