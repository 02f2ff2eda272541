//! Plans for tests: what `resolve` would find on some machine, without asking one.
//!
//! In: nothing. Out: resolved configurations and plans. Invariant: compiled into tests only.

use bimetal_manifest::schema::{Kind, Policy};
use camino::Utf8PathBuf;

use super::{Linkage, Plan, plan};
use crate::model::{Cc, CrateSpec, Dist, GoModule, GoSpec, GoTool, LocalCrate, RustTools};
use crate::stages::resolve::{Component, Options, Resolved, Source};

/// One module of the core Collector.
pub fn module(path: &str, alias: &str, version: &str) -> GoModule {
    let path = format!("go.opentelemetry.io/collector/{path}");
    GoModule {
        spec: GoSpec {
            gomod: format!("{path} {version}"),
            import: path.clone(),
            path,
            version: version.to_owned(),
            ..GoSpec::default()
        },
        alias: alias.to_owned(),
        replace: None,
    }
}

pub fn go(kind: Kind, linkage: Linkage, name: &str) -> Component {
    let path = format!("{}/{name}", kind.as_str());
    Component {
        kind,
        linkage,
        source: Source::Go(module(&path, name, "v0.161.0")),
    }
}

pub fn rust(linkage: Linkage, key: &str) -> Component {
    let spec = CrateSpec {
        key: key.to_owned(),
        ident: key.replace('-', "_"),
        value: format!("{{ path = \"local/{key}\" }}"),
        crate_name: key.to_owned(),
        path: Some(format!("/home/me/{key}")),
    };
    Component {
        kind: Kind::Processor,
        linkage,
        source: Source::Rust(spec),
    }
}

/// A distribution of OCB's shape.
pub fn plain() -> Resolved {
    let mut telemetry = module("service", "otelconftelemetry", "v0.161.0");
    telemetry
        .spec
        .import
        .push_str("/telemetry/otelconftelemetry");
    Resolved {
        dist: Dist {
            module: "example.com/otelcol".to_owned(),
            name: "otelcol-acme".to_owned(),
            description: "The \"Acme\" Collector".to_owned(),
            version: "1.4.0".to_owned(),
            ..Dist::default()
        },
        out: Utf8PathBuf::from("/home/me/out"),
        options: Options::default(),
        go: Some(GoTool {
            program: "/opt/go/bin/go".into(),
            version: "go1.26.8".to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
        }),
        rust: None,
        cc: None,
        container: None,
        host: false,
        cgo: false,
        components: vec![
            go(Kind::Receiver, Linkage::Static, "otlpreceiver"),
            go(Kind::Exporter, Linkage::Static, "debugexporter"),
            go(Kind::Processor, Linkage::Static, "batchprocessor"),
        ],
        local_crates: Vec::new(),
        telemetry,
        providers: vec![
            module("confmap/provider/envprovider", "envprovider", "v1.67.0"),
            module("confmap/provider/fileprovider", "fileprovider", "v1.67.0"),
        ],
        converters: Vec::new(),
        replaces: Vec::new(),
        excludes: Vec::new(),
        default_uri_scheme: String::new(),
        windows: false,
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A distribution with a plugin host, two plugins, and a Rust component that is linked in.
pub fn hosted() -> Resolved {
    let mut resolved = plain();
    resolved.dist.plugins_policy = Policy::Exact;
    resolved.host = true;
    resolved.cgo = true;
    resolved.cc = Some(Cc {
        program: "/usr/bin/gcc".into(),
        version: "gcc 12.2.0".to_owned(),
    });
    resolved.rust = Some(RustTools {
        cargo: "/opt/rust/bin/cargo".into(),
        rustc: "/opt/rust/bin/rustc".into(),
        version: "1.95.0".to_owned(),
        text: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
        commit: Some("59807616e".to_owned()),
        target: "x86_64-unknown-linux-gnu".to_owned(),
    });
    resolved.components[1].linkage = Linkage::Plugin;
    resolved
        .components
        .push(rust(Linkage::Plugin, "my-redactor"));
    resolved
        .components
        .push(rust(Linkage::Static, "my-sampler"));
    resolved.local_crates = ["my-redactor", "my-sampler"]
        .map(|name| LocalCrate {
            name: name.to_owned(),
            version: "0.3.0".to_owned(),
            root: Utf8PathBuf::from(format!("/home/me/{name}")),
            manifest: format!("[package]\nname = \"{name}\"\n"),
            files: vec![("src/lib.rs".into(), b"// code\n".to_vec())],
        })
        .into();
    resolved
}

pub fn plain_plan() -> Plan {
    plan(plain())
}

pub fn hosted_plan() -> Plan {
    plan(hosted())
}
