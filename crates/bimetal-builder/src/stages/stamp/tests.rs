//! Tests of [`super`]: what manifests tell, without building anything.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_files::Digest;
use bimetal_manifest::schema::Component;
use camino::Utf8PathBuf;
use fs_err as fs;

use super::*;
use crate::model::{GoSources, Plan, Profile, SourceTree, Sources};
use crate::progress::Activity;
use crate::stages::describe::Components;
use crate::stages::lock::Locked;
use crate::stages::plan::samples;

/// Settings that Go's own check overlooks, or that its record leaves out; each changes what is
/// compiled, or allows a flag that does.
const VARIABLES: &[(&str, &str)] = &[
    ("CC", "cc -fno-plt"),
    ("CGO_CFLAGS", "-O1 -DLEVEL=2"),
    ("CGO_CFLAGS_ALLOW", "-fplugin.*"),
    ("CGO_CPPFLAGS", "-DCPP=1"),
    ("CGO_CXXFLAGS", "-O3"),
    ("CGO_FFLAGS", "-O0"),
    ("CGO_LDFLAGS", "-lm"),
    ("CGO_LDFLAGS_ALLOW", "-Wl,.*"),
    ("CGO_LDFLAGS_DISALLOW", "-Wl,-z.*"),
    ("CXX", "c++ -fno-rtti"),
    ("FC", "f95"),
    ("GOAMD64", "v3"),
    ("GODEBUG", "madvdontneed=1"),
    ("GOEXPERIMENT", "nogreenteagc"),
    ("GOFIPS140", "latest"),
    ("PKG_CONFIG", "pkgconf"),
];

/// Real Go, called with variables that a user set.
fn go_with_variables(directory: &Utf8Path) -> Utf8PathBuf {
    let flags = "-race -buildvcs=false -mod=mod '-asmflags=all=-D X' -pgo=/home/me/cpu.pgo";
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in VARIABLES.iter().chain(&[("GOFLAGS", flags)]) {
        writeln!(script, "export {name}=\"{value}\"").unwrap();
    }
    script.push_str("exec go \"$@\"\n");
    let path = directory.join("go");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn plan(out: &Utf8Path) -> Plan {
    let mut plan = samples::hosted_plan();
    plan.out = out.to_owned();
    plan.go.tool.as_mut().unwrap().program = go_with_variables(out);
    plan.cc.as_mut().unwrap().program = "cc".into();
    plan.go.debug = true;
    plan.go.ldflags = "-X example.com/shared.level=high -X 'main.name=two words'".to_owned();
    plan.go.gcflags = "all=-N -l".to_owned();
    plan.go.tags = "netgo,acme".to_owned();
    let numbers = out.join("rust/bimetal/bimetal-abi/src/number.rs");
    fs::create_dir_all(numbers.parent().unwrap()).unwrap();
    fs::write(
        numbers,
        "pub const ABI_MAJOR: u32 = 1;\npub const ABI_MINOR: u32 = 0;\n",
    )
    .unwrap();
    plan
}

fn described<'p>(plan: &'p Plan, tree: &'p SourceTree) -> Described<'p> {
    let plugin = &plan.go_plugins[0];
    let component = Component {
        kind: plugin.kind,
        type_name: "debug".to_owned(),
        aliases: Vec::new(),
        signals: BTreeMap::new(),
        module: plugin.module.spec.gomod.clone(),
        default_config: None,
        config_schema: None,
    };
    let name = plugin.name.clone();
    let sources = Sources {
        go: GoSources {
            plugins: [(name.clone(), Vec::new())].into(),
            main_tags: vec!["netgo".to_owned()],
            plugin_tags: [(name.clone(), vec!["acme".to_owned()])].into(),
            ..GoSources::default()
        },
        go_tags: plan.go.tags.clone(),
        profile: Some(Profile {
            path: plan.out.join("cpu.pgo"),
            digest: Digest::of(b"profile").tagged(),
        }),
        ..Sources::default()
    };
    Described {
        locked: Locked {
            plan,
            tree,
            sources,
        },
        components: Components {
            plugins: [(name, component)].into(),
            ..Components::default()
        },
    }
}

#[test]
fn both_sides_tell_every_setting_that_goes_own_check_overlooks() {
    let keep = tempfile::tempdir().unwrap();
    let out = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
    let (plan, tree) = (plan(&out), SourceTree::default());
    let (described, activity) = (described(&plan, &tree), Activity::silent());
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let makers = manifests::Makers::new(&described, &runner).unwrap();
    let main = makers.go_main();
    let plugin = makers.go_plugin(&plan.go_plugins[0].name).unwrap();

    let tags = |manifest: &Manifest| manifest.effective_tags.clone().unwrap().join(",");
    assert_eq!(
        (tags(&main), tags(&plugin)),
        ("netgo".into(), "acme".into())
    );
    for (name, value) in VARIABLES {
        assert_eq!(main.environment[*name], *value, "{name}");
    }
    assert_eq!(
        main.environment["GOFLAGS"], "-race '-asmflags=all=-D X'",
        "what changes no code is left out, and the profile's path"
    );
    assert_eq!(main.environment["CGO_ENABLED"], "1");
    assert_eq!(main.environment, plugin.environment);
    assert_eq!(main.environment_hash, plugin.environment_hash);
    assert!(main.toolchain.cc.is_some() && main.toolchain.linker.is_some());
    let cxx = main.toolchain.cxx.as_deref().unwrap_or_default();
    assert!(cxx.starts_with("c++ "), "{cxx}");
    assert_eq!(main.toolchain, plugin.toolchain);
    assert_eq!(main.build_profile, "debug");
    assert_eq!(main.build_profile, plugin.build_profile);
    assert_eq!(main.pgo_profile, Some(Digest::of(b"profile").tagged()));
    assert_eq!(main.pgo_profile, plugin.pgo_profile);
    assert_eq!(makers.rust_main().pgo_profile, None);

    let given = "-X example.com/shared.level=high -X 'main.name=two words'";
    let extld = "-extldflags=-Wl,--exclude-libs,ALL";
    let common = ["-gcflags=all=-N -l", "-tags=netgo,acme", "-pgo=cpu.pgo"];
    let flags = |manifest: &Manifest| manifest.build_flags.clone();
    let wanted = |own: &[String]| -> Vec<String> {
        let fixed = ["-trimpath", "-buildvcs=false"].map(str::to_owned);
        let common = common.map(str::to_owned);
        fixed.iter().chain(own).chain(&common).cloned().collect()
    };
    assert_eq!(
        flags(&main),
        wanted(&[format!("-ldflags={given} -linkmode=external {extld}")])
    );
    assert_eq!(
        flags(&plugin),
        wanted(&[
            "-buildmode=plugin".to_owned(),
            format!("-ldflags={given} {extld}")
        ])
    );
    for manifest in [&main, &plugin] {
        let text = serde_json::to_string(manifest).unwrap();
        assert!(
            !text.contains("/home/me") && !text.contains(out.as_str()),
            "{text}"
        );
    }
}
