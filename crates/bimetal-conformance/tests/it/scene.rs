//! A copy of the loading distribution's plugins, a configuration, and the files that probes
//! leave.

use bimetal_conformance::collector::{Ended, Start};
use bimetal_conformance::distribution::{Distribution, build, copy_plugins, repository};
use camino::Utf8PathBuf;
use fs_err as fs;
use tempfile::TempDir;

pub(crate) const GO_PLUGIN: &str = "processor-go_probe.so";
pub(crate) const RUST_PLUGIN: &str = "processor-rust_probe.so";

/// Everything one test may change.
pub(crate) struct Scene {
    pub(crate) main: Utf8PathBuf,
    pub(crate) plugins: Utf8PathBuf,
    pub(crate) directory: Utf8PathBuf,
    /// The Collector's own telemetry, as its configuration has it: one line of YAML.
    pub(crate) telemetry: String,
    _keep: TempDir,
}

pub(crate) fn loading() -> Distribution {
    build(
        "otelcol-loading",
        &repository().join("crates/bimetal-conformance/fixtures/loading.yaml"),
    )
    .unwrap()
}

impl Scene {
    /// Plugins without the lock file, so that what refuses a changed plugin is the change and not
    /// its digest.
    pub(crate) fn unpinned() -> Self {
        let scene = Self::pinned();
        fs::remove_file(scene.plugins.join("plugins.lock")).unwrap();
        scene
    }

    /// Plugins as the builder laid them out.
    pub(crate) fn pinned() -> Self {
        let distribution = loading();
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        let plugins = directory.join("plugins");
        copy_plugins(&distribution.plugins, &plugins).unwrap();
        Self {
            main: distribution.main,
            plugins,
            directory,
            telemetry: "{metrics: {level: none}}".to_owned(),
            _keep: keep,
        }
    }

    pub(crate) fn plugin(&self, name: &str) -> Utf8PathBuf {
        self.plugins.join(name)
    }

    /// What the names of the files that plugins leave begin with.
    pub(crate) fn probe(&self) -> Utf8PathBuf {
        self.directory.join("probe")
    }

    /// A configuration whose one pipeline has these processors.
    pub(crate) fn config(&self, processors: &[&str]) -> Utf8PathBuf {
        let file = self.directory.join("collector.yaml");
        let sections = processors
            .iter()
            .fold(String::new(), |text, name| text + "  " + name + ":\n");
        let section = if processors.is_empty() {
            String::new()
        } else {
            format!("processors:\n{sections}")
        };
        let text = format!(
            "receivers:\n  nop:\nexporters:\n  nop:\n{section}\
             service:\n  telemetry: {}\n  pipelines:\n    logs:\n      \
             receivers: [nop]\n      processors: [{}]\n      exporters: [nop]\n",
            self.telemetry,
            processors.join(", ")
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// Main with this scene's plugins and a command of it before the configuration (`validate`), or
    /// none.
    pub(crate) fn start(&self, command: &[&str], processors: &[&str]) -> Start {
        let config = self.config(processors);
        Start::command(&self.main, command)
            .argument(format!("--config={config}"))
            .argument(format!("--plugins-dir={}", self.plugins))
            .variable("BIMETAL_PROBE", self.probe())
    }

    pub(crate) fn validate(&self, processors: &[&str]) -> Ended {
        self.start(&["validate"], processors).to_end().unwrap()
    }

    /// What the plugins' code has left, in the order in which it ran.
    pub(crate) fn order(&self) -> Vec<String> {
        let text = fs::read_to_string(self.directory.join("probe-order")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Names of the files that the plugins' code has left, sorted.
    pub(crate) fn signs(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .directory
            .read_dir_utf8()
            .unwrap()
            .filter_map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .strip_prefix("probe.")
                    .map(str::to_owned)
            })
            .collect();
        names.sort();
        names
    }
}
