//! Go and Rust on telemetry in place: tests of `go/pluginhost` that the real host is linked into.
//!
//! In: the host as a static library. Out: what Go's tests say. Invariant: there is no component and
//! no Collector, so that millions of fields are compared in seconds.

use bimetal_conformance::distribution::{run, target};

#[test]
fn rust_reads_of_each_signal_what_go_made_and_go_builds_what_rust_says() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let library = ["--lib", "--crate-type", "staticlib"];
    let host = ["rustc", "--quiet", "--package", "bimetal-host"];
    run(&cargo, &[&host[..], &library].concat()).unwrap();
    let archive = target().join("debug/libbimetal_host.a");
    let linked = format!("CGO_LDFLAGS={archive} -lm -ldl -lpthread");
    let variables = ["GOWORK=off", "CGO_ENABLED=1", &linked];
    let test = ["go", "-C", "go", "test", "-v", "-tags", "bimetal_host_only"];
    let named = ["-run", "InPlace", "./pluginhost"];
    let said = run("env", &[&variables[..], &test, &named].concat()).unwrap();
    let said = String::from_utf8_lossy(&said.stdout);
    // Without the parts of a test, which are indented.
    let passed = said
        .lines()
        .filter(|line| line.starts_with("--- PASS: TestInPlace"));
    assert_eq!(passed.count(), 6, "{said}");
}
