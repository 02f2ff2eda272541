//! Which bytes a name of an image means today.
//!
//! In: a reference, perhaps with a digest. Out: `name@sha256:…`, and the image on this machine.
//! Invariant: an image that is here by its digest is not asked for again.

use super::error::EngineError;
use super::{Engine, Way, nowhere};
use bimetal_builder::toolchain::{Invocation, Runner};

/// Gets the image and tells its digest.
pub fn pin(engine: &Engine, reference: &str, runner: &Runner<'_>) -> Result<String, EngineError> {
    let is_pinned = reference.contains('@');
    if !(is_pinned
        && runner
            .read("image-inspect", &inspect(engine, reference))
            .is_ok())
    {
        let pull = command(engine).args(["pull", reference]);
        runner
            .run("image-pull", &pull)
            .map_err(|source| EngineError::of_pull(reference, source))?;
    }
    if is_pinned {
        return Ok(reference.to_owned());
    }
    let answer = runner
        .read("image-inspect", &inspect(engine, reference))
        .map_err(|source| EngineError::of_pull(reference, source))?;
    let digest = digest(&String::from_utf8_lossy(&answer));
    match digest {
        Some(digest) => Ok(format!("{}@{digest}", without_tag(reference))),
        None => Err(EngineError::NoDigest {
            image: reference.to_owned(),
        }),
    }
}

/// `registry:5000/name` of `registry:5000/name:tag`.
pub fn without_tag(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

fn command(engine: &Engine) -> Invocation {
    Invocation::engine(&engine.program, nowhere())
}

fn inspect(engine: &Engine, reference: &str) -> Invocation {
    let (words, format): (&[&str], _) = match engine.way {
        Way::Buildah(_) => (&["inspect", "--type=image"], "{{.FromImageDigest}}"),
        _ => (&["image", "inspect"], "{{json .RepoDigests}}"),
    };
    command(engine)
        .args(words.iter().copied())
        .args(["--format", format, reference])
}

/// The first digest in what an engine answers.
fn digest(answer: &str) -> Option<String> {
    let start = answer.find("sha256:")?;
    let end = start + "sha256:".len() + 64;
    let digest = answer.get(start..end)?;
    let hex = digest.strip_prefix("sha256:")?;
    hex.parse::<bimetal_files::Digest>().ok()?;
    Some(digest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        for (name, wanted) in [
            ("golang:1.26", "golang"),
            ("registry:5000/base", "registry:5000/base"),
            ("registry:5000/base:1", "registry:5000/base"),
            ("base", "base"),
        ] {
            assert_eq!(without_tag(name), wanted);
        }
    }

    #[test]
    fn the_digest_is_found_in_the_answers_of_all_engines() {
        let hex = "ab".repeat(32);
        let wanted = Some(format!("sha256:{hex}"));
        assert_eq!(digest(&format!("[\"golang@sha256:{hex}\"]\n")), wanted);
        assert_eq!(digest(&format!("sha256:{hex}\n")), wanted);
        assert_eq!(digest("[]"), None);
        assert_eq!(digest("sha256:äää"), None);
    }
}
