//! Tests of [`super`]: a directory as an engine leaves it, and every way in which it can be wrong.

use super::*;
use crate::attest;
use crate::fetch::{Base, Recorded};
use bimetal_builder::stages::plan::samples::plain_plan;
use bimetal_files::Digest;
use bimetal_terminal::Hint as _;

struct Filled {
    directory: Utf8PathBuf,
    context: Utf8PathBuf,
    recorded: Recorded,
    _keep: tempfile::TempDir,
}

impl Filled {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (directory, context) = (root.join("artifacts"), root.join("context"));
        fs::create_dir_all(context.join("inputs")).unwrap();
        fs::create_dir(&directory).unwrap();
        fs::write(context.join("inputs").join(LIST), "{}\n").unwrap();
        let base = Base::RootFs {
            path: "/base.tar".into(),
            digest: format!("sha256:{}", "00".repeat(32)),
        };
        let filled = Self {
            directory,
            context,
            recorded: Recorded::new(plain_plan(), base, 1),
            _keep: keep,
        };
        fs::write(filled.context.join("inputs").join(PROGRAM), "builder").unwrap();
        filled.put("otelcol-acme", "main");
        filled.put(PROVENANCE, &statement(b"builder"));
        filled.put(LIST, "{}\n");
        filled.put(RECORDED, &filled.recorded.to_text());
        filled.sum();
        filled
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.directory.join(name), text).unwrap();
    }

    /// Lists what is there now.
    fn sum(&self) {
        let _absent = fs::remove_file(self.directory.join(SUMS));
        let files = self.directory.read_dir_utf8().unwrap().map(|entry| {
            let path = entry.unwrap().path().to_owned();
            let digest = Digest::of(fs::read(&path).unwrap());
            (path.file_name().unwrap().into(), digest)
        });
        let text = attest::sums(&files.collect());
        self.put(SUMS, &text);
    }

    fn receive(&self) -> Result<Received, ReceiveError> {
        let fetched = Fetched {
            out: "/out".into(),
            context: self.context.clone(),
            recorded: self.recorded.clone(),
        };
        receive(fetched, self.directory.clone())
    }
}

#[test]
fn a_whole_directory_is_taken_with_everything_in_it() {
    let filled = Filled::new();
    let Received {
        directory, files, ..
    } = filled.receive().unwrap();
    assert_eq!(directory, filled.directory);
    let names: Vec<_> = files.keys().map(|path| path.as_str()).collect();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "inputs.json",
            "otelcol-acme",
            "provenance.json",
            "rebuild.json"
        ]
    );
}

#[test]
fn a_damaged_a_missing_and_an_unlisted_file_are_named() {
    let filled = Filled::new();
    filled.put("otelcol-acme", "other");
    let error = filled.receive().unwrap_err();
    assert!(matches!(error, ReceiveError::Damaged { .. }), "{error}");
    fs::remove_file(filled.directory.join("otelcol-acme")).unwrap();
    let error = filled.receive().unwrap_err();
    assert!(matches!(error, ReceiveError::Missing { .. }), "{error}");
    filled.put("otelcol-acme", "main");
    filled.put("more", "x");
    let error = filled.receive().unwrap_err();
    assert!(matches!(error, ReceiveError::Unlisted { .. }), "{error}");
    assert!(error.to_string().contains("more"), "{error}");
}

#[test]
fn a_link_in_the_directory_is_not_followed() {
    let filled = Filled::new();
    fs::remove_file(filled.directory.join("otelcol-acme")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", filled.directory.join("otelcol-acme")).unwrap();
    let error = filled.receive().unwrap_err();
    assert!(matches!(error, ReceiveError::Unlisted { .. }), "{error}");
}

#[test]
fn what_was_built_from_other_inputs_is_not_taken() {
    for (name, text) in [(LIST, "{\"a\":1}\n"), (RECORDED, "{}\n")] {
        let filled = Filled::new();
        filled.put(name, text);
        filled.sum();
        let error = filled.receive().unwrap_err();
        assert!(
            matches!(error, ReceiveError::OtherInputs { .. }),
            "{name}: {error}"
        );
        assert!(error.hint().is_some());
    }
}

/// What names the builder with these bytes.
fn statement(builder: &[u8]) -> String {
    let digest = Digest::of(builder);
    serde_json::json!({"predicate": {"runDetails": {"builder": {
        "builderDependencies": [{"name": "bimetal", "digest": {"sha256": digest}}],
    }}}})
    .to_string()
}

#[test]
fn what_another_builder_built_is_not_taken() {
    for text in [statement(b"exchanged"), "{}".to_owned(), String::new()] {
        let filled = Filled::new();
        filled.put(PROVENANCE, &text);
        filled.sum();
        let error = filled.receive().unwrap_err();
        assert!(
            matches!(error, ReceiveError::OtherBuilder { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_directory_without_a_list_is_not_finished() {
    let filled = Filled::new();
    fs::remove_file(filled.directory.join(SUMS)).unwrap();
    assert!(matches!(filled.receive(), Err(ReceiveError::Read { .. })));
}
