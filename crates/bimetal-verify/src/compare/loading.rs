//! What the plugin asks of the loader, and whether main's process can give it.
//!
//! In: two artifacts, the libraries of the machine where they are known. Out: mismatches.
//! Invariant: pure; what the machine has was read before.

use super::Rules;
use super::mismatch::{Check, Mismatch, Outcome};
use super::structure::takes_none;
use crate::system::{ALLOWED_LIBRARIES, System};
use bimetal_manifest::object::{Artifact, Facts, Form, Library, UndefinedSymbol};
use bimetal_manifest::schema::Language;

/// Functions that give memory out and take it back. A library that exports one of them wants to be
/// everybody's allocator.
const ALLOCATOR: &[&str] = &[
    "aligned_alloc",
    "calloc",
    "free",
    "malloc",
    "memalign",
    "posix_memalign",
    "pvalloc",
    "realloc",
    "reallocarray",
    "valloc",
];

/// The loader rounds what it has; within this many bytes above the room the outcome is open.
const TLS_SLACK: u64 = 192;

pub(super) fn compare(main: &Artifact, artifact: &Artifact, rules: Rules<'_>) -> Vec<Mismatch> {
    // Such a main exports nothing that a Go plugin binds to, which is said once.
    let binds = artifact.facts.form != Form::GoPlugin || !takes_none(main, Language::Go);
    let (main, plugin) = (&main.facts, &artifact.facts);
    let mut found = requests(plugin);
    found.extend(libraries(main, plugin, rules.system));
    found.extend(soname(main, plugin, rules.system));
    if !matches!(plugin.form, Form::GoPlugin | Form::RustPlugin) {
        return found;
    }
    if let Some(system) = rules.system {
        found.extend(versions(plugin, system));
        found.extend(binds.then(|| undefined(main, plugin, system)).flatten());
    }
    found.extend(thread_locals(0, artifact, rules));
    found.extend(interposed(main, plugin));
    found.extend(allocator(plugin));
    found
}

/// What only the machine where main runs can tell, one sentence each.
pub(super) fn open_questions(main: &Artifact, plugin: &Artifact, rules: Rules<'_>) -> Vec<String> {
    let mut questions = Vec::new();
    let (main, plugin) = (&main.facts, &plugin.facts);
    if rules.system.is_none() {
        let beyond: Vec<_> = plugin
            .needed
            .iter()
            .map(String::as_str)
            .filter(|library| !is_in_main(main, library))
            .collect();
        if !beyond.is_empty() {
            questions.push(format!(
                "whether {} can be found where main runs",
                beyond.join(", ")
            ));
        }
    }
    let room = tls_room(rules);
    let wanted = plugin.fixed_thread_locals();
    if wanted > room && wanted <= room + TLS_SLACK {
        questions.push(format!(
            "whether {wanted} bytes of thread-local variables fit into the room that the C library \
             keeps for them"
        ));
    }
    questions
}

fn requests(plugin: &Facts) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for path in &plugin.run_paths {
        let mismatch = Mismatch::new(Outcome::Refused, Check::RunPath, path)
            .plugin(path)
            .on_load("the loader would look for libraries in a place of the plugin's choice")
            .help("build the plugin without `-rpath`");
        found.push(mismatch);
    }
    for request in &plugin.loader_requests {
        let mismatch = Mismatch::new(Outcome::Refused, Check::LoaderRequest, request)
            .plugin("requested")
            .on_load("the loader would weaken or redirect the whole process")
            .help("build the plugin with `bimetal`, which links it without");
        found.push(mismatch);
    }
    found
}

/// Every needed library is one that plugins may bring in, and is there.
fn libraries(main: &Facts, plugin: &Facts, system: Option<&System>) -> Vec<Mismatch> {
    let is_allowed =
        |library: &str| ALLOWED_LIBRARIES.contains(&library) || is_in_main(main, library);
    let is_missing = |library: &str| {
        system
            .and_then(|system| system.library(library))
            .is_some_and(|found| found.is_none())
    };
    let mut found = Vec::new();
    for library in &plugin.needed {
        if !is_allowed(library) {
            let mismatch = Mismatch::new(Outcome::Refused, Check::NeededLibrary, library)
                .plugin("needed")
                .on_load("it would bring code into the process that was not verified")
                .help("link the library statically into the plugin");
            found.push(mismatch);
        } else if is_missing(library) {
            let mismatch = Mismatch::new(Outcome::Refused, Check::NeededLibrary, library)
                .main("not on this machine")
                .plugin("needed")
                .on_load(format!("the loader would not find `{library}`"))
                .help(format!(
                    "install what brings `{library}`, or link it statically into the plugin"
                ));
            found.push(mismatch);
        }
    }
    found
}

/// The loader gives a library that is loaded to all who need one of its name, and reads no file
/// for them.
fn soname(main: &Facts, plugin: &Facts, system: Option<&System>) -> Option<Mismatch> {
    let soname = plugin.soname.as_deref()?;
    let of_main = main.needed.iter().map(String::as_str);
    let closure = system.map(|system| system.closure(of_main));
    let is_taken = ALLOWED_LIBRARIES.contains(&soname)
        || is_in_main(main, soname)
        || closure
            .into_iter()
            .flatten()
            .flat_map(|library| &library.needed)
            .chain(&plugin.needed)
            .any(|needed| needed == soname);
    is_taken.then(|| same_name(soname, "a library that others need"))
}

/// Two libraries of one name; `other` says which the other one is.
pub fn same_name(soname: &str, other: &str) -> Mismatch {
    Mismatch::new(Outcome::WouldRunWrongCode, Check::Soname, soname)
        .main(other)
        .plugin("its DT_SONAME")
        .on_load("others that need this library would be bound to the plugin instead")
        .help("link the plugin without `-soname`; a plugin is not needed by name")
}

/// Main needs the library too, or it is main's loader.
fn is_in_main(main: &Facts, library: &str) -> bool {
    let loader = main
        .interpreter
        .as_deref()
        .and_then(|path| path.rsplit('/').next());
    loader == Some(library) || main.needed.iter().any(|needed| needed == library)
}

/// The loader stops at a version that a library does not define, before it looks at any symbol.
fn versions(plugin: &Facts, system: &System) -> Vec<Mismatch> {
    let lacks = |library: &str, version: &str| {
        let library = system.library(library).flatten();
        library.is_some_and(|library| {
            !library.versions.is_empty() && !library.versions.contains(version)
        })
    };
    plugin
        .needed_versions
        .iter()
        .filter(|needed| !needed.weak && lacks(&needed.library, &needed.version))
        .map(|needed| {
            Mismatch::new(Outcome::Refused, Check::NeededLibrary, &needed.library)
                .main(format!("without {}", needed.version))
                .plugin(format!("{} needed", needed.version))
                .on_load(format!(
                    "the loader would not find version `{}` of `{}`",
                    needed.version, needed.library
                ))
                .help(format!(
                    "build the plugin on a system whose `{}` is no newer than the one here",
                    needed.library
                ))
        })
        .collect()
}

/// Every symbol that the plugin uses is in main or in a library that comes in.
fn undefined(main: &Facts, plugin: &Facts, system: &System) -> Option<Mismatch> {
    let names = main.needed.iter().chain(&plugin.needed);
    let libraries = system.closure(names.map(String::as_str));
    // A library that could not be read may hold anything; that it is missing is said elsewhere.
    let all_known = main
        .needed
        .iter()
        .chain(&plugin.needed)
        .all(|name| system.library(name).flatten().is_some());
    if !all_known {
        return None;
    }
    let left: Vec<_> = plugin
        .undefined
        .iter()
        .filter(|symbol| !symbol.weak && !is_defined(symbol, main, &libraries))
        .map(|symbol| symbol.name.as_str())
        .collect();
    let first = left.first()?;
    let mismatch = Mismatch::new(Outcome::Refused, Check::UndefinedSymbol, first)
        .plugin("used, and nowhere defined")
        .names(left.len(), left.iter().copied())
        .on_load(format!(
            "the loader would stop with `undefined symbol: {first}`"
        ))
        .help(
            "link what defines them into the plugin: look for a library that is missing at its \
            `-l` flags",
        );
    Some(mismatch)
}

fn is_defined(symbol: &UndefinedSymbol, main: &Facts, libraries: &[&Library]) -> bool {
    let version = symbol
        .version
        .as_ref()
        .map(|needed| needed.version.as_str());
    let in_main = || main.native_exports.binary_search(&symbol.name).is_ok();
    libraries
        .iter()
        .any(|library| library.defines(&symbol.name, version))
        || in_main()
}

fn tls_room(rules: Rules<'_>) -> u64 {
    rules
        .system
        .map_or(System::TLS_ROOM, |system| system.tls_room)
}

/// Thread-local variables whose place is fixed when a thread starts need room that was kept for
/// them; earlier plugins have `taken` some.
pub fn thread_locals(taken: u64, plugin: &Artifact, rules: Rules<'_>) -> Option<Mismatch> {
    let (room, wanted) = (tls_room(rules), plugin.facts.fixed_thread_locals());
    let sum = taken.saturating_add(wanted);
    if wanted == 0 || sum <= room + TLS_SLACK {
        return None;
    }
    let of_others = match taken {
        0 => String::new(),
        _ => format!(", {taken} of them taken by other plugins"),
    };
    let mismatch = Mismatch::new(Outcome::Refused, Check::ThreadLocals, "static TLS")
        .main(format!("room for {room} bytes{of_others}"))
        .plugin(format!("{wanted} bytes"))
        .on_load("the loader would stop with `cannot allocate memory in static TLS block`")
        .help(format!(
            "build the plugin without `initial-exec` thread-local variables (an allocator such as \
             jemalloc often has them), or start main with \
             `GLIBC_TUNABLES=glibc.rtld.optional_static_tls={}`",
            sum.saturating_add(System::TLS_ROOM)
        ));
    Some(mismatch)
}

/// The plugin exports what main exports too, and its own code would use main's.
fn interposed(main: &Facts, plugin: &Facts) -> Option<Mismatch> {
    let is_go = plugin.form == Form::GoPlugin;
    if plugin.symbolic && !is_go {
        return None;
    }
    let names: Vec<_> = plugin
        .native_exports
        .iter()
        .filter(|name| !is_go || is_foreign_to_go(name))
        .filter(|name| main.native_exports.binary_search(name).is_ok())
        .map(String::as_str)
        .collect();
    let first = names.first()?;
    let mismatch = Mismatch::new(Outcome::WouldRunWrongCode, Check::Interposed, first)
        .main("exported")
        .plugin("exported, and bound at load")
        .names(names.len(), names.iter().copied())
        .on_load(
            "the plugin would call main's functions and use main's variables of these names \
            instead of its own",
        )
        .help(
            "link the plugin with `-Wl,-Bsymbolic` and main with `-Wl,--exclude-libs,ALL`; \
            `bimetal` does both",
        );
    Some(mismatch)
}

/// C symbols of Go's own packages are in every Go artifact and mean the same in each; code of other
/// languages does not.
fn is_foreign_to_go(name: &str) -> bool {
    [
        "_R", "_ZN", "bimetal_", "otelcol_", "rust_", "__rust", "__rdl_", "__rg_",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// Memory that the C library hands out would be given back to the plugin's allocator, or the other
/// way round.
fn allocator(plugin: &Facts) -> Option<Mismatch> {
    let names: Vec<_> = plugin
        .native_exports
        .iter()
        .map(String::as_str)
        .filter(|name| ALLOCATOR.contains(name))
        .collect();
    let first = names.first()?;
    let mismatch = Mismatch::new(Outcome::WouldAbort, Check::Allocator, first)
        .plugin("exported")
        .names(names.len(), names.iter().copied())
        .on_load(
            "memory of the C library would be given back to the plugin's allocator, which \
            ends the process",
        )
        .help(
            "build the plugin with an allocator whose names have a prefix, and link it with a \
            version script that hides them",
        );
    Some(mismatch)
}
