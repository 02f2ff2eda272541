//! What is wrong, one by one.
//!
//! In: documents. Out: [`Finding`]s, and the results that they are written as. Invariant: a file
//! without findings gives no result.

use std::collections::BTreeMap;

use bimetal_files::Digest;
use bimetal_verify::compare::{Mismatch, joined};
use bimetal_verify::{DirectoryVerdict, Status, Verdict};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::log::{Level, PhysicalLocation, Place, SarifResult};
use super::place::Places;
use super::rule;
use crate::document::Together;
use crate::trial::{LoadOutcome, LoadReport};
use bimetal_terminal::escape::field;

const FINGERPRINT: &str = "bimetalFinding/v1";
const FINGERPRINT_DIGITS: usize = 32;

/// One thing that is wrong.
#[derive(Debug)]
pub(crate) struct Finding {
    rule: &'static str,
    level: Level,
    files: Vec<Utf8PathBuf>,
    /// What tells it from the other findings of the rule in these files.
    subject: String,
    text: String,
    properties: Value,
}

/// What is wrong with one file.
pub(crate) fn plugin(plugin: &Verdict, load: Option<&LoadReport>, path: &Utf8Path) -> Vec<Finding> {
    let finding = |rule, level, subject: &str, text: String, properties| Finding {
        rule,
        level,
        files: vec![path.to_owned()],
        subject: subject.to_owned(),
        text,
        properties,
    };
    let mut found = Vec::new();
    if let Some(problem) = &plugin.problem {
        let text = joined(&problem.message, &problem.details());
        found.push(finding(
            rule::UNREADABLE,
            Level::Error,
            "",
            text,
            json!({ "help": problem.help }),
        ));
    }
    for mismatch in &plugin.mismatches {
        found.push(of_mismatch(mismatch, path));
    }
    for question in &plugin.open_questions {
        found.push(finding(
            rule::UNDECIDABLE,
            Level::Warning,
            question,
            question.clone(),
            json!({}),
        ));
    }
    if plugin.status == Status::Unpinned {
        let text = "`plugins.lock` does not list it".to_owned();
        found.push(finding(rule::UNPINNED, Level::Note, "", text, json!({})));
    }
    if let Some(load) = load
        && !matches!(load.outcome, LoadOutcome::Loaded | LoadOutcome::NotTried)
    {
        found.push(finding(
            rule::LOAD_FAILED,
            Level::Error,
            "",
            load.sentence(),
            json!(load),
        ));
    }
    found
}

/// That files do not live in one process, although each loads alone.
pub(crate) fn together(together: &Together) -> Option<Finding> {
    let failed = together.failed.as_ref()?;
    let files = [failed].into_iter().chain(&together.with);
    Some(Finding {
        rule: rule::LOAD_FAILED,
        level: Level::Error,
        files: files.map(Utf8PathBuf::from).collect(),
        subject: "together".to_owned(),
        text: joined(&together.sentence(), &[("load", together.load.sentence())]),
        properties: json!(together),
    })
}

/// What is wrong with the files together, or with their directory.
pub(crate) fn set(document: &DirectoryVerdict) -> Vec<Finding> {
    let directory = &document.directory;
    let inside = |files: &[String]| files.iter().map(|file| directory.join(file)).collect();
    let mut found: Vec<_> = document
        .mismatches
        .iter()
        .map(|mismatch| of_mismatch(mismatch, directory))
        .collect();
    for duplicate in &document.duplicates {
        let component = format!("{} `{}`", duplicate.kind.as_str(), duplicate.type_name);
        found.push(Finding {
            rule: rule::DUPLICATE,
            level: Level::Error,
            files: inside(&duplicate.files),
            text: joined(&duplicate.sentence(), &duplicate.details()),
            subject: component,
            properties: json!(duplicate),
        });
    }
    for conflict in &document.conflicts {
        found.push(Finding {
            rule: rule::CONFLICT,
            level: Level::Error,
            files: inside(&conflict.files),
            subject: conflict.files.join("\n"),
            text: joined(&conflict.sentence(), &conflict.details()),
            properties: json!(conflict),
        });
    }
    let missing = document.lock.missing.iter();
    for (file, text) in missing.zip(document.lock.missing_sentences()) {
        found.push(Finding {
            rule: rule::MISSING,
            level: Level::Warning,
            files: vec![directory.join(bimetal_manifest::lock::FILE_NAME)],
            subject: file.clone(),
            text,
            properties: json!({ "file": file }),
        });
    }
    if let Some(problem) = &document.lock.problem {
        found.push(Finding {
            rule: rule::LOCK,
            level: Level::Error,
            files: vec![directory.join(bimetal_manifest::lock::FILE_NAME)],
            subject: "unusable".to_owned(),
            text: joined(&problem.message, &problem.details()),
            properties: json!({ "help": problem.help }),
        });
    } else if let Some(sentence) = document.lock.absence() {
        found.push(Finding {
            rule: rule::LOCK,
            level: Level::Error,
            files: vec![directory.clone()],
            subject: "absent".to_owned(),
            text: sentence.to_owned(),
            properties: json!({}),
        });
    }
    found
}

/// The findings as SARIF writes them.
pub(crate) fn results(findings: &[Finding], places: &Places) -> Vec<SarifResult> {
    let rules = rule::all();
    let mut seen = BTreeMap::<String, usize>::new();
    findings
        .iter()
        .map(|finding| {
            let place = |path: &Utf8PathBuf| Place {
                physical_location: PhysicalLocation {
                    artifact_location: places.locate(path),
                },
            };
            let key = finding.key();
            let earlier = seen.entry(key.clone()).or_default();
            let mut fingerprint = Digest::of(format!("{key}\n{earlier}").as_bytes()).to_string();
            fingerprint.truncate(FINGERPRINT_DIGITS);
            *earlier += 1;
            SarifResult {
                rule_id: finding.rule,
                rule_index: rules
                    .iter()
                    .position(|rule| rule.id == finding.rule)
                    .unwrap_or_default(),
                level: finding.level,
                message: field(&finding.text).into_owned().into(),
                locations: finding.files.iter().map(place).collect(),
                partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
                properties: finding.properties.clone(),
            }
        })
        .collect()
}

impl Finding {
    /// Neither the directory nor the values: the finding stays the same one when the directory
    /// moves or a version changes.
    fn key(&self) -> String {
        let names = self.files.iter().filter_map(|file| file.file_name());
        let mut key = format!("{}\n{}", self.rule, self.subject);
        for name in names {
            key.push('\n');
            key.push_str(name);
        }
        key
    }
}

fn of_mismatch(mismatch: &Mismatch, path: &Utf8Path) -> Finding {
    Finding {
        rule: mismatch.check.as_str(),
        level: Level::Error,
        files: vec![path.to_owned()],
        subject: mismatch.subject.clone(),
        text: joined(&mismatch.sentence(), &mismatch.details()),
        properties: json!(mismatch),
    }
}

#[cfg(test)]
mod tests {
    use bimetal_verify::compare::{Check, Outcome};

    use super::*;

    fn mismatch(plugin: &str) -> Mismatch {
        Mismatch {
            outcome: Outcome::WouldAbort,
            check: Check::Toolchain,
            subject: "go".to_owned(),
            main: Some("go1.26.6".to_owned()),
            plugin: Some(plugin.to_owned()),
            count: 1,
            names: Vec::new(),
            required_by: vec!["example.com/b".to_owned(), "example.com/c".to_owned()],
            on_load: "the process would end".to_owned(),
            help: "use one toolchain".to_owned(),
        }
    }

    fn result_of(directory: &str, plugin: &str) -> SarifResult {
        let path = Utf8Path::new(directory).join("x.so");
        let findings = [of_mismatch(&mismatch(plugin), &path)];
        let places = Places::of_directory(directory.into());
        results(&findings, &places).remove(0)
    }

    #[test]
    fn a_result_says_both_values_who_brings_it_in_what_would_happen_and_what_to_do() {
        insta::assert_snapshot!(
            result_of("/p", "go1.26.5").message.text,
            @"toolchain `go`: main `go1.26.6`, plugin `go1.26.5`. brought by: example.com/b <- example.com/c. on load: would abort: the process would end. help: use one toolchain"
        );
    }

    #[test]
    fn a_finding_stays_the_same_one_in_another_directory_and_with_another_version() {
        let one = result_of("/p", "go1.26.5").partial_fingerprints;
        let other = result_of("/elsewhere", "go1.26.4").partial_fingerprints;
        assert_eq!(one, other);
        let findings = [mismatch("a"), mismatch("b")].map(|one| of_mismatch(&one, "x.so".into()));
        let both = results(&findings, &Places::of_files());
        assert_ne!(both[0].partial_fingerprints, both[1].partial_fingerprints);
    }
}
