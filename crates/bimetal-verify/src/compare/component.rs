//! The component that a plugin promises, and the symbol that makes it.
//!
//! In: two artifacts. Out: mismatches. Invariant: pure.

use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::object::{Artifact, Form, SymbolKind};
use bimetal_manifest::schema::{Component, Kind};

const FACTORY_SUFFIX: &str = "_new_factory";

const GO_REMEDY: &str = "export it as a function: `func NewFactory() …`; `bimetal` writes that \
    file for a `plugin: true` entry";
const RUST_REMEDY: &str = "build the plugin with `bimetal`: `plugin: true` at its entry";

pub(super) fn compare(main: &Artifact, plugin: &Artifact) -> Vec<Mismatch> {
    let mut found = Vec::new();
    match plugin.component() {
        Some(component) => {
            found.extend(factory(plugin, component.kind));
            found.extend(signature(main, plugin, component.kind));
            found.extend(taken(main, component));
        }
        None if plugin.manifests.is_ok() => {
            let mismatch = Mismatch::new(Outcome::Refused, Check::Component, "component")
                .on_load("main would not know what the plugin brings")
                .help("build the plugin with `bimetal`, which records kind and type");
            found.push(mismatch);
        }
        None => {}
    }
    found
}

/// The name of the function that a Rust plugin of this kind exports.
pub fn factory_symbol(kind: Kind) -> String {
    format!("otelcol_{}{FACTORY_SUFFIX}", kind.as_str())
}

fn factory(plugin: &Artifact, kind: Kind) -> Vec<Mismatch> {
    match plugin.facts.form {
        Form::GoPlugin => {
            let found = plugin.facts.go.as_ref().and_then(|go| go.new_factory);
            go_factory(found).into_iter().collect()
        }
        Form::RustPlugin => rust_factory(plugin, kind),
        _ => Vec::new(),
    }
}

fn go_factory(found: Option<SymbolKind>) -> Option<Mismatch> {
    let (plugin, on_load) = match found {
        Some(SymbolKind::Function) => return None,
        Some(_) => (
            "a variable",
            "the plugin would be loaded, and then main could not use its factory",
        ),
        None => (
            "missing",
            "the plugin would be loaded and then found to have no factory",
        ),
    };
    let mismatch = Mismatch::new(Outcome::Refused, Check::Factory, "NewFactory")
        .main("a function")
        .plugin(plugin)
        .on_load(on_load)
        .help(GO_REMEDY);
    Some(mismatch)
}

/// What `NewFactory` returns stands in no symbol; but a function of the right type leaves the
/// symbol of that type, in main as in the plugin.
fn signature(main: &Artifact, plugin: &Artifact, kind: Kind) -> Option<Mismatch> {
    let (main, go) = (main.facts.go.as_ref()?, plugin.facts.go.as_ref()?);
    let is_right = go.factory_types.contains(&kind);
    // A main without the type cannot tell: its linker may write such symbols in another way.
    if is_right
        || !main.factory_types.contains(&kind)
        || go.new_factory != Some(SymbolKind::Function)
    {
        return None;
    }
    let other = go.factory_types.first();
    let wanted = format!("func() {}.Factory", kind.as_str());
    let found = other.map_or_else(
        || "a function of another type".to_owned(),
        |other| format!("perhaps func() {}.Factory", other.as_str()),
    );
    let mismatch = Mismatch::new(Outcome::Refused, Check::Factory, "NewFactory")
        .main(wanted)
        .plugin(found)
        .on_load("the plugin would be loaded, and then main could not use its factory")
        .help(GO_REMEDY);
    Some(mismatch)
}

fn rust_factory(plugin: &Artifact, kind: Kind) -> Vec<Mismatch> {
    let name = factory_symbol(kind);
    let symbols = &plugin.facts.plugin_symbols;
    let mut found = Vec::new();
    let is_there = symbols
        .iter()
        .any(|symbol| symbol.name == name && symbol.kind == SymbolKind::Function);
    if !is_there {
        let data = symbols.iter().any(|symbol| symbol.name == name);
        let class = if data {
            Outcome::WouldAbort
        } else {
            Outcome::Refused
        };
        let mismatch = Mismatch::new(class, Check::Factory, &name)
            .main("a function")
            .plugin(if data { "not a function" } else { "missing" })
            .on_load(if data {
                "main would call data"
            } else {
                "the plugin would be loaded and then found to have no factory"
            })
            .help(RUST_REMEDY);
        found.push(mismatch);
    }
    let others = symbols
        .iter()
        .filter(|symbol| symbol.name.ends_with(FACTORY_SUFFIX) && symbol.name != name);
    found.extend(others.map(|symbol| {
        Mismatch::new(Outcome::Refused, Check::Factory, &symbol.name)
            .main(&name)
            .plugin("exported too")
            .on_load("a plugin brings exactly one component, and its manifest names another kind")
            .help("build each component as a plugin of its own")
    }));
    found
}

/// Main has a component of the same kind and type linked in.
fn taken(main: &Artifact, component: &Component) -> Option<Mismatch> {
    main.components()
        .filter(|own| own.kind == component.kind)
        .find_map(|own| {
            let name = own.names().find(|name| has(component, name))?;
            Some(linked_in(component, name, Some(&own.module)))
        })
}

/// Main has the component of `plugin` linked in.
pub(super) fn is_taken(main: &Artifact, plugin: &Artifact) -> bool {
    plugin
        .component()
        .is_some_and(|component| taken(main, component).is_some())
}

fn has(component: &Component, name: &str) -> bool {
    component.names().any(|own| own == name)
}

/// Main has a component that answers to `name` already, from `module` where that is known.
pub(crate) fn linked_in(component: &Component, name: &str, module: Option<&str>) -> Mismatch {
    let subject = format!("{} {name}", component.kind.as_str());
    let main = module.map_or_else(
        || "linked in".to_owned(),
        |module| format!("linked in: {module}"),
    );
    Mismatch::new(Outcome::Refused, Check::Component, &subject)
        .main(main)
        .plugin(&component.module)
        .on_load("two factories for one type: a configuration could mean either")
        .help("take the file out of the plugin directory, or build main without that component")
}
