//! Builds Go mains and plugins, with manifests that tell the truth about them.
//!
//! In: a [`Recipe`]. Out: the artifact. Invariant: main and plugins are linked as the builder links
//! them; what a recipe changes stands in the manifest as the builder would write it.

mod manifest;

use std::fmt::Write as _;

use bimetal_manifest::frame::frame;
use bimetal_manifest::schema::ArtifactKind;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::modules::{PROCESSOR, SHARED, copy_sources, proxy};
use crate::places::{directory, fixture, fresh};
use crate::tools::{self, Variables, once, run};

pub(crate) use manifest::{TARGET, abi, component};

/// Keeps symbols of archives out of the dynamic symbols, as the builder does.
const EXCLUDE: &str = "-extldflags=-Wl,--exclude-libs,ALL";

/// How an artifact differs from the ordinary one.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a row changes, and rows name the field"
)]
pub(crate) struct Recipe {
    /// Go's version; none is the one that this machine has.
    pub(crate) version: Option<&'static str>,
    pub(crate) trimpath: bool,
    /// Flags beside `-trimpath -buildvcs=false` and the build mode.
    pub(crate) flags: Vec<String>,
    /// Flags of the linker beside the builder's.
    pub(crate) linker: Vec<String>,
    /// Variables for the compilers.
    pub(crate) variables: Vec<(&'static str, &'static str)>,
    /// Modules that it requires.
    pub(crate) requires: Vec<(&'static str, &'static str)>,
    /// Modules that come from a directory.
    pub(crate) replaces: Vec<(&'static str, Utf8PathBuf)>,
    /// Modules of a workspace around it.
    pub(crate) workspace: Vec<Utf8PathBuf>,
    /// Takes its modules from a directory of its own.
    pub(crate) vendored: bool,
    /// Sources of this repository, and what is changed in them.
    pub(crate) sources: &'static str,
    pub(crate) edits: Vec<(&'static str, String)>,
    /// Files of the sources that are left out.
    pub(crate) without: &'static [&'static str],
    /// Further files.
    pub(crate) files: Vec<(&'static str, String)>,
    /// Import path, where it is not made from the name.
    pub(crate) path: Option<&'static str>,
    /// The profile that `-pgo` names.
    pub(crate) profile: Option<Utf8PathBuf>,
    /// Writes the manifest into the finished file: for programs that no C compiler takes part in.
    pub(crate) stamped_afterwards: bool,
    /// The builder's own way to link is left out.
    pub(crate) link_plainly: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            version: None,
            trimpath: true,
            flags: Vec::new(),
            linker: Vec::new(),
            variables: Vec::new(),
            requires: vec![(SHARED, "v1.0.0")],
            replaces: Vec::new(),
            workspace: Vec::new(),
            vendored: false,
            sources: "plugin",
            edits: Vec::new(),
            without: &[],
            files: Vec::new(),
            path: None,
            profile: None,
            stamped_afterwards: false,
            link_plainly: false,
        }
    }
}

/// The ordinary main, which has the shared module and a C loader.
pub(crate) fn main() -> Utf8PathBuf {
    main_of("main", &Recipe::default())
}

/// The ordinary main, built in another way.
pub(crate) fn main_of(name: &str, recipe: &Recipe) -> Utf8PathBuf {
    let recipe = Recipe {
        sources: "bare",
        without: if recipe.without.is_empty() {
            &["wide.go"]
        } else {
            recipe.without
        },
        ..recipe.clone()
    };
    once(name, || build(name, ArtifactKind::Main, &recipe))
}

/// A main that has `net` and `crypto` as well.
pub(crate) fn wide_main() -> Utf8PathBuf {
    let recipe = Recipe {
        without: &["nothing"],
        ..Recipe::default()
    };
    main_of("wide-main", &recipe)
}

/// A plugin.
pub(crate) fn plugin(name: &str, recipe: &Recipe) -> Utf8PathBuf {
    build(name, ArtifactKind::Plugin, recipe)
}

/// A program of this repository that is neither main nor plugin.
pub(crate) fn program(sources: &'static str) -> Utf8PathBuf {
    let place = fresh(&format!("go/{sources}"));
    let recipe = Recipe {
        sources,
        requires: Vec::new(),
        ..Recipe::default()
    };
    lay_out(sources, &recipe, &place);
    let arguments = ["build", "-trimpath", "-o", "program", "."];
    run(&place, "go", &arguments, &variables(&recipe));
    place.join("program")
}

fn build(name: &str, kind: ArtifactKind, recipe: &Recipe) -> Utf8PathBuf {
    let place = fresh(&format!("go/{name}"));
    let module = place.join("source");
    lay_out(name, recipe, &module);
    if !recipe.stamped_afterwards {
        let go = "package main\n\n// The manifest stands in manifest.c.\n\nimport \"C\"\n";
        fs::write(module.join("manifest.go"), go).unwrap();
    }
    let variables = variables(recipe);
    let go = tools::go(recipe.version);
    let run_go = |arguments: &[&str]| run(&module, go.as_str(), arguments, &variables);
    if recipe.vendored {
        let cached = self::variables(&Recipe {
            vendored: false,
            ..recipe.clone()
        });
        for arguments in [&["list", "-deps", "."][..], &["mod", "vendor"]] {
            run(&module, go.as_str(), arguments, &cached);
        }
    }
    let flags = flags(kind, recipe);
    let text = {
        let manifest = manifest::manifest(kind, recipe, &module, &flags, &run_go);
        if kind == ArtifactKind::Main {
            let parts = [manifest, crate::native::main_part()];
            serde_json::to_string(&parts).unwrap()
        } else {
            serde_json::to_string(&manifest).unwrap()
        }
    };
    if !recipe.stamped_afterwards {
        fs::write(module.join("manifest.c"), crate::native::c_section(&text)).unwrap();
    }
    let out = place.join(match kind {
        ArtifactKind::Main => "main",
        ArtifactKind::Plugin => "plugin.so",
    });
    let mut arguments = vec!["build", "-o", out.as_str()];
    let profile = recipe
        .profile
        .as_ref()
        .map(|profile| format!("-pgo={profile}"));
    let given = flags.iter().map(String::as_str);
    arguments.extend(given.filter(|flag| !flag.starts_with("-pgo=")));
    arguments.extend(profile.as_deref());
    arguments.push(".");
    run_go(&arguments);
    if recipe.stamped_afterwards {
        let bytes = place.join("manifest.bin");
        fs::write(&bytes, frame(&text)).unwrap();
        let section = format!(".otelcol.manifest={bytes}");
        let arguments = ["--add-section", section.as_str(), out.as_str()];
        run(&place, "objcopy", &arguments, &Variables::new());
    }
    out
}

fn lay_out(name: &str, recipe: &Recipe, module: &Utf8Path) {
    let edits: Vec<_> = recipe
        .edits
        .iter()
        .map(|(old, new)| (*old, new.as_str()))
        .collect();
    copy_sources(&fixture(recipe.sources), module, &edits);
    for file in recipe.without {
        let path = module.join(file);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    for (file, text) in &recipe.files {
        fs::write(module.join(file), text).unwrap();
    }
    let own = format!("example.com/{name}");
    let mut text = format!("module {}\n\ngo 1.22\n", recipe.path.unwrap_or(&own));
    let always = [(PROCESSOR, "v1.0.0")];
    for (path, version) in always.iter().chain(&recipe.requires) {
        let _ = writeln!(text, "\nrequire {path} {version}");
    }
    for (path, directory) in &recipe.replaces {
        let _ = writeln!(text, "\nreplace {path} => {directory}");
    }
    fs::write(module.join("go.mod"), text).unwrap();
    if !recipe.workspace.is_empty() {
        let mut text = "go 1.22\n\nuse .\n".to_owned();
        for directory in &recipe.workspace {
            let _ = writeln!(text, "use {directory}");
        }
        fs::write(module.join("go.work"), text).unwrap();
    }
}

fn variables(recipe: &Recipe) -> Variables {
    let modules = match (recipe.vendored, recipe.workspace.is_empty()) {
        (true, _) => "-mod=vendor",
        (_, true) => "-mod=mod",
        _ => "-mod=readonly",
    };
    let workspace = if recipe.workspace.is_empty() {
        "off"
    } else {
        ""
    };
    let fixed = [
        ("GOTOOLCHAIN", "local".to_owned()),
        ("GOENV", "off".to_owned()),
        ("GOWORK", workspace.to_owned()),
        ("GOFLAGS", format!("{modules} -modcacherw")),
        ("GOPROXY", proxy()),
        ("GOSUMDB", "off".to_owned()),
        ("GOMODCACHE", directory("modules").into_string()),
        ("GOCACHE", directory("cache").into_string()),
        ("CGO_ENABLED", "1".to_owned()),
    ];
    let own = recipe
        .variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    fixed
        .into_iter()
        .chain(own)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// All flags, as they stand in the manifest.
fn flags(kind: ArtifactKind, recipe: &Recipe) -> Vec<String> {
    let mut flags = vec!["-buildvcs=false".to_owned()];
    if recipe.trimpath {
        flags.push("-trimpath".to_owned());
    }
    if kind == ArtifactKind::Plugin {
        flags.push("-buildmode=plugin".to_owned());
    }
    flags.extend(recipe.flags.iter().cloned());
    let mut linker = recipe.linker.clone();
    if !recipe.link_plainly {
        if kind == ArtifactKind::Main {
            linker.push("-linkmode=external".to_owned());
        }
        linker.push(EXCLUDE.to_owned());
    }
    flags.push(format!("-ldflags={}", linker.join(" ")));
    if let Some(profile) = &recipe.profile {
        flags.push(format!("-pgo={}", profile.file_name().unwrap()));
    }
    flags
}
