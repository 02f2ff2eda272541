//! Docker without `BuildKit`, which makes images only.
//!
//! In: an [`Engine`], a [`Job`]. Out: files in the job's output directory. Invariant: no image is
//! removed that this build did not make.

use fs_err as fs;

use super::error::EngineError;
use super::job::Job;
use super::{Engine, nowhere};
use bimetal_builder::toolchain::{Invocation, InvocationError, Runner};

/// The log of the build itself.
const LOG: &str = "container";
const REMOVAL: &str = "container-image";
const CONTAINER_REMOVAL: &str = "container-remove";

/// Builds an image of the stage, and copies the directory out of a container that never runs.
pub(super) fn build(
    engine: &Engine,
    job: &Job<'_>,
    runner: &Runner<'_>,
) -> Result<(), EngineError> {
    let tag = job.tag();
    let docker = || Invocation::engine(&engine.program, nowhere()).env("DOCKER_BUILDKIT", "0");
    let image = docker()
        .args(["build", "--network=none", "--no-cache", "--force-rm"])
        .args([format!("--target={}", job.stage), format!("--tag={tag}")])
        .args(job.build_args())
        .arg(job.context.as_str());
    if let Err(error) = runner.run(LOG, &image) {
        remove_steps(&docker, runner);
        return Err(EngineError::of_build(error));
    }
    let copied = copy_out(&docker, &tag, job, runner);
    // What is left would only take space; the first error is the one to tell.
    let _left = runner.clean_up(REMOVAL, &docker().args(["rmi", "--force", &tag]));
    copied.map_err(|source| EngineError::Extract { source })
}

fn copy_out(
    docker: &impl Fn() -> Invocation,
    tag: &str,
    job: &Job<'_>,
    runner: &Runner<'_>,
) -> Result<(), InvocationError> {
    let container = tag.replace(':', "-");
    let create = docker().args(["create", "--name", &container, tag, "/none"]);
    let from = format!("{container}:{}/.", job.directory);
    let copy = docker().args(["cp", &from, job.output.as_str()]);
    let remove = docker().args(["rm", "--force", &container]);
    // One that an interrupted build left would have the name.
    let _absent = runner.clean_up(CONTAINER_REMOVAL, &remove);
    let copied = runner
        .run("container-create", &create)
        .and_then(|()| runner.run("container-copy", &copy));
    let _left = runner.clean_up(CONTAINER_REMOVAL, &remove);
    copied
}

/// A build that was not finished leaves an image for every step, the base's whole content among
/// them.
fn remove_steps(docker: &impl Fn() -> Invocation, runner: &Runner<'_>) {
    let log = runner.log_path(LOG).and_then(|log| fs::read(log).ok());
    let log = log.unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let left = Left::of(&log);
    // After an interrupt the daemon may not have ended it yet, and it would hold the image.
    if let Some(container) = left.container {
        let _gone = runner.clean_up(
            CONTAINER_REMOVAL,
            &docker().args(["rm", "--force", container]),
        );
    }
    if let Some(image) = left.image {
        // With it go the images of the steps before it, as long as they have no names.
        let _left = runner.clean_up(REMOVAL, &docker().args(["rmi", "--force", image]));
    }
}

/// What the log of an unfinished build tells about its rests.
#[derive(Debug, PartialEq, Eq)]
struct Left<'a> {
    /// Of the last step that was finished.
    image: Option<&'a str>,
    /// Of the command that was not.
    container: Option<&'a str>,
}

impl<'a> Left<'a> {
    /// What `FROM` names belongs to others, so it does not count. From the first command on,
    /// the log has what programs say, and they may say anything, so nothing counts.
    fn of(log: &'a str) -> Self {
        let mut image = None;
        let mut instruction = "";
        for line in log.lines() {
            if let Some((_, text)) = line
                .strip_prefix("Step ")
                .and_then(|step| step.split_once(" : "))
            {
                instruction = text.split(' ').next().unwrap_or_default();
                continue;
            }
            let Some(said) = line.strip_prefix(" ---> ") else {
                continue;
            };
            match (instruction, said.strip_prefix("Running in ")) {
                ("RUN", container) => {
                    let container = container.filter(|id| is_id(id));
                    return Self { image, container };
                }
                ("" | "FROM", _) | (_, Some(_)) => {}
                (_, None) if is_id(said) => image = Some(said),
                _ => {}
            }
        }
        Self {
            image,
            container: None,
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_image_of_this_build_is_removed_after_it_failed() {
        let left = |image, container| Left { image, container };
        let from = "Step 1/4 : FROM golang@sha256:00 AS build\n ---> 0123456789ab\n";
        assert_eq!(Left::of(from), left(None, None));
        let copied = format!(
            "{from}Step 2/4 : ENV A=b\n ---> Running in 111111111111\n\
             Removing intermediate container 111111111111\n \
             ---> 222222222222\nStep 3/4 : COPY inputs /x\n ---> 333333333333\n\
             Step 4/4 : RUN [\"/x\"]\n"
        );
        assert_eq!(Left::of(&copied), left(Some("333333333333"), None));
        let ran = format!(
            "{copied} ---> Running in 444444444444\nStep 5/5 : COPY a b\n ---> 0123456789ab\n"
        );
        assert_eq!(
            Left::of(&ran),
            left(Some("333333333333"), Some("444444444444"))
        );
    }
}
