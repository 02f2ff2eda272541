//! `validate --load` of plugins that misbehave: what it was, how far it had come, and in whose
//! code.
//!
//! In: Go plugins, each with one fault. Out: the load report. Invariant: every fault is a real one
//! in a real child process.

use bimetal_plugins::ExitCode;
use serde_json::{Value, json};

use crate::fixture::{self, fixture, go_manifest, manifest_c};
use crate::run::{main_itself, plugins};
use crate::validate::load_of;

/// A plugin whose `init` does `deed`.
pub(crate) fn whose_init(name: &str, deed: &str) -> camino::Utf8PathBuf {
    let source = format!(
        "{}\nfunc init() {{ {deed} }}\n",
        include_str!("sources/plugin.go")
    );
    built(name, &source, "")
}

/// A plugin with a constructor in C that does `deed`.
fn whose_constructor(name: &str, deed: &str) -> camino::Utf8PathBuf {
    let code = format!(
        "#define _GNU_SOURCE\n#include <signal.h>\n#include <stdlib.h>\n#include <sys/mman.h>\n\
         #include <unistd.h>\n\
         __attribute__((constructor)) static void misbehave(void) {{ {deed} }}\n"
    );
    built(name, include_str!("sources/plugin.go"), &code)
}

fn built(name: &str, source: &str, code: &str) -> camino::Utf8PathBuf {
    let manifest = manifest_c(&[&go_manifest("processor", name).to_string()]);
    fixture::go_plugin(
        &fixture().directory,
        name,
        source,
        &format!("{code}\n{manifest}"),
    )
}

/// What the report says in the keys that tell what it was; `place` is only looked for in it.
fn tried(file: &camino::Utf8Path, more: &[&str], place: Option<&str>) -> Value {
    let (code, plugin) = load_of(&main_itself(), file, more);
    assert_eq!(code, ExitCode::Incompatible, "{plugin:#}");
    assert_eq!(plugin["status"], "load_failed", "{plugin:#}");
    let load = &plugin["load"];
    let found = load["whose"]["place"].as_str();
    assert_eq!(found.is_some(), place.is_some(), "{load:#}");
    assert!(
        found
            .unwrap_or_default()
            .contains(place.unwrap_or_default()),
        "{load:#}"
    );
    json!([
        load["outcome"],
        load["phase"],
        load["cause"],
        load["whose"]["code"],
        load["exit_code"],
        load["signal"]
    ])
}

#[test]
fn an_init_that_panics_or_faults_is_named_with_its_line() {
    let file = whose_init("try_panic", r#"panic("no luck today")"#);
    assert_eq!(
        tried(&file, &[], Some("try_panic/main.go:")),
        json!(["exited", "opening", "panic", "package_init", 2, null])
    );
    let file = whose_init("try_nil", "var nothing *int; *nothing = 1");
    assert_eq!(
        tried(&file, &[], Some("try_nil/main.go:")),
        json!(["exited", "opening", "panic", "package_init", 2, null])
    );
}

/// A plugin whose `init` takes a name that the process has once.
fn with_variable(name: &str, variable: &str) -> camino::Utf8PathBuf {
    let source = include_str!("sources/plugin.go").replace("\t\"os\"", "\t\"expvar\"\n\t\"os\"");
    let init = format!("func init() {{ expvar.NewInt({variable:?}) }}");
    built(name, &format!("{source}\n{init}\n"), "")
}

#[test]
fn files_that_load_alone_are_loaded_together_and_the_pair_that_cannot_is_named_with_the_registry() {
    let one = with_variable("one_var", "requests");
    let apart = with_variable("other_var", "answers");
    let twice = with_variable("twice_var", "requests");
    let tried = |files: &[&camino::Utf8PathBuf], more: &[&str]| {
        let files: Vec<_> = files.iter().map(|file| file.as_str()).collect();
        let arguments = [&["validate", "--load"], &files[..], more].concat();
        plugins(&main_itself(), &arguments)
    };
    let good = tried(&[&apart, &one], &[]);
    assert_eq!(good.code, ExitCode::Ok, "{}", good.stdout);
    let said = "together: 2 plugins load in one process";
    assert!(good.stdout.contains(said), "{}", good.stdout);

    let known = format!("--loaded={one}");
    let json = tried(&[&apart, &one], &["--format=json", &known]);
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let plugins = &report["plugins"];
    assert_eq!(plugins[0]["load"]["outcome"], "loaded", "{report:#}");
    assert!(plugins[1]["load"].is_null(), "loaded before: {report:#}");
    assert_eq!(report["together"]["files"], json!([one, apart]));

    // However they are named, the order is that of a start.
    let json = tried(&[&twice, &apart, &one], &["--format", "json"]);
    assert_eq!(json.code, ExitCode::Incompatible, "{}", json.stdout);
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let together = &report["together"];
    assert_eq!(together["files"], json!([one, apart, twice]), "{report:#}");
    assert_eq!(together["failed"], json!(twice), "{together:#}");
    assert_eq!(together["with"], json!(one), "{together:#}");
    assert_eq!(
        together["load"]["registry"],
        "the variables of Go's `expvar`"
    );
    assert_eq!(report["plugins"][0]["status"], "ok", "each loads alone");
    assert_eq!(report["ok"], false);
    let text = tried(&[&twice, &apart, &one], &[]).stdout;
    let said = format!("together: {twice} does not live in one process with {one}: both want");
    assert!(text.contains(&said), "{text}");
}

#[test]
fn an_init_that_exits_has_not_loaded_whatever_it_exits_with() {
    for code in [0, 3] {
        let file = whose_init(&format!("try_exit_{code}"), &format!("os.Exit({code})"));
        assert_eq!(
            tried(&file, &[], None),
            json!(["exited", "opening", "exit", "package_init", code, null])
        );
    }
}

#[test]
fn an_init_that_hangs_is_named_with_its_line() {
    let file = whose_init("try_hang", "time.Sleep(time.Hour)");
    assert_eq!(
        tried(&file, &["--timeout", "3s"], Some("try_hang/main.go:")),
        json!(["timed_out", "opening", "hang", "package_init", null, null])
    );
    let finished = plugins(
        &main_itself(),
        &["validate", "--load", "--timeout", "3s", file.as_str()],
    );
    assert!(
        finished.stdout.contains(
            "it hangs in the plugin's package init at bimetal.test/sample/try_hang/main.go:"
        ),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_goroutine_of_the_plugin_is_reported_from_its_init() {
    let file = whose_init(
        "try_goroutine",
        r#"go func() { panic("later") }(); time.Sleep(time.Minute)"#,
    );
    assert_eq!(
        tried(&file, &[], Some("try_goroutine/main.go:")),
        json!(["exited", "opening", "panic", "goroutine", 2, null])
    );
}

#[test]
fn what_nothing_can_recover_from_is_a_fatal_error() {
    let deed = "shared := map[int]int{}; for range 8 { go func() { for { shared[1]++ } }() }; \
        time.Sleep(time.Minute)";
    assert_eq!(
        tried(
            &whose_init("try_fatal", deed),
            &[],
            Some("try_fatal/main.go:")
        ),
        json!(["exited", "opening", "fatal_error", "goroutine", 2, null])
    );
}

#[test]
fn a_factory_that_panics_is_reported_from_an_init() {
    let source = include_str!("sources/plugin.go")
        .replace("return \"factory\"", r#"panic("no factory today")"#);
    let file = built("try_factory", &source, "");
    assert_eq!(
        tried(&file, &[], Some("try_factory/main.go:")),
        json!(["exited", "factory", "panic", "factory", 2, null])
    );
}

#[test]
fn a_constructor_that_faults_is_reported_from_an_init() {
    let constructor = |name: &str, deed: &str| tried(&whose_constructor(name, deed), &[], None);
    assert_eq!(
        constructor("try_segv", "*(volatile int *)8 = 1;"),
        json!(["exited", "opening", "sigsegv", "constructor", 2, "SIGSEGV"])
    );
    let truncated = "int file = memfd_create(\"x\", 0); if (ftruncate(file, 4096)) return; \
                     volatile char *page = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0); \
                     if (ftruncate(file, 0)) return; (void)page[0];";
    assert_eq!(
        constructor("try_bus", truncated),
        json!(["exited", "opening", "sigbus", "constructor", 2, "SIGBUS"])
    );
    assert_eq!(
        constructor("try_abort", "abort();"),
        json!(["exited", "opening", "sigabrt", "constructor", 2, "SIGABRT"])
    );
    assert_eq!(
        constructor("try_fpe", "raise(SIGFPE);"),
        json!(["exited", "opening", "signal", "constructor", 2, "SIGFPE"])
    );
}

#[test]
fn a_constructor_that_exits_or_hangs_is_reported_from_an_init() {
    let exits = whose_constructor("try_c_exit", "exit(0);");
    assert_eq!(
        tried(&exits, &[], None),
        json!(["exited", "opening", "exit", "constructor", 0, null])
    );
    let hangs = whose_constructor("try_c_hang", "for (;;) pause();");
    assert_eq!(
        tried(&hangs, &["--timeout", "3s"], None),
        json!(["timed_out", "opening", "hang", "constructor", null, null])
    );
}

#[test]
fn a_signal_that_cannot_be_caught_leaves_open_whose_it_was() {
    let file = whose_constructor("try_kill", "raise(SIGKILL);");
    assert_eq!(
        tried(&file, &[], None),
        json!([
            "killed",
            "opening",
            "signal",
            "constructor_or_init",
            null,
            "SIGKILL"
        ])
    );
}
