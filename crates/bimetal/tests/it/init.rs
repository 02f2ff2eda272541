use crate::sandbox::{Sandbox, names};

#[test]
fn a_new_directory_can_be_planned_at_once() {
    let sandbox = Sandbox::new();
    let answer = sandbox.bimetal(&["init", "--path", "my otelcol"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stdout, "");
    assert_eq!(
        names(&sandbox.path("my otelcol")),
        [
            ".gitignore",
            "Makefile",
            "README.md",
            "config.yaml",
            "manifest.yaml"
        ]
    );
    assert!(
        sandbox
            .read("my otelcol/manifest.yaml")
            .contains("name: \"my-otelcol\"")
    );
    let plan = sandbox.bimetal(&["--config", "my otelcol/manifest.yaml", "--dry-run"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(
        plan.stdout.contains(
            "exporter   go    plugin     go.opentelemetry.io/collector/exporter/otlpexporter"
        ),
        "{}",
        plan.stdout
    );
    assert!(!plan.stderr.contains("warning"), "{}", plan.stderr);
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.put("README.md", "mine");
    let answer = sandbox.bimetal(&["init"]);
    assert_eq!(answer.code, 1);
    assert!(
        answer.stderr.contains("already has README.md"),
        "{}",
        answer.stderr
    );
    assert_eq!(names(&sandbox.path("")), ["README.md"]);
    assert_eq!(sandbox.read("README.md"), "mine");
}
