//! Small trees in which one arrow is broken, and what the check says of them.

use std::path::Path;

use tempfile::TempDir;

use super::{Summary, check};

const OPENING: &str = "//! What.\n//!\n//! In: a. Out: b. Invariant: c.\n\n";

/// Two crates as the document lists them: `alpha` has three directories, `beta` uses `alpha`.
const GOOD: [(&str, &str); 13] = [
    (
        "ARCHITECTURE.md",
        "# Map\n\n## Arrows, and no others\n\n```text\nbeta -> alpha\n```\n\n\
         ## Arrows inside crates\n\n```text\nalpha: steps -> {model, tools}\n\
         alpha: tools -> model\n```\n",
    ),
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
    ),
    (
        "crates/alpha/Cargo.toml",
        "[package]\nname = \"bimetal-alpha\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    (
        "crates/beta/Cargo.toml",
        "[package]\nname = \"bimetal-beta\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [dependencies]\nbimetal-alpha = { path = \"../alpha\" }\n",
    ),
    ("crates/beta/src/lib.rs", "pub use bimetal_alpha::Plan;\n"),
    (
        "crates/alpha/src/lib.rs",
        "mod model;\nmod steps;\nmod tools;\npub use steps::Plan;\n",
    ),
    ("crates/alpha/src/model/mod.rs", "pub(crate) mod step;\n"),
    (
        "crates/alpha/src/model/step.rs",
        "pub struct Step;\npub fn name() {}\n",
    ),
    (
        "crates/alpha/src/steps/mod.rs",
        "mod plan;\nmod run;\npub use plan::Plan;\npub(crate) use run::run;\n",
    ),
    (
        "crates/alpha/src/steps/plan.rs",
        "use crate::model::step::Step;\npub struct Plan(Step);\n\
         #[cfg(test)]\nmod tests { use crate::steps::run; }\n",
    ),
    (
        "crates/alpha/src/steps/run.rs",
        "use super::Plan;\nuse crate::tools;\n\
         pub(crate) fn run(plan: &Plan) { tools::find(); format!(\"{:?}\", plan); }\n",
    ),
    (
        "crates/alpha/src/tools/mod.rs",
        "mod find;\npub(crate) use find::find;\n",
    ),
    (
        "crates/alpha/src/tools/find.rs",
        "pub(crate) fn find() { crate::model::step::name() }\n",
    ),
];

/// The tree with one text in one file replaced, and what the check says of it.
fn checked(file: &str, from: &str, to: &str) -> (Vec<String>, Summary) {
    let directory = TempDir::new().unwrap();
    let mut replaced = false;
    for (path, text) in GOOD {
        let mut text = text.to_owned();
        if path == file {
            replaced = text.contains(from);
            text = text.replacen(from, to, 1);
        }
        let source = Path::new(path).extension().is_some_and(|end| end == "rs");
        let opening = if source { OPENING } else { "" };
        let path = directory.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, format!("{opening}{text}")).unwrap();
    }
    assert!(replaced, "{file} does not say {from}");
    let (findings, summary) = check(directory.path());
    (findings.iter().map(ToString::to_string).collect(), summary)
}

fn refused(file: &str, from: &str, to: &str) -> String {
    let (findings, _) = checked(file, from, to);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.into_iter().next().unwrap_or_default()
}

#[test]
fn a_tree_as_the_document_lists_it_has_no_circles() {
    let (findings, summary) = checked("crates/alpha/src/tools/mod.rs", "find", "find");
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        summary.to_string(),
        "2 crates, 5 directories, 9 files\n\
         1 arrows between crates, 3 between directories, 5 between files\n\
         0 circles"
    );
}

#[test]
fn refuses_an_arrow_between_crates_that_is_not_listed() {
    let text = refused("ARCHITECTURE.md", "beta -> alpha", "alpha -> beta");
    assert_eq!(
        text,
        "crates/beta/Cargo.toml: `beta` depends on `alpha`, and `ARCHITECTURE.md` has no such arrow"
    );
}

#[test]
fn refuses_an_arrow_between_directories_that_is_not_listed() {
    let text = refused("ARCHITECTURE.md", "{model, tools}", "model");
    assert_eq!(
        text,
        "crates/alpha/src/steps/run.rs:6: `steps` uses `tools`, and `ARCHITECTURE.md` has no such \
         arrow inside `alpha`\n    \
         crates/alpha/src/steps/run.rs:6 uses crates/alpha/src/tools/mod.rs"
    );
}

#[test]
fn refuses_a_line_about_a_directory_that_does_not_exist() {
    let text = refused(
        "ARCHITECTURE.md",
        "{model, tools}",
        "{model, tools, stages}",
    );
    assert_eq!(text, "ARCHITECTURE.md: `alpha` has no directory `stages`");
}

#[test]
fn refuses_a_circle_between_directories_by_a_qualified_path() {
    let (findings, summary) = checked(
        "crates/alpha/src/model/step.rs",
        "pub fn name() {}",
        "pub fn name() { println!(\"{}\", crate::tools::find()) }",
    );
    assert_eq!(summary.circles, 2, "{findings:#?}");
    assert!(
        findings.iter().any(|text| text
            == "crates/alpha/src/model/step.rs:6: circle between directories: model -> tools -> \
                model\n    \
                crates/alpha/src/model/step.rs:6 uses crates/alpha/src/tools/find.rs\n    \
                crates/alpha/src/tools/find.rs:5 uses crates/alpha/src/model/step.rs"),
        "{findings:#?}"
    );
}

#[test]
fn refuses_a_circle_between_files_that_a_re_export_hides() {
    // `super::run` is handed on by `mod.rs`; `run.rs` defines it, and uses `Plan`.
    let text = refused(
        "crates/alpha/src/steps/plan.rs",
        "pub struct Plan(Step);",
        "pub struct Plan(Step);\nfn again(plan: &Plan) { super::run(plan) }",
    );
    assert_eq!(
        text,
        "crates/alpha/src/steps/plan.rs:7: circle between files: steps/plan.rs -> steps/run.rs -> \
         steps/plan.rs\n    \
         crates/alpha/src/steps/plan.rs:7 uses crates/alpha/src/steps/run.rs\n    \
         crates/alpha/src/steps/run.rs:5 uses crates/alpha/src/steps/plan.rs"
    );
}

#[test]
fn follows_globs_and_renamed_imports() {
    for line in [
        "use super::*;\nfn again(plan: &Plan) { run(plan) }",
        "use crate::steps as all;\nfn again(plan: &Plan) { all::run(plan) }",
        "fn again(plan: &Plan) { use bimetal_alpha::x; crate::steps::run(plan) }",
    ] {
        let (_, summary) = checked(
            "crates/alpha/src/steps/plan.rs",
            "pub struct Plan(Step);",
            &format!("pub struct Plan(Step);\n{line}"),
        );
        assert_eq!(summary.circles, 1, "{line}");
    }
}

#[test]
fn a_source_that_cannot_be_parsed_is_refused() {
    let (findings, _) = checked("crates/alpha/src/tools/find.rs", "fn find()", "fn find(");
    assert!(
        findings[0].contains("cannot follow the modules of `bimetal-alpha`"),
        "{findings:#?}"
    );
}
