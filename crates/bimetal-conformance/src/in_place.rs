//! Tests of `go/pluginhost` that the real host is linked into.
//!
//! In: flags of `go test`. Out: what Go's tests say. Invariant: there is no component and no
//! Collector, so that millions of fields are compared in seconds.

use crate::distribution::{DistributionError, run, target};

/// How many tests there are.
pub const TESTS: usize = 6;

/// Runs them; a test that fails is an error.
pub fn go_test(flags: &[&str]) -> Result<String, DistributionError> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let library = ["--lib", "--crate-type", "staticlib"];
    let host = ["rustc", "--quiet", "--package", "bimetal-host"];
    run(&cargo, &[&host[..], &library].concat())?;
    let archive = target().join("debug/libbimetal_host.a");
    let linked = format!("CGO_LDFLAGS={archive} -lm -ldl -lpthread");
    let variables = ["GOWORK=off", "CGO_ENABLED=1", &linked];
    let test = ["go", "-C", "go", "test", "-v", "-tags", "bimetal_host_only"];
    let named = ["-run", "InPlace", "./pluginhost"];
    let said = run("env", &[&variables[..], &test, flags, &named].concat())?;
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// How many tests passed, without the parts of a test, which are indented.
pub fn passed(said: &str) -> usize {
    let of_a_test = |line: &&str| line.starts_with("--- PASS: TestInPlace");
    said.lines().filter(of_a_test).count()
}
