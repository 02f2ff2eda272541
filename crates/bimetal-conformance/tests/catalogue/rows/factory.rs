//! The function that main looks for in a Go plugin.
//!
//! In: one main. Out: rows. Invariant: everything but the factory is right.

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};

rows!(
    new_factory_is_missing,
    new_factory_is_a_variable,
    new_factory_has_another_signature,
    a_good_go_plugin,
);

fn finding(symptom: Symptom, name: &str, edits: &[(&'static str, &str)]) -> Finding {
    let recipe = Recipe {
        edits: edits
            .iter()
            .map(|(old, new)| (*old, (*new).to_owned()))
            .collect(),
        ..Recipe::default()
    };
    let (main, plugin) = (main(), plugin(name, &recipe));
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[]),
    }
}

fn new_factory_is_missing() -> Finding {
    finding(
        Symptom::Error,
        "missing",
        &[("func NewFactory", "func NewFactories")],
    )
}

fn new_factory_is_a_variable() -> Finding {
    let edit = (
        "func NewFactory() processor.Factory {",
        "var NewFactory = func() processor.Factory {",
    );
    finding(Symptom::Error, "variable", &[edit])
}

fn new_factory_has_another_signature() -> Finding {
    let edit = (
        "func NewFactory() processor.Factory {",
        "func NewFactory(*int) processor.Factory {",
    );
    finding(Symptom::Error, "signature", &[edit])
}

fn a_good_go_plugin() -> Finding {
    finding(Symptom::Loads, "good", &[])
}
