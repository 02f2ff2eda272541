//! What was sent into a container, read there.
//!
//! In: the directory of inputs. Out: [`Sent`]. Invariant: nothing is read while there is a network,
//! and a file that is not as it was recorded is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;

use bimetal_builder::model::SourceTree;
use bimetal_files::{Digest, FileError, read};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use walkdir::WalkDir;

use crate::fetch::{DOCKERFILE, LIST, RECORDED, Recorded, SOURCES, parse_list};

/// Interfaces of the machine to itself.
const LOOPBACK: &str = "lo";

/// What is wrong with the container or its inputs.
#[derive(Debug, thiserror::Error)]
pub enum InputsError {
    #[error("the container has a network: there is a route through `{interface}`")]
    Network { interface: String },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot understand `{path}`: {reason}")]
    Unreadable { path: Utf8PathBuf, reason: String },
    #[error("the input `{path}` is not what was recorded")]
    Changed { path: Utf8PathBuf },
    #[error("something in the build changed its input `{path}`")]
    ByBuild { path: Utf8PathBuf },
    #[error("the inputs were recorded by bimetal {recorded}, and this is {running}")]
    OtherBuilder { recorded: String, running: String },
    #[error("`SOURCE_DATE_EPOCH` is `{found}`, and {recorded} was recorded")]
    OtherTime { found: String, recorded: i64 },
}

impl Hint for InputsError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Network { .. } => {
                "the engine ignored that the network is to be off; try another one with `--engine`"
            }
            Self::Changed { .. } | Self::File(_) | Self::Unreadable { .. } => {
                "something changed the inputs between their collection and the build; build again"
            }
            Self::ByBuild { .. } => {
                "look for the build script or the cgo directive that does it; a build may only \
                 write its own outputs"
            }
            Self::OtherBuilder { .. } => "run the version that recorded the inputs",
            Self::OtherTime { .. } => return None,
        };
        Some(hint.into())
    }
}

/// The inputs, as they were recorded.
#[derive(Debug)]
pub struct Sent {
    pub recorded: Recorded,
    pub dockerfile: Vec<u8>,
    /// Path -> digest of every input.
    pub list: BTreeMap<Utf8PathBuf, Digest>,
    /// The sources that were generated outside.
    pub tree: SourceTree,
}

/// Reads the inputs in `root`.
pub fn read_sent(root: &Utf8Path) -> Result<Sent, InputsError> {
    refuse_network()?;
    let list = read_list(root)?;
    Ok(Sent {
        recorded: recorded(root)?,
        dockerfile: read(&root.join(DOCKERFILE))?,
        tree: sources(root, &list)?,
        list,
    })
}

/// Whether every input is after a build what it was before it.
pub fn unchanged(root: &Utf8Path, list: &BTreeMap<Utf8PathBuf, Digest>) -> Result<(), InputsError> {
    let path = root.join(LIST);
    if list_at(&path)? != *list {
        return Err(InputsError::ByBuild { path });
    }
    match changed(root, list)? {
        None => Ok(()),
        Some(path) => Err(InputsError::ByBuild { path }),
    }
}

/// The first file that is not as it is listed.
fn changed(
    root: &Utf8Path,
    list: &BTreeMap<Utf8PathBuf, Digest>,
) -> Result<Option<Utf8PathBuf>, FileError> {
    for (name, wanted) in list {
        let path = root.join(name);
        if Digest::of_path(&path)? != *wanted {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn list_at(path: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Digest>, InputsError> {
    parse_list(&read(path)?).map_err(|reason| InputsError::Unreadable {
        path: path.to_owned(),
        reason,
    })
}

/// An engine that does not know its own flag must not go unnoticed.
fn refuse_network() -> Result<(), InputsError> {
    let routes = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let v4 = first_route(routes("/proc/net/route").lines().skip(1), 0);
    let v6 = || first_route(routes("/proc/net/ipv6_route").lines(), 9);
    match v4.or_else(v6) {
        None => Ok(()),
        Some(interface) => Err(InputsError::Network { interface }),
    }
}

/// The first interface other than the loopback; `column` is where a line names it.
fn first_route<'a>(lines: impl Iterator<Item = &'a str>, column: usize) -> Option<String> {
    lines
        .filter_map(|line| line.split_whitespace().nth(column))
        .find(|name| *name != LOOPBACK)
        .map(str::to_owned)
}

/// The list of inputs, after comparing every file with it.
fn read_list(root: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Digest>, InputsError> {
    let list = list_at(&root.join(LIST))?;
    if let Some(path) = changed(root, &list)? {
        return Err(InputsError::Changed { path });
    }
    for entry in WalkDir::new(root.join(SOURCES)).into_iter().flatten() {
        let path = Utf8Path::from_path(entry.path()).and_then(|path| path.strip_prefix(root).ok());
        if !entry.file_type().is_dir() && path.is_none_or(|path| !list.contains_key(path)) {
            return Err(InputsError::Changed {
                path: Utf8PathBuf::from(entry.path().to_string_lossy().into_owned()),
            });
        }
    }
    Ok(list)
}

fn recorded(root: &Utf8Path) -> Result<Recorded, InputsError> {
    let path = root.join(RECORDED);
    let recorded: Recorded =
        serde_json::from_slice(&read(&path)?).map_err(|error| InputsError::Unreadable {
            path,
            reason: error.to_string(),
        })?;
    let running = env!("CARGO_PKG_VERSION");
    if recorded.builder != running {
        return Err(InputsError::OtherBuilder {
            recorded: recorded.builder,
            running: running.to_owned(),
        });
    }
    let found = env::var("SOURCE_DATE_EPOCH").unwrap_or_default();
    if found != recorded.source_date_epoch.to_string() {
        return Err(InputsError::OtherTime {
            found,
            recorded: recorded.source_date_epoch,
        });
    }
    Ok(recorded)
}

fn sources(
    root: &Utf8Path,
    inputs: &BTreeMap<Utf8PathBuf, Digest>,
) -> Result<SourceTree, InputsError> {
    let mut tree = SourceTree::default();
    for name in inputs.keys() {
        if let Ok(below) = name.strip_prefix(SOURCES) {
            tree.insert(below, read(&root.join(name))?);
        }
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_route_through_something_else_than_the_loopback_is_a_network() {
        let v4 = "eth0\t00000000\t0101A8C0\t0003\n";
        assert_eq!(first_route(v4.lines(), 0), Some("eth0".to_owned()));
        let v6 = "00000000000000000000000000000001 80 0 00 0 00 00000000 1 0 lo\n";
        assert_eq!(first_route(v6.lines(), 9), None);
        assert_eq!(first_route("".lines(), 0), None);
    }

    #[test]
    fn an_input_that_changed_or_was_added_is_named() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/main.go"), "a").unwrap();
        let list = BTreeMap::from([("src/main.go", Digest::of(b"a"))]);
        fs::write(root.join(LIST), serde_json::to_vec(&list).unwrap()).unwrap();
        assert!(read_list(root).is_ok());
        fs::write(root.join("src/more.go"), "b").unwrap();
        assert!(read_list(root).unwrap_err().to_string().contains("more.go"));
        fs::remove_file(root.join("src/more.go")).unwrap();
        fs::write(root.join("src/main.go"), "b").unwrap();
        assert!(read_list(root).unwrap_err().to_string().contains("main.go"));
    }

    #[test]
    fn an_input_that_the_build_changed_is_named_and_what_it_added_is_its_output() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/main.go"), "a").unwrap();
        let list = BTreeMap::from([("src/main.go".into(), Digest::of(b"a"))]);
        fs::write(root.join(LIST), serde_json::to_vec(&list).unwrap()).unwrap();
        fs::write(root.join("src/manifest.go"), "b").unwrap();
        assert!(unchanged(root, &list).is_ok());
        fs::write(root.join("src/main.go"), "b").unwrap();
        let text = unchanged(root, &list).unwrap_err().to_string();
        assert!(text.contains("main.go"), "{text}");
        // A list that was made to fit says nothing.
        let fitting = BTreeMap::from([("src/main.go", Digest::of(b"b"))]);
        fs::write(root.join(LIST), serde_json::to_vec(&fitting).unwrap()).unwrap();
        let text = unchanged(root, &list).unwrap_err().to_string();
        assert!(text.contains(LIST), "{text}");
    }
}
