//! Mains of several releases of the Collector, all built by the real builder.
//!
//! In: a release. Out: its main, of core modules only. Invariant: they differ in the release and in
//! nothing else, but that one of them is built together with the plugin.

use bimetal_conformance::distribution::{Distribution, build, repository, run, target};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::json;

const CORE: &str = "go.opentelemetry.io/collector";

/// The component of the plugin.
const CRATE: &str = "components/attributes-processor";

/// A release: the versions of its modules. Those that are stable count by themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    stable: &'static str,
    other: &'static str,
    /// Whether the plugin is built with this main.
    pub(super) has_plugin: bool,
}

/// The oldest and the newest, and between them the one that the builder is made for, whose pdata
/// lays telemetry out differently.
pub(super) const RELEASES: [Release; 3] = [
    Release {
        stable: "v1.65.0",
        other: "v0.159.0",
        has_plugin: false,
    },
    Release {
        stable: "v1.67.0",
        other: "v0.161.0",
        has_plugin: true,
    },
    Release {
        stable: "v1.71.0",
        other: "v0.165.0",
        has_plugin: false,
    },
];

impl Release {
    /// Its main, with the plugin beside it or without.
    pub(super) fn build(self) -> Distribution {
        let name = format!("otelcol-{}", self.other);
        let config = self.directory().join("builder-config.yaml");
        let component = repository().join(CRATE);
        let cargo = format!("bimetal-attributes-processor = {{ path = \"{component}\" }}");
        let plugin = self
            .has_plugin
            .then(|| json!({"cargo": cargo, "plugin": true}));
        // JSON is YAML.
        let text = json!({
            "dist": {
                "name": name,
                "description": "One of several releases",
                "module": "example.com/otelcol-release",
                "plugins_dir": "plugins",
                "plugins_policy": "abi",
                "plugin_languages": ["rust"],
            },
            "receivers": [self.other("receiver/otlpreceiver")],
            "processors": plugin.as_slice(),
            "exporters": [self.other("exporter/otlphttpexporter")],
            "providers": [
                self.stable("confmap/provider/envprovider"),
                self.stable("confmap/provider/fileprovider"),
                self.stable("confmap/provider/yamlprovider"),
            ],
            "replaces": self.replaces(),
        });
        fs::write(&config, text.to_string()).unwrap();
        let distribution = build(&name, &config).unwrap();
        self.has_all_of(&distribution.main);
        distribution
    }

    /// `go/go.mod` with the modules of this release.
    pub(super) fn go_mod(self) -> Utf8PathBuf {
        let (go, directory) = (repository().join("go"), self.directory());
        let text = fs::read_to_string(go.join("go.mod")).unwrap();
        let replaces = self.replaces().join("\n");
        let text = format!("{text}\nreplace (\n{replaces}\n)\n");
        let file = directory.join("go.mod");
        fs::write(&file, text).unwrap();
        fs::copy(go.join("go.sum"), directory.join("go.sum")).unwrap();
        file
    }

    fn directory(self) -> Utf8PathBuf {
        let directory = target().join("releases").join(self.other);
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    fn other(self, module: &str) -> serde_json::Value {
        json!({"gomod": format!("{CORE}/{module} {}", self.other)})
    }

    fn stable(self, module: &str) -> serde_json::Value {
        json!({"gomod": format!("{CORE}/{module} {}", self.stable)})
    }

    fn version_like(self, version: &str) -> &'static str {
        if version.starts_with("v0.") {
            self.other
        } else {
            self.stable
        }
    }

    /// The host asks for modules of one release; these lines bring another one.
    fn replaces(self) -> Vec<String> {
        let text = fs::read_to_string(repository().join("go/go.mod")).unwrap();
        let required = text.lines().filter_map(|line| {
            let (path, version) = line.trim().split_once(' ')?;
            let version = version.split(' ').next()?;
            path.starts_with(CORE)
                .then(|| format!("{path} => {path} {}", self.version_like(version)))
        });
        required.collect()
    }

    fn has_all_of(self, main: &Utf8Path) {
        let said = run("go", &["version", "-m", main.as_str()]).unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let mut modules = 0;
        let mut lines = said.lines().peekable();
        while let Some(line) = lines.next() {
            let mut words = line.split_whitespace();
            let (Some("dep"), Some(path), Some(version)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if !path.starts_with(CORE) {
                continue;
            }
            // What stands in a module's place follows it.
            let instead = lines.peek().and_then(|next| next.trim().strip_prefix("=>"));
            let used = instead.and_then(|instead| instead.split_whitespace().nth(1));
            assert_eq!(
                used.unwrap_or(version),
                self.version_like(version),
                "{said}"
            );
            modules += 1;
        }
        assert!(modules > 40, "{said}");
    }
}
