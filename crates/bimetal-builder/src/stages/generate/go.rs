//! The Go sources: main, its components, go.mod, one package per Go plugin.
//!
//! In: [`Plan`]. Out: texts in the tree. Invariant: without a host there is no trace of plugins in
//! them.

use std::collections::HashSet;

use bimetal_manifest::schema::Kind;
use serde::Serialize;
use serde_json::{Value, json};

use super::carried;
use super::template::render;
use crate::model::GoModule;
use crate::model::paths::in_go_mod;
use crate::model::pinned::COLLECTOR_VERSION;
use crate::model::{Plan, SourceTree};

#[derive(Serialize)]
struct Group<'a> {
    field: &'static str,
    package: &'static str,
    modules: Vec<&'a GoModule>,
}

pub(super) fn add(plan: &Plan, tree: &mut SourceTree) {
    let opener = plan
        .host
        .as_ref()
        .and_then(|host| host.opener_import.as_ref());
    let main = json!({
        "dist": plan.distribution,
        "host": plan.host,
        "opener": opener.map_or("nil", |_| "goplugin.Open"),
        "providers": plan.providers,
        "converters": plan.converters,
        "imports": imports(plan.converters.iter().chain(&plan.providers)),
        "default_uri_scheme": plan.default_uri_scheme,
    });
    tree.insert("main.go", render("main.go.j2", main));
    tree.insert("main_others.go", render("main_others.go.j2", json!({})));
    tree.insert("main_windows.go", render("main_windows.go.j2", json!({})));
    let linked = plan.go_components.iter().map(|component| &component.module);
    let components = json!({
        "telemetry": plan.telemetry,
        "groups": groups(plan),
        "imports": imports(linked.chain([&plan.telemetry])),
    });
    tree.insert("components.go", render("components.go.j2", components));
    tree.insert("go.mod", render("go.mod.j2", go_mod(plan)));
    for plugin in &plan.go_plugins {
        let text = render(
            "plugin_main.go.j2",
            json!({ "plugin": plugin, "package": plugin.kind.as_str() }),
        );
        tree.insert(plugin.dir.join("main.go"), text);
    }
}

/// In the order that gofmt wants.
fn imports<'a>(modules: impl Iterator<Item = &'a GoModule>) -> Vec<&'a GoModule> {
    let mut modules: Vec<&GoModule> = modules.collect();
    modules.sort_by_key(|module| (&module.spec.import, &module.alias));
    modules
}

fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let group = |kind: Kind| {
        let of_kind = plan
            .go_components
            .iter()
            .filter(|component| component.kind == kind);
        Group {
            field: kind.name(),
            package: kind.as_str(),
            modules: of_kind.map(|component| &component.module).collect(),
        }
    };
    Kind::ALL.into_iter().map(group).collect()
}

fn go_mod(plan: &Plan) -> Value {
    let mut requires: Vec<String> = plan
        .go_modules()
        .map(|module| module.spec.gomod.clone())
        .collect();
    requires.push(format!(
        "go.opentelemetry.io/collector/otelcol {COLLECTOR_VERSION}"
    ));
    if plan.host.is_some() {
        requires.extend(carried::go_requirements());
    }
    let from_entries = plan.go_modules().filter_map(|module| {
        Some(format!(
            "{} => {}",
            module.spec.gomod,
            in_go_mod(module.replace.as_ref()?)
        ))
    });
    let replaces: Vec<String> = from_entries.chain(plan.replaces.iter().cloned()).collect();
    json!({
        "dist": plan.distribution,
        "language": plan.go.language,
        "requires": once(requires),
        "replaces": once(replaces),
        "excludes": plan.excludes,
    })
}

/// Without repetitions: several components may come from one module.
fn once(lines: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    lines
        .into_iter()
        .filter(|line| seen.insert(line.clone()))
        .collect()
}
