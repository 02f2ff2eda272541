//! Small artifacts, made by the real toolchains once per test run.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::process::Command;
use std::sync::OnceLock;

use bimetal_manifest::Artifact;
use bimetal_manifest::frame::frame;
use bimetal_manifest::schema::{
    Abi, ArtifactKind, Component, Dependency, Kind, Language, Manifest, PluginSettings, Policy,
    SCHEMA_VERSION, Toolchain,
};
use bimetal_verify::{FoundLock, Request, Rules, Trust};
use camino::{Utf8Path, Utf8PathBuf};

/// Paths of the artifacts.
pub(crate) struct Fixtures {
    pub(crate) main: Utf8PathBuf,
    pub(crate) go_plugin: Utf8PathBuf,
    pub(crate) rust_plugin: Utf8PathBuf,
    pub(crate) library: Utf8PathBuf,
    pub(crate) go_version: String,
    pub(crate) rust_version: String,
}

pub(crate) fn fixtures() -> &'static Fixtures {
    static FIXTURES: OnceLock<Fixtures> = OnceLock::new();
    FIXTURES.get_or_init(build)
}

/// A manifest with the seed's keys and those of its language.
pub(crate) fn manifest(
    artifact: ArtifactKind,
    language: Language,
    toolchain_version: &str,
) -> Manifest {
    let is_go = language == Language::Go;
    let (name, version, hash) = if is_go {
        ("example.com/shared", "v1.2.3", "h1:AAAA")
    } else {
        ("serde", "1.0.229", "sha256:aaaa")
    };
    let flags: &[&str] = if is_go {
        &["-trimpath", "-tags=a,b"]
    } else {
        &["-Copt-level=3", "-Cpanic=unwind"]
    };
    Manifest {
        schema_version: SCHEMA_VERSION,
        artifact,
        language,
        toolchain_version: toolchain_version.to_owned(),
        build_profile: "release".to_owned(),
        dependency_hashes: [(name.to_owned(), hash.to_owned())].into(),
        build_flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        build_time: "2026-11-23T12:34:56Z".to_owned(),
        toolchain: Toolchain::default(),
        dependencies: vec![Dependency {
            name: name.to_owned(),
            version: version.to_owned(),
            source: if is_go { "proxy" } else { "registry" }.to_owned(),
            hash: hash.to_owned(),
            features: Vec::new(),
            replaced_by: None,
            required_by: None,
        }],
        environment: [("GOAMD64".to_owned(), "v1".to_owned())].into(),
        environment_hash: None,
        hermetic: None,
        effective_tags: None,
        pgo_profile: None,
        distribution: None,
        builder: None,
        component: (artifact == ArtifactKind::Plugin).then(|| component(language)),
        components: Vec::new(),
        plugins: (artifact == ArtifactKind::Main && is_go).then(|| PluginSettings {
            dir: "plugins".to_owned(),
            policy: Policy::Exact,
        }),
        plugin_languages: None,
        abi: (!is_go).then(|| Abi {
            major: 1,
            minor: 0,
            features: vec!["edits".to_owned()],
        }),
        other: serde_json::Map::new(),
    }
}

pub(crate) fn component(language: Language) -> Component {
    let (type_name, module) = match language {
        Language::Go => ("gopher", "example.com/gopher v0.1.0"),
        Language::Rust => ("crab", "crab 0.1.0"),
    };
    Component {
        kind: Kind::Processor,
        type_name: type_name.to_owned(),
        aliases: Vec::new(),
        signals: [("logs".to_owned(), "beta".to_owned())].into(),
        module: module.to_owned(),
        default_config: None,
        config_schema: None,
    }
}

pub(crate) fn read(path: &Utf8Path) -> Artifact {
    bimetal_manifest::object::open(path).unwrap().1
}

/// Main, read once.
pub(crate) fn main() -> &'static Artifact {
    static MAIN: OnceLock<Artifact> = OnceLock::new();
    MAIN.get_or_init(|| read(&fixtures().main))
}

/// A file that is gone when it is closed.
pub(crate) fn temporary(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) {
    file.write_all_at(bytes, offset).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "fixtures are made by the real compilers"
)]
pub(crate) fn run(directory: &Utf8Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.current_dir(directory).args(arguments);
    command
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "1")
        .env("GOPROXY", "off");
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A C file that puts `text` into the section.
pub(crate) fn c_section(text: &str, name: &str) -> String {
    let bytes: Vec<_> = frame(text).iter().map(u8::to_string).collect();
    format!(
        "__attribute__((used, retain, section(\".otelcol.manifest\"), aligned(8)))\n\
         static const unsigned char {name}[] = {{{}}};\n",
        bytes.join(",")
    )
}

fn build() -> Fixtures {
    let root = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("manifest-fixtures");
    let go_version = run(Utf8Path::new("/"), "go", &["env", "GOVERSION"])
        .trim()
        .to_owned();
    let rust_version = run(Utf8Path::new("/"), "rustc", &["--version"]);
    let rust_version = rust_version.split(' ').nth(1).unwrap().to_owned();
    let shared = root.join("shared");
    fs_err::create_dir_all(&shared).unwrap();
    fs_err::write(
        shared.join("go.mod"),
        "module example.com/shared\n\ngo 1.26\n",
    )
    .unwrap();
    let source = "package shared\n\nfunc Same(text string) string { return text }\n";
    fs_err::write(shared.join("shared.go"), source).unwrap();
    let mut linked = manifest(ArtifactKind::Main, Language::Go, &go_version);
    linked.components = vec![Component {
        type_name: "batch".to_owned(),
        ..component(Language::Go)
    }];
    let parts = [
        linked,
        manifest(ArtifactKind::Main, Language::Rust, &rust_version),
    ];
    let main = go(
        &root.join("main"),
        "example.com/main",
        "import (\n\"fmt\"\n\"os\"\n\"plugin\"\n\"example.com/shared\"\n)\n\
         func main() { fmt.Println(plugin.Open(shared.Same(os.Args[1]))) }",
        &serde_json::to_string(&parts).unwrap(),
        // The builder's main has Rust in it, which needs this library; so has every plugin of Rust.
        &[
            "-ldflags=-extldflags=-Wl,--no-as-needed,-lgcc_s",
            "-o",
            "main",
        ],
    );
    let text =
        serde_json::to_string(&manifest(ArtifactKind::Plugin, Language::Go, &go_version)).unwrap();
    let go_plugin = go(
        &root.join("go-plugin"),
        "example.com/gopher.v2",
        "import (\n\"strings\"\n\"example.com/shared\"\n)\n\
         func NewFactory() string { return strings.ToUpper(shared.Same(\"x\")) }\nfunc main() {}",
        &text,
        &["-buildmode=plugin", "-o", "plugin.so"],
    );
    let text = serde_json::to_string(&manifest(
        ArtifactKind::Plugin,
        Language::Rust,
        &rust_version,
    ))
    .unwrap();
    let rust_plugin = rust(&root.join("rust-plugin"), &text);
    let library = library(&root.join("library"), &[&text]);
    Fixtures {
        main,
        go_plugin,
        rust_plugin,
        library,
        go_version,
        rust_version,
    }
}

fn go(
    directory: &Utf8Path,
    module: &str,
    source: &str,
    manifest: &str,
    arguments: &[&str],
) -> Utf8PathBuf {
    fs_err::create_dir_all(directory).unwrap();
    fs_err::write(
        directory.join("go.mod"),
        format!(
            "module {module}\n\ngo 1.26\n\nrequire example.com/shared v1.2.3\n\n\
             replace example.com/shared => ../shared\n"
        ),
    )
    .unwrap();
    fs_err::write(
        directory.join("main.go"),
        format!("package main\n\n{source}\n"),
    )
    .unwrap();
    fs_err::write(
        directory.join("manifest.go"),
        "package main\n\nimport \"C\"\n",
    )
    .unwrap();
    fs_err::write(
        directory.join("manifest.c"),
        c_section(manifest, "manifest"),
    )
    .unwrap();
    let all = [
        &["build", "-trimpath", "-buildvcs=false", "-tags=a,b"],
        arguments,
        &["."],
    ]
    .concat();
    run(directory, "go", &all);
    directory.join(arguments.last().unwrap())
}

fn rust(directory: &Utf8Path, manifest: &str) -> Utf8PathBuf {
    fs_err::create_dir_all(directory).unwrap();
    let bytes = frame(manifest);
    fs_err::write(directory.join("manifest.bin"), &bytes).unwrap();
    let source = format!(
        "#[used]\n#[unsafe(no_mangle)]\n#[unsafe(link_section = \".otelcol.manifest\")]\n\
         #[allow(non_upper_case_globals)]\n\
         pub static collector_plugin_manifest: [u8; {}] = *include_bytes!(\"manifest.bin\");\n\
         #[unsafe(no_mangle)]\npub extern \"C\" fn otelcol_processor_new_factory() -> usize {{ \
         String::from(\"x\").len() }}\n",
        bytes.len()
    );
    fs_err::write(directory.join("lib.rs"), source).unwrap();
    let arguments = [
        "--edition=2024",
        "--crate-type=cdylib",
        "-Copt-level=1",
        "-Clink-arg=-Wl,-Bsymbolic",
        "-oplugin.so",
        "lib.rs",
    ];
    run(directory, "rustc", &arguments);
    directory.join("plugin.so")
}

/// A tiny shared library in C with one section per manifest, which the linker merges into one.
pub(crate) fn library(directory: &Utf8Path, manifests: &[&str]) -> Utf8PathBuf {
    fs_err::create_dir_all(directory).unwrap();
    let sections = manifests
        .iter()
        .enumerate()
        .map(|(number, text)| c_section(text, &format!("manifest{number}")));
    let source = format!(
        "int otelcol_processor_new_factory(void) {{ return 0; }}\n{}",
        sections.collect::<String>()
    );
    fs_err::write(directory.join("library.c"), source).unwrap();
    run(
        directory,
        "cc",
        &[
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-o",
            "library.so",
            "library.c",
        ],
    );
    directory.join("library.so")
}

/// What plugins are verified against, with nothing said but `lock`.
pub(crate) fn request<'a>(main: &'a Artifact, lock: &'a FoundLock) -> Request<'a> {
    Request {
        main: Some(main),
        rules: Rules::default(),
        lock,
        require_lock: false,
        trust: &Trust::Rights,
        directory: None,
        linked_in: const { &BTreeSet::new() },
    }
}
