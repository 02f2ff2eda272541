//! The identity of the Rust components: compiled into one small binary, which prints it.
//!
//! In: the plan's Rust components. Out: one identity each, in the plan's order. Invariant: what
//! runs is compiled from the sources that were hashed; an answer is remembered with their hashes.

use std::collections::BTreeMap;
use std::time::Duration;

use bimetal_abi::is_component_type;
use bimetal_files::{Digest, Hasher};
use bimetal_manifest::schema::{Component, Kind};
use camino::Utf8Path;
use serde::Deserialize;
use serde_json::Value;
use walkdir::WalkDir;

use super::error::DescribeError;
use crate::flags::cargo;
use crate::model::{Plan, RustComponent, Sources};
use crate::stages::lock::Locked;
use crate::toolchain::{Invocation, Runner, remembered, work};

const PACKAGE: &str = "bimetal-describe";
/// Defaults and schemas are made in microseconds; a component that hangs here would hang in main.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct Answer {
    kind: Kind,
    #[serde(rename = "type")]
    type_name: String,
    #[serde(default)]
    signals: BTreeMap<String, String>,
    default_config: Option<Value>,
    config_schema: Option<Value>,
}

/// One identity per Rust component of the plan, in its order.
pub(super) fn identities(
    locked: &Locked<'_>,
    runner: &Runner<'_>,
) -> Result<Vec<Component>, DescribeError> {
    let (plan, sources) = (locked.plan, &locked.sources);
    if plan.rust_components.is_empty() {
        return Ok(Vec::new());
    }
    let memory = work::directory(&plan.out).join("described");
    let inputs = inputs(locked);
    let recalled = inputs.and_then(|inputs| remembered::recall(&memory, &inputs));
    let text = if let Some(text) = recalled {
        text
    } else {
        let text = ask(plan, runner)?;
        if let Some(inputs) = inputs {
            remembered::remember(&memory, inputs, &text);
        }
        text
    };
    let answers: Vec<Answer> =
        serde_json::from_slice(&text).map_err(|error| DescribeError::Answer {
            reason: error.to_string(),
        })?;
    if answers.len() != plan.rust_components.len() {
        let reason = format!(
            "{} components instead of {}",
            answers.len(),
            plan.rust_components.len()
        );
        return Err(DescribeError::Answer { reason });
    }
    plan.rust_components
        .iter()
        .zip(answers)
        .map(|(component, answer)| identity(component, answer, sources))
        .collect()
}

/// Compiles the binary and runs it.
fn ask(plan: &Plan, runner: &Runner<'_>) -> Result<Vec<u8>, DescribeError> {
    // With main beside it, cargo gives all crates the features that they have in the build proper,
    // and compiles them once.
    let target = cargo::Target::claim(plan)?;
    let compile = target
        .build(plan)
        .args(["-p", PACKAGE, "-p", cargo::MAIN_PACKAGE]);
    runner
        .run("cargo-describe", &compile)
        .map_err(|source| DescribeError::Compile { source })?;
    let run = Invocation::new(target.output(plan, PACKAGE), plan.out.join("rust"));
    runner
        .read_within("describe", &run, LIMIT)
        .map_err(|source| DescribeError::Run { source })
}

/// Everything that decides about the answer; `None` where a build script of the user's may read
/// what no hash covers.
fn inputs(locked: &Locked<'_>) -> Option<Digest> {
    let plan = locked.plan;
    let has_script = |manifest: &str| manifest.lines().any(|line| line.starts_with("build = \""));
    if plan
        .local_crates
        .iter()
        .any(|one| has_script(&one.manifest))
    {
        return None;
    }
    let mut sum = Hasher::default();
    sum.update(env!("CARGO_PKG_VERSION"));
    sum.update(format!("{:?} {:?}", plan.rust, cargo::cargo(plan, "build")));
    // From the disk, where a user may keep sources of his own.
    let workspace = plan.out.join("rust");
    let names = ["Cargo.toml", "Cargo.lock", "describe", "main"];
    let files = names.map(|name| WalkDir::new(workspace.join(name)).sort_by_file_name());
    for entry in files.into_iter().flatten() {
        let entry = entry.ok()?;
        if entry.file_type().is_file() {
            let path = Utf8Path::from_path(entry.path())?;
            sum.update(format!("{path:?} {}", Digest::of_path(path).ok()?));
        }
    }
    let crates = &locked.sources.rust;
    for one in crates.plugins.values().chain([&crates.main]).flatten() {
        sum.update(format!("{one:?}"));
    }
    Some(sum.finish())
}

fn identity(
    component: &RustComponent,
    answer: Answer,
    sources: &Sources,
) -> Result<Component, DescribeError> {
    if answer.kind != component.kind {
        return Err(DescribeError::Kind {
            name: component.spec.crate_name.clone(),
            found: answer.kind.as_str(),
            wanted: component.kind.as_str(),
        });
    }
    if !is_component_type(&answer.type_name) {
        return Err(DescribeError::Type {
            type_name: answer.type_name,
            origin: component.spec.crate_name.clone(),
        });
    }
    Ok(Component {
        kind: answer.kind,
        type_name: answer.type_name,
        aliases: Vec::new(),
        signals: answer.signals,
        module: module_text(component, sources),
        default_config: answer.default_config,
        config_schema: answer.config_schema,
    })
}

fn module_text(component: &RustComponent, sources: &Sources) -> String {
    let dependencies = sources
        .rust
        .plugins
        .get(&component.name)
        .unwrap_or(&sources.rust.main);
    let version = dependencies
        .iter()
        .find(|dependency| dependency.name == component.spec.crate_name)
        .map_or("", |dependency| dependency.version.as_str());
    format!("{} {version}", component.spec.crate_name)
        .trim_end()
        .to_owned()
}
