//! Makes the manifests, without their build time.
//!
//! In: [`Described`], answers of the tools. Out: [`Manifest`] values. Invariant: everything in them
//! is what the build will use.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{
    Abi, ArtifactKind, Builder, Component, Dependency, Distribution, Language, Manifest,
    PluginSettings, SCHEMA_VERSION, Toolchain,
};
use serde_json::Map;

use super::error::StampError;
use super::{abi, environment};
use crate::flags::cargo;
use crate::flags::go::{Artifact, GoBuild};
use crate::model::{GENERATOR_HASH, PROGRAM, Profile, by_key};
use crate::stages::describe::Described;
use crate::toolchain::{AnswerError, Runner};

/// What the manifests of one distribution have in common.
pub(super) struct Makers<'a> {
    described: &'a Described<'a>,
    go: Side,
    rust: Side,
    abi: Abi,
    target: String,
}

/// What the manifests of one language have in common.
struct Side {
    version: String,
    profile: &'static str,
    toolchain: Toolchain,
    environment: BTreeMap<String, String>,
    environment_hash: String,
}

impl<'a> Makers<'a> {
    /// Asks the tools.
    pub(super) fn new(
        described: &'a Described<'a>,
        runner: &Runner<'_>,
    ) -> Result<Self, StampError> {
        let plan = described.locked.plan;
        let (Some(go_tool), Some(rust), Some(cc)) = (&plan.go.tool, &plan.rust, &plan.cc) else {
            return Err(AnswerError::of("plan")("it lacks a toolchain").into());
        };
        let linker = Some(environment::linker(&cc.program, runner)?);
        let go_environment = environment::go_variables(plan, runner)?;
        let cxx = match go_environment.get("CXX") {
            Some(command) => environment::cxx(command, runner)?,
            None => None,
        };
        let go_toolchain = Toolchain {
            text: format!(
                "go version {} {}/{}",
                go_tool.version, go_tool.os, go_tool.arch
            ),
            commit: None,
            linker: linker.clone(),
            cc: Some(cc.version.clone()),
            cxx,
        };
        let rust_toolchain = Toolchain {
            text: rust.tools.text.clone(),
            commit: rust.tools.commit.clone(),
            linker,
            cc: Some(cc.version.clone()),
            cxx: None,
        };
        Ok(Self {
            go: Side {
                version: go_tool.version.clone(),
                profile: if plan.go.debug { "debug" } else { "release" },
                environment_hash: environment::hash(&go_environment, &go_toolchain)?,
                environment: go_environment,
                toolchain: go_toolchain,
            },
            rust: Side {
                version: rust.tools.version.clone(),
                profile: cargo::build_profile(plan),
                environment_hash: environment::hash(&BTreeMap::new(), &rust_toolchain)?,
                environment: BTreeMap::new(),
                toolchain: rust_toolchain,
            },
            abi: abi::read(plan)?,
            target: rust.tools.target.clone(),
            described,
        })
    }

    pub(super) fn go_main(&self) -> Manifest {
        let plan = self.described.locked.plan;
        let flags = self.go_build().flags(Artifact::Main);
        let mut manifest = self.manifest(
            ArtifactKind::Main,
            Language::Go,
            &self.described.locked.sources.go.main,
            flags,
        );
        manifest.effective_tags = Some(self.described.locked.sources.go.main_tags.clone());
        manifest
            .components
            .clone_from(&self.described.components.go_main);
        manifest.plugins = plan.host.as_ref().and_then(|host| {
            Some(PluginSettings {
                dir: host.plugins_dir.clone()?,
                policy: host.policy,
            })
        });
        manifest.plugin_languages = plan.host.as_ref().map(|host| host.plugin_languages.clone());
        manifest
    }

    pub(super) fn rust_main(&self) -> Manifest {
        let flags = cargo::flags(self.described.locked.plan, "staticlib");
        let mut manifest = self.manifest(
            ArtifactKind::Main,
            Language::Rust,
            &self.described.locked.sources.rust.main,
            flags,
        );
        manifest
            .components
            .clone_from(&self.described.components.rust_main);
        manifest.abi = Some(self.abi.clone());
        manifest
    }

    pub(super) fn go_plugin(&self, name: &str) -> Result<Manifest, StampError> {
        let flags = self.go_build().flags(Artifact::Plugin);
        let sources = &self.described.locked.sources;
        let dependencies = of_plugin(&sources.go.plugins, name)?;
        let mut manifest = self.manifest(ArtifactKind::Plugin, Language::Go, dependencies, flags);
        manifest.effective_tags = Some(of_plugin(&sources.go.plugin_tags, name)?.to_vec());
        manifest.component = Some(self.component(name)?);
        Ok(manifest)
    }

    pub(super) fn rust_plugin(&self, name: &str) -> Result<Manifest, StampError> {
        let flags = cargo::flags(self.described.locked.plan, "cdylib");
        let dependencies = of_plugin(&self.described.locked.sources.rust.plugins, name)?;
        let mut manifest = self.manifest(ArtifactKind::Plugin, Language::Rust, dependencies, flags);
        manifest.component = Some(self.component(name)?);
        manifest.abi = Some(self.abi.clone());
        Ok(manifest)
    }

    fn go_build(&self) -> GoBuild<'_> {
        GoBuild::hosted(self.described.locked.plan, &self.described.locked.sources)
    }

    fn profile(&self) -> Option<&Profile> {
        self.described.locked.sources.profile.as_ref()
    }

    fn component(&self, name: &str) -> Result<Component, StampError> {
        let found = self.described.components.plugins.get(name).cloned();
        found.ok_or_else(|| StampError::Unknown {
            name: name.to_owned(),
        })
    }

    fn manifest(
        &self,
        artifact: ArtifactKind,
        language: Language,
        dependencies: &[Dependency],
        build_flags: Vec<String>,
    ) -> Manifest {
        let side = match language {
            Language::Go => &self.go,
            Language::Rust => &self.rust,
        };
        let distribution = &self.described.locked.plan.distribution;
        Manifest {
            schema_version: SCHEMA_VERSION,
            artifact,
            language,
            toolchain_version: side.version.clone(),
            build_profile: side.profile.to_owned(),
            dependency_hashes: by_key(dependencies),
            build_flags,
            target: self.target.clone(),
            build_time: String::new(),
            toolchain: side.toolchain.clone(),
            dependencies: dependencies.to_vec(),
            environment: side.environment.clone(),
            environment_hash: Some(match &self.described.locked.plan.hermetic {
                Some(environment) => environment.hash(),
                None => side.environment_hash.clone(),
            }),
            hermetic: self.described.locked.plan.hermetic.clone(),
            effective_tags: None,
            pgo_profile: match language {
                Language::Go => self.profile().map(|profile| profile.digest.clone()),
                Language::Rust => None,
            },
            distribution: Some(Distribution {
                name: distribution.name.clone(),
                version: distribution.version.clone(),
            }),
            builder: Some(Builder {
                name: PROGRAM.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                generator_hash: GENERATOR_HASH.to_owned(),
            }),
            component: None,
            components: Vec::new(),
            plugins: None,
            plugin_languages: None,
            abi: None,
            other: Map::new(),
        }
    }
}

fn of_plugin<'a, T>(all: &'a BTreeMap<String, Vec<T>>, name: &str) -> Result<&'a [T], StampError> {
    all.get(name)
        .map(Vec::as_slice)
        .ok_or_else(|| StampError::Unknown {
            name: name.to_owned(),
        })
}
