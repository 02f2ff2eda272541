//! Go modules that do not go together, as people meet them: what the builder makes of them before
//! anything is compiled.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const CORE: &str = "go.opentelemetry.io/collector";

/// A distribution with the receiver `example.com/r`, whose module is in `r/`.
fn with_receiver(sandbox: &Sandbox, go_mod: &str, code: &str) {
    let dist = "dist: {name: otelcol-acme, module: example.com/acme, output_path: out}\n";
    sandbox.put(
        "b.yaml",
        &format!("{dist}receivers:\n  - {{gomod: example.com/r v1.0.0, path: r}}\n"),
    );
    sandbox.put(
        "r/go.mod",
        &format!("module example.com/r\n\ngo 1.25\n\n{go_mod}"),
    );
    sandbox.put("r/r.go", &format!("package r\n\n{code}"));
}

const ASKS_FOR_MORE: &str = "require go.opentelemetry.io/collector/component v1.71.0\n";

fn factory() -> String {
    format!(
        "import \"{CORE}/component\"\n\n\
         func NewFactory() component.Type {{ return component.MustNewType(\"r\") }}\n"
    )
}

#[test]
fn core_modules_of_several_releases_are_a_warning_with_who_asked() {
    let sandbox = Sandbox::new();
    with_receiver(&sandbox, ASKS_FOR_MORE, &factory());
    let arguments = ["--config", "b.yaml", "--skip-compilation"];
    let first = sandbox.bimetal(&arguments);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_snapshot!(first.stderr);
    let again = sandbox.bimetal(&arguments);
    assert_eq!(
        again.stderr, first.stderr,
        "also where nothing is asked again"
    );

    let held = format!("replaces: [\"{CORE}/component => {CORE}/component v1.67.0\"]\n");
    sandbox.put("b.yaml", &(sandbox.read("b.yaml") + &held));
    let held = sandbox.bimetal(&arguments);
    assert_eq!(
        (held.code, held.stderr.as_str()),
        (
            0,
            "generate [time]\nmodules [time]\nsources in /sandbox/out\n"
        )
    );
}

#[test]
fn core_modules_of_several_releases_are_an_error_under_strict_versioning() {
    let sandbox = Sandbox::new();
    with_receiver(&sandbox, ASKS_FOR_MORE, &factory());
    let answer = sandbox.bimetal(&[
        "--config",
        "b.yaml",
        "--skip-compilation",
        "--skip-strict-versioning=false",
    ]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert_snapshot!(answer.stderr);
}
