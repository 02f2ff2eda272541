//! Main and plugin from different Go toolchains.
//!
//! In: Go's own releases. Out: rows. Invariant: the sources are the same on both sides.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::rows;
use crate::go::{Recipe, main, main_of, plugin};
use crate::modules::{APART, SHARED, local};
use crate::predict::{alone, last};
use crate::reality;
use crate::row::{Decider, Finding, Predicted, Symptom};

rows!(
    another_go_minor_version_finds_no_module_data,
    another_go_minor_version_with_equal_module_data_crashes,
    neighbouring_go_minor_versions_with_equal_module_data_are_refused,
    neighbouring_go_minor_versions_are_refused_the_other_way_round,
    another_go_patch_release_differs_in_packages,
    go_1_27_1_takes_the_wrong_case_after_several_plugins,
    go_1_27_3_takes_the_right_case_after_several_plugins,
);

fn by(version: &'static str) -> Recipe {
    Recipe {
        version: Some(version),
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

fn another_go_minor_version_finds_no_module_data() -> Finding {
    finding(Symptom::Death, &main(), &plugin("minor", &by("go1.25.5")))
}

fn another_go_minor_version_with_equal_module_data_crashes() -> Finding {
    finding(
        Symptom::Death,
        &main(),
        &plugin("equal-size", &by("go1.22.10")),
    )
}

fn neighbouring_go_minor_versions_with_equal_module_data_are_refused() -> Finding {
    let main = main_of("main-1.24", &by("go1.24.11"));
    finding(Symptom::Error, &main, &plugin("neighbour", &by("go1.25.5")))
}

fn neighbouring_go_minor_versions_are_refused_the_other_way_round() -> Finding {
    let main = main_of("main-1.25", &by("go1.25.5"));
    finding(Symptom::Error, &main, &plugin("older", &by("go1.24.11")))
}

fn another_go_patch_release_differs_in_packages() -> Finding {
    finding(
        Symptom::Error,
        &main(),
        &plugin("patch-release", &by("go1.26.5")),
    )
}

fn go_1_27_1_takes_the_wrong_case_after_several_plugins() -> Finding {
    several_plugins_by(Symptom::WrongCode, "go1.27.1")
}

fn go_1_27_3_takes_the_right_case_after_several_plugins() -> Finding {
    several_plugins_by(Symptom::Loads, "go1.27.3")
}

/// Types of one module, as many as fill the runtime's table of types that implement an interface.
const TYPES: usize = 300;

fn several_plugins_by(symptom: Symptom, version: &'static str) -> Finding {
    let directory = local(version, APART, &[("VERSION", version)]);
    fs::write(directory.join("many.go"), many_types()).unwrap();
    let recipe = Recipe {
        requires: vec![(SHARED, "v1.0.0"), (APART, "v1.0.0")],
        replaces: vec![(APART, directory)],
        ..by(version)
    };
    let use_them = "package main\n\nimport \"example.com/apart\"\n\n// Right links the types in.\n\
        var Right = apart.Right\n";
    let main = main_of(
        &format!("main-{version}"),
        &Recipe {
            files: vec![("many.go", use_them.to_owned())],
            ..recipe.clone()
        },
    );
    let plugins: Vec<_> = (0..4)
        .map(|number| {
            let recipe = Recipe {
                edits: vec![
                    (
                        "\"example.com/shared\"",
                        "\"example.com/apart\"\n\t\"example.com/shared\"".to_owned(),
                    ),
                    (
                        "\"label=\"",
                        "\"cases=\" + strconv.Itoa(apart.Right()) + \";label=\"".to_owned(),
                    ),
                ],
                ..recipe.clone()
            };
            plugin(&format!("{version}-{number}"), &recipe)
        })
        .collect();
    let plugins: Vec<_> = plugins.iter().map(Utf8PathBuf::as_path).collect();
    // The runtime's own check sees nothing.
    assert_eq!(last(&main, &plugins), Predicted::Accepted);
    let all = TYPES.to_string();
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, plugins[plugins.len() - 1]),
        seen: reality::go(&main, &plugins, &[("cases", &all)]),
    }
}

/// A package with many types behind one interface, and a function that counts how often a type
/// switch finds the right one.
fn many_types() -> String {
    let mut text =
        "package apart\n\n// Shape is what all types are.\ntype Shape interface{ Sides() int }\n"
            .to_owned();
    let (mut any, mut shapes, mut cases) = (String::new(), String::new(), String::new());
    for number in 0..TYPES {
        let _ = writeln!(
            text,
            "\ntype t{number} struct{{ sides int }}\n\n\
             func (t *t{number}) Sides() int {{ return t.sides + {number} }}"
        );
        let _ = write!(any, "&t{number}{{}}, ");
        let _ = write!(shapes, "&t{number}{{}}, ");
        let _ = write!(cases, "\t\tcase *t{number}:\n\t\t\tfound = {number}\n");
    }
    let _ = write!(
        text,
        "\n// Shapes are made by the compiler.\nvar Shapes = []Shape{{{shapes}}}\n\n\
         // Right counts the types that a switch finds.\nfunc Right() int {{\n\tright := 0\n\tfor \
         number, value := range []any{{{any}}} {{\n\
         \t\tfound := -1\n\t\tswitch value.(Shape).(type) {{\n\
         {cases}\t\t}}\n\t\tif found == number {{\n\t\t\tright++\n\t\t}}\n\t}}\n\treturn \
         right\n}}\n"
    );
    text
}
