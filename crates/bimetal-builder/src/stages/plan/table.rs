//! The plan for people: what `--dry-run` prints.
//!
//! In: [`Plan`]. Out: text. Invariant: pure, and equal plans give equal text.

use std::fmt::Write;

use camino::Utf8PathBuf;

use super::{Linkage, Plan, Step};
use crate::model::Base;

/// Stable text without colours.
///
/// # Panics
/// Never: writing to a string cannot fail.
pub fn table(plan: &Plan, files: &[Utf8PathBuf]) -> String {
    let mut text = String::new();
    write_table(plan, files, &mut text).expect("writing to a string cannot fail");
    text
}

fn write_table(plan: &Plan, files: &[Utf8PathBuf], text: &mut String) -> std::fmt::Result {
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
            about(*step, plan)
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
            &component.module.spec.gomod,
        )?;
    }
    for plugin in &plan.go_plugins {
        row(
            text,
            plugin.kind.as_str(),
            "go",
            "plugin",
            &plugin.module.spec.gomod,
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
            &format!("{} = {}", component.spec.key, component.spec.value),
        )?;
    }

    if plan.has(Step::Generate) {
        writeln!(text, "\nfiles")?;
        for file in files {
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

/// What a step does, as this plan has it.
fn about(step: Step, plan: &Plan) -> String {
    let cargo = match plan.rust {
        Some(_) => ", cargo fetch",
        None => "",
    };
    step.about()
        .replace("{language}", &plan.go.language)
        .replace("{cargo fetch}", cargo)
        .replace("{compilers}", &compilers(plan))
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
        (Some(rust), 0) => format!("cargo build --profile {}; {main}", rust.profile.as_str()),
        (Some(rust), 1) => format!(
            "cargo build --profile {}; {main}; 1 plugin",
            rust.profile.as_str()
        ),
        (Some(rust), count) => format!(
            "cargo build --profile {}; {main}; {count} plugins",
            rust.profile.as_str()
        ),
    }
}
