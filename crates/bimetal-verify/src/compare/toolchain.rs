//! Compilers and profile, by the manifests and by what the compilers left in the files.
//!
//! In: a pair. Out: mismatches. Invariant: pure; versions are compared as text, never as numbers.

use super::Pair;
use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::object::Artifact;
use bimetal_manifest::schema::{Language, Manifest};

/// Versions of Go whose runtime confuses types once several plugins are loaded.
const DENIED_GO: &[&str] = &["go1.27.0", "go1.27.1", "go1.27"];

/// Whether plugins built with this version of Go (`go1.26.8 X:exp`) run wrong code.
pub fn is_denied_go(version: &str) -> bool {
    DENIED_GO.contains(&without_experiments(version))
}

/// Neighbouring minor releases that get as far as comparing packages. Equal sizes alone do not say
/// so: 1.22 and 1.26 have them, and crash.
const ALIKE_GO: &[(&str, &str)] = &[("go1.24", "go1.25")];

/// What rustc puts in front of its version in `.comment`.
const RUSTC_COMMENT: &str = "rustc version ";

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if pair.is_exact() {
        found.extend(version(pair));
        found.extend(commit(pair));
    }
    if pair.language == Language::Go {
        found.extend(denied(pair));
        found.extend(contradicting_go(pair.main, pair.main_part, "main"));
        found.extend(contradicting_go(pair.plugin, pair.plugin_part, "plugin"));
        found.extend(module_data(pair));
    } else {
        found.extend(contradicting_rustc(pair));
    }
    if pair.is_exact() {
        found.extend(profile(pair));
    }
    found
}

fn version(pair: &Pair<'_>) -> Option<Mismatch> {
    let (main, plugin) = (
        &pair.main_part.toolchain_version,
        &pair.plugin_part.toolchain_version,
    );
    if main == plugin {
        return None;
    }
    let mismatch = match pair.language {
        // Within a minor release the runtime keeps its tables, so that its own check comes to work.
        Language::Go if minor(main) == minor(plugin) => {
            Mismatch::new(Outcome::WouldRunWrongCode, Check::Toolchain, "Go")
                .on_load("packages that both have would come from two releases, unnoticed")
                .help(format!("build the plugin with {main}"))
        }
        Language::Go if are_alike(minor(main), minor(plugin)) => {
            Mismatch::new(Outcome::Refused, Check::Toolchain, "Go")
                .on_load("`plugin.Open` would refuse it: most packages of the two releases differ")
                .help(format!("build the plugin with {main}"))
        }
        Language::Go => Mismatch::new(Outcome::WouldAbort, Check::Toolchain, "Go")
            .on_load("another Go runtime would enter the process, which ends it")
            .help(format!("build the plugin with {main}")),
        Language::Rust => Mismatch::new(Outcome::Refused, Check::Toolchain, "rustc")
            .on_load("main's policy `exact` takes only plugins of its own compiler")
            .help(format!(
                "build the plugin with Rust {main}: `rustup toolchain install {main}`; or build \
                 main with `dist.plugins_policy: abi`"
            )),
    };
    Some(mismatch.values(Some(main), Some(plugin)))
}

/// Two minor releases whose runtimes describe a module in the same way.
fn are_alike(one: &str, other: &str) -> bool {
    ALIKE_GO.contains(&(one, other)) || ALIKE_GO.contains(&(other, one))
}

/// `go1.26` of `go1.26.8` and of `go1.26rc1`.
fn minor(version: &str) -> &str {
    let mut dots = 0;
    let end = version.find(|character: char| {
        dots += usize::from(character == '.');
        dots > 1 || (dots == 1 && character != '.' && !character.is_ascii_digit())
    });
    &version[..end.unwrap_or(version.len())]
}

/// One version can come from two commits, for instance a patched one of a Linux distribution.
fn commit(pair: &Pair<'_>) -> Option<Mismatch> {
    let (main, plugin) = (
        pair.main_part.toolchain.commit.as_ref()?,
        pair.plugin_part.toolchain.commit.as_ref()?,
    );
    if main == plugin || pair.main_part.toolchain_version != pair.plugin_part.toolchain_version {
        return None;
    }
    let mismatch = Mismatch::new(Outcome::Refused, Check::Toolchain, "compiler commit")
        .values(Some(main), Some(plugin))
        .on_load("main's policy `exact` takes only plugins of its own compiler")
        .help("build the plugin with the same distribution of the compiler");
    Some(mismatch)
}

fn denied(pair: &Pair<'_>) -> Option<Mismatch> {
    let version = pair.plugin_part.toolchain_version.as_str();
    if !is_denied_go(version) {
        return None;
    }
    let mismatch = Mismatch::new(Outcome::WouldRunWrongCode, Check::DeniedToolchain, "Go")
        .values(Some(&pair.main_part.toolchain_version), Some(version))
        .on_load("type switches take the wrong branch once several plugins are loaded")
        .help("build main and plugins with Go 1.27.2 or later, or with Go 1.26");
    Some(mismatch)
}

fn contradicting_go(artifact: &Artifact, part: &Manifest, subject: &str) -> Option<Mismatch> {
    let stated = part.toolchain_version.as_str();
    let found = artifact.facts.go.as_ref()?.build_info.go_version.as_str();
    let agrees = stated == found || without_experiments(found) == stated;
    (!agrees).then(|| contradiction(subject, stated, found))
}

/// The size of the runtime's record of a module, written by the linker, changes with most releases:
/// a record that the manifest cannot change.
fn module_data(pair: &Pair<'_>) -> Option<Mismatch> {
    let size = |artifact: &Artifact| artifact.facts.go.as_ref()?.module_data_size;
    let (main, plugin) = (size(pair.main)?, size(pair.plugin)?);
    if main == plugin || pair.main_part.toolchain_version != pair.plugin_part.toolchain_version {
        return None;
    }
    let mismatch = Mismatch::new(
        Outcome::WouldAbort,
        Check::ManifestContradictsBinary,
        "Go runtime",
    )
    .main(format!("{main} bytes for a module"))
    .plugin(format!("{plugin} bytes for a module"))
    .on_load(
        "the plugin has another Go runtime than its version says, and would write over main's data",
    )
    .help(format!(
        "build the plugin again with `bimetal` and {}",
        pair.main_part.toolchain_version
    ));
    Some(mismatch)
}

/// Go's record appends what GOEXPERIMENT switched on, `go env GOVERSION` does not; GOEXPERIMENT
/// itself is compared as a variable.
fn without_experiments(version: &str) -> &str {
    let end = version.find("-X:").or_else(|| version.find(" X:"));
    &version[..end.unwrap_or(version.len())]
}

/// Only where the linker or `strip` has left the compiler's note.
fn contradicting_rustc(pair: &Pair<'_>) -> Option<Mismatch> {
    let stated = pair.plugin_part.toolchain_version.as_str();
    let versions: Vec<_> = pair
        .plugin
        .facts
        .comments
        .iter()
        .filter_map(|comment| comment.strip_prefix(RUSTC_COMMENT))
        .collect();
    let agrees = |version: &&str| version.split(' ').next() == Some(stated);
    if versions.is_empty() || versions.iter().any(agrees) {
        return None;
    }
    Some(contradiction("plugin", stated, versions.first()?))
}

fn contradiction(subject: &str, stated: &str, found: &str) -> Mismatch {
    let mismatch = Mismatch::new(
        Outcome::Refused,
        Check::ManifestContradictsBinary,
        &format!("compiler of {subject}"),
    )
    .on_load("the manifest is not that of the code beside it, so nothing in it can be trusted")
    .help(format!("build the {subject} again with `bimetal`"));
    let value = format!("manifest: {stated}, file: {found}");
    if subject == "main" {
        mismatch.main(value)
    } else {
        mismatch.plugin(value)
    }
}

fn profile(pair: &Pair<'_>) -> Option<Mismatch> {
    let (main, plugin) = (
        &pair.main_part.build_profile,
        &pair.plugin_part.build_profile,
    );
    if main == plugin {
        return None;
    }
    let help = match pair.language {
        Language::Go => "build both with the same `dist.debug_compilation`",
        Language::Rust => "build both with the same `dist.rust_profile`",
    };
    let mismatch = Mismatch::new(Outcome::Refused, Check::Profile, "build profile")
        .values(Some(main), Some(plugin))
        .on_load(
            "code that was optimised differently does not fit together, or breaks main's \
            policy `exact`",
        )
        .help(help);
    Some(mismatch)
}
