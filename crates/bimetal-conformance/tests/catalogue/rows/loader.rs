//! What the system's loader needs.
//!
//! In: small libraries. Out: rows. Invariant: manifest and C ABI are right.

use camino::Utf8Path;
use fs_err as fs;

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::native::{Library, c, rust};
use crate::places::fresh;
use crate::predict::alone;
use crate::reality;
use crate::row::{Decider, Finding, Symptom};
use crate::tools::{Variables, debian, run};

rows!(
    an_undefined_symbol,
    a_weak_symbol_without_a_definition,
    a_library_that_says_it_is_not_to_be_opened,
    a_needed_library_that_is_missing,
    a_c_library_that_is_newer_than_this_one,
    musl_where_it_is_missing,
    a_static_tls_block_that_is_too_large,
    a_small_static_tls_block,
    linked_by_gold,
    linked_by_bfd,
    a_go_plugin_linked_by_gold,
    a_go_plugin_linked_by_lld,
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

fn an_undefined_symbol() -> Finding {
    let library = Library::rust().edit(
        "b\"crab\\0\".as_ptr()",
        "extern \"C\" { fn undefined_name() -> *const u8; }\n    unsafe { undefined_name() }",
    );
    finding(Symptom::Error, &rust("undefined", &library), "crab")
}

fn a_weak_symbol_without_a_definition() -> Finding {
    let library = Library::c()
        .edit(
            "#include <stdint.h>",
            "#include <stdint.h>\n\nextern int undefined_name(void) __attribute__((weak));",
        )
        .edit("return ANSWER", "return undefined_name ? \"\" : ANSWER");
    finding(Symptom::Loads, &c("weak", &library), "shell")
}

fn a_library_that_says_it_is_not_to_be_opened() -> Finding {
    let library = Library::c().flag("-Wl,-z,nodlopen");
    finding(Symptom::Error, &c("no-open", &library), "shell")
}

/// A shared library for others to be linked with, which is gone when they are loaded.
fn stub(name: &str, soname: &str, source: &str, versions: Option<&str>) -> camino::Utf8PathBuf {
    let place = fresh(&format!("stubs/{name}"));
    fs::write(place.join("stub.c"), source).unwrap();
    let out = place.join("libstub.so");
    let soname = format!("-Wl,-soname,{soname}");
    let mut arguments = vec![
        "-shared",
        "-fPIC",
        "-nostdlib",
        &soname,
        "-o",
        out.as_str(),
        "stub.c",
    ];
    let script = "-Wl,--version-script=versions";
    if let Some(versions) = versions {
        fs::write(place.join("versions"), versions).unwrap();
        arguments.push(script);
    }
    run(&place, "cc", &arguments, &Variables::new());
    out
}

fn calls(function: &str) -> Library {
    let source = format!(
        "const char *{function}(void);\n\n{}",
        Library::c()
            .source
            .replace("return ANSWER", &format!("return {function}()"))
    );
    Library {
        source,
        ..Library::c()
    }
}

fn a_needed_library_that_is_missing() -> Finding {
    let source = "const char *elsewhere(void) { return \"elsewhere\"; }\n";
    let stub = stub("absent", "libabsent.so.1", source, None);
    let library = calls("elsewhere").flag(stub.as_str());
    finding(Symptom::Error, &c("absent", &library), "elsewhere")
}

fn a_c_library_that_is_newer_than_this_one() -> Finding {
    let source = "const char *of_the_future(void) { return \"future\"; }\n";
    let versions = "GLIBC_2.99 { global: of_the_future; };\n";
    let stub = stub("future", "libc.so.6", source, Some(versions));
    let library = calls("of_the_future").flag("-nostdlib").flag(stub.as_str());
    finding(Symptom::Error, &c("future", &library), "future")
}

fn musl_where_it_is_missing() -> Finding {
    let root = debian("musl", &["musl", "musl-dev"]);
    let library = Library::c()
        .edit(
            "#include <stdint.h>",
            "#include <stdint.h>\n#include <stdlib.h>",
        )
        .edit(
            "return ANSWER",
            "return getenv(\"NOTHING\") ? \"\" : ANSWER",
        )
        .flag("-nostdinc")
        .flag(&format!("-isystem{root}/usr/include/x86_64-linux-musl"))
        .flag("-nostdlib")
        .flag(&format!("-L{root}/lib/x86_64-linux-musl"))
        .flag("-lc");
    finding(Symptom::Error, &c("musl", &library), "shell")
}

/// Room for thread-local variables that is reached without a call: main's threads have a fixed
/// amount of it.
fn static_tls(name: &str, size: &str) -> Library {
    let variable = format!(
        "__thread __attribute__((tls_model(\"initial-exec\"))) volatile char {name}[{size}];\n\n"
    );
    let source = variable
        + &Library::c().source.replace(
            "return ANSWER",
            &format!("return {name}[0] ? \"\" : ANSWER"),
        );
    Library {
        source,
        ..Library::c()
    }
}

fn a_static_tls_block_that_is_too_large() -> Finding {
    let plugin = c("large-tls", &static_tls("block", "1 << 20"));
    finding(Symptom::Error, &plugin, "shell")
}

fn a_small_static_tls_block() -> Finding {
    let plugin = c("small-tls", &static_tls("block", "16"));
    finding(Symptom::Loads, &plugin, "shell")
}

fn linked_by_gold() -> Finding {
    let plugin = c("gold", &Library::c().flag("-fuse-ld=gold"));
    finding(Symptom::Loads, &plugin, "shell")
}

fn linked_by_bfd() -> Finding {
    let library = Library::rust().flag("-Clinker-features=-lld");
    finding(Symptom::Loads, &rust("bfd", &library), "crab")
}

fn go_linked_by(name: &str, linker: &str, variables: Vec<(&'static str, &'static str)>) -> Finding {
    let recipe = Recipe {
        linker: vec![format!(
            "-linkmode=external '-extldflags=-Wl,--exclude-libs,ALL {linker}'"
        )],
        link_plainly: true,
        variables,
        ..Recipe::default()
    };
    let (main, plugin) = (main(), plugin(name, &recipe));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Loads,
        predicted: alone(&main, &plugin),
        seen: reality::go(&main, &[&plugin], &[]),
    }
}

fn a_go_plugin_linked_by_gold() -> Finding {
    go_linked_by("gold", "-fuse-ld=gold", Vec::new())
}

fn a_go_plugin_linked_by_lld() -> Finding {
    let root = debian("lld", &["lld-14", "libllvm14"]);
    let libraries = format!("{root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib/llvm-14/lib");
    let libraries: &'static str = Box::leak(libraries.into_boxed_str());
    let linker = format!("-fuse-ld=lld -B{root}/usr/lib/llvm-14/bin");
    go_linked_by("lld", &linker, vec![("LD_LIBRARY_PATH", libraries)])
}
