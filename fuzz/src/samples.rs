//! Inputs that can be made without a build: records, telemetry, lists, configurations.
//!
//! In: nothing. Out: target, name and bytes of each. Invariant: made by the types as they are now,
//! so that a target is never left with seeds of an earlier form alone.

use std::collections::BTreeMap;

use bimetal_builder::owned::Ours;
use bimetal_builder::pipeline::LastBuild;
use bimetal_builder::stages::plan::samples;
use bimetal_files::Digest;
use bimetal_hermetic::attest::sums;
use bimetal_hermetic::fetch::{Base, Pinned, Recorded};
use camino::Utf8PathBuf;

/// One input: the target, its name, its bytes.
pub type Sample = (&'static str, &'static str, Vec<u8>);

/// All of them.
///
/// # Panics
/// Never: every record is JSON.
pub fn all() -> Vec<Sample> {
    let mut found = records();
    found.extend(telemetry());
    found.extend(lists());
    found.extend(configurations());
    found
}

fn records() -> Vec<Sample> {
    let digest = Digest::of(b"x");
    let files = BTreeMap::from([
        (Utf8PathBuf::from("otelcol-acme"), digest),
        (Utf8PathBuf::from("plugins/processor-crab.so"), digest),
    ]);
    let named = |name: &str| BTreeMap::from([(name.to_owned(), digest.tagged())]);
    let ours = Ours {
        builder: "0.1.0".to_owned(),
        sources: named("main.go"),
        stamped: named("manifest.c"),
        base_images: named("docker.io/library/golang:1.26"),
        artifacts: named("plugins/processor-crab.so"),
    };
    let last = LastBuild {
        builder: "0.1.0".to_owned(),
        plan: samples::hosted_plan(),
        times: BTreeMap::from([("otelcol-acme".to_owned(), "2026-01-01T00:00:00Z".to_owned())]),
    };
    let image = |name: &str| Pinned {
        name: name.to_owned(),
        reference: format!("{name}@{}", digest.tagged()),
    };
    let base = Base::Official {
        go: image("golang:1.26"),
        rust: image("rust:1.95"),
    };
    let recorded = Recorded::new(samples::hosted_plan(), base, 1_700_000_000);
    let json = "a record is always JSON";
    vec![
        ("records", "bimetal", serde_json::to_vec(&ours).expect(json)),
        ("records", "plan", serde_json::to_vec(&last).expect(json)),
        ("records", "rebuild", recorded.to_text().into_bytes()),
        ("records", "inputs", serde_json::to_vec(&files).expect(json)),
        (
            "records",
            "hostile-way-out",
            b"{\"../../x\":\"00\"}".to_vec(),
        ),
        ("records", "hostile-deep", b"[".repeat(200)),
        (
            "records",
            "hostile-twice",
            b"{\"builder\":\"\",\"builder\":\"\"}".to_vec(),
        ),
        ("sums", "two", sums(&files).into_bytes()),
        ("sums", "cut", sums(&files).into_bytes()[..70].to_vec()),
        (
            "sums",
            "hostile-way-out",
            format!("{digest}  ../x\n").into_bytes(),
        ),
        (
            "sums",
            "hostile-twice",
            format!("{digest}  x\n{digest}  ./x\n").into_bytes(),
        ),
    ]
}

/// A field of a message: its number, and bytes of a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a sample is short");
    let length = match length {
        0..=0x7f => vec![length],
        _ => vec![length | 0x80, 1],
    };
    [&[number << 3 | 2], &length[..], content].concat()
}

fn telemetry() -> Vec<Sample> {
    let attribute = |key: &[u8], value: &[u8]| [field(1, key), field(2, value)].concat();
    let text = field(1, b"v");
    let list = field(5, &[field(1, &text), field(1, &[0x18, 7])].concat());
    let map = field(6, &field(1, &attribute(b"k", &list)));
    let resource = field(1, &field(1, &attribute(b"service.name", &text)));
    let batch = |record: &[u8]| {
        let scope = [
            field(1, &field(1, b"scope")),
            field(2, record),
            field(2, record),
        ]
        .concat();
        field(
            1,
            &[resource.clone(), field(2, &scope), field(3, b"url")].concat(),
        )
    };
    let log = [
        field(3, b"INFO"),
        field(5, &text),
        field(6, &attribute(b"a", &text)),
        field(6, &attribute(b"b", &list)),
    ]
    .concat();
    let nested = [field(5, &map), field(6, &attribute(b"m", &map))].concat();
    let span = [
        field(1, &[1; 16]),
        field(2, &[2; 8]),
        field(5, b"span"),
        field(9, &attribute(b"a", &text)),
    ]
    .concat();
    let point = [
        field(7, &attribute(b"a", &text)),
        vec![0x31, 1, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let gauge = [field(1, b"gauge"), field(5, &field(1, &point))].concat();
    let sum = [field(1, b"sum"), field(7, &field(1, &point))].concat();
    let twice = [batch(&log), batch(&log)].concat();
    vec![
        ("pdata", "logs", batch(&log)),
        ("pdata", "logs-nested", batch(&nested)),
        ("pdata", "traces", batch(&span)),
        ("pdata", "metrics-gauge", batch(&gauge)),
        ("pdata", "metrics-sum", batch(&sum)),
        ("pdata", "logs-two", twice),
        ("pdata", "empty", Vec::new()),
        ("pdata", "hostile-cut", batch(&log)[..20].to_vec()),
        (
            "pdata",
            "hostile-length",
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ),
        ("pdata", "hostile-group", vec![0x0b; 200]),
    ]
}

/// Lists of libraries as the loader has them.
fn lists() -> Vec<Sample> {
    let entries = [
        ("libc.so.6", "/lib/libc.so.6"),
        ("libm.so.6", "/lib/libm.so.6"),
    ];
    let start = 48 + entries.len() * 24;
    let (mut table, mut strings) = (Vec::new(), Vec::new());
    let number = |value: usize| {
        u32::try_from(value)
            .expect("a sample is short")
            .to_le_bytes()
    };
    for (name, path) in entries {
        let key = number(start + strings.len());
        strings.extend([name.as_bytes(), &[0]].concat());
        let value = number(start + strings.len());
        strings.extend([path.as_bytes(), &[0]].concat());
        table.extend([&number(0x303)[..], &key, &value, &[0; 12]].concat());
    }
    let mut list = [&b"glibc-ld.so.cache1.1"[..], &number(entries.len())].concat();
    list.resize(48, 0);
    let list = [list, table, strings].concat();
    let old = [&b"ld.so-1.7.0\0\0\0\0\0"[..], &list].concat();
    let mut many = list.clone();
    many[20..24].fill(0xff);
    vec![
        ("library_list", "two", list.clone()),
        ("library_list", "behind-an-older-list", old),
        ("library_list", "cut", list[..60].to_vec()),
        ("library_list", "hostile-count", many),
    ]
}

fn configurations() -> Vec<Sample> {
    let quickstart = include_str!("../../examples/quickstart/builder-config.yaml");
    let merged = "a: &a {x: 1, y: [1, 2]}\nb:\n  <<: *a\n  y: ~\nc: [*a, *a]\n";
    let fields = "dist:\n  name: otelcol\n  module: example.com/otelcol\n  hermetic: true\n\
        receivers:\n  - gomod: example.com/r v1.0.0\n    path: ./r\n\
        processors:\n  - cargo: crab = { version = \"1\", features = [\"a\"] }\n    plugin: true\n\
        replaces:\n  - a => ../a\nexcludes:\n  - b v1.0.0\n";
    let bomb = format!("a0: &a0 [x, x]\n{}", aliases());
    vec![
        ("yaml", "quickstart", quickstart.into()),
        ("yaml", "fields", fields.into()),
        ("yaml", "merged", merged.into()),
        ("yaml", "two-documents", "a: 1\n---\nb: 2\n".into()),
        (
            "yaml",
            "texts",
            "a: |\n  x\n  y\nb: >-\n  z\nc: \"\\u00e9\\n\"\nd: 'it''s'\n".into(),
        ),
        ("yaml", "hostile-deep", b"[".repeat(200)),
        ("yaml", "hostile-aliases", bomb.into_bytes()),
        (
            "yaml",
            "hostile-twice",
            "dist: {name: a}\ndist: {name: b}\n".into(),
        ),
        ("yaml", "hostile-circle", "a: &a [*a]\n".into()),
    ]
}

/// Each doubles the one before it.
fn aliases() -> String {
    (1..30)
        .map(|number| format!("a{number}: &a{number} [*a{0}, *a{0}]\n", number - 1))
        .collect()
}
