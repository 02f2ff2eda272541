use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Sandbox, names};

/// A `go` that tells that it was started and then works for a long time.
const SLOW_GO: &str = "#!/bin/sh\ntouch started\nsleep 600\n";

#[test]
fn an_interrupt_ends_the_tool_and_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::new();
    // `go env` runs in `/`: it is given the place of the sandbox.
    sandbox.put(
        "go",
        &SLOW_GO.replace(
            "started",
            &format!("'{}'", sandbox.path("started").display()),
        ),
    );
    let executable = std::fs::Permissions::from_mode(0o755);
    fs_err::set_permissions(sandbox.path("go"), executable).unwrap();
    sandbox.put("b.yaml", "dist: {name: x, output_path: out, go: ./go}\n");
    #[expect(
        clippy::disallowed_methods,
        reason = "the test needs the running process, not only its end"
    )]
    let mut bimetal = std::process::Command::new(env!("CARGO_BIN_EXE_bimetal"))
        .args(["--config", "b.yaml"])
        .current_dir(sandbox.path(""))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !sandbox.path("started").exists() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "go was never started"
        );
        thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&bimetal), Signal::INT).unwrap();
    let status = bimetal.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "it did not wait for the tool to end by itself"
    );
    assert_eq!(names(&sandbox.path("")), ["b.yaml", "go", "started"]);
}
