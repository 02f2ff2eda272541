//! `go mod tidy`, and what is made of its complaints.
//!
//! In: the generated go.mod. Out: a tidied one, or an error that says whose modules do not go
//! together. Invariant: what main and the plugins do not import stops no build.

use std::fmt::Write as _;

use bimetal_terminal::hint::is_interrupt;

use super::complaints::{self, Rival};
use super::error::LockError;
use super::go_sources::{self, Listing};
use super::module_graph::ModuleGraph;
use crate::flags::go::go;
use crate::model::Plan;
use crate::toolchain::{Invocation, InvocationError, Runner};

/// Tidies go.mod.
pub(super) fn tidy(plan: &Plan, runner: &Runner<'_>) -> Result<(), LockError> {
    let compat = format!("-compat={}", plan.go.language);
    let tidy = go(plan).args(["mod", "tidy", &compat]);
    let Err(source) = runner.run("go-mod-tidy", &tidy) else {
        return Ok(());
    };
    let Some(output) = source.output() else {
        return Err(LockError::Tidy { source });
    };
    let imports = complaints::imports(output);
    // Tests of dependencies and other systems count for `tidy`, and for no build.
    if !imports.is_empty() && builds_without(plan, &tidy.arg("-e"), runner)? {
        let mut note =
            "note: `go mod tidy` finds no package for imports that this build does without:"
                .to_owned();
        for import in imports {
            let _ = write!(note, "\n  {}", import.text());
        }
        runner.activity.note(&note);
        return Ok(());
    }
    Err(explained(plan, source, runner))
}

/// Whether go.mod, tidied as far as it goes, has all that main and the plugins import.
fn builds_without(plan: &Plan, tidy: &Invocation, runner: &Runner<'_>) -> Result<bool, LockError> {
    let answer = runner
        .run("go-mod-tidy-as-far-as-it-goes", tidy)
        .and_then(|()| go_sources::list(plan, Listing::Names, runner));
    match answer {
        Ok(_) => Ok(true),
        Err(source) if is_interrupt(&source) => Err(LockError::Tidy { source }),
        Err(_) => Ok(false),
    }
}

/// The error with the entries that it is about, where those can be found.
fn explained(plan: &Plan, source: InvocationError, runner: &Runner<'_>) -> LockError {
    let output = source.output().unwrap_or_default();
    let Some((package, modules)) = complaints::ambiguous(output) else {
        return LockError::Tidy { source };
    };
    let graph = ModuleGraph::ask(plan, runner).ok();
    let rival = |node: &(&str, &str)| Rival {
        module: format!("{} {}", node.0, node.1),
        entries: graph
            .iter()
            .flat_map(|graph| graph.entries(plan, *node))
            .map(|entry| entry.spec.gomod.clone())
            .collect(),
    };
    LockError::Ambiguous {
        package: package.to_owned(),
        rivals: modules.iter().map(rival).collect(),
        source,
    }
}
