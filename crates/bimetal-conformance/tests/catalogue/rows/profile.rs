//! Profiles that guide the compiler.
//!
//! In: a program that profiles itself. Out: rows. Invariant: sources, versions and all other flags
//! are the same on both sides.

use camino::{Utf8Path, Utf8PathBuf};

use super::rows;
use crate::go::{Recipe, main, main_of, plugin, program};
use crate::places::fresh;
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};
use crate::tools::{Variables, once, run};

rows!(
    a_profile_on_one_side,
    profiles_of_one_name_and_other_contents,
    the_same_profile_on_both_sides,
);

/// A profile by the same name as every other one.
fn profile(work: &'static str) -> Utf8PathBuf {
    once(&format!("profile {work}"), || {
        let place = fresh(&format!("profiles/{work}"));
        let file = place.join("default.pgo");
        let hot = once("hot", || program("hot"));
        let arguments = [work, file.as_str()];
        run(&place, hot.as_str(), &arguments, &Variables::new());
        file
    })
}

fn with(work: &'static str) -> Recipe {
    Recipe {
        profile: Some(profile(work)),
        ..Recipe::default()
    }
}

fn finding(symptom: Symptom, main: &Utf8Path, plugin: &Utf8Path) -> Finding {
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(main, plugin),
        seen: reality::go(main, &[plugin], &[]),
    }
}

fn a_profile_on_one_side() -> Finding {
    finding(Symptom::Error, &main(), &plugin("profile", &with("maps")))
}

fn profiles_of_one_name_and_other_contents() -> Finding {
    let main = main_of("main-profile", &with("maps"));
    finding(
        Symptom::Error,
        &main,
        &plugin("other-profile", &with("texts")),
    )
}

fn the_same_profile_on_both_sides() -> Finding {
    let main = main_of("main-profile", &with("maps"));
    finding(
        Symptom::Loads,
        &main,
        &plugin("same-profile", &with("maps")),
    )
}
