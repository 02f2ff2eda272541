//! The environments of hermetic builds, for people.
//!
//! In: manifests, untrusted. Out: lines of `inspect`, and the one word for an environment in
//! `list`. Invariant: an environment that the parts of a file share is shown once; of lists that a
//! file may make long, the first items and how many there are.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Hermetic, Manifest, Tool};

use bimetal_terminal::table::{self, Cell};
use bimetal_terminal::{Printer, Tone};

/// Base images and tools that a table shows. A container has about five of them.
const ITEMS_SHOWN: usize = 20;

const SHORT_HASH: usize = 12;

/// Every environment that a part of a file was built in.
pub(crate) fn print(parts: &[Manifest], out: &Printer) {
    for (position, part) in parts.iter().enumerate() {
        let Some(environment) = &part.hermetic else {
            continue;
        };
        let is_shared = |other: &&Manifest| {
            other.environment_hash == part.environment_hash && other.hermetic == part.hermetic
        };
        if parts[..position].iter().any(|earlier| is_shared(&earlier)) {
            continue;
        }
        let languages: Vec<_> = parts
            .iter()
            .filter(is_shared)
            .map(|part| part.language.as_str())
            .collect();
        let noun = if languages.len() > 1 { "parts" } else { "part" };
        let title = format!("  hermetic environment, {} {noun}", languages.join(" and "));
        let title = out.paint(&title, Tone::Strong);
        out.data(&title);
        table::pairs(
            &lines(part.environment_hash.as_deref(), environment),
            4,
            out,
        );
    }
}

/// The start of a hash, for a column.
pub(crate) fn short(hash: &str) -> String {
    let digits = hash.strip_prefix("sha256:").unwrap_or(hash);
    digits.chars().take(SHORT_HASH).collect()
}

fn lines(stated: Option<&str>, environment: &Hermetic) -> Vec<(&'static str, Cell)> {
    let computed = environment.hash();
    let mut lines = vec![("hash", Cell::maybe(stated))];
    if stated != Some(computed.as_str()) {
        let text = format!("{computed}: the hash or what it covers was changed");
        lines.push(("hash of this", Cell::toned(text, Tone::Bad)));
    }
    lines.extend(items(
        "base images",
        &environment.base_images,
        |name, digest| format!("{name} {digest}"),
    ));
    lines.push(("Dockerfile", Cell::new(&environment.dockerfile)));
    lines.extend(items("tools", &environment.tools, |name, tool: &Tool| {
        // The C compiler's own parts do not say their version.
        let stated = [tool.version.as_str(), tool.hash.as_str()];
        let stated: Vec<_> = stated.into_iter().filter(|text| !text.is_empty()).collect();
        format!("{name}: {}", stated.join(" "))
    }));
    lines.extend([
        ("variables", count(environment.variables.len())),
        ("packages", count(environment.packages.len())),
    ]);
    lines
}

/// The first of `all`, one in each line.
fn items<V>(
    label: &'static str,
    all: &BTreeMap<String, V>,
    text: impl Fn(&str, &V) -> String,
) -> Vec<(&'static str, Cell)> {
    if all.is_empty() {
        return vec![(label, Cell::maybe(None::<&str>))];
    }
    let mut cells: Vec<_> = all
        .iter()
        .take(ITEMS_SHOWN)
        .map(|(name, value)| Cell::new(text(name, value)))
        .collect();
    let more = all.len() - cells.len();
    if more > 0 {
        cells.push(Cell::new(format!(
            "and {more} more, which `--format json` lists"
        )));
    }
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(cells).collect()
}

fn count(number: usize) -> Cell {
    match number {
        0 => Cell::new("none"),
        _ => Cell::new(format!("{number}, which `--format json` lists")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(parts: &[Manifest]) -> String {
        let kept = Kept::default();
        print(parts, &Printer::to_writers(kept.clone(), io::sink(), None));
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    fn environment(go: &str) -> Value {
        json!({
            "base_images": { "golang": "sha256:0a", "rust": "sha256:0b" },
            "dockerfile": "sha256:0c",
            "packages": { "gcc:amd64": "14.2.0-19", "libc6:amd64": "2.41-12" },
            "tools": {
                "cc": { "version": "gcc (Debian 14.2.0-19) 14.2.0", "hash": "sha256:0d" },
                "cc1": { "version": "", "hash": "sha256:1d" },
                "go": { "version": go, "hash": "sha256:0e" }
            },
            "variables": { "GOENV": "off" },
            "builder": { "name": "bimetal", "version": "0.1.0", "generator_hash": "sha256:0f" }
        })
    }

    fn part(language: &str, environment: Option<&Value>) -> Manifest {
        let mut manifest: Manifest = serde_json::from_value(json!({
            "schema_version": 1, "artifact": "main", "language": language,
            "toolchain_version": "1", "build_profile": "release",
            "dependency_hashes": {}, "build_flags": [], "target": "t",
            "build_time": "2026-01-02T03:04:05Z"
        }))
        .unwrap();
        manifest.hermetic = environment.map(|value| serde_json::from_value(value.clone()).unwrap());
        manifest.environment_hash = manifest.hermetic.as_ref().map(Hermetic::hash);
        manifest
    }

    #[test]
    fn an_environment_that_both_parts_share_is_shown_once() {
        let ours = environment("go1.26.8");
        let parts = [part("go", Some(&ours)), part("rust", Some(&ours))];
        insta::assert_snapshot!(shown(&parts), @r"
          hermetic environment, go and rust parts
            hash         sha256:f1528f14310b44c27f6d8126e2281e42d72552fed2993fdd4dc5c4c77e5ecc48
            base images  golang sha256:0a
                         rust sha256:0b
            Dockerfile   sha256:0c
            tools        cc: gcc (Debian 14.2.0-19) 14.2.0 sha256:0d
                         cc1: sha256:1d
                         go: go1.26.8 sha256:0e
            variables    1, which `--format json` lists
            packages     2, which `--format json` lists
        ");
    }

    #[test]
    fn two_environments_are_both_shown_and_a_part_of_a_plain_build_has_none() {
        let parts = [
            part("go", Some(&environment("go1.26.8"))),
            part("rust", Some(&environment("go1.26.9"))),
        ];
        let both = shown(&parts);
        assert!(both.contains("environment, go part\n"), "{both}");
        assert!(both.contains("environment, rust part\n"), "{both}");
        assert!(both.contains("go1.26.8") && both.contains("go1.26.9"));
        let one = shown(&[part("go", None), part("rust", Some(&environment("go1")))]);
        assert_eq!(one.matches("environment, ").count(), 1, "{one}");
        assert!(one.contains("environment, rust part\n"), "{one}");
        assert_eq!(shown(&[part("go", None)]), "");
    }

    #[test]
    fn a_hash_that_is_not_that_of_the_items_is_named() {
        let mut changed = part("go", Some(&environment("go1.26.8")));
        let computed = changed.environment_hash.replace("sha256:feed".to_owned());
        let text = shown(&[changed.clone()]);
        assert!(text.contains("hash          sha256:feed\n"), "{text}");
        let expected = format!(
            "hash of this  {}: the hash or what it covers",
            computed.unwrap()
        );
        assert!(text.contains(&expected), "{text}");
        changed.environment_hash = None;
        let text = shown(&[changed]);
        assert!(text.contains("hash          -\n"), "{text}");
        assert!(text.contains("hash of this  sha256:"), "{text}");
    }

    #[test]
    fn no_file_makes_the_lines_endless_or_writes_to_the_terminal() {
        let mut hostile = environment("go1\u{1b}[2J\r\n\u{202e}ok");
        for number in 0..3_000 {
            hostile["base_images"][format!("{number:04}\u{9b}31m")] = "sha256:00".into();
            hostile["tools"][format!("tool{number}")] =
                json!({ "version": "v".repeat(5_000), "hash": "h" });
            hostile["packages"][format!("package{number}")] = "1".into();
        }
        hostile["dockerfile"] = "\n".repeat(5_000).into();
        let mut hostile = part("go", Some(&hostile));
        hostile.environment_hash = Some("f".repeat(900_000));
        let text = shown(&[hostile]);
        assert!(text.len() < 100_000, "{}", text.len());
        assert!(text.lines().count() < 60, "{text}");
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{text:?}"
        );
        assert!(!text.contains('\u{202e}'));
        assert!(text.contains("and 2983 more, which `--format json` lists"));
        assert!(text.contains("packages      3002, which"), "{text}");
    }

    #[test]
    fn an_environment_without_items_says_so() {
        let empty = json!({
            "base_images": {}, "dockerfile": "", "packages": {}, "tools": {}, "variables": {},
            "builder": { "name": "", "version": "" }
        });
        let text = shown(&[part("rust", Some(&empty))]);
        assert!(text.contains("base images  -\n"), "{text}");
        assert!(text.contains("packages     none\n"), "{text}");
    }

    #[test]
    fn a_column_has_the_start_of_the_hash() {
        let hash = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(short(&hash), "0123456789ab");
        assert_eq!(short("é"), "é");
    }
}
