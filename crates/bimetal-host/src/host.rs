//! The plugin host of this process: settings, directory, what is verified, what is loaded.
//!
//! In: [`Settings`]. Out: a [`Host`] that answers what there is, verifies what is used and loads
//! what was verified. Invariant: one host per process; a verified plugin is loaded at most once,
//! and its handle is worth nothing afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bimetal_files::Digest;
use bimetal_manifest::Artifact;
use bimetal_manifest::schema::{Language, Policy};
use bimetal_terminal::escape;
use bimetal_verify::rights::UnsafeDirectory;
use bimetal_verify::{
    Entry, FoundLock, Key, Mismatch, Problem, ProcessSet, Request, Rules, Scan, ScanError, Stamp,
    System, Trust, variables,
};
use camino::Utf8PathBuf;

use crate::answer::{Answer, PluginHandle};
use crate::cache::Cache;
use crate::index::{Against, Candidate, PluginIndex};
use crate::load::{self, LoadError};
use crate::own::{Own, OwnError};
use crate::refusal::Refusal;
use crate::registry::{Entry as Registered, Registry, RegistryError};
use crate::settings::{Directory, Origin, Settings, SettingsError};
use crate::verify::{VerifiedPlugin, verify};

/// The plugin host of this process.
#[derive(Debug)]
pub(crate) struct Host {
    settings: Settings,
    policy: Policy,
    system: OnceLock<System>,
    own: Own,
    directory: Option<Directory>,
    scan: Scan,
    /// The directory is the one that was built in, and it does not exist.
    is_missing: bool,
    lock: FoundLock,
    unsafe_directory: Option<UnsafeDirectory>,
    trust: Trust,
    cache: Cache,
    registry: Registry,
    table: &'static bimetal_abi::Host,
    index: OnceLock<PluginIndex>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    set: ProcessSet,
    loaded: BTreeMap<Key, Loaded>,
    waiting: BTreeMap<u64, VerifiedPlugin>,
    last_handle: u64,
    /// This process is the child of `plugins validate --load`.
    tries: bool,
}

#[derive(Debug)]
struct Loaded {
    file: String,
    stamp: Option<Stamp>,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    Own(#[from] OwnError),
    #[error("{0}")]
    Scan(#[from] ScanError),
    #[error("{0}")]
    Registry(#[from] RegistryError),
}

/// A handle cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandleError {
    #[error("there is no verified plugin with handle {handle}, or it was used already")]
    Unknown { handle: u64 },
    #[error("`{file}` is a Rust plugin; Go's loader must not open it")]
    NotGo { file: String },
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("{0}")]
    Registry(#[from] RegistryError),
}

impl Against for Host {
    fn manifests(&self) -> Request<'_> {
        Request {
            main: Some(self.own.known()),
            rules: self.rules_of_manifests(),
            lock: &self.lock,
            require_lock: self.settings.require_lock,
            trust: &self.trust,
            directory: self.unsafe_directory.as_ref(),
            linked_in: const { &BTreeSet::new() },
        }
    }

    fn whole(&self) -> Result<Request<'_>, OwnError> {
        let main = self.own.whole()?;
        self.own.check()?;
        Ok(Request {
            main: Some(main),
            rules: self.rules(main),
            ..self.manifests()
        })
    }
}

impl HandleError {
    /// The plugin's code panicked, and its C ABI caught that.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(self, Self::Load(error) if error.is_panic())
    }
}

impl Host {
    /// Looks at main and at the directory. Reads no plugin yet.
    pub(crate) fn open(
        settings: Settings,
        table: &'static bimetal_abi::Host,
    ) -> Result<Self, OpenError> {
        let registry = Registry::of_static()?;
        let own = Own::read()?;
        let built = own.plugins();
        let policy = settings.policy(built.map(|built| built.policy).unwrap_or_default())?;
        let environment = variables::plugins_dir_from_environment();
        let directory = settings.directory(environment, built, &own.path)?;
        let trust = settings.trust(variables::trust_from_environment())?;
        let (mut scan, mut is_missing) = (Scan::default(), false);
        let (mut lock, mut unsafe_directory) = (FoundLock::Absent, None);
        if let Some(Directory { path, origin }) = &directory {
            match Scan::of(path) {
                Ok(found) => scan = found,
                // A distribution without plugins need not have the directory that was built in.
                Err(ScanError::Missing { .. }) if *origin == Origin::Manifest => is_missing = true,
                Err(error) => return Err(error.into()),
            }
            if !is_missing {
                lock = trust.lock_of(path);
                unsafe_directory = UnsafeDirectory::of(path);
            }
        }
        let cache = Cache::new(settings.cache_dir.as_deref());
        Ok(Self {
            settings,
            policy,
            system: OnceLock::new(),
            own,
            directory,
            scan,
            is_missing,
            lock,
            unsafe_directory,
            trust,
            cache,
            registry,
            table,
            index: OnceLock::new(),
            state: Mutex::default(),
        })
    }

    /// Where plugins are looked for.
    pub(crate) fn directory(&self) -> Option<&Directory> {
        self.directory.as_ref()
    }

    /// The program itself.
    pub(crate) fn own(&self) -> &Own {
        &self.own
    }

    /// The Rust factories of the process.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the host offers to components.
    pub(crate) fn table(&self) -> &'static bimetal_abi::Host {
        self.table
    }

    /// Why no file of the directory may be used, whatever is in it.
    pub(crate) fn unsafe_directory(&self) -> Option<Mismatch> {
        let found = self.unsafe_directory.as_ref()?;
        let is_for_the_lock = self.trust.is_of_a_lock() && found.error.is_about_modes();
        (!is_for_the_lock).then(|| found.mismatch())
    }

    /// What main expects. The libraries of the machine are looked at when the first plugin is.
    fn rules(&self, main: &Artifact) -> Rules<'_> {
        let system = self
            .system
            .get_or_init(|| System::of_this_machine(main, !variables::runs_with_borrowed_rights()));
        Rules {
            system: Some(system),
            ..self.rules_of_manifests()
        }
    }

    /// What main expects of a manifest.
    fn rules_of_manifests(&self) -> Rules<'_> {
        Rules {
            policy: self.policy,
            glibc: load::running_glibc(),
            system: None,
        }
    }

    /// What the directory offers. Without a manifest of its own, main cannot verify any plugin:
    /// then that is the error.
    pub(crate) fn index(&self) -> Result<&PluginIndex, OwnError> {
        if !self.scan.entries.is_empty() {
            self.own.check()?;
        }
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = PluginIndex::read(self, &self.scan.entries)?;
        Ok(self.index.get_or_init(|| index))
    }

    /// Components of all plugins that are good beside what is linked in.
    pub(crate) fn loadable(&self, linked_in: &BTreeSet<Key>) -> Result<Vec<Key>, OwnError> {
        self.index()?.loadable(self, linked_in)
    }

    /// Verifies what `used` needs beyond what is linked in and loaded, as one set, in file-name
    /// order.
    pub(crate) fn verify(
        &self,
        used: &[Key],
        linked_in: &BTreeSet<Key>,
    ) -> Result<Answer, OwnError> {
        let index = self.index()?;
        let mut answer = Answer::default();
        let mut state = self.state();
        let mut wanted: BTreeMap<&str, (&Candidate, &Key)> = BTreeMap::new();
        for key in used.iter().collect::<BTreeSet<_>>() {
            if let Some(loaded) = state.loaded.get(key) {
                answer.warnings.extend(self.change_since(loaded));
                continue;
            }
            let found = index.look_up(self, key)?;
            if found.is_empty() && !linked_in.contains(key) {
                match self.arrived_late(key)?.or_else(|| self.nowhere(key)) {
                    Some(refusal) => answer.refused.push(refusal),
                    None => answer.unknown.push(key.clone()),
                }
            }
            wanted.extend(found.into_iter().map(|one| (&*one.entry.file, (one, key))));
        }
        if wanted.is_empty() {
            answer.complete(index);
            return Ok(answer);
        }
        let request = Request {
            linked_in,
            ..self.whole()?
        };
        let (candidates, keys): (Vec<_>, Vec<_>) = wanted.into_values().unzip();
        let mut set = state.set.clone();
        let found = verify(&request, &candidates, &self.cache, &mut set);
        state.set = set;
        answer
            .warnings
            .extend(self.cache.warning().map(str::to_owned));
        let (mut refused, mut copies) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
        for (found, key) in found.into_iter().zip(keys) {
            match found {
                Ok(plugin) => answer.verified.push(state.hand_out(plugin)),
                Err(verdict) => match &verdict.copy_of {
                    Some(used) => copies
                        .entry(used.clone())
                        .or_default()
                        .push(format!("`{}`", escape(&verdict.file))),
                    None => refused.push((Refusal::from(*verdict).asked(key), key)),
                },
            }
        }
        answer.warnings.extend(copies.iter().map(|(used, copies)| {
            format!(
                "plugin `{}` is used; the same bytes are in {}",
                escape(used),
                copies.join(", ")
            )
        }));
        // Beside a good file with the component a refused one keeps nothing out: a changed or
        // strange file cannot stop a start by claiming a component.
        let verified: BTreeSet<_> = answer
            .verified
            .iter()
            .flat_map(|plugin| plugin.verdict.keys())
            .collect();
        for (refusal, key) in refused {
            let list = if verified.contains(key) {
                &mut answer.unneeded
            } else {
                &mut answer.refused
            };
            list.push(refusal);
        }
        answer.complete(index);
        Ok(answer)
    }

    /// Verifies files, wherever they lie, as if they were the only plugins. Each has the digest
    /// that another process verified it by.
    pub(crate) fn verify_files(&self, files: &[(Utf8PathBuf, Digest)]) -> Result<Answer, OwnError> {
        self.own.check()?;
        let mut state = self.state();
        state.tries = true;
        let mut set = state.set.clone();
        let mut answer = Answer::default();
        let request = Request {
            lock: &FoundLock::Absent,
            require_lock: false,
            trust: &Trust::Rights,
            directory: None,
            ..self.whole()?
        };
        let verified = |(path, digest): &(Utf8PathBuf, Digest)| {
            Candidate::of_digest(&request, Entry::at(path), *digest)
        };
        let candidates: Vec<_> = files.iter().map(verified).collect();
        if candidates.iter().any(|candidate| !candidate.is_good()) {
            let refused = candidates.into_iter().filter(|one| !one.is_good());
            answer
                .refused
                .extend(refused.map(|one| one.verdict().clone().into()));
            return Ok(answer);
        }
        let candidates: Vec<_> = candidates.iter().collect();
        for found in verify(&request, &candidates, &self.cache, &mut set) {
            match found {
                Ok(plugin) => answer.verified.push(state.hand_out(plugin)),
                Err(verdict) => answer.refused.push((*verdict).into()),
            }
        }
        state.set = set;
        Ok(answer)
    }

    /// Opens a verified Rust plugin and puts its factory into the registry.
    pub(crate) fn load(&self, handle: u64) -> Result<Registered, HandleError> {
        let plugin = self.take(handle)?;
        let file = plugin.file().to_owned();
        let announce = if self.state().tries {
            load::to_standard_output
        } else {
            load::silently
        };
        let table = load::load(plugin, self.table, announce)?;
        Ok(self.registry.add(table, Some(file))?)
    }

    /// Gives a verified Go plugin to the one Go function that opens such plugins.
    pub(crate) fn take_go(&self, handle: u64) -> Result<VerifiedPlugin, HandleError> {
        let plugin = self.take(handle)?;
        match plugin.language() {
            Language::Go => Ok(plugin),
            Language::Rust => Err(HandleError::NotGo {
                file: plugin.file().to_owned(),
            }),
        }
    }

    fn take(&self, handle: u64) -> Result<VerifiedPlugin, HandleError> {
        let mut state = self.state();
        let plugin = state
            .waiting
            .remove(&handle)
            .ok_or(HandleError::Unknown { handle })?;
        let file = plugin.file().to_owned();
        let stamp = self.scan.get(&file).and_then(|entry| entry.stamp);
        for key in plugin.verdict().keys() {
            let file = file.clone();
            state.loaded.insert(key, Loaded { file, stamp });
        }
        Ok(plugin)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All plugins may be missing.
    fn nowhere(&self, key: &Key) -> Option<Refusal> {
        let directory = self.directory.as_ref().filter(|_| self.is_missing)?;
        let problem = Problem::new(
            format!(
                "unknown type: no such component is linked in, and the plugin directory `{}` does \
                 not exist (named by {})",
                directory.path,
                directory.origin.words()
            ),
            "put the plugins there, or name their directory with `--plugins-dir` or \
             `OTELCOL_PLUGINS_DIR`",
        );
        let file = format!("{}-{}.so", key.0.as_str(), key.1);
        Some(Refusal {
            is_nowhere: true,
            ..Refusal::of(&file, problem, key)
        })
    }

    /// A component that is in no file may lie in one that was put there after the start.
    fn arrived_late(&self, key: &Key) -> Result<Option<Refusal>, OwnError> {
        let directory = self.directory.as_ref();
        let Some(now) = directory.and_then(|directory| Scan::of(&directory.path).ok()) else {
            return Ok(None);
        };
        let new = now
            .entries
            .iter()
            .filter(|entry| self.scan.get(&entry.file).is_none());
        let arrivals = PluginIndex::read(self, new)?;
        let found = arrivals.look_up(self, key)?;
        let Some(Candidate { entry, .. }) = found.first() else {
            return Ok(None);
        };
        let problem = Problem::new(
            "the file was put into the plugin directory after the Collector started",
            "restart needed",
        );
        Ok(Some(Refusal::of(&entry.file, problem, key)))
    }

    fn change_since(&self, loaded: &Loaded) -> Option<String> {
        let stamp = loaded.stamp?;
        let path = self.directory.as_ref()?.path.join(&loaded.file);
        let now = rustix::fs::stat(path.as_std_path())
            .ok()
            .map(|stat| Stamp::from_stat(&stat));
        (now != Some(stamp)).then(|| {
            format!(
                "plugin `{}` changed on disk after it was loaded; the loaded code stays until \
                the Collector restarts",
                loaded.file
            )
        })
    }
}

impl State {
    fn hand_out(&mut self, plugin: VerifiedPlugin) -> PluginHandle {
        self.last_handle += 1;
        let handle = PluginHandle {
            handle: self.last_handle,
            verdict: plugin.verdict().clone(),
        };
        self.waiting.insert(self.last_handle, plugin);
        handle
    }
}
