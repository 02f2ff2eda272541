//! The identity of a Go component: from its entry, else from its metadata.yaml.
//!
//! In: the module's entry and its hashed sources. Out: kind, type, signals; none if nothing says
//! them. Invariant: no Go code is run or guessed at.

use std::collections::BTreeMap;
use std::io::Read;

use bimetal_abi::is_component_type;
use bimetal_files::{FileError, unless_absent};
use bimetal_manifest::schema::{Component, Kind};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::error::DescribeError;
use crate::model::{GoSpec, Sources};
use crate::yaml::{self, Node, Value};

const FILE: &str = "metadata.yaml";
const LIMIT: u64 = 4 << 20;

/// `None` when neither the entry nor the module says what it is.
pub(super) fn identity(
    kind: Kind,
    module: &GoSpec,
    sources: &Sources,
) -> Result<Option<Component>, DescribeError> {
    let (metadata, origin) = match metadata(kind, module, sources)? {
        Some((metadata, path)) => (Some(metadata), path.into_string()),
        None => (None, module.gomod.clone()),
    };
    let type_name = module
        .type_name
        .clone()
        .or_else(|| metadata.as_ref().map(|found| found.type_name.clone()));
    let Some(type_name) = type_name else {
        return Ok(None);
    };
    let alias = metadata.as_ref().and_then(|found| found.alias.clone());
    let aliases: Vec<_> = alias.into_iter().filter(|one| *one != type_name).collect();
    for name in [&type_name].into_iter().chain(&aliases) {
        if !is_component_type(name) {
            let type_name = name.clone();
            return Err(DescribeError::Type { type_name, origin });
        }
    }
    let signals = module
        .signals
        .clone()
        .or_else(|| metadata.map(|found| found.signals))
        .unwrap_or_default();
    Ok(Some(Component {
        kind,
        type_name,
        aliases,
        signals,
        module: module_text(module, sources),
        default_config: None,
        config_schema: None,
    }))
}

/// Path and the version that was really used.
fn module_text(module: &GoSpec, sources: &Sources) -> String {
    let used = sources
        .go
        .plugins
        .values()
        .chain([&sources.go.main])
        .flatten()
        .find(|dependency| dependency.name == module.path);
    let version = used.map_or(&module.version, |dependency| &dependency.version);
    format!("{} {version}", module.path).trim_end().to_owned()
}

struct Metadata {
    type_name: String,
    /// The older name that the factory still answers to.
    alias: Option<String>,
    signals: BTreeMap<String, String>,
}

fn metadata(
    kind: Kind,
    module: &GoSpec,
    sources: &Sources,
) -> Result<Option<(Metadata, Utf8PathBuf)>, DescribeError> {
    let Some(directory) = sources.go.directories.get(&module.import) else {
        return Ok(None);
    };
    // Never above the module: what lies there belongs to others.
    let below = module.import.strip_prefix(&module.path).unwrap_or_default();
    let depth = below.split('/').filter(|part| !part.is_empty()).count();
    for directory in directory.ancestors().take(depth + 1) {
        let path = directory.join(FILE);
        let Some(text) = read(&path)? else { continue };
        let (root, _) =
            yaml::parse(path.as_str(), &text).map_err(|source| DescribeError::Yaml { source })?;
        if let Some(found) = root.and_then(|root| interpret(kind, &root)) {
            return Ok(Some((found, path)));
        }
    }
    Ok(None)
}

fn read(path: &Utf8Path) -> Result<Option<String>, DescribeError> {
    let mut text = String::new();
    let result = fs::File::open(path.as_std_path())
        .and_then(|file| file.take(LIMIT).read_to_string(&mut text));
    let length = unless_absent(result).map_err(FileError::reading(path))?;
    Ok(length.map(|_| text))
}

/// `type`, `deprecated_type` and `status.stability`, if `status.class` is `kind`.
fn interpret(kind: Kind, root: &Node) -> Option<Metadata> {
    let status = field(root, "status")?;
    if text(field(status, "class")?)? != kind.as_str() {
        return None;
    }
    let mut signals = BTreeMap::new();
    if let Some(Value::Map(levels)) = field(status, "stability").map(|node| &node.value) {
        for (level, names) in levels {
            let Value::List(names) = &names.value else {
                continue;
            };
            signals.extend(
                names
                    .iter()
                    .filter_map(|name| Some((text(name)?.to_owned(), level.text.clone()))),
            );
        }
    }
    Some(Metadata {
        type_name: text(field(root, "type")?)?.to_owned(),
        alias: field(root, "deprecated_type")
            .and_then(text)
            .map(str::to_owned),
        signals,
    })
}

fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Value::Map(fields) = &node.value else {
        return None;
    };
    fields
        .iter()
        .find(|(key, _)| key.text == name)
        .map(|(_, value)| value)
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTLP: &str = "type: otlp\n\
        status:\n  class: receiver\n  stability:\n    stable: [traces, logs]\n    alpha: \
        [profiles]\n";

    fn module() -> GoSpec {
        GoSpec {
            gomod: "example.com/m v1.2.3".to_owned(),
            path: "example.com/m".to_owned(),
            version: "v1.2.3".to_owned(),
            import: "example.com/m/sub".to_owned(),
            ..GoSpec::default()
        }
    }

    fn sources(files: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap().join("m");
        fs::create_dir_all(root.join("sub")).unwrap();
        for (name, text) in files {
            fs::write(root.join(name), text).unwrap();
        }
        let mut sources = Sources::default();
        sources
            .go
            .directories
            .insert("example.com/m/sub".to_owned(), root.join("sub"));
        (keep, sources)
    }

    #[test]
    fn the_metadata_of_the_module_says_type_and_signals() {
        let (_keep, sources) = sources(&[("metadata.yaml", OTLP)]);
        let found = identity(Kind::Receiver, &module(), &sources)
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.type_name.as_str(), found.module.as_str()),
            ("otlp", "example.com/m v1.2.3")
        );
        assert_eq!(found.signals["logs"], "stable");
        assert_eq!(found.signals["profiles"], "alpha");
    }

    #[test]
    fn the_older_name_of_a_type_is_known_and_must_be_a_type_too() {
        let older = |name| format!("deprecated_type: {name}\n{OTLP}");
        let (_keep, sources) = self::sources(&[("metadata.yaml", &older("otlp_old"))]);
        let found = identity(Kind::Receiver, &module(), &sources);
        assert_eq!(found.unwrap().unwrap().aliases, ["otlp_old"]);
        let (_keep, sources) = self::sources(&[("metadata.yaml", &older("../x"))]);
        assert!(matches!(
            identity(Kind::Receiver, &module(), &sources),
            Err(DescribeError::Type { .. })
        ));
    }

    #[test]
    fn metadata_above_the_module_or_of_another_kind_does_not_count() {
        let (_keep, sources) = sources(&[
            ("../metadata.yaml", OTLP),
            ("sub/metadata.yaml", &OTLP.replace("receiver", "pkg")),
        ]);
        assert_eq!(identity(Kind::Receiver, &module(), &sources).unwrap(), None);
    }

    #[test]
    fn what_the_entry_says_wins_and_must_be_a_type() {
        let (_keep, sources) = sources(&[("metadata.yaml", OTLP)]);
        let mut module = module();
        module.type_name = Some("other".to_owned());
        assert_eq!(
            identity(Kind::Receiver, &module, &sources)
                .unwrap()
                .unwrap()
                .type_name,
            "other"
        );
        module.type_name = Some("../../x".to_owned());
        assert!(matches!(
            identity(Kind::Receiver, &module, &sources),
            Err(DescribeError::Type { .. })
        ));
    }
}
