//! What this crate and the Go side promise each other.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

fn repository(path: &str) -> String {
    let path = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    fs_err::read_to_string(path).expect("the repository is complete")
}

/// Every word that starts with `prefix` and is followed by an opening parenthesis.
fn functions(text: &str) -> BTreeSet<String> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut found = BTreeSet::new();
    for (place, _) in text.match_indices("bimetal_") {
        let rest = &text[place..];
        let end = rest
            .find(|character| !is_word(character))
            .unwrap_or(rest.len());
        if rest[end..].starts_with('(') && !text[..place].ends_with(is_word) {
            found.insert(rest[..end].to_owned());
        }
    }
    found
}

fn promised() -> BTreeSet<String> {
    let generated = "bimetal_main_init";
    bimetal_host::ffi::FUNCTIONS
        .iter()
        .copied()
        .chain([generated])
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_header_declares_what_this_crate_exports() {
    assert_eq!(
        functions(&repository("go/pluginhost/bimetal_host.h")),
        promised()
    );
}

#[test]
fn the_stand_in_for_tests_without_rust_has_every_function() {
    let mut stand_in = functions(&repository("go/pluginhost/unlinked.c"));
    stand_in.remove("bimetal_go_table");
    assert_eq!(stand_in, promised());
}

#[test]
fn the_list_of_functions_is_that_of_the_exported_ones() {
    let mut exported = BTreeSet::new();
    for file in ["call", "control", "factory", "reply", "table", "view"] {
        let text = repository(&format!("crates/bimetal-host/src/ffi/{file}.rs"));
        for part in text.split("#[unsafe(no_mangle)]").skip(1) {
            exported.extend(
                functions(part)
                    .into_iter()
                    .find(|name| part.find(name.as_str()) == part.find("bimetal_")),
            );
        }
    }
    let listed: BTreeSet<_> = bimetal_host::ffi::FUNCTIONS
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(exported, listed);
}

#[test]
fn go_has_the_abi_that_rust_has() {
    let (here, there) = (
        "crates/bimetal-abi/include/otelcol_plugin.h",
        "go/pluginhost/otelcol_plugin.h",
    );
    assert!(
        repository(here) == repository(there),
        "`{there}` is not `{here}`: copy it"
    );
}

#[test]
fn a_call_has_the_size_that_the_header_asserts() {
    let size = size_of::<bimetal_host::ffi::Call>();
    assert!(
        repository("go/pluginhost/bimetal_host.h")
            .contains(&format!("sizeof(bimetal_call) == {size}"))
    );
}
