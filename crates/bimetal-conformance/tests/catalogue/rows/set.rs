//! Plugins that are good alone.
//!
//! In: several plugins for one main. Out: rows. Invariant: what is verified is the last one, opened
//! after the others.

use camino::{Utf8Path, Utf8PathBuf};

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::modules::{APART, SHARED};
use crate::places::copy;
use crate::predict::{alone, last};
use crate::reality;
use crate::row::{Decider, Finding, Predicted, Seen, Symptom};

rows!(
    a_copy_of_a_plugin_is_already_loaded,
    two_builds_with_one_import_path_are_already_loaded,
    two_plugins_fit_main_and_not_each_other,
    a_good_plugin_after_another_good_one,
    a_good_plugin_beside_a_rejected_one_that_stays_closed,
);

/// A plugin with a module that main does not have.
fn with_apart(name: &str, version: &'static str, shared: &'static str) -> Utf8PathBuf {
    let source = "package main\n\nimport \"example.com/apart\"\n\n\
        // Apart is there so that the module is.\nvar Apart = apart.Name\n";
    let recipe = Recipe {
        requires: vec![(SHARED, shared), (APART, version)],
        files: vec![("apart.go", source.to_owned())],
        ..Recipe::default()
    };
    plugin(name, &recipe)
}

fn finding(symptom: Symptom, plugins: &[&Utf8Path]) -> Finding {
    let main = main();
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: last(&main, plugins),
        seen: reality::go(&main, plugins, &[]),
    }
}

fn a_copy_of_a_plugin_is_already_loaded() -> Finding {
    let plugin = plugin("original", &Recipe::default());
    let copied = copy(&plugin, "already-loaded", "plugin.so");
    finding(Symptom::Error, &[&plugin, &copied])
}

fn two_builds_with_one_import_path_are_already_loaded() -> Finding {
    let build = |name: &str, label: &str| {
        let recipe = Recipe {
            path: Some("example.com/one-path"),
            edits: vec![("\"plugin\"", format!("\"{label}\""))],
            ..Recipe::default()
        };
        plugin(name, &recipe)
    };
    let (one, two) = (build("path-one", "one"), build("path-two", "two"));
    finding(Symptom::Error, &[&one, &two])
}

fn two_plugins_fit_main_and_not_each_other() -> Finding {
    let one = with_apart("apart-one", "v1.0.0", "v1.0.0");
    let two = with_apart("apart-two", "v1.1.0", "v1.0.0");
    assert_eq!(alone(&main(), &two), Predicted::Accepted);
    finding(Symptom::Error, &[&one, &two])
}

fn a_good_plugin_after_another_good_one() -> Finding {
    let one = with_apart("apart-first", "v1.0.0", "v1.0.0");
    let two = with_apart("apart-again", "v1.0.0", "v1.0.0");
    finding(Symptom::Loads, &[&one, &two])
}

/// The rejected one brings a module in another version. Opened, it would stay in the process and
/// spoil the good one: that is why it stays closed.
fn a_good_plugin_beside_a_rejected_one_that_stays_closed() -> Finding {
    let main = main();
    let rejected = with_apart("apart-rejected", "v1.1.0", "v1.0.1");
    let good = with_apart("apart-good", "v1.0.0", "v1.0.0");
    assert!(matches!(alone(&main, &rejected), Predicted::Refused(..)));
    let spoilt = reality::go(&main, &[&rejected, &good], &[]);
    assert!(matches!(spoilt, Seen::Error(_)), "{spoilt}");
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Loads,
        predicted: last(&main, &[&rejected, &good]),
        seen: reality::go(&main, &[&good], &[]),
    }
}
