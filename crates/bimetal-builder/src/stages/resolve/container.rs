//! What the container of a hermetic build starts from.
//!
//! In: `dist.base_image` as written. Out: [`Base`]. Invariant: only looks; what an image's digest
//! is today is asked later, where there is an engine.

use camino::Utf8Path;

use super::error::ResolveError;
use crate::model::Base;
use crate::model::paths;
use crate::stages::config::Config;

/// Ends of the names of root file systems; what an image's reference may end with too, and never
/// does.
const ARCHIVES: [&str; 4] = [".tar", ".tar.gz", ".tgz", ".tar.xz"];

/// What `dist.base_image` names; a path starts at the configuration, like that of a crate.
pub(super) fn base(config: &Config, current: &Utf8Path) -> Result<Base, ResolveError> {
    let Some(text) = &config.dist.base_image else {
        return Ok(Base::Official);
    };
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest.to_owned())),
        None => (text.as_str(), None),
    };
    if !is_archive(name) {
        return Ok(Base::Image(text.clone()));
    }
    let path = paths::absolute(&current.join(config.directory()), name);
    if path.is_file() {
        Ok(Base::RootFs {
            path,
            wanted: digest,
        })
    } else {
        Err(ResolveError::NoRootFs { path })
    }
}

/// Whether this names a file and not an image.
fn is_archive(name: &str) -> bool {
    name.starts_with(['.', '/']) || ARCHIVES.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_root_file_system_and_everything_else_an_image() {
        for file in ["./base", "/srv/base.tar", "base.tar.xz", "../x.tgz"] {
            assert!(is_archive(file), "{file}");
        }
        for image in ["golang:1.26", "registry.acme:5000/base", "acme/tar"] {
            assert!(!is_archive(image), "{image}");
        }
    }
}
