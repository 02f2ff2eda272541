//! A real Collector and its rules: what the loader would take, and main does not.
//!
//! In: the loading distribution with one thing changed. Out: a finding. Invariant: no code of a
//! refused plugin runs.

use bimetal_conformance::collector::{Ended, Start};
use camino::Utf8Path;

use crate::predict::alone;
use crate::row::{Decider, Finding, Predicted, Seen, Symptom};
use crate::scene::Scene;

/// `file` is refused from its bytes, and by the Collector when a configuration uses `processor`.
pub(crate) fn refuses(scene: &Scene, file: &str, processor: &str) -> Finding {
    let predicted = alone(&scene.main, &scene.plugin(file));
    refuses_as(scene, predicted, file, processor)
}

/// The same, with a verdict that comes from more than the one file.
pub(crate) fn refuses_as(
    scene: &Scene,
    predicted: Predicted,
    file: &str,
    processor: &str,
) -> Finding {
    let ended = scene.validate(&[processor]);
    let seen = if ended.status.success() {
        Seen::RightCode
    } else {
        Seen::Error(reason(&ended.log, file))
    };
    assert_eq!(scene.signs(), Vec::<String>::new(), "{}", ended.log);
    Finding {
        decider: Decider::Collector,
        symptom: Symptom::Error,
        predicted,
        seen,
    }
}

/// What the Collector says about `file`.
fn reason(log: &str, file: &str) -> String {
    let stem = Utf8Path::new(file).file_stem().unwrap_or(file);
    let mut lines = log.lines().skip_while(|line| !line.contains(stem));
    let texts: Vec<_> = lines.by_ref().take(3).map(str::trim).collect();
    assert!(!texts.is_empty(), "`{stem}` is not named in:\n{log}");
    texts.join(" ")
}

/// A start or a check that has to end so and to say all of `texts`.
pub(crate) fn report(symptom: Symptom, texts: &'static [&'static str], seen: Seen) -> Finding {
    Finding::of_report(Decider::Collector, symptom, texts, seen)
}

/// What a command says that has ended.
pub(crate) fn ended(ended: Ended) -> Seen {
    if ended.status.success() {
        Seen::Done(ended.log)
    } else {
        Seen::Error(ended.log)
    }
}

/// What a Collector says that starts, is ready and is stopped.
pub(crate) fn ran(start: Start) -> Seen {
    ended(start.run().unwrap().stop().unwrap())
}
