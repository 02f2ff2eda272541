//! Flags and variables that only one side was built with.
//!
//! In: one toolchain. Out: rows. Invariant: sources and versions are the same on both sides.

use camino::Utf8Path;
use fs_err as fs;

use super::rows;
use crate::go::{Recipe, main, plugin, wide_main};
use crate::modules::SHARED;
use crate::places::fixture;
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};

rows!(
    trimpath_on_one_side,
    the_race_detector_on_one_side,
    no_optimisation_on_one_side,
    an_experiment_on_one_side,
    fips_140_on_one_side,
    tag_netgo_on_one_side,
    tag_purego_on_one_side,
    a_tag_that_no_package_knows,
    a_tag_swaps_the_body_of_a_shared_function,
    coverage_of_a_shared_package_on_one_side,
    coverage_of_the_plugin_alone,
    fips_140_for_a_plugin_without_cryptography,
    goamd64_v3_rounds_another_way,
    a_c_define_changes_a_shared_function,
    x_sets_a_variable_of_a_shared_package_and_main_wins,
    x_sets_a_variable_of_the_plugin_and_it_counts,
);

/// A plugin with packages that some tags and variables change.
fn wide(recipe: Recipe) -> Recipe {
    let text = fs::read_to_string(fixture("bare/wide.go")).unwrap();
    Recipe {
        files: vec![("wide.go", text)],
        ..recipe
    }
}

fn flag(flags: &[&str]) -> Recipe {
    Recipe {
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        ..Recipe::default()
    }
}

fn variable(name: &'static str, value: &'static str) -> Recipe {
    Recipe {
        variables: vec![(name, value)],
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

fn trimpath_on_one_side() -> Finding {
    let recipe = Recipe {
        trimpath: false,
        ..Recipe::default()
    };
    finding(Symptom::Error, &main(), &plugin("trimpath", &recipe))
}

fn the_race_detector_on_one_side() -> Finding {
    finding(Symptom::Error, &main(), &plugin("race", &flag(&["-race"])))
}

fn no_optimisation_on_one_side() -> Finding {
    let recipe = flag(&["-gcflags=all=-N -l"]);
    finding(Symptom::Error, &main(), &plugin("debug", &recipe))
}

fn an_experiment_on_one_side() -> Finding {
    let recipe = variable("GOEXPERIMENT", "jsonv2");
    finding(Symptom::Error, &main(), &plugin("experiment", &recipe))
}

fn fips_140_on_one_side() -> Finding {
    let recipe = wide(variable("GOFIPS140", "v1.0.0"));
    finding(Symptom::Error, &wide_main(), &plugin("fips", &recipe))
}

fn tag_netgo_on_one_side() -> Finding {
    let recipe = wide(flag(&["-tags=netgo"]));
    finding(Symptom::Error, &wide_main(), &plugin("netgo", &recipe))
}

fn tag_purego_on_one_side() -> Finding {
    let recipe = wide(flag(&["-tags=purego"]));
    finding(Symptom::Error, &wide_main(), &plugin("purego", &recipe))
}

fn a_tag_that_no_package_knows() -> Finding {
    finding(
        Symptom::Loads,
        &main(),
        &plugin("odd-tag", &flag(&["-tags=odd"])),
    )
}

fn a_tag_swaps_the_body_of_a_shared_function() -> Finding {
    let recipe = flag(&["-tags=swapped"]);
    finding(Symptom::WrongCode, &main(), &plugin("swapped", &recipe))
}

fn coverage_of_a_shared_package_on_one_side() -> Finding {
    let recipe = flag(&["-cover", "-coverpkg=example.com/shared"]);
    finding(Symptom::Error, &main(), &plugin("cover", &recipe))
}

fn coverage_of_the_plugin_alone() -> Finding {
    finding(
        Symptom::Loads,
        &main(),
        &plugin("own-cover", &flag(&["-cover"])),
    )
}

fn fips_140_for_a_plugin_without_cryptography() -> Finding {
    let recipe = variable("GOFIPS140", "v1.0.0");
    finding(Symptom::Loads, &main(), &plugin("no-crypto", &recipe))
}

fn goamd64_v3_rounds_another_way() -> Finding {
    let recipe = variable("GOAMD64", "v3");
    finding(Symptom::WrongCode, &main(), &plugin("v3", &recipe))
}

/// Go's half of the package has the plugin's length, and C's half is main's: its symbols are bound
/// to the first that the loader finds.
fn a_c_define_changes_a_shared_function() -> Finding {
    let recipe = variable("CGO_CFLAGS", "-O2 -g -DOTHER_WORD");
    let (main, plugin) = (main(), plugin("define", &recipe));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::WrongCode,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[("word", "different")]),
    }
}

fn x_sets_a_variable_of_a_shared_package_and_main_wins() -> Finding {
    let recipe = Recipe {
        linker: vec![format!("-X={SHARED}.Version=plugin")],
        ..Recipe::default()
    };
    let (main, plugin) = (main(), plugin("x-shared", &recipe));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::WrongCode,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[("version", "plugin")]),
    }
}

fn x_sets_a_variable_of_the_plugin_and_it_counts() -> Finding {
    let recipe = Recipe {
        linker: vec!["-X=main.Label=own".to_owned()],
        ..Recipe::default()
    };
    let (main, plugin) = (main(), plugin("x-own", &recipe));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Loads,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[("label", "own")]),
    }
}
