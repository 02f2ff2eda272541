//! The identity of the Rust components: compiled into one small binary, which prints it.
//!
//! In: the plan's Rust components. Out: one identity each, in the plan's order. Invariant: what
//! runs is compiled from the sources that were hashed.

use std::collections::BTreeMap;
use std::time::Duration;

use bimetal_abi::is_component_type;
use bimetal_manifest::schema::{Component, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::error::DescribeError;
use crate::flags::cargo;
use crate::model::{Plan, RustComponent, Sources};
use crate::toolchain::{Invocation, Runner};

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
    plan: &Plan,
    sources: &Sources,
    runner: &Runner<'_>,
) -> Result<Vec<Component>, DescribeError> {
    if plan.rust_components.is_empty() {
        return Ok(Vec::new());
    }
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
    let text = runner
        .read_within("describe", &run, LIMIT)
        .map_err(|source| DescribeError::Run { source })?;
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
