//! Files that are not what a plugin is.
//!
//! In: artifacts that were built, then damaged or mistaken for another kind. Out: rows. Invariant:
//! one thing is wrong with each.

use bimetal_manifest::schema::Language;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::native::{Library, assembled, rust};
use crate::places::{copy, fresh};
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};
use crate::tools::{Variables, run};

rows!(
    a_c_shared_library_given_to_plugin_open,
    a_rust_library_given_to_plugin_open,
    a_truncated_go_plugin,
    a_truncated_rust_plugin,
    a_go_plugin_copied_by_half,
    a_plugin_for_another_processor,
    a_main_in_the_place_of_a_plugin,
    an_empty_file,
    a_text_file,
    a_stripped_go_plugin,
    a_stripped_rust_plugin,
    a_go_plugin_without_debug_information,
);

fn go(symptom: Symptom, plugin: &Utf8Path) -> Finding {
    let main = main();
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, plugin),
        seen: reality::go(&main, &[plugin], &[]),
    }
}

fn native(symptom: Symptom, plugin: &Utf8Path, answer: &str) -> Finding {
    let main = main();
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, plugin),
        seen: reality::native(&main, plugin, answer),
    }
}

fn a_c_shared_library_given_to_plugin_open() -> Finding {
    let recipe = Recipe {
        flags: vec!["-buildmode=c-shared".to_owned()],
        ..Recipe::default()
    };
    go(Symptom::Death, &plugin("c-shared", &recipe))
}

fn a_rust_library_given_to_plugin_open() -> Finding {
    let library = Library {
        manifest: |manifest| manifest.language = Language::Go,
        ..Library::rust()
    };
    go(Symptom::Death, &rust("called-go", &library))
}

/// A copy with only the first part of the bytes, as a copy that is not finished has.
fn cut(plugin: &Utf8Path, row: &str) -> Utf8PathBuf {
    let copied = copy(plugin, row, "plugin.so");
    let bytes = fs::read(&copied).unwrap();
    fs::write(&copied, &bytes[..bytes.len() / 2]).unwrap();
    copied
}

fn a_truncated_go_plugin() -> Finding {
    let whole = plugin("whole", &Recipe::default());
    go(Symptom::Death, &cut(&whole, "truncated-go"))
}

fn a_truncated_rust_plugin() -> Finding {
    // With debug information the second half would be none of the loader's business.
    let whole = rust("whole", &Library::rust().flag("-Cstrip=symbols"));
    native(Symptom::Death, &cut(&whole, "truncated-rust"), "crab")
}

/// A copy that has its full length from the start, and not yet its second half.
fn a_go_plugin_copied_by_half() -> Finding {
    let whole = plugin("preallocated", &Recipe::default());
    let copied = copy(&whole, "by-half", "plugin.so");
    let mut bytes = fs::read(&copied).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    fs::write(&copied, bytes).unwrap();
    go(Symptom::Death, &copied)
}

fn a_plugin_for_another_processor() -> Finding {
    let library = Library {
        manifest: |manifest| "aarch64-unknown-linux-gnu".clone_into(&mut manifest.target),
        ..Library::c()
    };
    native(Symptom::Error, &assembled("aarch64", &library), "shell")
}

fn a_main_in_the_place_of_a_plugin() -> Finding {
    let copied = copy(&main(), "main", "plugin.so");
    go(Symptom::Error, &copied)
}

fn with_text(row: &str, text: &str) -> Finding {
    let plugin = fresh(&format!("copies/{row}")).join("plugin.so");
    fs::write(&plugin, text).unwrap();
    native(Symptom::Error, &plugin, "crab")
}

fn an_empty_file() -> Finding {
    with_text("empty", "")
}

/// What a linker would take as a script and a loader does not.
fn a_text_file() -> Finding {
    with_text("text", "INPUT(libplugin.so.1)\n")
}

fn strip(plugin: &Utf8Path) {
    let place = plugin.parent().unwrap();
    run(place, "strip", &[plugin.as_str()], &Variables::new());
}

fn a_stripped_go_plugin() -> Finding {
    let plugin = plugin("stripped", &Recipe::default());
    strip(&plugin);
    go(Symptom::Loads, &plugin)
}

fn a_stripped_rust_plugin() -> Finding {
    let plugin = rust("stripped", &Library::rust());
    strip(&plugin);
    native(Symptom::Loads, &plugin, "crab")
}

fn a_go_plugin_without_debug_information() -> Finding {
    let recipe = Recipe {
        linker: vec!["-s".to_owned(), "-w".to_owned()],
        ..Recipe::default()
    };
    go(Symptom::Loads, &plugin("without-debug", &recipe))
}
