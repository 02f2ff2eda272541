//! Tests of [`super`], with files that the real linker made.

use super::*;
use bimetal_builder::progress::Activity;
use bimetal_builder::toolchain::{Invocation, Runner};

/// A shared library made of this C text.
fn library(directory: &Utf8Path, name: &str, text: &str, flags: &[&str]) {
    let source = directory.join(format!("{name}.c"));
    fs::write(&source, text).unwrap();
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let compile = Invocation::new("cc", directory)
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
        let directories = ["recorded", "rebuilt"].map(|name| root.join(name));
        for directory in &directories {
            fs::create_dir(directory).unwrap();
        }
        let [recorded, rebuilt] = directories;
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
        text.starts_with("a.so: one section differs\n  .text at 0x"),
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
fn equal_files_differ_in_nothing_and_absent_ones_are_reported() {
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

#[test]
fn only_the_build_id_differs_and_is_named() {
    let builds = Builds::new();
    for (directory, id) in [(&builds.recorded, "0x11"), (&builds.rebuilt, "0x22")] {
        library(directory, "a.so", CODE, &[&format!("-Wl,--build-id={id}")]);
    }
    assert_eq!(
        builds.compare("a.so")[0].to_string(),
        "a.so: one section differs\n  .note.gnu.build-id at 0x10: recorded 11 of 17 bytes, rebuilt \
         22 of 17 bytes"
    );
}

#[test]
fn a_section_that_grew_or_that_only_one_file_has_is_named() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &["-Wl,--build-id=none"]);
    library(
        &builds.rebuilt,
        "a.so",
        &CODE.replace("one", "longer"),
        &["-Wl,--build-id=0x11"],
    );
    let text = builds.compare("a.so")[0].to_string();
    assert!(text.contains("sections differ, first\n"), "{text}");
    let What::Sections { sections, count } = builds.compare("a.so").remove(0).what else {
        panic!("{text}")
    };
    assert!(count > sections.len() && sections.len() == SECTIONS);
    let (recorded, rebuilt) = (builds.recorded.join("a.so"), builds.rebuilt.join("a.so"));
    let (all, _) = sections::compare(
        &fs::read(recorded).unwrap(),
        &fs::read(rebuilt).unwrap(),
        usize::MAX,
    );
    let named = |name: &str| all.iter().find(|section| section.section == name).unwrap();
    assert_eq!(named(".note.gnu.build-id").recorded_size, None);
    let grown = named(".rodata");
    assert!(grown.recorded_size < grown.rebuilt_size, "{grown:?}");
    assert_eq!(grown.symbol.as_deref(), Some("word"));
}

/// The file with its byte at `offset` changed.
fn changed(builds: &Builds, offset: usize) -> String {
    let mut bytes = fs::read(builds.recorded.join("a.so")).unwrap();
    bytes[offset] ^= 0xff;
    fs::write(builds.rebuilt.join("a.so"), bytes).unwrap();
    builds.compare("a.so")[0].to_string()
}

#[test]
fn what_differs_in_headers_only_is_named_by_its_header() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &[]);
    let bytes = fs::read(builds.recorded.join("a.so")).unwrap();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let (segments, sections) = (number(32), number(40));
    // `e_flags`; the physical address of the second segment; the alignment of the first real
    // section.
    assert!(changed(&builds, 48).contains("from byte 48 on, in the ELF header\n"));
    let at = usize::try_from(segments).unwrap() + 56 + 24;
    let text = changed(&builds, at);
    assert!(text.contains("in program header 1 (type 0x"), "{text}");
    let at = usize::try_from(sections).unwrap() + 64 + 48;
    let text = changed(&builds, at);
    assert!(text.contains("in the header of section `."), "{text}");
}

#[test]
fn an_address_at_the_end_of_the_world_is_no_panic() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &["-Wl,--build-id=none"]);
    library(
        &builds.rebuilt,
        "a.so",
        &CODE.replace("41", "42"),
        &["-Wl,--build-id=none"],
    );
    for name in [&builds.recorded, &builds.rebuilt] {
        let path = name.join("a.so");
        let mut bytes = fs::read(&path).unwrap();
        let table = usize::try_from(u64::from_le_bytes(bytes[40..48].try_into().unwrap())).unwrap();
        for section in bytes[table..].chunks_exact_mut(64) {
            section[16..24].fill(0xff);
        }
        fs::write(path, bytes).unwrap();
    }
    assert!(builds.compare("a.so")[0].to_string().contains(".text at"));
}

#[test]
fn sections_that_lie_upon_each_other_are_not_walked() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &[]);
    let mut bytes = fs::read(builds.recorded.join("a.so")).unwrap();
    let table = usize::try_from(u64::from_le_bytes(bytes[40..48].try_into().unwrap())).unwrap();
    let length = bytes.len() as u64;
    for section in bytes[table..].chunks_exact_mut(64).skip(1) {
        section[4..8].copy_from_slice(&1_u32.to_le_bytes());
        section[24..32].fill(0);
        section[32..40].copy_from_slice(&length.to_le_bytes());
    }
    fs::write(builds.rebuilt.join("a.so"), bytes).unwrap();
    assert!(matches!(builds.compare("a.so")[0].what, What::Bytes { .. }));
}

#[test]
fn a_long_line_is_shown_around_its_difference_and_line_ends_count() {
    let builds = Builds::new();
    let put = |one: &str, other: &str| {
        fs::write(builds.recorded.join("t"), one).unwrap();
        fs::write(builds.rebuilt.join("t"), other).unwrap();
        builds.compare("t")[0].to_string()
    };
    let long = "x".repeat(1000);
    let text = put(&format!("{long}old"), &format!("{long}new"));
    assert!(text.contains("…x") && text.contains("xold\n") && text.ends_with("xnew"));
    assert_eq!(
        put("a\r\nb", "a\nb"),
        "t: line 1 differs\n  recorded  a\\u{d}\n  rebuilt   a"
    );
    assert_eq!(
        put("a", "a\n\u{1b}[31m"),
        "t: line 2 differs\n  recorded  the end\n  rebuilt   \\u{1b}[31m"
    );
}

#[test]
fn what_is_no_file_is_an_error_and_not_a_wait() {
    let builds = Builds::new();
    fs::create_dir(builds.recorded.join("d")).unwrap();
    let error = compare(&builds.recorded, &builds.rebuilt, [Utf8Path::new("d")]).unwrap_err();
    assert!(matches!(error, CompareError::NoFile { .. }), "{error}");
}

#[test]
fn whatever_is_damaged_is_a_difference_and_no_panic() {
    let builds = Builds::new();
    library(&builds.recorded, "a.so", CODE, &[]);
    let whole = fs::read(builds.recorded.join("a.so")).unwrap();
    // The headers and tables decide where everything is looked for: every byte of them, with values
    // at the ends of ranges.
    let table = usize::try_from(u64::from_le_bytes(whole[40..48].try_into().unwrap())).unwrap();
    for offset in (0..0x300).chain(table..whole.len()) {
        for value in [0x00, 0x7f, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[offset] = value;
            let is_other = damaged != whole;
            for (one, other) in [(&whole, &damaged), (&damaged, &whole)] {
                let found = difference(one, other);
                assert_eq!(found.is_some(), is_other, "{offset:#x} {value:#x}");
            }
        }
    }
}
