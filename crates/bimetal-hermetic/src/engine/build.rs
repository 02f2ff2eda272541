//! One build of a Dockerfile without a network, and the files that it made.
//!
//! In: an [`Engine`], a [`Job`]. Out: files in the job's output directory. Invariant: nothing is
//! taken from the cache of an earlier build; images and containers that were made for this one are
//! removed, also when it fails.

use camino::Utf8Path;

use super::error::EngineError;
use super::job::Job;
use super::{Engine, Isolation, Way, legacy, nowhere};
use bimetal_builder::toolchain::{Invocation, Runner};

/// For engines that else take more from around them: the addresses of proxies, with what is
/// secret in them, reach every `RUN`, and images come from a registry. Those of ours are pulled
/// before.
const ALONE: [&str; 4] = [
    "--http-proxy=false",
    "--pull=never",
    "--layers=false",
    "--force-rm",
];

/// Builds the job.
pub fn build(engine: &Engine, job: &Job<'_>, runner: &Runner<'_>) -> Result<(), EngineError> {
    if engine.way == Way::Legacy {
        return legacy::build(engine, job, runner);
    }
    let tag = job.tag();
    let keeps_image = matches!(engine.way, Way::Podman | Way::Buildah(_));
    let mut invocation = command(engine, job);
    if keeps_image {
        invocation = invocation.arg(format!("--tag={tag}"));
    }
    let built = runner.run("container", &invocation.arg(job.context.as_str()));
    if keeps_image {
        // What is left would only take space; the first error is the one to report.
        let remove = Invocation::engine(&engine.program, nowhere()).args(["rmi", "--force", &tag]);
        let _left = runner.clean_up("container-image", &remove);
    }
    built.map_err(EngineError::of_build)
}

/// For engines that put the last stage into a directory themselves.
fn command(engine: &Engine, job: &Job<'_>) -> Invocation {
    let program = &engine.program;
    // Relative, because a comma in a path would end the value of an option.
    let here = job.output.parent().unwrap_or(nowhere());
    let name = job.output.file_name().unwrap_or_default();
    let invocation = match &engine.way {
        Way::Buildx => Invocation::engine(program, here)
            // Else a statement about the build is put among the files.
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
            .args(["buildx", "build", "--network=none", "--progress=plain"]),
        Way::BuildKit => Invocation::engine(program, here)
            .env("DOCKER_BUILDKIT", "1")
            .args(["build", "--network=none", "--progress=plain"]),
        Way::Legacy => unreachable!("it has no output option; the module `legacy` builds with it"),
        Way::Podman => Invocation::engine(program, here)
            .args(["build", "--network=none"])
            .args(ALONE),
        Way::Buildah(Isolation::Oci(runtime)) => Invocation::engine(program, here)
            .args(["build", "--isolation=oci", "--network=none"])
            .arg(format!("--runtime={runtime}"))
            .args(ALONE),
        Way::Buildah(Isolation::Chroot { root }) => chroot(engine, *root, here),
    };
    invocation
        .arg("--no-cache")
        .args(job.build_args())
        .arg(format!("--output=type=local,dest={name}"))
}

/// A changed root shares the network of the engine, so the engine gets none.
fn chroot(engine: &Engine, root: bool, here: &Utf8Path) -> Invocation {
    let buildah = engine.program.as_str();
    let unshare = ["unshare", "--net", "--", buildah];
    let invocation = if root {
        Invocation::engine(unshare[0], here).args(unshare[1..].iter().copied())
    } else {
        Invocation::engine(buildah, here)
            .args(["unshare", "--"])
            .args(unshare)
    };
    invocation.args(["build", "--isolation=chroot"]).args(ALONE)
}
