//! Modules that main and the plugin do not have alike.
//!
//! In: one toolchain, one set of flags. Out: rows. Invariant: the modules come from a proxy of ours
//! or from a directory.

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::modules::{MIDDLE, SHARED, local};
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};

rows!(
    a_module_has_another_version,
    a_module_has_another_version_because_of_another_module,
    a_replaced_module_has_the_same_version_and_another_body,
    a_comment_above_an_exported_declaration,
    a_workspace_module_against_a_version,
    vendored_against_cached_is_the_same,
);

fn finding(symptom: Symptom, name: &str, recipe: &Recipe) -> Finding {
    let (main, plugin) = (main(), plugin(name, recipe));
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[]),
    }
}

fn replaced(directory: camino::Utf8PathBuf) -> Recipe {
    Recipe {
        replaces: vec![(SHARED, directory)],
        ..Recipe::default()
    }
}

fn a_module_has_another_version() -> Finding {
    let recipe = Recipe {
        requires: vec![(SHARED, "v1.0.1")],
        ..Recipe::default()
    };
    finding(Symptom::Error, "skew", &recipe)
}

fn a_module_has_another_version_because_of_another_module() -> Finding {
    let use_it = "package main\n\nimport \"example.com/middle\"\n\nvar _ = middle.Through\n";
    let recipe = Recipe {
        requires: vec![(MIDDLE, "v1.1.0"), (SHARED, "v1.0.0")],
        files: vec![("middle.go", use_it.to_owned())],
        ..Recipe::default()
    };
    finding(Symptom::Error, "transitive", &recipe)
}

fn a_replaced_module_has_the_same_version_and_another_body() -> Finding {
    let directory = local("replaced", SHARED, &[("\"first\"", "\"forked\"")]);
    finding(Symptom::WrongCode, "replaced", &replaced(directory))
}

fn a_comment_above_an_exported_declaration() -> Finding {
    let edit = ("// Fused is", "// One line more.\n//\n// Fused is");
    let directory = local("commented", SHARED, &[edit]);
    finding(Symptom::Error, "commented", &replaced(directory))
}

fn a_workspace_module_against_a_version() -> Finding {
    let recipe = Recipe {
        workspace: vec![local("workspace", SHARED, &[])],
        ..Recipe::default()
    };
    finding(Symptom::Error, "workspace", &recipe)
}

fn vendored_against_cached_is_the_same() -> Finding {
    let recipe = Recipe {
        vendored: true,
        ..Recipe::default()
    };
    finding(Symptom::Loads, "vendored", &recipe)
}
