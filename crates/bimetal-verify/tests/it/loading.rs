//! What a plugin asks of the loader, against the libraries of this machine and against libraries
//! made for a test.

use bimetal_manifest::Artifact;
use bimetal_manifest::object::{NeededVersion, UndefinedSymbol};
use bimetal_verify::compare::{Check, Mismatch, Outcome, open_questions, thread_locals};
use bimetal_verify::{Rules, Search, System, compare};
use camino::{Utf8Path, Utf8PathBuf};

use crate::fixture::{fixtures, read, run};

fn rules(system: &System) -> Rules<'_> {
    Rules {
        system: Some(system),
        ..Rules::default()
    }
}

fn short(found: &[Mismatch]) -> Vec<(Check, &str, Outcome)> {
    found
        .iter()
        .map(|one| (one.check, one.subject.as_str(), one.outcome))
        .collect()
}

fn here(main: &Artifact) -> System {
    System::of_this_machine(main, true)
}

/// A C library in `directory`, made from `source` with `flags`.
fn c_library(directory: &Utf8Path, name: &str, source: &str, flags: &[&str]) -> Utf8PathBuf {
    fs_err::write(directory.join("source.c"), source).unwrap();
    let arguments = [&["-shared", "-fPIC", "-o", name, "source.c"], flags].concat();
    run(directory, "cc", &arguments);
    directory.join(name)
}

#[test]
fn real_plugins_find_everything_on_this_machine() {
    let main = read(&fixtures().main);
    let system = here(&main);
    for path in [&fixtures().go_plugin, &fixtures().rust_plugin] {
        let plugin = read(path);
        assert!(!plugin.facts.undefined.is_empty(), "{path}");
        assert_eq!(compare(&main, &plugin, rules(&system)), [], "{path}");
        assert_eq!(open_questions(&main, &plugin, rules(&system)), [""; 0]);
    }
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let main = read(&fixtures().main);
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::try_from(directory.path().to_owned()).unwrap();
    let nothing = System::new(
        &main,
        &["libgcc_s.so.1"],
        &Search::in_directories([directory]),
    );
    let found = compare(&main, &read(&fixtures().rust_plugin), rules(&nothing));
    assert!(
        found.iter().any(|one| one.check == Check::NeededLibrary
            && one.subject == "libgcc_s.so.1"
            && one.main.as_deref() == Some("not on this machine")),
        "{found:?}"
    );
}

#[test]
fn symbols_that_have_no_definition_are_counted_and_weak_ones_are_not() {
    let main = read(&fixtures().main);
    let system = here(&main);
    let mut plugin = read(&fixtures().rust_plugin);
    let symbol = |name: &str, version: Option<&str>, weak| UndefinedSymbol {
        name: name.to_owned(),
        version: version.map(|version| NeededVersion {
            library: "libc.so.6".to_owned(),
            version: version.to_owned(),
            weak: false,
        }),
        weak,
    };
    plugin.facts.undefined.extend([
        symbol("undefined_name", None, false),
        symbol("nor_this", None, true),
        symbol("malloc", Some("GLIBC_2.2.5"), false),
        // The version is there and so is the name, but not together.
        symbol("malloc", Some("GLIBC_2.34"), false),
    ]);
    let found = compare(&main, &plugin, rules(&system));
    assert_eq!(
        short(&found),
        [(Check::UndefinedSymbol, "undefined_name", Outcome::Refused)]
    );
    assert_eq!(found[0].names, ["undefined_name", "malloc"]);
}

#[test]
fn a_version_that_a_library_does_not_have_is_named() {
    let main = read(&fixtures().main);
    let system = here(&main);
    let mut plugin = read(&fixtures().rust_plugin);
    for weak in [true, false] {
        plugin.facts.needed_versions.push(NeededVersion {
            library: "libc.so.6".to_owned(),
            version: "GLIBC_2.99".to_owned(),
            weak,
        });
    }
    let found = compare(&main, &plugin, rules(&system));
    assert_eq!(
        short(&found),
        [(Check::NeededLibrary, "libc.so.6", Outcome::Refused)]
    );
}

#[test]
fn a_library_in_a_directory_is_read_with_its_versions() {
    let main = read(&fixtures().main);
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    fs_err::write(
        directory.join("map"),
        "ONE { global: one; local: *; }; TWO { global: two; } ONE;",
    )
    .unwrap();
    let source =
        "int one(void) { return 1; } int two(void) { return 2; } int three(void) { return 3; }";
    c_library(
        directory,
        "libown.so.1",
        source,
        &["-Wl,--version-script=map"],
    );
    let system = System::new(
        &main,
        &["libown.so.1"],
        &Search::in_directories([directory.to_owned()]),
    );
    let library = system.library("libown.so.1").unwrap().unwrap();
    let found = [
        ("one", "ONE"),
        ("two", "TWO"),
        ("one", "TWO"),
        ("three", "ONE"),
    ]
    .map(|(name, version)| library.defines(name, Some(version)));
    assert_eq!(found, [true, true, false, false]);
    assert!(library.defines("one", None) && !library.defines("three", None));
    assert!(library.versions.contains("TWO"));
    assert!(system.library("libnever.so").is_none());
}

#[test]
fn thread_locals_beyond_the_room_are_refused_and_close_to_it_undecidable() {
    let main = read(&fixtures().main);
    let text = read(&fixtures().rust_plugin).manifests.unwrap().text;
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let library = |size: usize| {
        let source = format!(
            "__thread char block[{size}] __attribute__((tls_model(\"initial-exec\")));\n\
             int otelcol_processor_new_factory(void) {{ block[1] = 1; return block[1]; }}\n{}",
            crate::fixture::c_section(&text, "manifest")
        );
        read(&c_library(
            directory,
            &format!("tls{size}.so"),
            &source,
            &[],
        ))
    };
    let (small, close, large) = (library(64), library(1700), library(1 << 20));
    assert_eq!(
        (large.facts.static_tls, large.facts.tls_size),
        (true, 1 << 20)
    );
    assert_eq!(compare(&main, &small, Rules::default()), []);
    assert_eq!(compare(&main, &close, Rules::default()), []);
    let asks = |plugin| {
        let questions = open_questions(&main, plugin, Rules::default());
        questions.iter().any(|one| one.contains("thread-local"))
    };
    assert!(!asks(&small) && asks(&close));
    let found = compare(&main, &large, Rules::default());
    assert_eq!(
        short(&found),
        [(Check::ThreadLocals, "static TLS", Outcome::Refused)]
    );
    // What fits alone may not fit beside others.
    assert_eq!(thread_locals(1600, &small, Rules::default()), None);
    let crowded = thread_locals(1800, &small, Rules::default()).unwrap();
    assert_eq!(
        crowded.main.as_deref(),
        Some("room for 1664 bytes, 1800 of them taken by other plugins")
    );
}

#[test]
fn an_exported_name_of_main_is_seen_unless_the_plugin_binds_its_own() {
    let mut main = read(&fixtures().main);
    main.facts.native_exports.push("shared_name".to_owned());
    main.facts.native_exports.sort();
    let text = read(&fixtures().rust_plugin).manifests.unwrap().text;
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let source = format!(
        "int shared_name(void) {{ return 2; }}\n\
         int otelcol_processor_new_factory(void) {{ return shared_name(); }}\n{}",
        crate::fixture::c_section(&text, "manifest")
    );
    let plain = read(&c_library(directory, "plain.so", &source, &[]));
    let own = read(&c_library(
        directory,
        "own.so",
        &source,
        &["-Wl,-Bsymbolic"],
    ));
    assert!(!plain.facts.symbolic && own.facts.symbolic);
    let found = compare(&main, &plain, Rules::default());
    assert_eq!(
        short(&found),
        [(Check::Interposed, "shared_name", Outcome::WouldRunWrongCode)]
    );
    assert_eq!(compare(&main, &own, Rules::default()), []);
}

#[test]
fn a_plugin_that_wants_to_be_the_allocator_is_refused() {
    let main = read(&fixtures().main);
    let mut plugin = read(&fixtures().rust_plugin);
    plugin
        .facts
        .native_exports
        .extend(["free".to_owned(), "malloc".to_owned()]);
    let found = compare(&main, &plugin, Rules::default());
    assert_eq!(
        short(&found),
        [(Check::Allocator, "free", Outcome::WouldAbort)]
    );
    assert_eq!(found[0].count, 2);
}

#[test]
fn what_only_the_machine_of_main_can_tell_is_a_question() {
    let mut main = read(&fixtures().main);
    main.facts
        .needed
        .retain(|library| library != "libgcc_s.so.1");
    let plugin = read(&fixtures().rust_plugin);
    let questions = open_questions(&main, &plugin, Rules::default());
    assert!(
        questions.iter().any(|one| one.contains("libgcc_s.so.1")),
        "{questions:?}"
    );
}
