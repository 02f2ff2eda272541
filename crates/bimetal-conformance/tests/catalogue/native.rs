//! Builds plugins with rustc and with the C compiler.
//!
//! In: a [`Library`]. Out: the artifact. Invariant: each carries a manifest in the builder's
//! framing; C files stand for what any compiler could make of the C ABI.

use bimetal_manifest::frame::frame;
use bimetal_manifest::schema::{
    ArtifactKind, Dependency, Language, Manifest, SCHEMA_VERSION, Toolchain,
};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::go::{TARGET, abi, component};
use crate::places::fresh;
use crate::reality::FACTORY;
use crate::tools::{Variables, debian, run};

/// How a library that follows the C ABI differs from the ordinary one.
#[derive(Clone)]
pub(crate) struct Library {
    /// Source text, without the manifest.
    pub(crate) source: String,
    pub(crate) flags: Vec<String>,
    /// Calls within it stay in it, as the builder has it.
    pub(crate) symbolic: bool,
    /// Changes the manifest.
    pub(crate) manifest: fn(&mut Manifest),
    /// The compiler, where it is not the one of this machine.
    pub(crate) compiler: String,
    pub(crate) variables: Variables,
}

/// A Rust plugin that answers `crab`.
pub(crate) const RUST: &str = r#"
#[repr(C)]
pub struct Table {
    size: u64,
    answer: extern "C" fn() -> *const u8,
}

extern "C" fn answer() -> *const u8 {
    b"crab\0".as_ptr()
}

static TABLE: Table = Table { size: 16, answer };

#[no_mangle]
pub extern "C" fn otelcol_processor_new_factory() -> *const Table {
    &TABLE
}
"#;

/// A C plugin that answers `shell`.
pub(crate) const C: &str = r#"
#include <stdint.h>

struct table {
	uint64_t size;
	const char *(*answer)(void);
};

#ifndef ANSWER
#define ANSWER "shell"
#endif

static const char *answer(void) { return ANSWER; }

static const struct table table = { sizeof table, answer };

const struct table *otelcol_processor_new_factory(void) { return &table; }
"#;

impl Library {
    /// The ordinary Rust plugin.
    pub(crate) fn rust() -> Self {
        Self::of(RUST, "rustc")
    }

    /// The ordinary C plugin.
    pub(crate) fn c() -> Self {
        Self::of(C, "cc")
    }

    fn of(source: &str, compiler: &str) -> Self {
        Self {
            source: source.to_owned(),
            flags: Vec::new(),
            symbolic: true,
            manifest: |_| (),
            compiler: compiler.to_owned(),
            variables: Variables::new(),
        }
    }

    /// Replaces a text of the source.
    pub(crate) fn edit(mut self, old: &str, new: &str) -> Self {
        assert!(self.source.contains(old), "`{old}` is not in the source");
        self.source = self.source.replace(old, new);
        self
    }

    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}

/// A plugin made by rustc.
pub(crate) fn rust(name: &str, library: &Library) -> Utf8PathBuf {
    let place = fresh(&format!("native/{name}"));
    let run_rustc =
        |arguments: &[&str]| run(&place, &library.compiler, arguments, &library.variables);
    let version = run_rustc(&["--version"]);
    let text = text(library, &version);
    let framed = frame(&text);
    fs::write(place.join("manifest.bin"), &framed).unwrap();
    let section = format!(
        "#[used]\n#[no_mangle]\n#[link_section = \".otelcol.manifest\"]\n\
         #[allow(non_upper_case_globals)]\n\
         pub static collector_plugin_manifest: [u8; {}] = *include_bytes!(\"manifest.bin\");\n",
        framed.len()
    );
    fs::write(place.join("lib.rs"), library.source.clone() + &section).unwrap();
    let out = place.join("plugin.so");
    let mut arguments = vec![
        "--edition=2021",
        "--crate-type=cdylib",
        "-Copt-level=1",
        "-o",
        out.as_str(),
        "lib.rs",
    ];
    if library.symbolic {
        arguments.push("-Clink-arg=-Wl,-Bsymbolic");
    }
    arguments.extend(library.flags.iter().map(String::as_str));
    run_rustc(&arguments);
    out
}

/// A plugin made by the C compiler.
pub(crate) fn c(name: &str, library: &Library) -> Utf8PathBuf {
    let place = fresh(&format!("native/{name}"));
    let text = text(library, &rustc_version());
    let source = format!("{}\n{}", library.source, c_section(&text));
    fs::write(place.join("plugin.c"), source).unwrap();
    let out = place.join("plugin.so");
    let mut arguments = vec!["-shared", "-fPIC", "-O1", "-o", out.as_str(), "plugin.c"];
    if library.symbolic {
        arguments.push("-Wl,-Bsymbolic");
    }
    arguments.extend(library.flags.iter().map(String::as_str));
    run(&place, &library.compiler, &arguments, &library.variables);
    out
}

/// A plugin for another processor, made by the assembler and linker that Debian has for it.
pub(crate) fn assembled(name: &str, library: &Library) -> Utf8PathBuf {
    let place = fresh(&format!("native/{name}"));
    let root = debian("aarch64", &["binutils-aarch64-linux-gnu"]);
    let libraries = format!("{root}/usr/lib/x86_64-linux-gnu");
    let variables = Variables::from([("LD_LIBRARY_PATH".to_owned(), libraries)]);
    let text = text(library, &rustc_version());
    fs::write(place.join("manifest.bin"), frame(&text)).unwrap();
    let source = format!(
        ".section .otelcol.manifest,\"a\"\n.balign 8\n.incbin \"manifest.bin\"\n\
         .text\n.globl {FACTORY}\n.type {FACTORY}, %function\n{FACTORY}:\n\tmov x0, #0\n\tret\n"
    );
    fs::write(place.join("plugin.s"), source).unwrap();
    let tool = |name: &str| format!("{root}/usr/bin/aarch64-linux-gnu-{name}");
    let out = place.join("plugin.so");
    run(
        &place,
        &tool("as"),
        &["-o", "plugin.o", "plugin.s"],
        &variables,
    );
    let arguments = ["-shared", "-o", out.as_str(), "plugin.o"];
    run(&place, &tool("ld"), &arguments, &variables);
    out
}

/// The Rust part of the manifests of every main.
pub(crate) fn main_part() -> Manifest {
    part(ArtifactKind::Main, &rustc_version())
}

/// A C file that puts `text` into the section that readers look for.
pub(crate) fn c_section(text: &str) -> String {
    let bytes: Vec<_> = frame(text).iter().map(u8::to_string).collect();
    format!(
        "__attribute__((used, retain, section(\".otelcol.manifest\"), aligned(8)))\n\
         static const unsigned char otelcol_manifest[] = {{{}}};\n",
        bytes.join(",")
    )
}

fn text(library: &Library, version: &str) -> String {
    let mut manifest = part(ArtifactKind::Plugin, version);
    (library.manifest)(&mut manifest);
    serde_json::to_string(&manifest).unwrap()
}

pub(crate) fn rustc_version() -> String {
    run(
        Utf8Path::new("/"),
        "rustc",
        &["--version"],
        &std::env::vars().collect(),
    )
}

fn part(artifact: ArtifactKind, version: &str) -> Manifest {
    let hash = "sha256:4e0f".to_owned();
    Manifest {
        schema_version: SCHEMA_VERSION,
        artifact,
        language: Language::Rust,
        toolchain_version: version.split(' ').nth(1).unwrap().to_owned(),
        build_profile: "release".to_owned(),
        dependency_hashes: [("serde".to_owned(), hash.clone())].into(),
        build_flags: vec!["-Copt-level=1".to_owned(), "-Cpanic=unwind".to_owned()],
        target: TARGET.to_owned(),
        build_time: "2026-11-25T00:00:00Z".to_owned(),
        toolchain: Toolchain {
            text: version.trim().to_owned(),
            ..Toolchain::default()
        },
        dependencies: vec![Dependency {
            name: "serde".to_owned(),
            version: "1.0.229".to_owned(),
            source: "registry".to_owned(),
            hash,
            features: Vec::new(),
            replaced_by: None,
            required_by: None,
        }],
        environment: std::collections::BTreeMap::new(),
        environment_hash: None,
        hermetic: None,
        effective_tags: None,
        pgo_profile: None,
        distribution: None,
        builder: None,
        component: (artifact == ArtifactKind::Plugin).then(|| component("crab", "crab 0.1.0")),
        components: Vec::new(),
        plugins: None,
        plugin_languages: None,
        abi: Some(abi(1)),
        other: serde_json::Map::new(),
    }
}
