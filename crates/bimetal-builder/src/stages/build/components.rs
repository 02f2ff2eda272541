//! Compiles alone, before everything else, the components that are most likely not to compile:
//! those that come from a directory or were written for another core.
//!
//! In: a plan whose modules are there. Out: nothing, or the error of one entry. Invariant: the
//! flags are those of the build, so that nothing is compiled twice; a component made for the
//! selected core costs nothing here.

use std::collections::BTreeMap;

use bimetal_terminal::hint::is_interrupt;
use camino::Utf8PathBuf;
use serde::Deserialize;

use super::error::{BuildError, WrittenFor};
use super::inputs;
use crate::flags::go::{Artifact, GoBuild, go};
use crate::model::{GoModule, Plan};
use crate::stages::stamp::Stamped;
use crate::toolchain::{GoMod, InvocationError, Runner, work};

/// What the modules of the core Collector begin with.
const CORE: &str = "go.opentelemetry.io/collector/";
/// What a component depends on in every case.
const COMPONENT: &str = "go.opentelemetry.io/collector/component";

/// A module as `go list -m -json` prints it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    path: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    go_mod: Utf8PathBuf,
    replace: Option<Box<Listed>>,
}

/// Compiles each of them, unless that was done with equal inputs.
pub(super) fn compile_once(
    stamped: &Stamped<'_>,
    go_build: GoBuild<'_>,
    runner: &Runner<'_>,
) -> Result<(), BuildError> {
    let plan = stamped.described.locked.plan;
    let note = work::built(&plan.out).join("alone.json");
    let commands: Vec<_> = modules(plan)
        .map(|(module, artifact)| go_build.alone(artifact, &module.spec.import))
        .collect();
    let inputs = inputs::of_modules(stamped, &commands);
    let noted = bimetal_files::read(&note).ok();
    if inputs.is_some_and(|inputs| noted == Some(inputs.to_string().into_bytes())) {
        return Ok(());
    }
    compile(plan, go_build, runner)?;
    if let Some(inputs) = inputs {
        bimetal_files::replace(&note, inputs.to_string().as_bytes())?;
    }
    Ok(())
}

/// Compiles each of them.
pub(super) fn compile(
    plan: &Plan,
    go_build: GoBuild<'_>,
    runner: &Runner<'_>,
) -> Result<(), BuildError> {
    let asked = match asked(plan, runner) {
        Ok(asked) => asked,
        Err(source) if is_interrupt(&source) => return Err(BuildError::Main { source }),
        // The build itself says it better.
        Err(_) => return Ok(()),
    };
    for (module, artifact) in modules(plan) {
        let Some(Suspect { written_for }) = asked.get(&module.spec.path) else {
            continue;
        };
        runner
            .activity
            .doing(&format!("compiling {} alone", module.spec.import));
        let invocation = go_build.alone(artifact, &module.spec.import);
        runner
            .run(&format!("go-compile-{}", module.alias), &invocation)
            .map_err(|source| BuildError::Component {
                entry: module.spec.gomod.clone(),
                written_for: written_for.clone(),
                source,
            })?;
    }
    Ok(())
}

/// The error of main, or that of the entry whose code the compiler complains about.
pub(super) fn blamed(plan: &Plan, source: InvocationError, runner: &Runner<'_>) -> BuildError {
    let output = source.output().unwrap_or_default();
    let mut packages = output.lines().filter_map(|line| line.strip_prefix("# "));
    let package = packages.find(|package| !package.starts_with(&plan.distribution.module));
    let package = package.and_then(|text| text.split_whitespace().next());
    let Some(module) = package.and_then(|package| entry(plan, package, runner)) else {
        return BuildError::Main { source };
    };
    let mut asked = asked(plan, runner).unwrap_or_default();
    BuildError::Component {
        entry: module.spec.gomod.clone(),
        written_for: asked
            .remove(&module.spec.path)
            .and_then(|suspect| suspect.written_for),
        source,
    }
}

/// The entry that `package` belongs to, or the first that imports it.
fn entry<'p>(plan: &'p Plan, package: &str, runner: &Runner<'_>) -> Option<&'p GoModule> {
    let is_inside = |module: &&GoModule| {
        let rest = package.strip_prefix(module.spec.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let of_module = plan
        .go_modules()
        .filter(is_inside)
        .max_by_key(|module| module.spec.path.len());
    of_module.or_else(|| {
        plan.go_modules().find(|module| {
            let question = go(plan).args(["list", "-deps", &module.spec.import]);
            let answer = runner.read("go-list-imports", &question);
            answer.is_ok_and(|text| String::from_utf8_lossy(&text).lines().any(|l| l == package))
        })
    })
}

/// The modules of main, and those of plugins.
fn modules(plan: &Plan) -> impl Iterator<Item = (&GoModule, Artifact)> {
    let plugins = plan.go_plugins.iter();
    let plugins = plugins.map(|plugin| (&plugin.module, Artifact::Plugin));
    plan.go_components
        .iter()
        .map(|component| &component.module)
        .chain([&plan.telemetry])
        .chain(&plan.providers)
        .chain(&plan.converters)
        .map(|module| (module, Artifact::Main))
        .chain(plugins)
}

/// A module whose code may not fit.
struct Suspect {
    written_for: Option<WrittenFor>,
}

/// The modules of entries that come from a directory or ask for another core than the selected one.
fn asked(plan: &Plan, runner: &Runner<'_>) -> Result<BTreeMap<String, Suspect>, InvocationError> {
    let text = runner.read("go-mod-edit", &go(plan).args(["mod", "edit", "-json"]))?;
    let selected: GoMod = serde_json::from_slice(&text).unwrap_or_default();
    let paths = modules(plan).map(|(module, _)| module.spec.path.as_str());
    let question = go(plan).args(["list", "-m", "-json"]).args(paths);
    let answer = runner.read("go-list-modules", &question)?;
    let listed = serde_json::Deserializer::from_slice(&answer).into_iter::<Listed>();
    let mut suspects = BTreeMap::new();
    for module in listed.filter_map(Result::ok) {
        let source = module.replace.as_deref().unwrap_or(&module);
        // By hand: a distribution may have a hundred of them.
        let text = fs_err::read_to_string(&source.go_mod).unwrap_or_default();
        let written_for = written_for(&text, &selected);
        if source.version.is_empty() || written_for.is_some() {
            suspects.insert(module.path.clone(), Suspect { written_for });
        }
    }
    Ok(suspects)
}

/// The first core module that this go.mod asks for in another version; that of components first.
fn written_for(go_mod: &str, selected: &GoMod) -> Option<WrittenFor> {
    let lines = go_mod.lines().filter_map(|line| {
        let mut words = line
            .split_whitespace()
            .skip_while(|word| *word == "require");
        Some((words.next()?, words.next()?))
    });
    let mut others: Vec<WrittenFor> = lines
        .filter(|(path, _)| path.starts_with(CORE))
        .filter_map(|(path, asked)| {
            let selected = selected.used(path)?;
            (asked.starts_with('v') && asked != selected).then(|| WrittenFor {
                module: path.to_owned(),
                asked: asked.to_owned(),
                selected: selected.to_owned(),
            })
        })
        .collect();
    others.sort_by_key(|one| one.module != COMPONENT);
    others.into_iter().next()
}

#[cfg(test)]
mod tests {
    use bimetal_manifest::schema::Kind;
    use camino::Utf8Path;
    use fs_err as fs;

    use super::*;
    use crate::model::{GoComponent, GoSpec};
    use crate::progress::Activity;
    use crate::stages::plan::samples;

    #[test]
    fn what_fails_in_a_dependency_is_traced_to_the_entry_that_brings_it_in() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let put = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(
            "out/go.mod",
            "module go.opentelemetry.io/collector/cmd/builder\n\ngo 1.25\n\n\
             require (\nexample.com/r v1.0.0\nexample.com/m v1.0.0\n)\n\n\
             replace (\nexample.com/r => ../r\nexample.com/m => ../m\n)\n",
        );
        put(
            "out/main.go",
            "package main\n\nimport _ \"example.com/r\"\n\nfunc main() {}\n",
        );
        put("r/go.mod", "module example.com/r\n\ngo 1.25\n");
        put("r/r.go", "package r\n\nimport _ \"example.com/m\"\n");
        put("m/go.mod", "module example.com/m\n\ngo 1.25\n");
        put("m/m.go", "package m\n\nvar number int = \"one\"\n");
        let mut plan = samples::hosted_plan();
        plan.out = root.join("out");
        plan.go.tool.as_mut().unwrap().program = "go".into();
        plan.go_plugins.clear();
        let spec = GoSpec {
            gomod: "example.com/r v1.0.0".to_owned(),
            path: "example.com/r".to_owned(),
            import: "example.com/r".to_owned(),
            ..GoSpec::default()
        };
        let mut module = plan.telemetry.clone();
        module.spec = spec;
        let kind = Kind::Receiver;
        plan.go_components = vec![GoComponent { kind, module }];
        let activity = Activity::silent();
        let runner = Runner {
            logs: None,
            activity: &activity,
        };
        let build = go(&plan).args(["build", "-o", "main", "."]);
        let source = runner.run("go-build-main", &build).unwrap_err();
        let error = blamed(&plan, source, &runner);
        assert_eq!(
            error.to_string(),
            "the component of `gomod: example.com/r v1.0.0` does not compile"
        );
    }
}
