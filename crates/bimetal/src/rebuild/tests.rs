//! Tests of [`super`], with files that the real linker made.

use super::*;
use crate::progress::Activity;
use crate::toolchain::{Invocation, Runner};

/// A shared library made of this C text.
fn library(folder: &Utf8Path, name: &str, text: &str, flags: &[&str]) {
    let source = folder.join(format!("{name}.c"));
    fs::write(&source, text).unwrap();
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let compile = Invocation::new("cc", folder)
        .args(["-shared", "-fPIC", "-O0", "-o", name])
        .args(flags.iter().copied())
        .arg(source.as_str());
    runner.run("cc", &compile).unwrap();
    fs::remove_file(source).unwrap();
}

struct Builds {
    recorded: Utf8PathBuf,
    rebuilt: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Builds {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let folders = ["recorded", "rebuilt"].map(|name| root.join(name));
        folders
            .iter()
            .for_each(|path| fs::create_dir(path).unwrap());
        let [recorded, rebuilt] = folders;
        Self {
            recorded,
            rebuilt,
            _keep: keep,
        }
    }

    fn compare(&self, file: &str) -> Vec<Difference> {
        compare(&self.recorded, &self.rebuilt, [Utf8Path::new(file)]).unwrap()
    }
}

const CODE: &str =
    "const char word[] = \"one\"; int answer(void) { return 41; } int other(void) { return 1; }";

#[test]
fn a_changed_function_is_named_with_its_section() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &["-Wl,--build-id=none"]);
    library(
        &builds.rebuilt,
        "a.so",
        &CODE.replace("41", "42"),
        &["-Wl,--build-id=none"],
    );
    let found = builds.compare("a.so");
    let [
        Difference {
            what: What::Sections { sections, count: 1 },
            ..
        },
    ] = found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_eq!(sections[0].section, ".text");
    assert_eq!(sections[0].symbol.as_deref(), Some("answer"));
    assert!(sections[0].recorded.starts_with("29") && sections[0].rebuilt.starts_with("2a"));
    let text = found[0].to_string();
    assert!(
        text.starts_with("a.so: 1 sections differ, first\n  .text at 0x"),
        "{text}"
    );
}

#[test]
fn a_changed_text_and_a_build_id_are_named_in_the_order_of_the_file() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &["-Wl,--build-id=sha1"]);
    library(
        &builds.rebuilt,
        "a.so",
        &CODE.replace("one", "two"),
        &["-Wl,--build-id=sha1"],
    );
    let found = builds.compare("a.so");
    let [
        Difference {
            what: What::Sections { sections, .. },
            ..
        },
    ] = found.as_slice()
    else {
        panic!("{found:?}")
    };
    let names: Vec<_> = sections
        .iter()
        .map(|section| section.section.as_str())
        .collect();
    assert_eq!(names, [".note.gnu.build-id", ".rodata"]);
}

#[test]
fn equal_files_differ_in_nothing_and_absent_ones_are_told() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &[]);
    fs::copy(builds.recorded.join("a.so"), builds.rebuilt.join("a.so")).unwrap();
    assert_eq!(builds.compare("a.so"), []);
    fs::write(builds.rebuilt.join("b"), "").unwrap();
    assert_eq!(builds.compare("b")[0].what, What::Missing);
    fs::rename(builds.rebuilt.join("b"), builds.recorded.join("b")).unwrap();
    assert_eq!(builds.compare("b")[0].what, What::NotRebuilt);
}

#[test]
fn a_line_of_a_text_is_shown_and_bytes_behind_the_sections_are_not_overlooked() {
    let builds = Builds::new();
    fs::write(builds.recorded.join("t.json"), "{\n  \"a\": 1\n}\n").unwrap();
    fs::write(builds.rebuilt.join("t.json"), "{\n  \"a\": 2\n}\n").unwrap();
    assert_eq!(
        builds.compare("t.json")[0].to_string(),
        "t.json: line 2 differs\n  recorded  \"a\": 1\n  rebuilt   \"a\": 2"
    );
    library(&builds.recorded, "a.so", CODE, &[]);
    let mut bytes = fs::read(builds.recorded.join("a.so")).unwrap();
    bytes.extend(b"\xff\xfe");
    fs::write(builds.rebuilt.join("a.so"), bytes).unwrap();
    assert!(matches!(builds.compare("a.so")[0].what, What::Bytes { .. }));
}

#[test]
fn a_truncated_file_is_a_difference_and_no_panic() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &[]);
    let bytes = fs::read(builds.recorded.join("a.so")).unwrap();
    for length in [0, 10, 64, bytes.len() / 2, bytes.len() - 1] {
        fs::write(builds.rebuilt.join("a.so"), &bytes[..length]).unwrap();
        assert_eq!(builds.compare("a.so").len(), 1, "{length}");
    }
}
