//! Plugins in C that break the contract of the C ABI, in one real Collector: the instance that
//! broke it is out of service, its callers get an error, and everything else goes on.

use std::collections::BTreeMap;

use bimetal_conformance::collector::{Collector, Start};
use bimetal_conformance::distribution::{repository, run};
use bimetal_conformance::tamper;
use bimetal_manifest::frame::{SECTION, frame};
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::{RUST_PLUGIN, Scene};

const TAKEN: &str = "taken";
const BROKE: &str = "The component broke the contract of the C ABI";
const SENT: &str = "The probe has sent its records";

/// Every instance of a hostile plugin, and the answers that two records get; an instance that
/// breaks the contract in a call is out of service in that call already.
const INSTANCES: [(&str, [&str; 2]); 9] = [
    ("rust_probe", [TAKEN, TAKEN]),
    ("hostile_slices/thread", [BAD_NULL, BAD_NULL]),
    ("hostile_slices/consume", [BAD_NULL, BAD_NULL]),
    ("hostile_lengths/output", [BAD_DATA, BAD_DATA]),
    ("hostile_lengths/null", [BAD_NULL, BAD_NULL]),
    ("hostile_lengths/message", [BAD_TEXT, BAD_TEXT]),
    ("hostile_lengths/retry", [BAD_DATA, BAD_DATA]),
    ("hostile_foreign", [TAKEN, TAKEN]),
    (
        "hostile_freed",
        [
            "words of my own",
            "the component answered status -1 and no message",
        ],
    ),
];
const BAD_NULL: &str = "a null pointer to 5 bytes";
const BAD_DATA: &str = "a length of 9223372036854775808 bytes, at most 2147483647";
const BAD_TEXT: &str = "a length of 9223372036854775808 bytes, at most 16777216";

/// Those that break the contract before their first answer or in it.
fn breaks_it(instance: &str) -> bool {
    instance.starts_with("hostile_slices") || instance.starts_with("hostile_lengths")
}

/// Compiles a hostile plugin whose manifest is that of the Rust probe, but for its type.
fn compile(scene: &Scene, name: &str) {
    let type_name = format!("hostile_{name}");
    let mut manifest = tamper::manifest(&scene.plugin(RUST_PLUGIN)).unwrap();
    manifest["component"]["type"] = json!(type_name);
    let bytes = frame(&manifest.to_string());
    let bytes: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let text = format!(
        "__attribute__((used, section(\"{SECTION}\"), aligned(8), visibility(\"default\")))\n\
         const unsigned char collector_plugin_manifest[] = {{{}}};\n",
        bytes.join(",")
    );
    let section = scene.directory.join(format!("{name}.c"));
    fs::write(&section, text).unwrap();
    let out = scene.plugin(&format!("processor-{type_name}.so"));
    let here = repository().join("crates");
    let source = here.join("bimetal-conformance/fixtures/hostile/hostile.c");
    let arguments = [
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Werror",
        "-pthread",
        "-fvisibility=hidden",
        "-Wl,-Bsymbolic",
        &format!("-DHOSTILE={}", name.to_uppercase()),
        &format!("-DTYPE=\"{type_name}\""),
        &format!("-I{}", here.join("bimetal-abi/include")),
        "-o",
        out.as_str(),
        section.as_str(),
        source.as_str(),
    ];
    run("cc", &arguments).unwrap();
}

/// A pipeline of logs for every instance, whose first processor sends records.
fn config() -> Value {
    let mut processors = json!({});
    let mut pipelines = json!({});
    let all = INSTANCES.iter();
    let all = all.map(|(instance, _)| (*instance, json!({"send": 2})));
    for (instance, sends) in all.chain([("hostile_late", json!({"late": true}))]) {
        let name = instance.replace('/', "_");
        let probe = format!("go_probe/{name}");
        processors[instance] = Value::Null;
        processors[&probe] = sends;
        pipelines[format!("logs/{name}")] = json!({
            "receivers": ["nop"], "processors": [probe, instance], "exporters": ["nop"],
        });
    }
    json!({
        "receivers": {"nop": null},
        "exporters": {"nop": null},
        "processors": processors,
        "service": {
            "telemetry": {
                "metrics": {"level": "none"},
                "logs": {"encoding": "json", "sampling": {"enabled": false}},
            },
            "pipelines": pipelines,
        },
    })
}

/// What the probes say of their records, by the instance that got them, without the first `before`
/// probes that said so. Some say it before the Collector is ready.
fn answers(
    collector: &mut Collector,
    before: usize,
    count: usize,
) -> BTreeMap<String, Vec<String>> {
    let sent = |log: &str| -> Vec<Value> {
        let lines = log.lines().filter(|line| line.contains(SENT));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    while sent(collector.log()).len() < before + count {
        collector.wait_for(SENT).unwrap();
    }
    let answer = |line: Value| {
        let probe = line["otelcol.component.id"].as_str().unwrap();
        let answers = line["answers"].as_array().unwrap();
        let texts = answers
            .iter()
            .map(|answer| answer.as_str().unwrap().to_owned());
        let name = probe.strip_prefix("go_probe/").unwrap().to_owned();
        (name, texts.collect())
    };
    let lines = sent(collector.log()).into_iter();
    lines.skip(before).take(count).map(answer).collect()
}

fn check(found: &BTreeMap<String, Vec<String>>) {
    for (instance, expected) in INSTANCES {
        let answers = &found[&instance.replace('/', "_")];
        assert_eq!(answers.len(), expected.len(), "{instance}: {answers:?}");
        for (answer, expected) in answers.iter().zip(expected) {
            assert!(answer.contains(expected), "{instance}: {answers:?}");
            assert_eq!(
                breaks_it(instance),
                answer.contains("it is out of service"),
                "{instance}: {answers:?}"
            );
        }
    }
}

#[test]
fn a_plugin_that_breaks_the_c_abi_is_out_of_service_and_everything_else_goes_on() {
    let scene = Scene::unpinned();
    for name in ["slices", "lengths", "foreign", "freed", "late"] {
        compile(&scene, name);
    }
    let file = scene.directory.join("collector.yaml");
    // JSON is YAML.
    fs::write(&file, config().to_string()).unwrap();
    let mut collector = Start::new(&scene.main, &file)
        .argument(format!("--plugins-dir={}", scene.plugins))
        .run()
        .unwrap();
    check(&answers(&mut collector, 0, INSTANCES.len()));

    // Every instance is shut down, and made again. The probe that is late is refused.
    collector.reload().unwrap();
    let mut second = answers(&mut collector, INSTANCES.len(), INSTANCES.len() + 1);
    let refused = second.remove("hostile_late").unwrap();
    assert_eq!(refused, ["the component is shut down"]);
    check(&second);

    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    let mut broke = BTreeMap::new();
    for line in ended.log.lines().filter(|line| line.contains(BROKE)) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "error", "{line}");
        *broke
            .entry(line["otelcol.component.id"].as_str().unwrap().to_owned())
            .or_insert(0) += 1;
    }
    let once_in_each_life = INSTANCES
        .iter()
        .map(|(instance, _)| *instance)
        .filter(|instance| breaks_it(instance) || *instance == "hostile_foreign")
        .map(|instance| (instance.to_owned(), 2));
    assert_eq!(broke, once_in_each_life.collect(), "{}", ended.log);
    assert!(!ended.log.contains("stale memory"), "{}", ended.log);
}
