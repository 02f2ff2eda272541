//! What the object format alone decides: form, target, C library.
//!
//! In: two artifacts. Out: mismatches. Invariant: pure.

use std::borrow::Cow;

use super::Rules;
use super::mismatch::{Check, Mismatch, Outcome};
use crate::HINTS;
use bimetal_manifest::object::{Artifact, Facts, Form, ManifestError};
use bimetal_manifest::schema::Language;
use bimetal_terminal::hint::hint;

const REBUILD: &str = "build the plugin with `bimetal`: `plugin: true` at its entry";

/// The file is a plugin, and main one that can take it.
pub(super) fn form(main: &Artifact, plugin: &Artifact) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if main.facts.form != Form::Main {
        let mismatch = Mismatch::new(Outcome::Refused, Check::Form, "main")
            .main(main.facts.form.as_str())
            .on_load("plugins cannot be compared with a file that is no Collector")
            .help("name a Collector that `bimetal` built with the plugin host");
        found.push(mismatch);
    }
    match plugin.facts.form {
        Form::GoPlugin => {
            found.extend(plugin_language(main, Language::Go).or_else(|| go_host(main)));
        }
        Form::RustPlugin => found.extend(plugin_language(main, Language::Rust)),
        form => {
            let aborts = matches!(form, Form::GoSharedLibrary | Form::SharedLibrary);
            let class = if aborts {
                Outcome::WouldAbort
            } else {
                Outcome::Refused
            };
            let on_load = match form {
                Form::GoSharedLibrary => {
                    "its Go runtime would be a second one in the process, which ends it"
                }
                Form::SharedLibrary => {
                    "`plugin.Open` ends the process when a library has no Go runtime data"
                }
                _ => "the loader would refuse it",
            };
            let mismatch = Mismatch::new(class, Check::Form, "file")
                .main("go-plugin or rust-plugin")
                .plugin(form.as_str())
                .on_load(on_load)
                .help(REBUILD);
            found.push(mismatch);
        }
    }
    found
}

/// The languages of the plugins that main loads, where its manifest says so.
fn loaded_languages(main: &Artifact) -> Option<&[Language]> {
    main.manifest(Language::Go)?.plugin_languages.as_deref()
}

/// Main says that it loads no plugin in `language`.
pub(super) fn takes_none(main: &Artifact, language: Language) -> bool {
    loaded_languages(main).is_some_and(|languages| !languages.contains(&language))
}

fn plugin_language(main: &Artifact, language: Language) -> Option<Mismatch> {
    if !takes_none(main, language) {
        return None;
    }
    let languages = loaded_languages(main).unwrap_or_default();
    let words: Vec<_> = languages.iter().map(|language| language.as_str()).collect();
    let word = language.as_str();
    let key = "dist.plugin_languages";
    let mismatch = Mismatch::new(Outcome::Refused, Check::PluginLanguage, key)
        .main(words.join(", "))
        .plugin(word)
        .on_load(format!(
            "main was built without the loader for {} plugins",
            language.name()
        ))
        .help(format!(
            "build main again with `dist.plugins_dir` and `{word}` in `{key}`, or \
             take the file out of the plugin directory"
        ));
    Some(mismatch)
}

/// Main exports what Go plugins bind to.
fn go_host(main: &Artifact) -> Option<Mismatch> {
    let go = main.facts.go.as_ref();
    let able = go.is_some_and(|go| go.module_data && !go.package_hashes.is_empty());
    let is_dynamic = main.facts.interpreter.is_some();
    if able && is_dynamic {
        return None;
    }
    let without_cgo = go.is_some_and(|go| go.build_info.setting("CGO_ENABLED") == Some("0"));
    let (class, on_load) = if without_cgo {
        (
            Outcome::Refused,
            "without cgo `plugin.Open` refuses every file",
        )
    } else {
        (
            Outcome::WouldAbort,
            "`plugin.Open` ends a process that is linked statically or internally",
        )
    };
    let mismatch = Mismatch::new(class, Check::Form, "main")
        .main("a program that cannot open Go plugins")
        .on_load(on_load)
        .help(
            "build main with `bimetal`: `dist.plugins_dir` or a `plugin: true` entry, and no \
            `cgo_enabled: false`",
        );
    Some(mismatch)
}

/// Both have manifests that can be used.
pub(super) fn manifest(main: &Artifact, plugin: &Artifact) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Err(error) = &main.manifests {
        let mismatch = Mismatch::new(Outcome::Refused, Check::Manifest, "main")
            .main(error.to_string())
            .on_load("nothing can be compared")
            .help(help(error));
        found.push(mismatch);
    }
    match &plugin.manifests {
        Err(error) => {
            let mismatch = Mismatch::new(Outcome::Refused, Check::Manifest, "plugin")
                .plugin(error.to_string())
                .on_load("main loads nothing that does not say how it was built")
                .help(help(error));
            found.push(mismatch);
        }
        Ok(manifests) => {
            found.extend(
                manifests
                    .parts
                    .first()
                    .and_then(|part| language(main, plugin.facts.form, part.language)),
            );
        }
    }
    found
}

fn help(error: &ManifestError) -> Cow<'_, str> {
    hint(error, HINTS).unwrap_or_default()
}

fn language(main: &Artifact, form: Form, language: Language) -> Option<Mismatch> {
    let fits = match form {
        Form::GoPlugin => language == Language::Go,
        Form::RustPlugin => language == Language::Rust,
        _ => true,
    };
    if !fits {
        let mismatch = Mismatch::new(
            Outcome::WouldAbort,
            Check::ManifestContradictsBinary,
            "language",
        )
        .plugin(format!(
            "manifest: {}, file: {}",
            language.as_str(),
            form.as_str()
        ))
        .on_load("it would be given to the wrong loader, which ends the process")
        .help(REBUILD);
        return Some(mismatch);
    }
    if main.manifests.is_ok() && main.manifest(language).is_none() {
        let mismatch = Mismatch::new(Outcome::Refused, Check::Manifest, language.as_str())
            .main(format!("no {} part", language.as_str()))
            .plugin(language.as_str())
            .on_load("main has nothing that the plugin could be compared with")
            .help(
                "build main again with `bimetal`; with the plugin host it has a part for both \
                languages",
            );
        return Some(mismatch);
    }
    None
}

/// Processor, operating system and C library.
pub(super) fn target(main: &Artifact, plugin: &Artifact, rules: Rules<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let targets = main
        .first_manifest()
        .zip(plugin.first_manifest())
        .map(|(main, plugin)| (&main.target, &plugin.target));
    if let Some((main, plugin)) = targets
        && main != plugin
    {
        let mismatch = Mismatch::new(Outcome::Refused, Check::Target, "target")
            .values(Some(main), Some(plugin))
            .on_load("the loader would refuse it, or run code for another system")
            .help(format!("build the plugin for `{main}`"));
        found.push(mismatch);
    }
    found.extend(machine(&main.facts, &plugin.facts));
    found.extend(contradicting_target(plugin));
    if let (Some(ours), Some(theirs)) = (libc(&main.facts), libc(&plugin.facts))
        && ours != theirs
    {
        let mismatch = Mismatch::new(Outcome::WouldAbort, Check::Libc, "C library")
            .values(Some(ours), Some(theirs))
            .on_load("two C libraries in one process end it")
            .help(format!("build the plugin on a system with {ours}"));
        found.push(mismatch);
    }
    if let (Some(present), Some(needed)) = (rules.glibc, plugin.facts.glibc)
        && needed > present
    {
        let mismatch = Mismatch::new(Outcome::Refused, Check::Libc, "glibc")
            .main(present.to_string())
            .plugin(format!("{needed} or later"))
            .on_load(format!("the loader would not find `GLIBC_{needed}`"))
            .help(format!(
                "build the plugin on a system with glibc {present} or older, or run main \
                on a newer one"
            ));
        found.push(mismatch);
    }
    found
}

fn machine(main: &Facts, plugin: &Facts) -> Option<Mismatch> {
    let describe = |facts: &Facts| format!("ELF for {}", facts.machine);
    if main.machine == plugin.machine {
        return None;
    }
    let mismatch = Mismatch::new(Outcome::Refused, Check::Target, "file")
        .main(describe(main))
        .plugin(describe(plugin))
        .on_load("the loader would refuse it")
        .help("build the plugin for the processor and system of main");
    Some(mismatch)
}

/// The manifest's target is that of the file.
fn contradicting_target(plugin: &Artifact) -> Option<Mismatch> {
    let target = &plugin.first_manifest()?.target;
    let machine = target.split('-').next().unwrap_or_default();
    if machine == plugin.facts.machine || plugin.facts.machine.contains('-') {
        return None;
    }
    let mismatch = Mismatch::new(Outcome::Refused, Check::ManifestContradictsBinary, "target")
        .plugin(format!(
            "manifest: {target}, file: {}",
            plugin.facts.machine
        ))
        .on_load("its manifest is not that of its code")
        .help(REBUILD);
    Some(mismatch)
}

fn libc(facts: &Facts) -> Option<&'static str> {
    let needs = |start: &str| {
        facts
            .needed
            .iter()
            .any(|library| library.starts_with(start))
    };
    let loader = facts.interpreter.as_deref().unwrap_or_default();
    if loader.contains("ld-musl") || needs("libc.musl-") {
        Some("musl")
    } else if facts.glibc.is_some() || needs("libc.so.6") {
        Some("glibc")
    } else {
        None
    }
}

/// What the bytes leave open, one sentence each.
pub(super) fn open_questions(main: &Artifact, plugin: &Artifact, rules: Rules<'_>) -> Vec<String> {
    let mut questions = Vec::new();
    if let Some(needed) = plugin.facts.glibc
        && rules.glibc.is_none()
        && main.facts.glibc.is_none_or(|proven| needed > proven)
    {
        questions.push(format!(
            "whether the C library where main runs is glibc {needed} or later"
        ));
    }
    questions
}
