//! Decides whether a plugin may run beside a main binary.
//!
//! In: two [`Artifact`]s, then the package hashes of a set. Out: every [`Mismatch`]; none means
//! compatible. Invariant: pure. Opens no file, knows no loader, does not stop at the first
//! difference.

mod abi;
mod causes;
mod component;
mod dependencies;
mod flags;
mod hermetic;
mod link_values;
mod loading;
mod mismatch;
mod packages;
mod pairs;
mod rust_flags;
mod structure;
mod toolchain;
mod words;

use crate::system::System;
use bimetal_manifest::object::{Artifact, Form, GlibcVersion};
use bimetal_manifest::schema::{Language, Manifest, Policy};

pub use component::factory_symbol;
pub(crate) use component::linked_in;
pub use loading::{same_name, thread_locals};
pub(crate) use mismatch::words;
pub use mismatch::{Check, Mismatch, NAMES_LIMIT, Outcome};
pub use packages::{Candidate, Prediction, predict};
pub use pairs::{Conflict, Conflicts, PAIRS_LIMIT, conflicts};
pub use toolchain::is_denied_go;
pub use words::{HELP, ON_LOAD, joined};

/// What main expects beyond what stands in the two files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'s> {
    /// How much of a Rust plugin must equal main's.
    pub policy: Policy,
    /// The C library of the process or machine that would load the plugin, where it is known.
    pub glibc: Option<GlibcVersion>,
    /// The libraries of that machine, where they are known.
    pub system: Option<&'s System>,
}

impl From<Policy> for Rules<'_> {
    fn from(policy: Policy) -> Self {
        Self {
            policy,
            glibc: None,
            system: None,
        }
    }
}

impl Rules<'_> {
    /// The rules that `main` was built with, or the stricter `policy`. A looser one has no effect.
    pub fn of(main: &Artifact, policy: Option<Policy>) -> Self {
        let built = main
            .first_manifest()
            .and_then(|manifest| manifest.plugins.as_ref())
            .map(|plugins| plugins.policy);
        let policy = match (built.unwrap_or_default(), policy) {
            (Policy::Abi, None | Some(Policy::Abi)) => Policy::Abi,
            _ => Policy::Exact,
        };
        Self {
            policy,
            glibc: None,
            system: None,
        }
    }
}

/// Both sides of a comparison, where both have what the comparison needs.
struct Pair<'a> {
    main: &'a Artifact,
    plugin: &'a Artifact,
    /// The part of main in the plugin's language.
    main_part: &'a Manifest,
    /// The plugin's manifest.
    plugin_part: &'a Manifest,
    language: Language,
    rules: Rules<'a>,
}

impl Pair<'_> {
    /// Go's parts must be equal; Rust's only if the policy says so.
    fn is_exact(&self) -> bool {
        self.language == Language::Go || self.rules.policy == Policy::Exact
    }
}

/// Every difference that keeps `plugin` out of `main`, in the order of the checks.
pub fn compare<'r>(
    main: &Artifact,
    plugin: &Artifact,
    rules: impl Into<Rules<'r>>,
) -> Vec<Mismatch> {
    let rules = rules.into();
    let mut found = structure::form(main, plugin);
    found.extend(structure::manifest(main, plugin));
    found.extend(structure::target(main, plugin, rules));
    if let Some(pair) = pair(main, plugin, rules) {
        found.extend(toolchain::compare(&pair));
        found.extend(match pair.language {
            Language::Go => flags::compare(&pair),
            Language::Rust => rust_flags::compare(&pair),
        });
        found.extend(dependencies::compare(&pair));
        found.extend(hermetic::compare(&pair));
    }
    if plugin.facts.form == Form::GoPlugin {
        found = causes::fold(found, main, plugin);
    }
    if let Some(pair) = pair(main, plugin, rules) {
        found.extend(abi::compare(&pair));
    }
    found.extend(component::compare(main, plugin));
    found.extend(loading::compare(main, plugin, rules));
    found
}

/// Whether the manifests alone speak against `plugin`, of which nothing else needs to have been
/// read. What they say is in [`compare`], once all of it has been.
pub(crate) fn is_unfit_by_manifest(main: &Artifact, plugin: &Artifact, rules: Rules<'_>) -> bool {
    let Some(pair) = pair(main, plugin, rules) else {
        return true;
    };
    let flags = match pair.language {
        Language::Go => flags::compare(&pair),
        Language::Rust => rust_flags::compare(&pair),
    };
    let found = [
        structure::manifest(main, plugin),
        structure::target(main, plugin, rules),
        toolchain::compare(&pair),
        flags,
        dependencies::compare(&pair),
        hermetic::compare(&pair),
        abi::compare(&pair),
    ];
    found.iter().any(|found| !found.is_empty()) || component::is_taken(main, plugin)
}

/// What the bytes leave open although [`compare`] finds nothing: one sentence each.
pub fn open_questions<'r>(
    main: &Artifact,
    plugin: &Artifact,
    rules: impl Into<Rules<'r>>,
) -> Vec<String> {
    let rules = rules.into();
    let mut questions = structure::open_questions(main, plugin, rules);
    questions.extend(loading::open_questions(main, plugin, rules));
    questions
}

fn pair<'a>(main: &'a Artifact, plugin: &'a Artifact, rules: Rules<'a>) -> Option<Pair<'a>> {
    let plugin_part = plugin.first_manifest()?;
    let language = plugin_part.language;
    Some(Pair {
        main,
        plugin,
        main_part: main.manifest(language)?,
        plugin_part,
        language,
        rules,
    })
}
