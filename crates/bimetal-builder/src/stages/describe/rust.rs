//! The identity of the Rust components: each is compiled into a small program, which prints it.
//!
//! In: the plan's Rust components. Out: one identity each, in the plan's order. Invariant: what
//! runs is compiled from the sources that were hashed; an answer is remembered with their hashes,
//! and a change of one component starts no program of another.

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
    let plan = locked.plan;
    let mut compiled = None;
    let identities = plan.rust_components.iter().map(|component| {
        let memory = work::directory(&plan.out)
            .join("described")
            .join(&component.name);
        let inputs = inputs(locked, component);
        let recalled = inputs.and_then(|inputs| remembered::recall(&memory, &inputs));
        let text = if let Some(text) = recalled {
            text
        } else {
            let target = match &mut compiled {
                Some(target) => target,
                none => none.insert(compile(plan, runner)?),
            };
            let text = ask(plan, target, component, runner)?;
            if let Some(inputs) = inputs {
                remembered::remember(&memory, inputs, &text);
            }
            text
        };
        identity(component, answer(component, &text)?, &locked.sources)
    });
    identities.collect()
}

/// Compiles all programs; cargo links those whose component changed.
fn compile(plan: &Plan, runner: &Runner<'_>) -> Result<cargo::Target, DescribeError> {
    let target = cargo::Target::claim(plan)?;
    // With all components and main beside each other, cargo gives all crates the features that they
    // have in the build proper, and compiles them once.
    let mut compile = target.build(plan).args(["-p", cargo::MAIN_PACKAGE]);
    for component in &plan.rust_components {
        compile = compile.args(["-p", &component.describer()]);
    }
    runner
        .run("cargo-describe", &compile)
        .map_err(|source| DescribeError::Compile { source })?;
    Ok(target)
}

/// Runs the program of one component.
fn ask(
    plan: &Plan,
    target: &cargo::Target,
    component: &RustComponent,
    runner: &Runner<'_>,
) -> Result<Vec<u8>, DescribeError> {
    let program = component.describer();
    let run = Invocation::new(target.output(plan, &program), plan.out.join("rust"));
    runner
        .read_within(&program, &run, LIMIT)
        .map_err(|source| DescribeError::Run {
            name: component.spec.crate_name.clone(),
            source,
        })
}

fn answer(component: &RustComponent, text: &[u8]) -> Result<Answer, DescribeError> {
    let [answer] =
        serde_json::from_slice::<[Answer; 1]>(text).map_err(|error| DescribeError::Answer {
            name: component.spec.crate_name.clone(),
            reason: error.to_string(),
        })?;
    Ok(answer)
}

/// Everything that decides about the answer of one component; `None` where a build script of the
/// user's may read what no hash covers.
fn inputs(locked: &Locked<'_>, component: &RustComponent) -> Option<Digest> {
    let plan = locked.plan;
    let crates = locked.sources.rust.describers.get(&component.name)?;
    let is_used = |name: &str| crates.iter().any(|one| one.name == name);
    let has_script = |manifest: &str| manifest.lines().any(|line| line.starts_with("build = \""));
    if plan
        .local_crates
        .iter()
        .any(|one| is_used(&one.name) && has_script(&one.manifest))
    {
        return None;
    }
    let mut sum = Hasher::default();
    sum.update(env!("CARGO_PKG_VERSION"));
    sum.update(format!("{:?} {:?}", plan.rust, cargo::cargo(plan, "build")));
    // From the disk, where a user may keep sources of his own.
    let files = ["rust/Cargo.toml", "rust/Cargo.lock"].map(|name| plan.out.join(name));
    let files = files
        .into_iter()
        .chain([plan.out.join(component.describer_dir())]);
    let files = files.flat_map(|path| WalkDir::new(path).sort_by_file_name());
    for entry in files {
        let entry = entry.ok()?;
        if entry.file_type().is_file() {
            let path = Utf8Path::from_path(entry.path())?;
            sum.update(format!("{path:?} {}", Digest::of_path(path).ok()?));
        }
    }
    for one in crates {
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
    let crates = sources.rust.describers.get(&component.name);
    let version = crates
        .into_iter()
        .flatten()
        .find(|dependency| dependency.name == component.spec.crate_name)
        .map_or("", |dependency| dependency.version.as_str());
    format!("{} {version}", component.spec.crate_name)
        .trim_end()
        .to_owned()
}
