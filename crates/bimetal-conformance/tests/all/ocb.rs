//! For a manifest without Rust and plugins, what `bimetal` builds is what OCB builds.

use std::collections::BTreeSet;
use std::process::Output;

use bimetal_conformance::distribution::{Distribution, build, ocb, repository, run};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

struct Pair {
    ocb: Distribution,
    ours: Distribution,
}

fn pair() -> Pair {
    let config = repository().join("crates/bimetal-conformance/fixtures/core.yaml");
    Pair {
        ocb: ocb("otelcol-core", &config).unwrap(),
        ours: build("otelcol-core", &config).unwrap(),
    }
}

fn stdout(main: &Utf8Path, arguments: &[&str]) -> String {
    let Output { stdout, .. } = run(main.as_str(), arguments).unwrap();
    String::from_utf8(stdout).unwrap()
}

fn names(out: &Utf8PathBuf) -> BTreeSet<String> {
    let names = out
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[test]
fn builds_what_ocb_builds() {
    let Pair { ocb, ours } = pair();

    let modules = |main: &Utf8Path| {
        let text = stdout(Utf8Path::new("go"), &["version", "-m", main.as_str()]);
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        modules(&ours.main),
        modules(&ocb.main),
        "modules and build settings"
    );

    let config = repository().join("crates/bimetal-conformance/fixtures/core-collector.yaml");
    let config = format!("--config={config}");
    for arguments in [
        &["components"][..],
        &["validate", &config],
        &["--version"],
        &["print-config", &config],
        &["print-config", "--format=json", &config],
        &["featuregate"],
        &["--help"],
    ] {
        assert_eq!(
            stdout(&ours.main, arguments),
            stdout(&ocb.main, arguments),
            "{arguments:?}"
        );
    }

    assert_eq!(names(&ours.out), names(&ocb.out), "file names");

    let size = |main: &Utf8Path| fs::metadata(main).unwrap().len();
    let (ours, ocb) = (size(&ours.main), size(&ocb.main));
    assert!(
        ours.abs_diff(ocb) * 100 <= ocb,
        "sizes differ by more than 1 %: {ours}, OCB {ocb}"
    );
}
