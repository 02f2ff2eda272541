//! What the values of a configuration mean together: everything that is wrong whatever the machine.
//!
//! In: [`Config`] and where its parts stand. Out: problems, each with its place. Invariant: asks
//! no other process, and does not stop at the first problem.

use bimetal_abi::is_component_type;
use bimetal_manifest::schema::{Kind, Language};

use super::fields::Notes;
use super::model::{Config, Entry};
use crate::model::Dist;
use crate::model::documents::DOCUMENTS;
use crate::model::pinned::COLLECTOR_VERSION;
use crate::yaml::Node;

/// Names in the output directory that are not free for main.
const RESERVED: &[&str] = &[
    ".bimetal",
    ".bimetal.json",
    "components.go",
    "go.mod",
    "go.sum",
    "internal",
    "main.go",
    "main_others.go",
    "main_windows.go",
    "manifest.c",
    "manifest.go",
    "manifests",
    "plugins",
    "rust",
];
const GO_KEYWORDS: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];

const ONE_OF_TWO: &str = "a Go component needs `gomod: <module path> <version>`, a Rust component \
    `cargo: <crate> = <version or table>`";

pub(super) fn check(config: &Config, document: &Node, notes: &mut Notes) {
    let mut checks = Checks { document, notes };
    checks.distribution(config);
    for (kind, entry) in &config.components {
        checks.component(*kind, entry);
        checks.loadable(&config.dist, entry);
    }
    checks.duplicates(config);
    for entry in config
        .providers
        .iter()
        .chain(&config.converters)
        .chain([&config.telemetry])
    {
        checks.go_only(entry);
    }
}

/// Why this cannot stand in a Dockerfile as the name of an image or a file.
fn not_a_base(text: &str) -> Option<&'static str> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/:+".contains(c);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(is_name) {
        return Some("it must be the name of an image or the path of a root file system");
    }
    let is_digest = |digest: &str| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|hex| hex.parse::<bimetal_files::Digest>().is_ok())
    };
    match digest {
        Some(digest) if !is_digest(digest) => {
            Some("behind the `@` there must be `sha256:` and 64 hexadecimal digits")
        }
        _ => None,
    }
}

/// Collects problems with their places.
struct Checks<'a> {
    document: &'a Node,
    notes: &'a mut Notes,
}

impl Checks<'_> {
    fn problem(&mut self, path: &str, text: String) {
        self.notes.problem(self.document.place_of(path), text);
    }

    fn problem_with_hint(&mut self, path: &str, text: String, hint: String) {
        self.notes
            .problem_with_hint(self.document.place_of(path), text, hint);
    }

    fn distribution(&mut self, config: &Config) {
        let dist = &config.dist;
        if dist.module.is_empty()
            || dist
                .module
                .contains(|c: char| c.is_whitespace() || c.is_control() || "\"`\\'".contains(c))
        {
            self.problem(
                "dist.module",
                format!(
                    "`dist.module` must be a Go module path, not `{}`",
                    dist.module.escape_debug()
                ),
            );
        }
        let name = &dist.name;
        if name.contains(['/', '\\'])
            || name.contains(char::is_control)
            || name.starts_with('-')
            || matches!(name.as_str(), "." | "..")
        {
            self.problem(
                "dist.name",
                format!(
                    "`dist.name` must be a plain file name, not `{}`",
                    name.escape_debug()
                ),
            );
        }
        if RESERVED.contains(&name.as_str()) || DOCUMENTS.contains(&name.as_str()) {
            self.problem(
                "dist.name",
                format!("`dist.name` is `{name}`, which the builder needs for its own files"),
            );
        }
        for (field, value) in [
            ("dist.output_path", &dist.output_path),
            ("dist.plugins_dir", &dist.plugins_dir),
        ] {
            if value
                .as_ref()
                .is_some_and(|value| value.is_empty() || value.contains(char::is_control))
            {
                self.problem(field, format!("`{field}` must be a path"));
            }
        }
        if dist.plugin_languages.as_ref().is_some_and(Vec::is_empty) {
            let text = "`dist.plugin_languages` must name `go`, `rust` or both";
            let hint = "leave `plugins_dir` and `plugin_languages` out where main loads no plugins";
            self.problem_with_hint("dist.plugin_languages", text.to_owned(), hint.to_owned());
        }
        if let Some(base) = &dist.base_image
            && let Some(why) = not_a_base(base)
        {
            self.problem(
                "dist.base_image",
                format!("`dist.base_image` is `{}`: {why}", base.escape_debug()),
            );
        }
        if let (Some(false), Some(why)) = (dist.cgo_enabled, needs_cgo(config)) {
            self.problem_with_hint(
                "dist.cgo_enabled",
                format!("`dist.cgo_enabled` is `false`, but {why} is joined to main through cgo"),
                "remove `cgo_enabled: false` (cgo is then turned on where it is needed), or remove \
                 the Rust components and plugins".to_owned(),
            );
        }
    }

    /// A problem of one field of an entry; `text` goes on after the field's name.
    fn field(&mut self, entry: &Entry, field: &str, text: &str) {
        let path = format!("{}.{field}", entry.label);
        self.problem(&path, format!("`{path}` {text}"));
    }

    fn component(&mut self, kind: Kind, entry: &Entry) {
        let label = &entry.label;
        match (entry.go.gomod.is_empty(), entry.cargo.is_none()) {
            (true, true) => {
                let text = format!("`{label}` has neither `gomod` nor `cargo`");
                self.problem_with_hint(label, text, ONE_OF_TWO.to_owned());
            }
            (false, false) => {
                let text =
                    format!("`{label}` has both `gomod` and `cargo`; a component is one of them");
                self.problem(label, text);
            }
            (false, true) => self.go_module(entry),
            (true, false) => self.rust_crate(entry),
        }
        if let Some(name) = &entry.go.type_name
            && !is_component_type(name)
        {
            self.field(
                entry,
                "type",
                &format!("must be a component type, not `{}`", name.escape_debug()),
            );
        }
        for signal in entry.go.signals.iter().flat_map(|signals| signals.keys()) {
            if !kind.has_signal(signal) {
                let text = format!(
                    "has `{}`, which is no signal of a {}",
                    signal.escape_debug(),
                    kind.as_str()
                );
                self.field(entry, "signals", &text);
            }
        }
    }

    /// Main can load a plugin in the language of the component.
    fn loadable(&mut self, dist: &Dist, entry: &Entry) {
        let language = match entry.cargo {
            Some(_) => Language::Rust,
            None => Language::Go,
        };
        let said = dist.plugin_languages.as_deref().unwrap_or_default();
        if entry.plugin && !said.is_empty() && !said.contains(&language) {
            let (path, word) = (format!("{}.plugin", entry.label), language.as_str());
            let text = format!(
                "`{path}` makes a {} plugin, which `dist.plugin_languages` leaves out",
                language.name()
            );
            let hint = format!("add `{word}` to `plugin_languages`, or link the component in");
            self.problem_with_hint(&path, text, hint);
        }
    }

    fn rust_crate(&mut self, entry: &Entry) {
        for (field, value) in [
            ("import", &entry.go.import),
            ("name", &entry.go.name),
            ("path", &entry.go.directory),
        ] {
            if !value.is_empty() {
                self.field(
                    entry,
                    field,
                    "is for Go components; a Rust component says everything in `cargo`",
                );
            }
        }
    }

    fn go_module(&mut self, entry: &Entry) {
        let spec = &entry.go;
        if spec.gomod.split_whitespace().count() != 2 {
            let field = format!("{}.gomod", entry.label);
            let text = format!(
                "`{field}` must be a module path and a version, not `{}`",
                spec.gomod.escape_debug()
            );
            let example =
                format!("go.opentelemetry.io/collector/receiver/otlpreceiver {COLLECTOR_VERSION}");
            self.problem_with_hint(&field, text, format!("for instance `gomod: {example}`"));
            return;
        }
        let values = [
            ("gomod", &spec.path),
            ("gomod", &spec.version),
            ("import", &spec.import),
            ("path", &spec.directory),
        ];
        for (field, value) in values {
            if field == "import" && *value == spec.path {
                continue;
            }
            let spaced = field == "import" && value.contains(char::is_whitespace);
            if spaced || value.contains(|c: char| c.is_control() || "\"`\\;'".contains(c)) {
                self.field(
                    entry,
                    field,
                    &format!("cannot be `{}`", value.escape_debug()),
                );
            }
        }
        if !spec.name.is_empty() && !is_go_identifier(&spec.name) {
            self.field(
                entry,
                "name",
                &format!(
                    "must be a Go identifier, not `{}`",
                    spec.name.escape_debug()
                ),
            );
        }
    }

    /// Providers, converters and telemetry run before any plugin could be loaded.
    fn go_only(&mut self, entry: &Entry) {
        if entry.cargo.is_some() {
            self.field(
                entry,
                "cargo",
                "is not possible: only components can be written in Rust",
            );
        } else if entry.go.gomod.is_empty() {
            self.problem(&entry.label, format!("`{}` has no `gomod`", entry.label));
        } else {
            self.go_module(entry);
        }
        if entry.plugin {
            let text = "is not possible: it is needed to read the configuration, before any plugin \
                is loaded";
            self.field(entry, "plugin", text);
        }
    }

    fn duplicates(&mut self, config: &Config) {
        let entries = config.components.iter().map(|(_, entry)| entry);
        let keys: Vec<(&str, &Entry)> = entries
            .filter_map(|entry| Some((entry.cargo.as_ref()?.key.as_str(), entry)))
            .collect();
        for (index, (key, entry)) in keys.iter().enumerate() {
            if let Some((_, first)) = keys[..index].iter().find(|(known, _)| known == key) {
                let text = format!(
                    "names the crate `{}` that `{}` already has",
                    key.escape_debug(),
                    first.label
                );
                self.field(entry, "cargo", &text);
            }
        }
    }
}

/// What needs cgo, in words.
fn needs_cgo(config: &Config) -> Option<String> {
    let entry = config
        .components
        .iter()
        .map(|(_, entry)| entry)
        .find(|entry| entry.plugin || entry.cargo.is_some());
    match entry {
        Some(entry) if entry.plugin => Some(format!("the plugin `{}`", entry.label)),
        Some(entry) => Some(format!("the Rust component `{}`", entry.label)),
        None => config
            .dist
            .plugins_dir
            .as_ref()
            .map(|_| "the loader that `dist.plugins_dir` asks for".to_owned()),
    }
}

/// Whether Go takes `text` for a name.
pub fn is_go_identifier(text: &str) -> bool {
    let starts_well = text
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_');
    starts_well
        && text != "_"
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !GO_KEYWORDS.contains(&text)
}
