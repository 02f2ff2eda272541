//! Builds of the quickstart that were done before, beside OCB's of its Go parts.
//!
//! In: the quickstart with a copy of its Rust component. Out: what a build took. Invariant: the
//! builder is as it is released, and the repository is not changed.

use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bimetal_conformance::distribution::{ocb_command, repository, target};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::turns::{Taken, since, taken};
use crate::chore::{ChoreError, run};

const COMPONENT: &str = "components/attributes-processor";
/// A line of the component that a change is put into, so that its function is another one.
const LINE: &str = "let actions = config.actions()?;";

/// The quickstart, whose Rust component may be changed.
pub(super) struct Project {
    directory: Utf8PathBuf,
    builder: Utf8PathBuf,
}

impl Project {
    /// Copies what it needs, and builds both sides once.
    pub(super) fn new() -> Result<Self, ChoreError> {
        let release = ["build", "--quiet", "--locked", "--release"];
        let builder = ["--package", "bimetal", "--bin", "bimetal"];
        run("cargo", &[&release[..], &builder].concat())?;
        let project = Self {
            directory: target().join("second-build"),
            builder: target().join("release/bimetal"),
        };
        project.copy()?;
        project.again()?;
        project.ocb()?;
        Ok(project)
    }

    fn copy(&self) -> Result<(), ChoreError> {
        let (from, to) = (repository(), self.directory.join("attributes-processor"));
        fs::create_dir_all(to.join("src"))?;
        let manifest = fs::read_to_string(from.join(COMPONENT).join("Cargo.toml"))?;
        let workspace = fs::read_to_string(from.join("Cargo.toml"))?;
        let manifest = standalone(&manifest, &workspace, from)?;
        fs::write(to.join("Cargo.toml"), manifest)?;
        for file in from.join(COMPONENT).join("src").read_dir_utf8()? {
            let file = file?;
            fs::copy(file.path(), to.join("src").join(file.file_name()))?;
        }
        let example = from.join("examples/quickstart");
        let config = fs::read_to_string(example.join("builder-config.yaml"))?;
        let config = config.replace(&format!("../../{COMPONENT}"), "./attributes-processor");
        fs::write(self.directory.join("builder-config.yaml"), config)?;
        Ok(fs::write(
            self.directory.join("go-parts.yaml"),
            go_parts()?,
        )?)
    }

    /// A build after nothing has changed.
    pub(super) fn again(&self) -> Result<Taken, ChoreError> {
        let out = self.directory.join("out");
        #[expect(
            clippy::disallowed_methods,
            reason = "chores run the tools of a developer with the developer's environment"
        )]
        let mut command = Command::new(&self.builder);
        command
            .args([
                "--config",
                "builder-config.yaml",
                "--output-path",
                out.as_str(),
            ])
            .env("CARGO_TARGET_DIR", self.directory.join("cargo"));
        self.run(command)
    }

    /// A build after one line of the Rust component has changed.
    pub(super) fn changed(&self) -> Result<Taken, ChoreError> {
        let source = fs::read_to_string(repository().join(COMPONENT).join("src/lib.rs"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        let line = format!("std::hint::black_box({now}_u128); {LINE}");
        let changed = source.replacen(LINE, &line, 1);
        if changed == source {
            return Err(ChoreError::Found(format!("`{COMPONENT}` has no `{LINE}`")));
        }
        let path = self.directory.join("attributes-processor/src/lib.rs");
        fs::write(path, changed)?;
        self.again()
    }

    /// OCB's build of the Go parts after nothing has changed.
    pub(super) fn ocb(&self) -> Result<Taken, ChoreError> {
        let config = self.directory.join("go-parts.yaml");
        self.run(ocb_command(&config, &self.directory.join("ocb"))?)
    }

    fn run(&self, mut command: Command) -> Result<Taken, ChoreError> {
        command.current_dir(&self.directory);
        taken(|| {
            let start = Instant::now();
            let output = command.output().map_err(|source| ChoreError::Spawn {
                program: command.get_program().to_string_lossy().into_owned(),
                source,
            })?;
            let wall = since(start);
            if output.status.success() {
                return Ok(wall);
            }
            let log = String::from_utf8_lossy(&output.stderr);
            let what = format!("a build failed with {}:\n{log}", output.status);
            Err(ChoreError::Found(what))
        })
    }
}

/// The configuration of the quickstart's Go parts, linked in as OCB has them.
pub(super) fn go_parts() -> Result<String, ChoreError> {
    let config = repository().join("examples/quickstart/builder-config-static.yaml");
    let config = fs::read_to_string(config)?;
    let parts = config.lines().filter(|line| !line.contains("cargo:"));
    Ok(parts.collect::<Vec<_>>().join("\n"))
}

/// A manifest with what it inherits from its workspace written out, and without what tests need.
fn standalone(manifest: &str, workspace: &str, root: &Utf8Path) -> Result<String, ChoreError> {
    let inherited = |line: &str| {
        let Some(key) = line.strip_suffix(".workspace = true") else {
            return Ok(line.to_owned());
        };
        let mut lines = workspace.lines();
        let found = lines.find(|line| {
            let rest = line.strip_prefix(key);
            rest.is_some_and(|rest| rest.starts_with(" = "))
        });
        let crates = format!("path = \"{root}/crates/");
        found
            .map(|line| line.replace("path = \"crates/", &crates))
            .ok_or_else(|| ChoreError::Found(format!("the workspace has no `{key}`")))
    };
    let (needed, _) = manifest
        .split_once("[dev-dependencies]")
        .unwrap_or((manifest, ""));
    let lines: Vec<_> = needed.lines().map(inherited).collect::<Result<_, _>>()?;
    Ok(lines.join("\n") + "\n[workspace]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_outside_of_its_workspace_says_what_it_inherited() {
        let workspace = "[workspace.package]\nversion = \"0.1.0\"\n\n[workspace.dependencies]\n\
            serde = { version = \"1\", features = [\"derive\"] }\n\
            sdk = { path = \"crates/sdk\" }\n";
        let manifest = "[package]\nname = \"a\"\nversion.workspace = true\n\n[dependencies]\n\
            sdk.workspace = true\nserde.workspace = true\n\n[dev-dependencies]\nb = \"1\"\n";
        let alone = standalone(manifest, workspace, Utf8Path::new("/top")).unwrap();
        insta::assert_snapshot!(alone, @r#"
        [package]
        name = "a"
        version = "0.1.0"

        [dependencies]
        sdk = { path = "/top/crates/sdk" }
        serde = { version = "1", features = ["derive"] }

        [workspace]
        "#);
        assert!(standalone("c.workspace = true", workspace, Utf8Path::new("/")).is_err());
    }
}
