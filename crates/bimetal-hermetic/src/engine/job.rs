//! What an engine is asked to build.
//!
//! In: a context, where its files go. Out: [`Job`], its arguments, the name of its image.
//! Invariant: runs nothing.

use std::collections::BTreeMap;

use bimetal_files::Digest;
use camino::Utf8Path;

/// What is built.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// A directory with a `Dockerfile`, whose last stage is `FROM scratch` and has nothing but the
    /// files that are wanted.
    pub context: &'a Utf8Path,
    /// Where the files go; made new.
    pub output: &'a Utf8Path,
    /// Values of `ARG` lines.
    pub arguments: &'a BTreeMap<String, String>,
    /// The stage that builds, and the directory in it that the last stage copies: for engines that
    /// give images only.
    pub stage: &'a str,
    pub directory: &'a str,
}

impl Job<'_> {
    /// The name of the image while there is one. It comes from where the files go: no other build
    /// on this machine uses that directory, and the next build there takes the name that an
    /// interrupted one left.
    pub(super) fn tag(&self) -> String {
        let digest = Digest::of(self.output.as_str()).to_string();
        format!("bimetal-hermetic:{}", &digest[..16])
    }

    /// The `ARG` lines' values, as flags.
    pub(super) fn build_args(&self) -> impl Iterator<Item = String> {
        self.arguments
            .iter()
            .map(|(name, value)| format!("--build-arg={name}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_image_is_that_of_its_output_directory() {
        let arguments = BTreeMap::new();
        let tag = |output: &str| {
            let job = Job {
                context: "/context".into(),
                output: output.into(),
                arguments: &arguments,
                stage: "build",
                directory: "/out",
            };
            job.tag()
        };
        assert_eq!(tag("/a/out"), tag("/a/out"));
        assert_ne!(tag("/a/out"), tag("/b/out"));
        assert_eq!(tag("/a/out").len(), "bimetal-hermetic:".len() + 16);
    }
}
