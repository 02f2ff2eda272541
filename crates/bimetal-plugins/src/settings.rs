//! Turns flags, environment and main's own settings into decisions.
//!
//! In: [`CommonArgs`], [`Context`]. Out: [`Settings`]. Invariant: a flag wins over the environment,
//! that over what main was built with; the policy only gets stricter on the way.

use std::collections::BTreeSet;

use bimetal_manifest::object::{self, Artifact, Form, GlibcVersion, ManifestError};
use bimetal_manifest::schema::{Manifest, PluginSettings, Policy};
use bimetal_verify::compare::NAMES_LIMIT;
use bimetal_verify::rights::{RightsError, check_directory, check_file};
use bimetal_verify::variables::runs_with_borrowed_rights;
use bimetal_verify::{FoundLock, Key, Request, Rules, System, Trust, Verdict};
use camino::{Utf8Path, Utf8PathBuf};

use crate::args::{CommonArgs, Names};
use crate::context::{Caller, Context};
use crate::error::CommandError;

/// The file that marks a directory whose contents `bimetal` built.
const OWNERSHIP_FILE: &str = ".bimetal.json";

/// All that main has linked in stands in its manifest.
static NONE: BTreeSet<Key> = BTreeSet::new();

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) main: Option<MainProgram>,
    /// A Collector beside the plugins that others could have put there, and why.
    strange: Option<(Utf8PathBuf, RightsError)>,
    pub(crate) policy: Policy,
    glibc: Option<GlibcVersion>,
    system: Option<System>,
    require_lock: bool,
    pub(crate) trust: Trust,
    /// Most names that one difference lists.
    names_limit: usize,
    flag_directory: Option<Utf8PathBuf>,
}

/// The Collector that plugins are compared with.
#[derive(Debug)]
pub(crate) struct MainProgram {
    /// What is read and started.
    pub(crate) executable: Utf8PathBuf,
    /// Where it lies.
    pub(crate) shown: Utf8PathBuf,
    pub(crate) artifact: Artifact,
    /// It was found beside the plugins; it was not named.
    pub(crate) guessed: bool,
}

impl Settings {
    /// Reads main, if one is known; `beside` is a directory of plugins that main may lie next to.
    pub(crate) fn new(
        common: &CommonArgs,
        context: &Context,
        beside: Option<&Utf8Path>,
    ) -> Result<Self, CommandError> {
        let flag_directory = common
            .plugins_dir
            .clone()
            .or_else(|| context.directory.clone());
        let mut main = main(common, context, flag_directory.as_deref().or(beside))?;
        let guessed = main.as_ref().filter(|main| main.guessed);
        let strange = guessed.and_then(|main| Some((main.shown.clone(), main.rights().err()?)));
        if strange.is_some() {
            main = None;
        }
        let wanted = common.plugins_policy.map(Policy::from).or(context.policy);
        let built = main
            .as_ref()
            .and_then(MainProgram::plugins)
            .map(|plugins| plugins.policy);
        if main.is_some()
            && wanted == Some(Policy::Abi)
            && built.unwrap_or_default() == Policy::Exact
        {
            return Err(CommandError::LaxerPolicy);
        }
        let policy = wanted.or(built).unwrap_or_default();
        // A program that knows its C library is the one that would load the plugins, on this
        // machine.
        let machine = main.as_ref().filter(|_| context.glibc.is_some());
        let system = machine
            .map(|main| System::of_this_machine(&main.artifact, !runs_with_borrowed_rights()));
        let require_lock = common.plugins_require_lock || context.require_lock;
        let trust = match (&common.plugins_trust, &context.trust) {
            (Some(trust), _) => trust.clone(),
            (None, Some(word)) => word.parse().map_err(|source| CommandError::Trust {
                word: word.clone(),
                source,
            })?,
            (None, None) => Trust::Rights,
        };
        Ok(Self {
            main,
            strange,
            policy,
            glibc: context.glibc,
            system,
            require_lock,
            trust,
            names_limit: match common.names {
                Names::First => NAMES_LIMIT,
                Names::All => usize::MAX,
            },
            flag_directory,
        })
    }

    /// What plugins are verified against.
    pub(crate) fn request<'a>(&'a self, lock: &'a FoundLock) -> Request<'a> {
        Request {
            main: self.main.as_ref().map(|main| &main.artifact),
            rules: Rules {
                policy: self.policy,
                glibc: self.glibc,
                system: self.system.as_ref(),
            },
            lock,
            require_lock: self.require_lock,
            trust: &self.trust,
            directory: None,
            linked_in: &NONE,
        }
    }

    /// Leaves the names that the user asked for.
    pub(crate) fn shorten(&self, verdict: &mut Verdict) {
        for mismatch in &mut verdict.mismatches {
            mismatch.shorten(self.names_limit);
        }
    }

    /// Main, for a command that compares.
    pub(crate) fn required_main(&self) -> Result<&MainProgram, CommandError> {
        self.main.as_ref().ok_or_else(|| match &self.strange {
            Some((path, error)) => CommandError::StrangeMain {
                path: path.clone(),
                reason: error.to_string(),
            },
            None => CommandError::NoMain,
        })
    }

    /// The directory that a flag, the environment or main names.
    pub(crate) fn directory(&self) -> Result<Utf8PathBuf, CommandError> {
        if let Some(directory) = &self.flag_directory {
            return Ok(directory.clone());
        }
        let main = self.main.as_ref().ok_or(CommandError::NoDirectory)?;
        let built = main
            .plugins()
            .map_or("plugins", |plugins| plugins.dir.as_str());
        Ok(main.directory().join(built))
    }
}

impl MainProgram {
    fn read(
        executable: Utf8PathBuf,
        shown: Utf8PathBuf,
        guessed: bool,
    ) -> Result<Self, CommandError> {
        let (_file, artifact) = object::open(&executable).map_err(|source| CommandError::Main {
            path: shown.clone(),
            source,
        })?;
        if artifact.facts.form != Form::Main {
            return Err(match artifact.manifests {
                Err(source) if artifact.facts.form == Form::Executable => {
                    CommandError::MainManifest {
                        path: shown,
                        source,
                    }
                }
                _ => CommandError::NotMain {
                    path: shown,
                    form: artifact.facts.form.as_str(),
                },
            });
        }
        if let Err(source) = &artifact.manifests {
            return Err(CommandError::MainManifest {
                path: shown,
                source: ManifestError::clone(source),
            });
        }
        Ok(Self {
            executable,
            shown,
            artifact,
            guessed,
        })
    }

    /// Whether no other user could have put it where it lies.
    fn rights(&self) -> Result<(), RightsError> {
        let look = |source| RightsError::Look {
            path: self.shown.clone(),
            source,
        };
        let metadata = self.executable.symlink_metadata().map_err(look)?;
        check_file(&self.executable, &metadata)?;
        check_directory(self.executable.parent().unwrap_or(Utf8Path::new("/")))
    }

    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.artifact.first_manifest()
    }

    fn plugins(&self) -> Option<&PluginSettings> {
        self.manifest()?.plugins.as_ref()
    }

    /// The directory that the real file lies in: what main was built with is relative to it, also
    /// when it was started through a link.
    fn directory(&self) -> Utf8PathBuf {
        let real = self
            .shown
            .canonicalize_utf8()
            .unwrap_or_else(|_| self.shown.clone());
        real.parent().map(Utf8Path::to_owned).unwrap_or_default()
    }
}

fn main(
    common: &CommonArgs,
    context: &Context,
    beside: Option<&Utf8Path>,
) -> Result<Option<MainProgram>, CommandError> {
    if let Caller::Collector { executable, shown } = &context.caller {
        return MainProgram::read(executable.clone(), shown.clone(), false).map(Some);
    }
    if let Some(path) = &common.main {
        return MainProgram::read(path.clone(), path.clone(), false).map(Some);
    }
    match beside {
        Some(plugins) => neighbour(plugins),
        None => Ok(None),
    }
}

/// The one Collector in the directory above `plugins`, if `bimetal` built what lies there.
fn neighbour(plugins: &Utf8Path) -> Result<Option<MainProgram>, CommandError> {
    let Some(directory) = plugins
        .canonicalize_utf8()
        .ok()
        .and_then(|real| real.parent().map(Utf8Path::to_owned))
    else {
        return Ok(None);
    };
    if !directory.join(OWNERSHIP_FILE).is_file() {
        return Ok(None);
    }
    let Ok(entries) = directory.read_dir_utf8() else {
        return Ok(None);
    };
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.file_name().to_owned())
        .collect();
    names.sort();
    let is_main =
        |name: &String| MainProgram::read(directory.join(name), directory.join(name), true).ok();
    let mut mains: Vec<_> = names.iter().filter_map(is_main).collect();
    match mains.len() {
        0 => Ok(None),
        1 => Ok(mains.pop()),
        _ => {
            let names = mains
                .iter()
                .filter_map(|main| main.shown.file_name())
                .map(str::to_owned)
                .collect();
            Err(CommandError::SeveralMains { directory, names })
        }
    }
}
