//! How `go build` is called, and how the manifest tells it.
//!
//! In: [`Plan`]. Out: invocations and flags. Invariant: main and its plugins are built with the
//! same flags, apart from the build mode; a distribution without a plugin host is built exactly as
//! OCB builds it.

use camino::Utf8Path;

use crate::model::{GoPlugin, Plan, Profile, Sources};
use crate::toolchain::{Invocation, go_flags};

/// Keeps symbols of archives out of the dynamic symbols, where they would take the place of a
/// plugin's own. It may be the only linker flag, and Go refuses a list of flags that starts with a
/// quote.
const EXCLUDE: &str = "-extldflags=-Wl,--exclude-libs,ALL";

/// Flags of the Go linker that a program with plugins cannot have.
const REFUSED: &[(&str, &str)] = &[
    ("-extldflags", "the builder sets it"),
    ("-linkmode", "the builder sets it"),
    ("-pluginpath", "the loader finds the factory by it"),
    ("-linkshared", "Go cannot load plugins into such a program"),
];

/// A `go` command in the output directory with the plan's cgo.
pub fn go(plan: &Plan) -> Invocation {
    let program = plan
        .go
        .tool
        .as_ref()
        .map_or(Utf8Path::new("go"), |tool| &tool.program);
    Invocation::go(program, &plan.out, plan.go.cgo)
}

/// How `go build` is called for one distribution.
#[derive(Clone, Copy, Debug)]
pub struct GoBuild<'a> {
    plan: &'a Plan,
    tags: &'a str,
    profile: Option<&'a Profile>,
}

/// Which flags an artifact gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifact {
    Main,
    Plugin,
}

impl<'a> GoBuild<'a> {
    /// As OCB builds it.
    pub fn plain(plan: &'a Plan) -> Self {
        Self {
            plan,
            tags: &plan.go.tags,
            profile: None,
        }
    }

    /// With a plugin host: what decides about the code was fixed with the sources.
    pub fn hosted(plan: &'a Plan, sources: &'a Sources) -> Self {
        Self {
            plan,
            tags: &sources.go_tags,
            profile: sources.profile.as_ref(),
        }
    }

    /// `go build` of main into `path`.
    pub fn main(self, path: &Utf8Path) -> Invocation {
        self.build(Artifact::Main, path, ".".to_owned())
    }

    /// `go build` of a plugin into `path`.
    pub fn plugin(self, plugin: &GoPlugin, path: &Utf8Path) -> Invocation {
        self.build(Artifact::Plugin, path, format!("./{}", plugin.dir))
    }

    /// Compiles one package and what it imports as `artifact` will have them, and links nothing.
    pub fn alone(self, artifact: Artifact, package: &str) -> Invocation {
        go(self.plan)
            .args(["list", "-export", "-f", "{{\"\"}}"])
            .args(self.arguments(artifact))
            .args(self.guided())
            .arg(package)
    }

    /// All flags, as they stand in the manifest: without paths of this machine. A profile has its
    /// base name, as in Go's own record; without one there is nothing to tell.
    pub fn flags(self, artifact: Artifact) -> Vec<String> {
        let mut flags = self.arguments(artifact);
        flags.extend(
            self.profile
                .map(|profile| format!("-pgo={}", profile.name())),
        );
        flags
    }

    fn build(self, artifact: Artifact, path: &Utf8Path, package: String) -> Invocation {
        go(self.plan)
            .args(["build", "-o", path.as_str()])
            .args(self.arguments(artifact))
            .args(self.guided())
            .arg(package)
    }

    /// Said in every case: left to itself, Go would look for a profile in the directory of each
    /// main package, so that main and its plugins would be compiled by different ones.
    fn guided(self) -> Option<String> {
        self.plan.host.as_ref()?;
        let profile = self.profile.map_or("off", |profile| profile.path.as_str());
        Some(format!("-pgo={profile}"))
    }

    fn arguments(self, artifact: Artifact) -> Vec<String> {
        let mut args = vec!["-trimpath".to_owned(), "-buildvcs=false".to_owned()];
        if artifact == Artifact::Plugin {
            args.push("-buildmode=plugin".to_owned());
        }
        args.push(format!("-ldflags={}", ldflags(self.plan, artifact)));
        args.push(format!("-gcflags={}", self.plan.go.gcflags));
        if !self.tags.is_empty() {
            args.push(format!("-tags={}", self.tags));
        }
        args
    }
}

fn ldflags(plan: &Plan, artifact: Artifact) -> String {
    let ours = match (plan.host.is_some(), artifact) {
        (false, _) => "",
        // A plugin is always linked by the C linker.
        (true, Artifact::Plugin) => EXCLUDE,
        (true, Artifact::Main) => {
            concat!("-linkmode=external ", "-extldflags=-Wl,--exclude-libs,ALL")
        }
    };
    [plan.go.ldflags.as_str(), ours]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Why a main with these flags of the linker could not load its plugins.
pub fn refused(ldflags: &str) -> Option<&'static str> {
    // What stands in front names the packages that the flags are for.
    let flags = match ldflags.split_once('=') {
        Some((packages, rest)) if !packages.starts_with(['-', '\'', '"', ' ']) => rest,
        _ => ldflags,
    };
    let mut flags = go_flags(flags).into_iter();
    while let Some(flag) = flags.next() {
        if flag.name == "-X" && flag.value.is_none() {
            // The next word is the setting, whatever it looks like.
            flags.next();
        }
        if let Some((_, reason)) = REFUSED.iter().find(|(name, _)| *name == flag.name) {
            return Some(reason);
        }
    }
    None
}

/// The name under which Go takes an object file for this system into the package beside it.
pub fn archive_name(plan: &Plan) -> String {
    let (os, arch) = plan.go.tool.as_ref().map_or(("linux", "amd64"), |tool| {
        (tool.os.as_str(), tool.arch.as_str())
    });
    format!("host_{os}_{arch}.syso")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_other_linker_flags_ours_still_make_a_list_that_go_takes() {
        let mut plan = crate::stages::plan::samples::hosted_plan();
        plan.go.ldflags = String::new();
        for artifact in [Artifact::Main, Artifact::Plugin] {
            let flags = ldflags(&plan, artifact);
            assert!(flags.starts_with('-'), "{flags}");
        }
    }

    #[test]
    fn only_a_flag_is_refused_and_not_a_value_that_reads_like_one() {
        for flags in [
            "",
            "-s -w",
            "-X a.b=-linkmode",
            "-X 'a.b=x -linkmode=internal'",
            "-X=a.b=-extldflags",
            "'-X=a.b=1 -linkshared'",
            "-s -linkmodes=x",
            "all=-X a.b=-pluginpath",
        ] {
            assert_eq!(refused(flags), None, "{flags}");
        }
        for flags in [
            "-linkmode=internal",
            "--linkmode internal",
            "-s -w '-extldflags=-static -lm'",
            "-extldflags \"-static\"",
            "-X a.b=c -pluginpath=x",
            "-X=a.b -linkshared",
            "all=-linkshared",
        ] {
            assert!(refused(flags).is_some(), "{flags}");
        }
    }
}
