//! When an artifact was built.
//!
//! In: a manifest without its time, what was stamped the last time. Out: the text with its time.
//! Invariant: an artifact whose inputs are what they were keeps its time, so that a second build
//! gives the same bytes; a time that the plan has is not questioned.

use std::collections::BTreeMap;
use std::env;

use bimetal_files::Hasher;
use bimetal_manifest::schema::Manifest;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::StampError;
use crate::model::SourceTree;
use crate::model::{Linkage, Plan};
use crate::toolchain::work;

/// Name of main among the artifacts of a plan.
pub(super) const MAIN: &str = "main";
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// What was stamped the last time.
#[derive(Serialize, Deserialize)]
struct Remembered {
    /// Of the generated sources that only this artifact has.
    inputs: String,
    time: String,
    text: String,
}

/// Directories of the tree that main is not compiled from. Copies of path crates are in here too:
/// where main uses one, its hash is among main's dependencies.
const NOT_OF_MAIN: [&str; 4] = [
    "internal/plugin",
    "rust/describe",
    "rust/local",
    "rust/plugin",
];

/// The hash of the generated sources that main is compiled from.
pub(super) fn inputs_of_main(tree: &SourceTree) -> String {
    inputs(tree, |path| {
        !NOT_OF_MAIN
            .iter()
            .any(|directory| path.starts_with(directory))
    })
}

/// The hash of the generated sources that a plugin has for itself.
pub(super) fn inputs_of_plugin(tree: &SourceTree, directory: &Utf8Path) -> String {
    inputs(tree, |path| path.starts_with(directory))
}

fn inputs(tree: &SourceTree, wanted: impl Fn(&Utf8Path) -> bool) -> String {
    let mut sum = Hasher::default();
    for (path, bytes) in tree.iter().filter(|(path, _)| wanted(path)) {
        sum.update(path.as_str());
        sum.update([0]);
        sum.update(bytes.len().to_le_bytes());
        sum.update(bytes);
    }
    sum.finish().to_string()
}

/// The text of the artifact `name`: one manifest, or a list of them for main.
pub(super) fn settle(
    plan: &Plan,
    name: &str,
    manifests: &[Manifest],
    inputs: &str,
) -> Result<String, StampError> {
    let memory = memory(plan, name);
    let (text, time) = if let Some(time) = plan.times.get(name) {
        (text(name, manifests, time)?, time.clone())
    } else {
        let previous = recall(&memory).filter(|previous| previous.inputs == inputs);
        decide(
            name,
            manifests,
            previous.as_ref(),
            env::var(EPOCH).ok().as_deref(),
        )?
    };
    let remembered = Remembered {
        inputs: inputs.to_owned(),
        time,
        text,
    };
    let bytes = serde_json::to_vec(&remembered).map_err(|source| StampError::Json {
        name: name.to_owned(),
        source,
    })?;
    bimetal_files::write_if_changed(&memory, &bytes)?;
    Ok(remembered.text)
}

/// The time of every artifact that was stamped the last time, by its name in the plan.
pub fn stamped_times(plan: &Plan) -> BTreeMap<String, String> {
    let go = plan.go_plugins.iter().map(|plugin| &plugin.name);
    let rust = plan.rust_with(Linkage::Plugin).map(|plugin| &plugin.name);
    go.chain(rust)
        .map(String::as_str)
        .chain([MAIN])
        .filter_map(|name| Some((name.to_owned(), recall(&memory(plan, name))?.time)))
        .collect()
}

fn memory(plan: &Plan, name: &str) -> Utf8PathBuf {
    work::directory(&plan.out)
        .join("stamp")
        .join(format!("{name}.json"))
}

fn recall(memory: &Utf8Path) -> Option<Remembered> {
    serde_json::from_slice(&fs::read(memory).ok()?).ok()
}

fn decide(
    name: &str,
    manifests: &[Manifest],
    previous: Option<&Remembered>,
    epoch: Option<&str>,
) -> Result<(String, String), StampError> {
    if let Some(value) = epoch.filter(|value| !value.is_empty()) {
        let time = value
            .trim()
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(|| StampError::Epoch {
                value: value.to_owned(),
            })?
            .to_string();
        return Ok((text(name, manifests, &time)?, time));
    }
    if let Some(previous) = previous
        && text(name, manifests, &previous.time)? == previous.text
    {
        return Ok((previous.text.clone(), previous.time.clone()));
    }
    // The manifest has whole seconds.
    let now = Timestamp::now();
    let time = Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string();
    Ok((text(name, manifests, &time)?, time))
}

fn text(name: &str, manifests: &[Manifest], time: &str) -> Result<String, StampError> {
    let timed: Vec<Manifest> = manifests
        .iter()
        .map(|manifest| Manifest {
            build_time: time.to_owned(),
            ..manifest.clone()
        })
        .collect();
    match timed.as_slice() {
        [one] => serde_json::to_string(one),
        several => serde_json::to_string(several),
    }
    .map_err(|source| StampError::Json {
        name: name.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use bimetal_manifest::schema::{ArtifactKind, Language};

    use super::*;

    fn manifest(version: &str) -> Manifest {
        serde_json::from_value(serde_json::json!({
            "schema_version": 1, "artifact": ArtifactKind::Plugin, "language": Language::Go,
            "toolchain_version": version,
            "build_profile": "release", "dependency_hashes": {}, "build_flags": [],
            "target": "t", "build_time": "",
        }))
        .unwrap()
    }

    fn remembered(version: &str) -> Remembered {
        let time = "2026-01-02T03:04:05Z".to_owned();
        Remembered {
            inputs: String::new(),
            text: text("a", &[manifest(version)], &time).unwrap(),
            time,
        }
    }

    #[test]
    fn an_artifact_with_equal_inputs_keeps_its_time() {
        let (_, time) = decide("a", &[manifest("1")], Some(&remembered("1")), None).unwrap();
        assert_eq!(time, "2026-01-02T03:04:05Z");
        let (_, time) = decide("a", &[manifest("2")], Some(&remembered("1")), None).unwrap();
        assert_ne!(time, "2026-01-02T03:04:05Z");
        assert!(time.ends_with('Z') && time.len() == 20, "{time}");
    }

    #[test]
    fn a_time_that_the_plan_has_is_taken_whatever_was_stamped_before() {
        let keep = tempfile::tempdir().unwrap();
        let mut plan = crate::stages::plan::samples::hosted_plan();
        plan.out = Utf8Path::from_path(keep.path()).unwrap().to_owned();
        settle(&plan, MAIN, &[manifest("1")], "a").unwrap();
        let times = stamped_times(&plan);
        assert_eq!(times.len(), 1);
        let stated = "2001-02-03T04:05:06Z".to_owned();
        plan.times.insert(MAIN.to_owned(), stated.clone());
        let text = settle(&plan, MAIN, &[manifest("2")], "b").unwrap();
        assert!(text.contains(&stated), "{text}");
    }

    #[test]
    fn source_date_epoch_wins_and_must_be_a_number() {
        let (text, time) = decide(
            "a",
            &[manifest("1")],
            Some(&remembered("1")),
            Some("1795436096"),
        )
        .unwrap();
        assert_eq!(time, "2026-11-23T12:14:56Z");
        assert!(text.contains(&time));
        assert!(matches!(
            decide("a", &[manifest("1")], None, Some("soon")),
            Err(StampError::Epoch { .. })
        ));
    }
}
