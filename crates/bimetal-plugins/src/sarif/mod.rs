//! The reports of `check` and `validate` for code scanners: SARIF 2.1.0.
//!
//! In: documents. Out: [`Log`]. Invariant: says what the document says, one result for each
//! finding; the same findings have the same fingerprints in every run, whatever the directory is
//! called.

mod finding;
mod log;
mod place;
mod rule;

use serde_json::json;

use finding::Finding;
pub(crate) use log::Log;
use place::Places;

use crate::document::{DirectoryDocument, MainDocument, ValidateDocument};

/// The findings of `check`.
pub(crate) fn directory(document: &DirectoryDocument) -> Log {
    let verdict = &document.verdict;
    let places = Places::of_directory(&verdict.directory);
    let mut findings = Vec::new();
    for plugin in &verdict.plugins {
        let path = verdict.directory.join(&plugin.file);
        findings.extend(finding::plugin(plugin, None, &path));
    }
    findings.extend(finding::set(verdict));
    log(&places, &findings, document.main.as_ref(), document.policy)
}

/// The findings of `validate`.
pub(crate) fn validate(document: &ValidateDocument) -> Log {
    let places = Places::of_files();
    let mut findings: Vec<_> = document
        .plugins
        .iter()
        .flat_map(|plugin| {
            let verdict = &plugin.verdict;
            finding::plugin(verdict, plugin.load.as_ref(), verdict.file.as_str().into())
        })
        .collect();
    findings.extend(document.together.as_ref().and_then(finding::together));
    log(&places, &findings, Some(&document.main), document.policy)
}

fn log(
    places: &Places,
    findings: &[Finding],
    main: Option<&MainDocument>,
    policy: bimetal_manifest::schema::Policy,
) -> Log {
    let properties = json!({ "main": main, "policy": policy });
    Log::new(
        rule::all(),
        places.bases(),
        finding::results(findings, places),
        properties,
    )
}
