use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn help_teaches() {
    let answer = Sandbox::new().bimetal(&["--help"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    assert_snapshot!(answer.stdout);
}

#[test]
fn short_help_fits_on_a_screen() {
    let answer = Sandbox::new().bimetal(&["-h"]);
    assert!(answer.stdout.lines().count() <= 48, "{}", answer.stdout);
    assert_snapshot!(answer.stdout);
}

#[test]
fn help_of_init() {
    assert_snapshot!(Sandbox::new().bimetal(&["init", "--help"]).stdout);
}

#[test]
fn help_of_rebuild() {
    assert_snapshot!(Sandbox::new().bimetal(&["rebuild", "--help"]).stdout);
}

#[test]
fn help_of_completion() {
    assert_snapshot!(Sandbox::new().bimetal(&["completion", "--help"]).stdout);
}

#[test]
fn wrong_usage_ends_with_1_and_not_with_claps_2() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["--nonsense"][..],
        &["nonsense"],
        &["--skip-generate=maybe"],
        &["--format", "json"],
        &["completion", "tcl"],
    ] {
        let answer = sandbox.bimetal(arguments);
        assert_eq!(answer.code, 1, "{arguments:?}");
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.starts_with("error: "), "{}", answer.stderr);
    }
}

#[test]
fn the_version_is_data() {
    let sandbox = Sandbox::new();
    let expected = format!("bimetal version {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.bimetal(&["version"]).stdout, expected);
    assert_eq!(sandbox.bimetal(&["--version"]).code, 0);
}

#[test]
fn every_shell_gets_a_completion_script() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = sandbox.bimetal(&["completion", shell]);
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
        assert!(answer.stdout.contains("skip-get-modules"), "{shell}");
    }
}

#[test]
fn the_plugins_commands_can_be_reached_by_both_names() {
    let sandbox = Sandbox::new();
    for word in ["plugins", "plugin"] {
        let answer = sandbox.bimetal(&[word, "--help"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(
            answer.stdout.contains("bimetal plugins"),
            "{}",
            answer.stdout
        );
        let answer = sandbox.bimetal(&[word, "inspect", "--format", "json", "/nowhere/x.so"]);
        assert_eq!(answer.code, 3, "{}", answer.stderr);
    }
}

#[test]
fn ocbs_truth_values_are_taken() {
    let sandbox = Sandbox::new();
    sandbox.put("b.yaml", "dist: {name: x, output_path: out}\n");
    for flag in [
        "--skip-compilation",
        "--skip-compilation=true",
        "--skip-compilation=1",
        "--skip-compilation=T",
    ] {
        let answer = sandbox.bimetal(&["--config", "b.yaml", "--dry-run", flag]);
        assert!(
            !answer.stdout.contains("go build"),
            "{flag}: {}",
            answer.stdout
        );
    }
    let answer = sandbox.bimetal(&[
        "--config=b.yaml",
        "--dry-run",
        "--skip-compilation=false",
        "--ldflags",
        "-X a=b",
    ]);
    assert!(
        answer.stdout.contains("-ldflags='-X a=b'"),
        "{}",
        answer.stdout
    );
}
