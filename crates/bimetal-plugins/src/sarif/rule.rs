//! The kinds of findings.
//!
//! In: nothing. Out: [`Rule`]s. Invariant: every check of the manifest crate has one, described in
//! the words that the check itself is described with; a check that is added there is a rule here
//! without further ado.

use bimetal_verify::compare::Check;
use serde_json::Value;

use super::log::{Configuration, Level, Rule, Text};

pub(crate) const UNREADABLE: &str = "unreadable";
pub(crate) const UNDECIDABLE: &str = "undecidable";
pub(crate) const UNPINNED: &str = "unpinned";
pub(crate) const LOAD_FAILED: &str = "load_failed";
pub(crate) const DUPLICATE: &str = "duplicate";
pub(crate) const CONFLICT: &str = "conflict";
pub(crate) const MISSING: &str = "missing";
pub(crate) const LOCK: &str = "lock";

const OF_MISMATCHES: &str = "The message names both values, what loading would do, and what to do \
    about it. \
     `docs/concepts/compatibility.md` describes what is compared, in order.";

/// Beyond the checks: what can be said about a file or a directory.
const OTHERS: [(&str, Level, &str, &str); 7] = [
    (
        UNREADABLE,
        Level::Error,
        "The file is no plugin, is damaged, has no usable manifest, or may not be read.",
        "Build it again with `bimetal`, or keep it out of the plugin directory.",
    ),
    (
        UNDECIDABLE,
        Level::Warning,
        "The bytes of the file do not tell whether it loads.",
        "Load it for a try with `plugins validate --load`.",
    ),
    (
        UNPINNED,
        Level::Note,
        "There is a `plugins.lock`, and it does not list the file.",
        "Take the lock from the build that made the plugin; `--plugins-require-lock` refuses \
         such files.",
    ),
    (
        LOAD_FAILED,
        Level::Error,
        "The plugin passed, and could not be loaded in a child process.",
        "The message says how far it came, what it was, and in whose code.",
    ),
    (
        DUPLICATE,
        Level::Error,
        "More than one good file brings the same component.",
        "Keep one of them in the plugin directory.",
    ),
    (
        CONFLICT,
        Level::Error,
        "Two plugins fit the Collector and not each other.",
        "Build both from the same versions of what they share.",
    ),
    (
        MISSING,
        Level::Warning,
        "`plugins.lock` lists a file that the directory does not have.",
        "Removing a plugin is allowed; take its entry out of the lock when it was meant.",
    ),
];

/// Every rule; a result names its place in this list.
pub(crate) fn all() -> Vec<Rule> {
    let checks = serde_json::to_value(schemars::schema_for!(Check)).unwrap_or_default();
    let mut rules: Vec<_> = checks["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(of_check)
        .collect();
    rules.extend(OTHERS.map(|(id, level, description, help)| rule(id, level, description, help)));
    rules
}

fn of_check(check: &Value) -> Option<Rule> {
    let id = check["const"].as_str()?;
    let description = check["description"].as_str()?;
    Some(rule(id, Level::Error, description, OF_MISMATCHES))
}

fn rule(id: &str, level: Level, description: &str, help: &str) -> Rule {
    let description = Text::from(description.to_owned());
    Rule {
        id: id.to_owned(),
        short_description: description.clone(),
        full_description: description,
        help: Text::from(help.to_owned()),
        default_configuration: Configuration { level },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_a_rule_with_its_own_description() {
        let rules = all();
        for what in [Check::File, Check::PackageHash, Check::Lock, Check::Libc] {
            let rule = rules.iter().find(|rule| rule.id == what.as_str()).unwrap();
            assert!(rule.short_description.text.ends_with('.'), "{rule:?}");
        }
        assert!(rules.iter().any(|rule| rule.id == LOCK));
        let mut ids: Vec<_> = rules.iter().map(|rule| &rule.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "no two rules share a name");
        assert!(count >= 22 + OTHERS.len(), "{count}");
    }

    /// The page of the book, frame included.
    fn page() -> String {
        let mut page = FRAME.to_owned();
        for rule in all() {
            let level = serde_json::to_value(rule.default_configuration.level).unwrap();
            let (description, help) = (rule.short_description.text, rule.help.text);
            let help = if help == OF_MISMATCHES {
                "in the report"
            } else {
                help.as_str()
            };
            let id = rule.id;
            let check: Option<Check> = serde_json::from_value(id.clone().into()).ok();
            let outcomes = check.map(Check::outcomes).unwrap_or_default().iter();
            let outcomes: Vec<_> = outcomes.map(|one| format!("`{}`", one.as_str())).collect();
            let (outcomes, level) = (outcomes.join(", "), level.as_str().unwrap());
            let line = format!("| `{id}` | {description} | {outcomes} | {level} | {help} |\n");
            page.push_str(&line);
        }
        page
    }

    const FRAME: &str = "# Checks

<!-- Generated by `cargo xtask schemas` from the rules of SARIF; do not edit. -->

Every finding of `plugins check` and `plugins validate` names one of these words: as `check` in \
JSON and in the table,
as the rule in SARIF. They stand in the order in which they are checked. \
[Compatibility](../concepts/compatibility.md)
describes what is compared.

A difference between a plugin and main has both values, an outcome (`refused`, `would_abort` or \
`would_run_wrong_code`),
what happens on load, and help that fits the case. Of several outcomes that a check can have, the \
report names the one
that was found. The level is that of SARIF.

| Check | Finds | Outcomes | Level | Help |
|---|---|---|---|---|
";

    #[test]
    fn the_checked_in_page_lists_every_check() {
        let path = camino::Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/reference/checks.md");
        if std::env::var_os("UPDATE").is_some() {
            fs_err::write(&path, page()).unwrap();
        }
        let checked_in = fs_err::read_to_string(&path).unwrap();
        assert!(
            checked_in == page(),
            "run `cargo xtask schemas`, and look at what changed"
        );
    }
}
