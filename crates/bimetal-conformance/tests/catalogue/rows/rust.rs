//! Rust plugins.
//!
//! In: one main with the C ABI of version 1. Out: rows. Invariant: what the loader needs is
//! there.

use bimetal_manifest::schema::Policy;
use camino::Utf8Path;

use super::rows;
use crate::go::{abi, main};
use crate::native::{C, Library, c, rust};
use crate::predict::{alone, under};
use crate::reality;
use crate::row::{Decider, Finding, Predicted, Symptom};
use crate::tools::{Variables, debian};

rows!(
    a_good_rust_plugin,
    another_rustc_under_policy_abi,
    another_major_version_of_the_abi,
    a_factory_of_another_kind,
    a_factory_that_is_missing,
    a_panic_in_a_plugin_that_unwinds,
    a_panic_in_a_plugin_that_was_built_to_abort,
    an_allocator_of_its_own_gets_foreign_memory,
    main_interposes_a_symbol,
    main_cannot_interpose_with_bsymbolic,
);

fn finding(symptom: Symptom, plugin: &Utf8Path, answer: &str) -> Finding {
    let main = main();
    Finding {
        decider: Decider::Loader,
        symptom,
        predicted: alone(&main, plugin),
        seen: reality::native(&main, plugin, answer),
    }
}

fn a_good_rust_plugin() -> Finding {
    finding(Symptom::Loads, &rust("good", &Library::rust()), "crab")
}

/// Debian's compiler, which is some years older.
pub(super) fn other_rustc() -> Library {
    let root = debian(
        "rustc",
        &["rustc", "libstd-rust-1.63", "libstd-rust-dev", "libllvm14"],
    );
    let libraries = format!("{root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib");
    Library {
        compiler: format!("{root}/usr/bin/rustc"),
        variables: Variables::from([("LD_LIBRARY_PATH".to_owned(), libraries)]),
        ..Library::rust()
    }
}

/// Over a C ABI the compiler does not matter; that main may want its own all the same is a rule,
/// which the exact policy states.
fn another_rustc_under_policy_abi() -> Finding {
    let plugin = rust("other-rustc", &other_rustc());
    let exact = under(&main(), &plugin, Some(Policy::Exact));
    assert!(matches!(exact, Predicted::Refused(..)), "{exact}");
    finding(Symptom::Loads, &plugin, "crab")
}

/// Its table has another member where version 1 has the function.
fn another_major_version_of_the_abi() -> Finding {
    let library = Library {
        manifest: |manifest| manifest.abi = Some(abi(2)),
        ..Library::rust()
            .edit("size: u64,", "size: u64,\n    features: u64,")
            .edit("size: 16,", "size: 24, features: 3,")
    };
    finding(Symptom::Death, &rust("abi-2", &library), "crab")
}

fn a_factory_of_another_kind() -> Finding {
    let library = Library::rust().edit("otelcol_processor_", "otelcol_receiver_");
    finding(Symptom::Error, &rust("receiver", &library), "crab")
}

fn a_factory_that_is_missing() -> Finding {
    let library = Library::rust().edit("otelcol_processor_new_factory", "some_other_function");
    finding(Symptom::Error, &rust("no-factory", &library), "crab")
}

/// Its answer is made behind a guard that turns panics into a word.
fn panicking() -> Library {
    Library::rust().edit(
        "b\"crab\\0\".as_ptr()",
        "match std::panic::catch_unwind(|| panic!(\"no answer\")) {\n        Ok(()) => \
         b\"calm\\0\".as_ptr(),\n        Err(_) => b\"crab\\0\".as_ptr(),\n    }",
    )
}

fn a_panic_in_a_plugin_that_unwinds() -> Finding {
    finding(Symptom::Loads, &rust("unwinds", &panicking()), "crab")
}

fn a_panic_in_a_plugin_that_was_built_to_abort() -> Finding {
    let library = Library {
        manifest: |manifest| {
            manifest.build_flags = vec!["-Copt-level=1".to_owned(), "-Cpanic=abort".to_owned()];
        },
        ..panicking().flag("-Cpanic=abort")
    };
    finding(Symptom::Death, &rust("aborts", &library), "crab")
}

/// Its `free` is given what the C library's `malloc` has made. Like other allocators it does not go
/// on then.
fn an_allocator_of_its_own_gets_foreign_memory() -> Finding {
    let allocator = "#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n\n\
        static char arena[1 << 16];\nstatic size_t used;\n\n\
        void *malloc(size_t size) { used += (size + 15) & ~(size_t)15; return arena + used - size; \
        }\n\n\
        void free(void *memory) {\n\tif (memory != NULL && ((char *)memory < arena || (char \
        *)memory >= arena + sizeof arena)) {\n\
        \t\tabort();\n\t}\n}\n";
    let mut library = Library::c().edit(
        "{ return ANSWER; }",
        "{\n\tchar *copy = strdup(ANSWER);\n\tfree(copy);\n\treturn ANSWER;\n}",
    );
    library.source.insert_str(0, allocator);
    let library = library.flag("-fno-builtin");
    finding(Symptom::Death, &c("allocator", &library), "shell")
}

/// It exports a function of a name that main exports too, and calls it by that name.
fn same_name() -> Library {
    Library {
        source: C.replace(
            "static const char *answer(void) { return ANSWER; }",
            "const char *acme_name(void) { return ANSWER; }\n\n\
             static const char *answer(void) { return acme_name(); }",
        ),
        ..Library::c()
    }
    .flag("-fsemantic-interposition")
    .flag("-fno-inline")
}

fn main_interposes_a_symbol() -> Finding {
    let library = Library {
        symbolic: false,
        ..same_name()
    };
    finding(Symptom::WrongCode, &c("interposed", &library), "shell")
}

fn main_cannot_interpose_with_bsymbolic() -> Finding {
    finding(Symptom::Loads, &c("symbolic", &same_name()), "shell")
}
