//! The report of `inspect` for people.
//!
//! In: an [`InspectDocument`]. Out: lines. Invariant: a summary of the manifests and of the
//! environment of a hermetic build; of the symbols, the first. `--format json` has everything.

use bimetal_manifest::object::{ExportedSymbols, Facts, GoFacts, ObjectType, SymbolKind};

use crate::document::{InspectDocument, InspectedFile};
use crate::environment;
use crate::summary;
use crate::text;
use bimetal_terminal::escape;
use bimetal_terminal::table::{self, Cell};
use bimetal_terminal::{Printer, Tone};

/// Symbols that a table shows.
pub(crate) const SYMBOLS_SHOWN: usize = 40;

pub(crate) fn print(document: &InspectDocument, out: &Printer) {
    for (position, file) in document.files.iter().enumerate() {
        if position > 0 {
            out.data("");
        }
        one(file, out);
    }
}

fn one(file: &InspectedFile, out: &Printer) {
    let title = out.paint(&escape::field(&file.file), Tone::Strong);
    out.data(&title);
    if let Some(problem) = &file.problem {
        text::problem(problem, out);
    }
    let mut pairs = Vec::new();
    if let Some(facts) = &file.facts {
        pairs.extend(facts_of(facts));
    }
    pairs.extend(
        file.sha256
            .map(|digest| ("sha256", Cell::new(digest.to_string()))),
    );
    if let Some(go) = file.facts.as_ref().and_then(|facts| facts.go.as_ref()) {
        pairs.extend(go_facts(go));
    }
    table::pairs(&pairs, 2, out);
    for manifest in &file.manifests {
        summary::print(manifest, out);
    }
    environment::print(&file.manifests, out);
    if let Some(symbols) = &file.symbols {
        self::symbols(symbols, out);
    }
}

fn facts_of(facts: &Facts) -> Vec<(&'static str, Cell)> {
    let object_type = match facts.object_type {
        ObjectType::Executable => "program",
        ObjectType::Shared => "shared object",
        ObjectType::Relocatable => "input of a linker",
        ObjectType::Other => "other object",
    };
    let mut pairs = vec![
        ("form", Cell::new(facts.form.as_str())),
        (
            "object",
            Cell::new(format!("{object_type} for {}", facts.machine)),
        ),
        ("size", Cell::new(format!("{} bytes", facts.size))),
        (
            "needs",
            if facts.needed.is_empty() {
                Cell::new("no libraries")
            } else {
                Cell::new(facts.needed.join(", "))
            },
        ),
        (
            "glibc",
            Cell::maybe(facts.glibc.map(|version| format!("{version} or later"))),
        ),
    ];
    if facts.static_tls {
        pairs.push(("static TLS", Cell::new("yes")));
    }
    if !facts.run_paths.is_empty() {
        pairs.push((
            "run paths",
            Cell::toned(facts.run_paths.join(", "), Tone::Warning),
        ));
    }
    if !facts.loader_requests.is_empty() {
        pairs.push((
            "asks loader",
            Cell::toned(facts.loader_requests.join(", "), Tone::Warning),
        ));
    }
    pairs
}

fn go_facts(go: &GoFacts) -> Vec<(&'static str, Cell)> {
    let factory = go.new_factory.map(|kind| {
        if kind == SymbolKind::Function {
            "a function"
        } else {
            "not a function"
        }
    });
    vec![
        ("go", Cell::new(&go.build_info.go_version)),
        ("plugin path", Cell::maybe(go.plugin_path.as_deref())),
        ("NewFactory", Cell::maybe(factory)),
        (
            "packages",
            Cell::new(format!("{} with a hash", go.package_hashes.len())),
        ),
    ]
}

fn symbols(symbols: &ExportedSymbols, out: &Printer) {
    let title = out.paint(
        &format!("  exported symbols, {}", symbols.total),
        Tone::Strong,
    );
    out.data(&title);
    let shown: Vec<_> = symbols.symbols.iter().take(SYMBOLS_SHOWN).collect();
    for symbol in &shown {
        let kind = match symbol.kind {
            SymbolKind::Function => "function",
            SymbolKind::Object => "object",
            SymbolKind::Other => "other",
        };
        out.data(&format!("    {kind:8}  {}", escape::field(&symbol.name)));
    }
    let more = symbols.total.saturating_sub(shown.len() as u64);
    if more > 0 {
        out.data(&format!("    and {more} more, which `--format json` lists"));
    }
}
