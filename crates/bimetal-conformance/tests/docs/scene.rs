//! A directory in which a reader follows one page.
//!
//! In: the steps of a page. Out: nothing, or the first step that does not go as the page says.
//! Invariant: one shell runs the whole page, so that `cd` and what was started in the background
//! last; everything that it started ends with it.

use std::process::Command as Process;

use bimetal_conformance::collector::free_endpoint;
use bimetal_conformance::distribution::{build, builder, copy_plugins, repository, target};
use bimetal_conformance::hermetic::{install, rootfs};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use crate::page::{Command, Step, Tier};

/// The port of the pages. Each run takes one that is free.
const PORT: &str = "4318";
/// How long one page may take.
const PATIENCE: &str = "1500";

/// Follows `steps` up to `tier`.
pub(crate) fn follow(steps: &[Step], tier: Tier) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let scratch = Utf8PathBuf::try_from(scratch.path().to_owned()).map_err(|e| e.to_string())?;
    let prepared = prepare(&scratch, steps);
    let scene = prepared.map_err(|error| format!("cannot prepare the scene: {error}"))?;
    if tier == Tier::Hermetic {
        scene
            .bring_base()
            .map_err(|error| format!("cannot bring a base: {error}"))?;
    }
    scene.follow(steps, tier)
}

struct Scene {
    /// Where the reader starts.
    home: Utf8PathBuf,
    /// Script and outputs.
    notes: Utf8PathBuf,
    programs: Utf8PathBuf,
    port: String,
}

fn prepare(scratch: &Utf8Path, steps: &[Step]) -> Result<Scene, Box<dyn std::error::Error>> {
    let scene = Scene {
        home: scratch.join("home"),
        notes: scratch.join("notes"),
        programs: scratch.join("programs"),
        port: free_endpoint()?.port().to_string(),
    };
    for directory in [&scene.home, &scene.notes, &scene.programs] {
        fs::create_dir(directory)?;
    }
    symlink(builder()?, scene.programs.join("bimetal"))?;
    symlink(repository(), scene.home.join("bimetal"))?;
    // Pages about plugins that exist use the quickstart's, under the names that a reader may have.
    let needs_collector =
        |step: &Step| matches!(step, Step::Command(command) if command.text.contains("otelcol/"));
    if steps.iter().any(needs_collector) {
        let config = repository().join("examples/quickstart/builder-config.yaml");
        let quickstart = build("otelcol-quickstart", &config)?;
        let directory = scene.home.join("otelcol");
        copy_plugins(&quickstart.plugins, &directory.join("plugins"))?;
        fs::copy(&quickstart.main, directory.join("otelcol"))?;
    }
    Ok(scene)
}

impl Scene {
    /// Engines, and the root file system that a page calls `base.tar`.
    fn bring_base(&self) -> Result<(), Box<dyn std::error::Error>> {
        install()?;
        symlink(rootfs()?, self.home.join("base.tar"))?;
        Ok(())
    }

    fn follow(&self, steps: &[Step], tier: Tier) -> Result<(), String> {
        let script = self.notes.join("page.sh");
        fs::write(&script, self.script(steps, tier)?).map_err(|error| error.to_string())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a reader's shell runs what a page shows"
        )]
        let mut shell = Process::new("timeout");
        let old = std::env::var("PATH").unwrap_or_default();
        let status = shell
            .args(["--kill-after=10", PATIENCE, "bash", script.as_str()])
            .current_dir(&self.home)
            .env("PATH", format!("{}:{old}", self.programs))
            .env("CARGO_TARGET_DIR", target().join("generated"))
            // Where no container runtime may be used, as in most jobs.
            .env("BUILDAH_ISOLATION", "chroot")
            .status()
            .map_err(|error| format!("cannot start a shell: {error}"))?;
        for (number, command) in run_in(steps, tier) {
            let output = self.output(number);
            let shown = |line: &&String| !line.trim().is_empty() && line.trim() != "…";
            let absent = command
                .shown
                .iter()
                .filter(shown)
                .find(|line| !squeezed(&output).contains(&squeezed(&self.in_scene(line))));
            let ended = self.ended(number);
            if ended != Some(command.exit.into()) {
                let wanted = command.exit;
                let ended = ended.map_or("not at all".to_owned(), |code| format!("with {code}"));
                return Err(format!(
                    "`{}` ended {ended}, and the page says {wanted}:\n{output}",
                    command.text
                ));
            }
            if let Some(line) = absent {
                return Err(format!(
                    "`{}` did not print the line `{line}` of the page:\n{output}",
                    command.text
                ));
            }
        }
        if status.success() {
            return Ok(());
        }
        Err(format!("the shell ended with {status}"))
    }

    fn script(&self, steps: &[Step], tier: Tier) -> Result<String, String> {
        let mut script = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n".to_owned();
        for (number, step) in steps.iter().enumerate() {
            let note = self.notes.join(number.to_string());
            match step {
                Step::File { path, text } => {
                    fs::write(&note, self.in_scene(text)).map_err(|error| error.to_string())?;
                    let copy =
                        format!("mkdir -p \"$(dirname '{path}')\" && cp '{note}' '{path}'\n");
                    script.push_str(&copy);
                }
                Step::Command(command) if command.tier <= tier => {
                    let text = self.in_scene(&typed(command)?);
                    let run = format!(
                        "{{\n{text}\n}} >'{note}' 2>&1 </dev/null\n\
                         ended=$?; echo $ended >'{note}.exit'\n\
                         [ $ended -eq {} ] || exit 1\n",
                        command.exit
                    );
                    script.push_str(&run);
                }
                Step::Command(_) => {}
            }
        }
        Ok(script)
    }

    fn output(&self, number: usize) -> String {
        let read = fs::read(self.notes.join(number.to_string())).unwrap_or_default();
        String::from_utf8_lossy(&read).into_owned()
    }

    fn ended(&self, number: usize) -> Option<i32> {
        let text = fs::read_to_string(self.notes.join(format!("{number}.exit"))).ok()?;
        text.trim().parse().ok()
    }

    fn in_scene(&self, text: &str) -> String {
        text.replace(PORT, &self.port)
    }
}

fn run_in(steps: &[Step], tier: Tier) -> impl Iterator<Item = (usize, &Command)> {
    steps
        .iter()
        .enumerate()
        .filter_map(move |(number, step)| match step {
            Step::Command(command) if command.tier <= tier => Some((number, command)),
            _ => None,
        })
}

/// What the shell runs. A tier of the gate cannot run inside itself: that its name exists is what
/// can be tried here, and the gate is what runs it.
fn typed(command: &Command) -> Result<String, String> {
    if !command.is_gate {
        return Ok(command.text.clone());
    }
    let top = repository();
    if let Some(target) = command.text.strip_prefix("make ") {
        return Ok(format!("make --directory '{top}' --dry-run {target}"));
    }
    let chore = command
        .text
        .strip_prefix("cargo xtask ")
        .ok_or_else(|| format!("`{}` is neither a make target nor a chore", command.text))?;
    Ok(format!(
        "(cd '{top}' && CARGO_TARGET_DIR='{}' cargo xtask {chore} --help)",
        target()
    ))
}

/// Runs of spaces count as one, because tables are wider for longer names.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
