//! The modules of the core Collector, which are released together.
//!
//! In: the tidied go.mod, the module graph. Out: a warning, or an error under strict versioning, if
//! modules of several releases are mixed. Invariant: a mix is one that a core module does not ask
//! for itself; what only the numbers suggest is looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bimetal_terminal::hint::is_interrupt;
use semver::Version;

use super::error::LockError;
use super::module_graph::{ModuleGraph, Node};
use crate::model::Plan;
use crate::model::pinned::{COLLECTOR_STABLE_VERSION, COLLECTOR_VERSION};
use crate::toolchain::{GoMod, Runner};

const CORE: &str = "go.opentelemetry.io/collector/";
/// Named first: the module that runs all others.
const SERVICE: &str = "go.opentelemetry.io/collector/service";
/// Names in one line at most.
const SHOWN: usize = 3;

/// Looks for a mix.
pub(super) fn check(plan: &Plan, go_mod: &GoMod, runner: &Runner<'_>) -> Result<(), LockError> {
    let used = used(go_mod);
    let releases: BTreeSet<_> = used.values().map(|version| release(version)).collect();
    if releases.len() <= 1 {
        return Ok(());
    }
    let graph = match ModuleGraph::ask(plan, runner) {
        Ok(graph) => graph,
        Err(source) if plan.go.strict || is_interrupt(&source) => {
            return Err(LockError::GoList { source });
        }
        // Without a network there is nothing to decide by.
        Err(_) => return Ok(()),
    };
    let mixed = mixed(&used, &graph);
    if mixed.is_empty() {
        return Ok(());
    }
    let text = text(plan, &used, &mixed, &graph);
    if plan.go.strict {
        return Err(LockError::Mixed { text });
    }
    let cure = super::error::ONE_RELEASE;
    runner
        .activity
        .note(&format!("warning: {text}\n  help: {cure}"));
    Ok(())
}

/// Core modules with the version whose code is used; without those that come from elsewhere.
fn used(go_mod: &GoMod) -> BTreeMap<&str, &str> {
    let paths = go_mod.require.iter().map(|module| module.path.as_str());
    paths
        .filter(|path| path.starts_with(CORE))
        .filter_map(|path| Some((path, go_mod.used(path)?)))
        .collect()
}

/// How far a version is from the pinned one: stable and other modules count in step. `None` for
/// what is no version.
fn release(version: &str) -> Option<i128> {
    let (major, minor) = major_minor(version)?;
    let pinned = match major {
        0 => COLLECTOR_VERSION,
        _ => COLLECTOR_STABLE_VERSION,
    };
    let (_, of_pinned) = major_minor(pinned)?;
    Some(i128::from(minor) - i128::from(of_pinned))
}

/// Major and minor number of `v1.2.3-rc.1`.
pub(super) fn major_minor(version: &str) -> Option<(u64, u64)> {
    let version = Version::parse(version.strip_prefix('v')?).ok()?;
    Some((version.major, version.minor))
}

/// The releases that are mixed: those of modules that are newer than another one asks for, and
/// those of the ones that ask.
fn mixed(used: &BTreeMap<&str, &str>, graph: &ModuleGraph) -> BTreeSet<Option<i128>> {
    let mut mixed = BTreeSet::new();
    for ((behind, version), (module, asked)) in graph.edges() {
        let (Some(from), Some(selected)) = (used.get(behind), used.get(module)) else {
            continue;
        };
        if version == *from && major_minor(asked) < major_minor(selected) {
            mixed.extend([release(from), release(selected)]);
        }
    }
    mixed
}

fn text(
    plan: &Plan,
    used: &BTreeMap<&str, &str>,
    mixed: &BTreeSet<Option<i128>>,
    graph: &ModuleGraph,
) -> String {
    let mut text = "modules of the core Collector are of different releases, a mix that upstream \
        does not test:"
        .to_owned();
    for wanted in mixed {
        let of_release = used.iter().map(|(module, version)| (*module, *version));
        let mut nodes: Vec<Node<'_>> = of_release
            .filter(|(_, version)| release(version) == *wanted)
            .collect();
        nodes.sort_by_key(|(module, _)| *module != SERVICE);
        let versions: BTreeSet<&str> = nodes.iter().map(|(_, version)| *version).collect();
        let mut askers: Vec<String> = Vec::new();
        let (mut asked, mut others) = (Vec::new(), Vec::new());
        for node in nodes {
            let of_node = askers_of(plan, node, graph);
            let list = if of_node.is_empty() {
                &mut others
            } else {
                &mut asked
            };
            list.push(format!("`{}`", node.0));
            askers.extend(of_node);
        }
        let mut seen = BTreeSet::new();
        askers.retain(|asker| seen.insert(asker.clone()));
        asked.append(&mut others);
        let versions: Vec<&str> = versions.into_iter().collect();
        let _ = write!(text, "\n  {}: {}", versions.join(" and "), few(&asked));
        if !askers.is_empty() {
            let _ = write!(text, "\n    asked for by {}", few(&askers));
        }
    }
    text
}

/// The first of `names`, and how many more there are.
fn few(names: &[String]) -> String {
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Who asks for this version: entries, and modules of others with the entry that brings them in.
fn askers_of(plan: &Plan, wanted: Node<'_>, graph: &ModuleGraph) -> Vec<String> {
    let is_entry = |(path, version): Node<'_>| {
        let mut entries = plan.go_modules();
        entries.any(|entry| entry.spec.path == path && entry.spec.version == version)
    };
    let mut names = Vec::new();
    if is_entry(wanted) {
        names.push(format!("`gomod: {} {}`", wanted.0, wanted.1));
    }
    for asker @ (path, version) in graph.askers(wanted) {
        if is_entry(asker) {
            names.push(format!("`gomod: {path} {version}`"));
        } else if !path.starts_with(CORE) {
            let entry = graph.entry(plan, path);
            let through =
                entry.map(|entry| format!(", which `gomod: {}` leads to", entry.spec.gomod));
            let through = through.unwrap_or_default();
            names.push(format!("`{path}` {version}{through}"));
        }
    }
    names
}
