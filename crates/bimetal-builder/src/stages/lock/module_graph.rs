//! Which module asks for which, as Go sees it while it selects versions.
//!
//! In: `go mod graph` in the output directory. Out: [`ModuleGraph`]. Invariant: what the generated
//! module itself asks for is left out: after tidying that is everything.

use std::collections::BTreeSet;

use super::requirers::{Edges, requirers};
use crate::flags::go::go;
use crate::model::{GoModule, Plan};
use crate::toolchain::{InvocationError, Runner};

/// A module and a version.
pub(super) type Node<'a> = (&'a str, &'a str);

/// The answer of Go.
pub(super) struct ModuleGraph {
    text: String,
}

impl ModuleGraph {
    pub(super) fn ask(plan: &Plan, runner: &Runner<'_>) -> Result<Self, InvocationError> {
        let answer = runner.read("go-mod-graph", &go(plan).args(["mod", "graph"]))?;
        Ok(Self {
            text: String::from_utf8_lossy(&answer).into_owned(),
        })
    }

    /// Module and what it asks for.
    pub(super) fn edges(&self) -> impl Iterator<Item = (Node<'_>, Node<'_>)> {
        self.text.lines().filter_map(|line| {
            let (from, to) = line.split_once(' ')?;
            Some((from.split_once('@')?, to.split_once('@')?))
        })
    }

    /// The first entry of the configuration that leads to `module`.
    pub(super) fn entry<'p>(&self, plan: &'p Plan, module: &str) -> Option<&'p GoModule> {
        let mut edges: Edges<&str> = Edges::new();
        for ((from, _), (to, _)) in self.edges() {
            edges.entry(from).or_default().insert(to);
        }
        let itself = plan.go_modules().find(|entry| entry.spec.path == module);
        itself.or_else(|| {
            plan.go_modules()
                .find(|entry| requirers(&edges, [entry.spec.path.as_str()]).contains_key(module))
        })
    }

    /// The entries of the configuration that lead to this version of a module.
    pub(super) fn entries<'p>(&self, plan: &'p Plan, wanted: Node<'_>) -> Vec<&'p GoModule> {
        let itself = plan
            .go_modules()
            .find(|entry| (entry.spec.path.as_str(), entry.spec.version.as_str()) == wanted);
        let askers = self.askers(wanted).into_iter();
        let mut found: Vec<&GoModule> = Vec::new();
        for entry in itself
            .into_iter()
            .chain(askers.filter_map(|(path, _)| self.entry(plan, path)))
        {
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
        found
    }

    /// The modules that ask for `wanted`.
    pub(super) fn askers(&self, wanted: Node<'_>) -> BTreeSet<Node<'_>> {
        let edges = self.edges();
        edges
            .filter(|(_, to)| *to == wanted)
            .map(|(from, _)| from)
            .collect()
    }
}
