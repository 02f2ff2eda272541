//! Code that runs while a plugin is loaded, and what bytes cannot tell about it.
//!
//! In: one main. Out: rows. Invariant: nothing in the bytes is against these plugins.

use super::rows;
use crate::go::{Recipe, main, plugin};
use crate::predict::{alone, beyond_bytes};
use crate::reality;
use crate::row::{Decider, Finding, Symptom};

rows!(
    an_init_that_panics,
    an_init_that_exits,
    an_init_that_hangs,
    a_c_constructor_with_a_bad_pointer,
);

fn finding(name: &str, file: &'static str, text: &str) -> Finding {
    let recipe = Recipe {
        files: vec![(file, text.to_owned())],
        ..Recipe::default()
    };
    let (main, plugin) = (main(), plugin(name, &recipe));
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Death,
        predicted: beyond_bytes(alone(&main, &plugin)),
        seen: reality::go(&main, &[&plugin], &[]),
    }
}

fn init(name: &str, imports: &str, body: &str) -> Finding {
    let text = format!("package main\n\n{imports}\n\nfunc init() {{ {body} }}\n");
    finding(name, "start.go", &text)
}

fn an_init_that_panics() -> Finding {
    init("panics", "", "panic(\"init says no\")")
}

fn an_init_that_exits() -> Finding {
    init("exits", "import \"os\"", "os.Exit(0)")
}

fn an_init_that_hangs() -> Finding {
    init(
        "hangs",
        "import \"os\"",
        "read, _, _ := os.Pipe(); read.Read(make([]byte, 1))",
    )
}

fn a_c_constructor_with_a_bad_pointer() -> Finding {
    let text = "static int *volatile nowhere;\n\n\
        __attribute__((constructor)) static void start(void) { *nowhere = 1; }\n";
    finding("constructor", "start.c", text)
}
