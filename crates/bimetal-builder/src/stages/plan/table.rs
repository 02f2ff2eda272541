//! The plan for people: what `--dry-run` prints.
//!
//! In: [`Plan`]. Out: text. Invariant: pure, and equal plans give equal text.

use std::fmt::Write;

use super::{Linkage, Plan, Step};
use crate::model::Base;

/// Stable text without colours.
pub fn table(plan: &Plan) -> String {
    let mut text = String::new();
    write_table(plan, &mut text).expect("writing to a string cannot fail");
    text
}

fn write_table(plan: &Plan, text: &mut String) -> std::fmt::Result {
    let dist = &plan.distribution;
    writeln!(text, "distribution  {} {}", dist.binary, dist.version)?;
    writeln!(text, "module        {}", dist.module)?;
    writeln!(text, "output        {}", plan.out)?;
    if let Some(go) = &plan.go.tool {
        writeln!(
            text,
            "go            {} {}/{} ({})",
            go.version, go.os, go.arch, go.program
        )?;
    }
    if let Some(rust) = &plan.rust {
        writeln!(
            text,
            "rust          {} {} ({})",
            rust.tools.version, rust.tools.target, rust.tools.cargo
        )?;
    }
    if let Some(cc) = &plan.cc {
        writeln!(text, "cc            {} ({})", cc.version, cc.program)?;
    }
    if let Some(base) = &plan.container {
        let base = match base {
            Base::Official => "the official images of Go and Rust",
            Base::Image(name) => name,
            Base::RootFs { path, .. } => path.as_str(),
        };
        writeln!(text, "container     from {base}")?;
    }
    match plan.host.as_ref().map(|host| &host.plugins_dir) {
        None => writeln!(text, "plugin host   no")?,
        Some(None) => writeln!(text, "plugin host   yes, for the Rust components")?,
        Some(Some(dir)) => writeln!(text, "plugin host   yes, plugins in {dir}")?,
    }

    writeln!(text, "\nsteps")?;
    for (number, step) in plan.steps.iter().enumerate() {
        writeln!(
            text,
            "  {}. {:<9} {}",
            number + 1,
            step.name(),
            step.about(plan)
        )?;
    }
    if plan.steps.is_empty() {
        writeln!(text, "  none: everything is skipped")?;
    }

    writeln!(text, "\ncomponents")?;
    for component in &plan.go_components {
        row(
            text,
            component.kind.as_str(),
            "go",
            "linked in",
            &component.module.gomod,
        )?;
    }
    for plugin in &plan.go_plugins {
        row(
            text,
            plugin.kind.as_str(),
            "go",
            "plugin",
            &plugin.module.gomod,
        )?;
    }
    for component in &plan.rust_components {
        let linkage = if component.linkage == Linkage::Plugin {
            "plugin"
        } else {
            "linked in"
        };
        row(
            text,
            component.kind.as_str(),
            "rust",
            linkage,
            &format!("{} = {}", component.key, component.value),
        )?;
    }

    if plan.has(Step::Generate) {
        writeln!(text, "\nfiles")?;
        for file in &plan.files {
            writeln!(text, "  {file}")?;
        }
    }
    if !plan.artifacts.is_empty() {
        writeln!(text, "\nartifacts")?;
        for artifact in &plan.artifacts {
            writeln!(text, "  {:<36} {}", artifact.path, artifact.about)?;
        }
    }
    Ok(())
}

fn row(
    text: &mut String,
    kind: &str,
    language: &str,
    linkage: &str,
    from: &str,
) -> std::fmt::Result {
    writeln!(text, "  {kind:<10} {language:<5} {linkage:<10} {from}")
}

impl Step {
    /// The word that progress and plans show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Modules => "modules",
            Self::Fetch => "fetch",
            Self::Dockerfile => "dockerfile",
            Self::Container => "container",
            Self::Lock => "lock",
            Self::Describe => "describe",
            Self::Stamp => "stamp",
            Self::Build => "build",
            Self::Verify => "verify",
            Self::Package => "package",
        }
    }

    fn about(self, plan: &Plan) -> String {
        match self {
            Self::Generate => "write the sources".to_owned(),
            Self::Modules => {
                let cargo = if plan.rust.is_some() {
                    ", cargo fetch"
                } else {
                    ""
                };
                format!(
                    "go mod tidy -compat={}, go mod download{cargo}",
                    plan.go.language
                )
            }
            Self::Fetch => "collect sources, modules and crates for the container".to_owned(),
            Self::Dockerfile => "write the Dockerfile".to_owned(),
            Self::Container => format!("without a network: {}", compilers(plan)),
            Self::Lock => "hash what the compilers will read".to_owned(),
            Self::Describe => "learn type, signals and configuration of each component".to_owned(),
            Self::Stamp => "write the manifests that are linked in".to_owned(),
            Self::Build => compilers(plan),
            Self::Verify => "read every artifact back, load each plugin once".to_owned(),
            Self::Package => "put the artifacts into place".to_owned(),
        }
    }
}

/// What runs in `build`.
fn compilers(plan: &Plan) -> String {
    let plugins = plan.go_plugins.len() + plan.rust_with(Linkage::Plugin).count();
    let go = &plan.go;
    let tags = if go.tags.is_empty() {
        String::new()
    } else {
        format!(" -tags {}", go.tags)
    };
    let cgo = u8::from(go.cgo);
    let main = format!(
        "CGO_ENABLED={cgo} go build -trimpath -ldflags='{}' -gcflags='{}'{tags}",
        go.ldflags, go.gcflags
    );
    match (&plan.rust, plugins) {
        (None, _) => main,
        (Some(rust), 0) => format!("cargo build --profile {}; {main}", rust.profile),
        (Some(rust), 1) => format!("cargo build --profile {}; {main}; 1 plugin", rust.profile),
        (Some(rust), count) => format!(
            "cargo build --profile {}; {main}; {count} plugins",
            rust.profile
        ),
    }
}
