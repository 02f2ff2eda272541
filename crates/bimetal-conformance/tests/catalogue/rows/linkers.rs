//! What the linkers of today make, in the layouts that they have.
//!
//! In: one small plugin. Out: rows. Invariant: each loads, so nothing is
//! against it in its bytes; one that the loader refuses is refused from its bytes.

use camino::Utf8Path;

use super::rows;
use crate::go::main;
use crate::native::{Library, c, rust};
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};
use crate::tools::{Variables, debian, run};

rows!(
    rust_with_code_and_data_in_one_segment,
    rust_with_code_in_pages_of_its_own,
    rust_with_large_pages,
    rust_with_short_relocations,
    rust_linked_by_mold,
    short_relocations_of_a_linker_that_names_no_version,
    rust_linked_by_gold,
    c_with_code_and_data_in_one_segment,
    c_with_large_pages,
    c_with_short_relocations,
    c_with_the_older_hash_table,
    c_with_both_hash_tables,
    c_without_read_only_relocations,
    a_plugin_whose_tables_patchelf_moved,
);

fn loads(plugin: &Utf8Path, answer: &str) -> Finding {
    let main = main();
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Loads,
        predicted: alone(&main, plugin),
        seen: reality::native(&main, plugin, answer),
    }
}

fn of_rust(name: &str, flags: &[&str]) -> Finding {
    let library = flags
        .iter()
        .fold(Library::rust(), |library, flag| library.flag(flag));
    loads(&rust(name, &library), "crab")
}

fn of_c(name: &str, flags: &[&str]) -> Finding {
    let library = flags
        .iter()
        .fold(Library::c(), |library, flag| library.flag(flag));
    loads(&c(name, &library), "shell")
}

fn rust_with_code_and_data_in_one_segment() -> Finding {
    of_rust("rust-together", &["-Clink-arg=-Wl,-z,noseparate-code"])
}

fn rust_with_code_in_pages_of_its_own() -> Finding {
    of_rust("rust-separate", &["-Clink-arg=-Wl,-z,separate-code"])
}

fn rust_with_large_pages() -> Finding {
    of_rust("rust-large", &["-Clink-arg=-Wl,-z,max-page-size=65536"])
}

fn rust_with_short_relocations() -> Finding {
    of_rust("rust-relr", &["-Clink-arg=-Wl,-z,pack-relative-relocs"])
}

/// The linker finds its libraries by a variable; it stands beside nothing else.
fn by_mold(name: &str, flags: &[&str]) -> Finding {
    let root = debian("mold", &["mold", "libmimalloc2.0", "libtbb12"]);
    let mut library = flags.iter().fold(
        Library::rust()
            .flag("-Clinker-features=-lld")
            .flag("-Clink-arg=-fuse-ld=mold")
            .flag(&format!("-Clink-arg=-B{root}/usr/bin")),
        |library, flag| library.flag(flag),
    );
    let libraries = format!("{root}/usr/lib/x86_64-linux-gnu");
    library
        .variables
        .insert("LD_LIBRARY_PATH".to_owned(), libraries);
    loads(&rust(name, &library), "crab")
}

fn rust_linked_by_mold() -> Finding {
    by_mold("mold", &[])
}

/// The GNU loader refuses them: an older one would not know the form.
fn short_relocations_of_a_linker_that_names_no_version() -> Finding {
    Finding {
        symptom: Symptom::Error,
        ..by_mold("mold-relr", &["-Clink-arg=-Wl,-z,pack-relative-relocs"])
    }
}

fn rust_linked_by_gold() -> Finding {
    let flags = ["-Clinker-features=-lld", "-Clink-arg=-fuse-ld=gold"];
    of_rust("rust-gold", &flags)
}

fn c_with_code_and_data_in_one_segment() -> Finding {
    of_c("c-together", &["-Wl,-z,noseparate-code"])
}

fn c_with_large_pages() -> Finding {
    of_c("c-large", &["-Wl,-z,max-page-size=65536"])
}

fn c_with_short_relocations() -> Finding {
    of_c("c-relr", &["-Wl,-z,pack-relative-relocs"])
}

fn c_with_the_older_hash_table() -> Finding {
    of_c("c-sysv", &["-Wl,--hash-style=sysv"])
}

fn c_with_both_hash_tables() -> Finding {
    of_c("c-both", &["-Wl,--hash-style=both"])
}

fn c_without_read_only_relocations() -> Finding {
    of_c("c-norelro", &["-Wl,-z,norelro"])
}

/// The tables that grow come into a segment of their own.
fn a_plugin_whose_tables_patchelf_moved() -> Finding {
    let root = debian("patchelf", &["patchelf"]);
    let plugin = rust("patchelf", &Library::rust());
    let arguments = ["--add-needed", "libm.so.6", plugin.as_str()];
    let place = plugin.parent().unwrap();
    run(
        place,
        &format!("{root}/usr/bin/patchelf"),
        &arguments,
        &Variables::new(),
    );
    loads(&plugin, "crab")
}
