//! Go modules that do not go together, as people meet them: what the builder makes of them before
//! anything is compiled.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const CORE: &str = "go.opentelemetry.io/collector";

/// A distribution with the receiver `example.com/r`, whose module is in `r/`.
fn with_receiver(sandbox: &Sandbox, go_mod: &str, code: &str) {
    module(sandbox, "r", go_mod, code);
    let dist = "dist: {name: otelcol-acme, module: example.com/acme, output_path: out}\n";
    sandbox.put(
        "b.yaml",
        &format!("{dist}receivers:\n  - {{gomod: example.com/r v1.0.0, path: r}}\n"),
    );
}

/// The module `example.com/<name>`, with one package.
fn module(sandbox: &Sandbox, name: &str, go_mod: &str, code: &str) {
    let head = format!("module example.com/{name}\n\ngo 1.25\n\n");
    sandbox.put(&format!("{name}/go.mod"), &format!("{head}{go_mod}"));
    sandbox.put(
        &format!("{name}/{name}.go"),
        &format!("package {name}\n\n{code}"),
    );
}

/// Further lines of the configuration.
fn add(sandbox: &Sandbox, lines: &str) {
    sandbox.put("b.yaml", &(sandbox.read("b.yaml") + lines));
}

const SOURCES: [&str; 3] = ["--config", "b.yaml", "--skip-compilation"];
const GOOD: &str = "generate [time]\nmodules [time]\nsources in /sandbox/out\n";

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
    let first = sandbox.bimetal(&SOURCES);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_snapshot!(first.stderr);
    let again = sandbox.bimetal(&SOURCES);
    assert_eq!(
        again.stderr, first.stderr,
        "also where nothing is asked again"
    );

    let held = format!("replaces: [\"{CORE}/component => {CORE}/component v1.67.0\"]\n");
    add(&sandbox, &held);
    let held = sandbox.bimetal(&SOURCES);
    assert_eq!((held.code, held.stderr.as_str()), (0, GOOD));
}

#[test]
fn a_package_in_two_modules_is_named_with_both_entries_and_what_keeps_one_out() {
    let sandbox = Sandbox::new();
    let code = "import _ \"example.com/parent/child\"\n\nfunc NewFactory() int { return 1 }\n";
    with_receiver(&sandbox, "require example.com/parent v1.0.0\n", code);
    module(
        &sandbox,
        "s",
        "require example.com/parent/child v1.1.0\n",
        code,
    );
    module(&sandbox, "parent", "", "");
    sandbox.put("parent/child/child.go", "package child\n");
    sandbox.put("split/go.mod", "module example.com/parent/child\n");
    sandbox.put("split/child.go", "package child\n");
    add(
        &sandbox,
        "  - {gomod: example.com/s v1.0.0, path: s}\nreplaces:\n  - example.com/parent => \
         ../parent\n  - example.com/parent/child => ../split\n",
    );
    let answer = sandbox.bimetal(&SOURCES);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let (error, cause) = answer.stderr.split_once("  caused by:").unwrap();
    assert_snapshot!(error);
    assert!(cause.contains("found package example.com/parent/child in multiple modules"));
    let (_, help) = cause.split_once("  help: ").unwrap();
    assert_snapshot!(help);

    add(&sandbox, "excludes: [example.com/parent v1.0.0]\n");
    let cured = sandbox.bimetal(&SOURCES);
    assert_eq!((cured.code, cured.stderr.as_str()), (0, GOOD));
}

#[test]
fn what_only_tests_of_dependencies_or_other_systems_import_stops_no_build() {
    let sandbox = Sandbox::new();
    let code = "import _ \"example.com/m\"\n\nfunc NewFactory() int { return 1 }\n";
    with_receiver(&sandbox, "require example.com/m v1.0.0\n", code);
    let of_m = "import _ \"example.com/n\"\n";
    module(&sandbox, "m", "require example.com/n v1.0.0\n", of_m);
    module(&sandbox, "n", "", "");
    sandbox.put(
        "m/m_test.go",
        "package m\n\nimport _ \"example.com/n/gone\"\n",
    );
    sandbox.put(
        "m/m_windows.go",
        "package m\n\nimport _ \"example.com/n/elsewhere\"\n",
    );
    add(
        &sandbox,
        "replaces: [example.com/m => ../m, example.com/n => ../n]\n",
    );
    let variables = [("GOPROXY", "off"), ("GOFLAGS", "")];
    let answer = sandbox.bimetal_with(&SOURCES, &variables);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_snapshot!(answer.stderr);

    let gone = "package m\n\nimport _ \"example.com/n/gone\"\n";
    sandbox.put("m/more.go", gone);
    let answer = sandbox.bimetal_with(&SOURCES, &variables);
    assert_eq!(
        answer.code, 1,
        "what main imports is needed: {}",
        answer.stderr
    );
}

#[test]
fn a_module_for_a_newer_go_gets_no_hint_about_a_proxy() {
    let sandbox = Sandbox::new();
    with_receiver(&sandbox, "", "func NewFactory() int { return 1 }\n");
    let go_mod = sandbox.read("r/go.mod").replace("go 1.25", "go 1.99");
    sandbox.put("r/go.mod", &go_mod);
    let answer = sandbox.bimetal(&SOURCES);
    assert_eq!(answer.code, 1);
    let hint = "help: name a newer Go with `dist.go`";
    assert!(answer.stderr.contains(hint), "{}", answer.stderr);
    assert!(
        !answer.stderr.contains("proxy can be reached"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_component_for_another_core_is_named_with_both_versions_before_anything_else_is_compiled() {
    for plugin in [false, true] {
        let sandbox = Sandbox::new();
        let code = factory().replace("component.Type ", "component.Gone ");
        let asks = "require go.opentelemetry.io/collector/component v1.30.0\n";
        with_receiver(&sandbox, asks, &code);
        if plugin {
            let entry = sandbox
                .read("b.yaml")
                .replace("path: r", "path: r, plugin: true, type: r");
            sandbox.put("b.yaml", &entry);
        }
        let answer = sandbox.bimetal(&["--config", "b.yaml"]);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        let error = answer.stderr.split_once("error: ").unwrap().1;
        let error = error.split_once("  caused by:").unwrap().0;
        assert_eq!(
            error,
            "the component of `gomod: example.com/r v1.0.0` does not compile: its go.mod asks for \
             `go.opentelemetry.io/collector/component` v1.30.0, and v1.67.0 is selected\n"
        );
        assert!(
            answer.stderr.contains("undefined: component.Gone"),
            "{}",
            answer.stderr
        );
        assert!(
            answer
                .stderr
                .contains("  help: use a version of the component")
        );
        let logs = crate::sandbox::names(&sandbox.path("out/.bimetal/logs"));
        let long = [
            "cargo-build.log",
            "go-build-main.log",
            "go-build-receiver-r.log",
        ];
        assert!(
            !logs.iter().any(|log| long.contains(&log.as_str())),
            "{logs:?}"
        );
    }
}
