//! Tests of [`super`]: texts as strangers read them.

use bimetal_files::Digest;
use cyclonedx_bom::prelude::Validate as _;
use insta::assert_snapshot;
use serde_json::json;

use super::*;
use bimetal_manifest::schema::{Builder, Tool};

fn dependency(name: &str, version: &str, source: &str, hash: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        version: version.to_owned(),
        source: source.to_owned(),
        hash: hash.to_owned(),
        features: Vec::new(),
        replaced_by: None,
        required_by: None,
    }
}

fn environment() -> Hermetic {
    let map = |entries: &[(&str, &str)]| {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let go = Tool {
        version: "go1.26.8".to_owned(),
        hash: format!("sha256:{}", "11".repeat(32)),
    };
    Hermetic {
        base_images: map(&[("golang:1.26", &format!("sha256:{}", "22".repeat(32)))]),
        dockerfile: format!("sha256:{}", "33".repeat(32)),
        packages: map(&[("libstdc++6:amd64", "14.2.0-19"), ("musl:x86_64", "1.2")]),
        tools: BTreeMap::from([("go".to_owned(), go)]),
        variables: map(&[("GOENV", "off")]),
        builder: Builder {
            name: "bimetal".to_owned(),
            version: "0.1.0".to_owned(),
            generator_hash: "sha256:44".to_owned(),
        },
        other: serde_json::Map::new(),
    }
}

fn artifacts() -> Vec<Artifact> {
    let sum = format!("h1:{}=", "A".repeat(43));
    let go = dependency("example.com/a+b", "v1.0.0", "proxy", &sum);
    let serde = dependency(
        "serde",
        "1.0.0",
        "registry",
        &format!("sha256:{}", "55".repeat(32)),
    );
    vec![
        Artifact {
            path: "otelcol".into(),
            sha256: Digest::of(b"main"),
            dependencies: vec![(Language::Go, go.clone())],
        },
        Artifact {
            path: "plugins/processor-a.so".into(),
            sha256: Digest::of(b"plugin"),
            dependencies: vec![(Language::Go, go), (Language::Rust, serde)],
        },
    ]
}

fn with_subject(check: impl FnOnce(&Subject<'_>)) {
    let (artifacts, environment) = (artifacts(), environment());
    check(&Subject {
        name: "otelcol",
        version: "1.4.0",
        artifacts: &artifacts,
        environment: &environment,
        source_date_epoch: 315_532_800,
        configuration: &json!({ "plan": {} }),
        inputs: Digest::of(b"inputs"),
        builder: Digest::of(b"builder"),
    });
}

#[test]
fn the_bill_of_materials_has_every_artifact_module_crate_tool_and_package_once() {
    with_subject(|subject| {
        let text = sbom(subject).unwrap();
        assert_snapshot!(text);
        assert_eq!(sbom(subject).unwrap(), text);
        let read = cyclonedx_bom::prelude::Bom::parse_from_json(text.as_bytes()).unwrap();
        assert!(read.validate().passed(), "{:?}", read.validate());
    });
}

#[test]
fn the_provenance_names_subject_parameters_and_everything_that_was_resolved() {
    with_subject(|subject| {
        let text = provenance(subject);
        assert_eq!(builder(text.as_bytes()), Some(subject.builder));
        assert_snapshot!(text);
    });
}

#[test]
fn sums_are_read_back_and_never_lead_out_of_the_directory() {
    let files = BTreeMap::from([
        (Utf8PathBuf::from("otelcol"), Digest::of(b"main")),
        (Utf8PathBuf::from("plugins/a.so"), Digest::of(b"a")),
    ]);
    let text = sums(&files);
    assert_eq!(read_sums(&text).unwrap(), files);
    let digest = Digest::of(b"");
    for bad in [
        format!("{digest}  ../x\n"),
        format!("{digest}  /etc/x\n"),
        format!("{digest} x\n"),
        "x  y\n".to_owned(),
        format!("{digest}  a\n{digest}  a\n"),
    ] {
        assert!(read_sums(&bad).is_err(), "{bad}");
    }
}

#[test]
fn the_environment_hash_is_what_a_stranger_computes() {
    let environment = environment();
    let text = environment_sum(&environment);
    let hash = environment.hash();
    assert_eq!(
        text,
        format!(
            "{}  environment.json\n",
            hash.strip_prefix("sha256:").unwrap()
        )
    );
}
