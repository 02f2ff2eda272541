//! Mains that cannot take Go plugins.
//!
//! In: one good plugin. Out: rows. Invariant: the plugin is the same in all rows.

use super::rows;
use crate::go::{Recipe, main_of, plugin};
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};

rows!(
    main_without_cgo_has_no_plugins,
    main_linked_statically_dies,
    main_linked_internally_dies,
);

/// A main of which nothing is C, so that the way it is linked can be chosen. The plugin has no C
/// either.
fn finding(symptom: Symptom, name: &str, cgo: &'static str, linker: &[&str]) -> Finding {
    let recipe = Recipe {
        variables: vec![("CGO_ENABLED", cgo)],
        linker: linker.iter().map(|flag| (*flag).to_owned()).collect(),
        without: &["wide.go", "shared.go", "native.go", "native.c", "native.h"],
        requires: Vec::new(),
        stamped_afterwards: true,
        link_plainly: true,
        ..Recipe::default()
    };
    let main = main_of(name, &recipe);
    let plugin = plugin(&format!("for-{name}"), &Recipe::default());
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[]),
    }
}

fn main_without_cgo_has_no_plugins() -> Finding {
    finding(Symptom::Error, "no-cgo", "0", &[])
}

fn main_linked_statically_dies() -> Finding {
    let linker = ["-linkmode=external", "-extldflags=-static"];
    finding(Symptom::Death, "static", "1", &linker)
}

fn main_linked_internally_dies() -> Finding {
    finding(Symptom::Death, "internal", "1", &["-linkmode=internal"])
}
