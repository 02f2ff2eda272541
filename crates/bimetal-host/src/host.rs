//! The plugin host of this process: settings, directory, what is verified, what is loaded.
//!
//! In: [`Settings`]. Out: a [`Host`] that answers what there is, verifies what is used and loads
//! what was verified. Invariant: one host per process; a verified plugin is loaded at most once,
//! and its handle is worth nothing afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bimetal_manifest::Lock;
use bimetal_manifest::schema::{Language, Policy};
use bimetal_terminal::escape;
use bimetal_verify::rights::check_directory;
use bimetal_verify::{Rules, System};
use camino::Utf8Path;

use crate::answer::{Answer, Key, PluginHandle, several, taken};
use crate::cache::Cache;
use crate::catalog::{Item, Lookup, Shelf};
use crate::discover::{DiscoverError, Snapshot, Stamp};
use crate::load::{self, LoadError};
use crate::own::{Own, OwnError};
use crate::process_set::ProcessSet;
use crate::refusal::{Refusal, chain};
use crate::registry::{Entry, Registry, RegistryError};
use crate::settings::{Directory, Settings, SettingsError};
use crate::verify::{Judge, VerifiedPlugin, verify};
use bimetal_verify::catalog::Problem;

/// The plugin host of this process.
#[derive(Debug)]
pub(crate) struct Host {
    settings: Settings,
    policy: Policy,
    system: OnceLock<System>,
    own: Own,
    directory: Option<Directory>,
    snapshot: Snapshot,
    lock: Result<Option<Lock>, Problem>,
    directory_problem: Option<Problem>,
    cache: Cache,
    registry: Registry,
    table: &'static bimetal_abi::Host,
    shelf: OnceLock<Shelf>,
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
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Own(#[from] OwnError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// A handle cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandleError {
    #[error("there is no verified plugin with handle {handle}, or it was used already")]
    Unknown { handle: u64 },
    #[error("`{file}` is a Rust plugin; Go's loader must not open it")]
    NotGo { file: String },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl OpenError {
    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Settings(error) => error.hint(),
            Self::Own(error) => error.hint(),
            Self::Discover(error) => error.hint(),
            Self::Registry(_) => None,
        }
    }
}

impl HandleError {
    /// The plugin's code panicked, and its C ABI caught that.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(self, Self::Load(error) if error.is_panic())
    }

    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Load(error) => error.hint(),
            _ => None,
        }
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
        let environment = bimetal_plugins::plugins_dir_from_environment();
        let directory = settings.directory(environment, built, &own.path)?;
        let (mut snapshot, mut lock, mut directory_problem) = (Snapshot::default(), Ok(None), None);
        if let Some(directory) = &directory {
            snapshot = Snapshot::take(directory)?;
            lock = Lock::read(&directory.path).map_err(|error| Problem {
                message: format!(
                    "cannot use the lock in `{}`: {}",
                    directory.path,
                    chain(&error)
                ),
                help: error.hint().map(str::to_owned),
            });
            if !snapshot.is_missing {
                let error = check_directory(&directory.path).err();
                directory_problem = error.map(|error| Problem {
                    help: error.hint().map(str::to_owned),
                    message: chain(&error),
                });
            }
        }
        let cache = Cache::new(settings.cache_dir.as_deref());
        Ok(Self {
            settings,
            policy,
            system: OnceLock::new(),
            own,
            directory,
            snapshot,
            lock,
            directory_problem,
            cache,
            registry,
            table,
            shelf: OnceLock::new(),
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
    pub(crate) fn directory_problem(&self) -> Option<&Problem> {
        self.directory_problem.as_ref()
    }

    /// Files of the directory that are no candidates, with the reason.
    pub(crate) fn left_out(&self) -> &[(String, &'static str)] {
        &self.snapshot.left_out
    }

    /// What plugins are judged by. The libraries of the machine are looked at when the first plugin
    /// is.
    fn rules(&self) -> Rules<'_> {
        let system = self.system.get_or_init(|| {
            System::of_this_machine(
                &self.own.artifact,
                !bimetal_plugins::runs_with_borrowed_rights(),
            )
        });
        Rules {
            policy: self.policy,
            glibc: load::running_glibc(),
            system: Some(system),
        }
    }

    /// What the directory offers. Without a manifest of its own, main cannot judge any plugin: then
    /// it is the error.
    pub(crate) fn shelf(&self) -> Result<&Shelf, OwnError> {
        if !self.snapshot.files.is_empty() {
            self.own.check()?;
        }
        Ok(self
            .shelf
            .get_or_init(|| Shelf::read(&self.own, self.rules(), &self.snapshot)))
    }

    /// Verifies what `used` needs beyond what is linked in and loaded, as one set, in file-name
    /// order.
    pub(crate) fn verify(
        &self,
        used: &[Key],
        linked_in: &BTreeSet<Key>,
    ) -> Result<Answer, OwnError> {
        let offers = self.shelf()?;
        let mut answer = Answer::default();
        let mut state = self.state();
        let mut wanted: BTreeMap<&str, (&Item, &Key)> = BTreeMap::new();
        for key in used.iter().collect::<BTreeSet<_>>() {
            if let Some(loaded) = state.loaded.get(key) {
                answer.warnings.extend(self.change_since(loaded));
                continue;
            }
            match offers.look_up(key.0, &key.1) {
                Lookup::Several(items) => match self.good_ones(&items, key).as_slice() {
                    [] => answer.refused.extend(self.refusals(&items, key)),
                    [item] if linked_in.contains(key) => answer.refused.push(taken(key, item)),
                    [item] => {
                        wanted.insert(&item.file.name, (*item, key));
                    }
                    good => answer.refused.extend(several(key, good)),
                },
                Lookup::One(item) if linked_in.contains(key) => {
                    answer.refused.push(taken(key, item));
                }
                Lookup::One(item) => {
                    wanted.insert(&item.file.name, (item, key));
                }
                Lookup::Nowhere if linked_in.contains(key) => {}
                Lookup::Nowhere => {
                    match self.arrived_late(key).or_else(|| self.left_out_plugin(key)) {
                        Some(refusal) => answer.refused.push(refusal),
                        None => answer.unknown.push(key.clone()),
                    }
                }
            }
        }
        // What passes is loaded afterwards in this order, so each is judged beside those before it.
        let mut set = state.set.clone();
        for (item, key) in wanted.into_values() {
            match self.verify_item(item, key, &mut set) {
                Ok(plugin) => answer.verified.push(state.hand_out(plugin)),
                Err(refusal) => answer.refused.push(refusal),
            }
        }
        state.set = set;
        Ok(answer)
    }

    /// Verifies the file at `path`, wherever it lies, as if it were the only plugin.
    pub(crate) fn verify_file(&self, path: &Utf8Path) -> Result<Answer, OwnError> {
        self.own.check()?;
        let mut state = self.state();
        state.tries = true;
        let mut set = state.set.clone();
        let mut answer = Answer::default();
        let judge = Judge {
            lock: &Ok(None),
            require_lock: false,
            ..self.judge()
        };
        match verify(&judge, path, None, &mut set) {
            Ok(plugin) => {
                answer.verified.push(state.hand_out(plugin));
                state.set = set;
            }
            Err(refusal) => answer.refused.push(refusal),
        }
        Ok(answer)
    }

    /// Opens a verified Rust plugin and puts its factory into the registry.
    pub(crate) fn load(&self, handle: u64) -> Result<Entry, HandleError> {
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
        let key = (plugin.kind(), plugin.type_name().to_owned());
        let file = plugin.file().to_owned();
        let stamp = self.snapshot.file(&file).map(|file| file.stamp);
        state.loaded.insert(key, Loaded { file, stamp });
        Ok(plugin)
    }

    /// Of several files with one component, those that would be loaded if each were alone: a
    /// refused file contributes nothing, so it keeps no good one out either, whatever it is refused
    /// for. A changed or strange file therefore cannot stop a start by claiming a component; the
    /// file that is loaded in its place is verified like any other.
    fn good_ones<'a>(&self, items: &[&'a Item], key: &Key) -> Vec<&'a Item> {
        let is_good = |item: &&&Item| {
            self.verify_item(item, key, &mut ProcessSet::default())
                .is_ok()
        };
        items.iter().filter(is_good).copied().collect()
    }

    fn refusals(&self, items: &[&Item], key: &Key) -> Vec<Refusal> {
        let refusal = |item: &&Item| {
            self.verify_item(item, key, &mut ProcessSet::default())
                .err()
        };
        items.iter().filter_map(refusal).collect()
    }

    fn verify_item(
        &self,
        item: &Item,
        key: &Key,
        set: &mut ProcessSet,
    ) -> Result<VerifiedPlugin, Refusal> {
        if let Some(problem) = &self.directory_problem {
            return Err(item.refused_for(problem, Some(key)));
        }
        let verified = verify(&self.judge(), &item.file.path, Some(item.file.stamp), set);
        verified.map_err(|mut refusal| {
            refusal.kind = refusal.kind.or(Some(key.0));
            refusal.type_name = refusal.type_name.or_else(|| Some(key.1.clone()));
            refusal
        })
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            own: &self.own,
            rules: self.rules(),
            lock: &self.lock,
            require_lock: self.settings.require_lock,
            cache: &self.cache,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A component that nobody has may have a plugin that is there and not looked at, or all
    /// plugins may be missing.
    fn left_out_plugin(&self, key: &Key) -> Option<Refusal> {
        let (kind, type_name) = (key.0, &key.1);
        let mut refusal = match (
            self.snapshot.left_out_plugin(kind, type_name),
            &self.directory,
        ) {
            (Some((file, why)), _) => Refusal::new(file, None)
                .because(why, Some("put the file itself into the plugin directory")),
            (None, Some(directory)) if self.snapshot.is_missing => {
                let file = format!("{}-{type_name}.so", kind.as_str());
                let message = format!(
                    "unknown type: no such component is linked in, and the plugin directory `{}` does not exist",
                    directory.path
                );
                let nowhere = Refusal {
                    is_nowhere: true,
                    ..Refusal::new(&file, None)
                };
                nowhere.because(
                    message,
                    Some("put the plugins there, or name their directory with `--plugins-dir` or `OTELCOL_PLUGINS_DIR`"),
                )
            }
            _ => return None,
        };
        (refusal.kind, refusal.type_name) = (Some(kind), Some(escape(type_name).into_owned()));
        Some(refusal)
    }

    /// A component that nobody has may lie in a file that was put there after the start.
    fn arrived_late(&self, key: &Key) -> Option<Refusal> {
        let now = Snapshot::take(self.directory.as_ref()?).ok()?;
        let new = Snapshot {
            files: now
                .files
                .into_iter()
                .filter(|file| self.snapshot.file(&file.name).is_none())
                .collect(),
            ..Snapshot::default()
        };
        let arrivals = Shelf::read(&self.own, self.rules(), &new);
        let file = match arrivals.look_up(key.0, &key.1) {
            Lookup::One(item) => item.file.name.clone(),
            Lookup::Several(items) => items.first()?.file.name.clone(),
            Lookup::Nowhere => return None,
        };
        let mut refusal = Refusal::new(&file, None).because(
            "the file was put into the plugin directory after the Collector started",
            Some("restart needed"),
        );
        (refusal.kind, refusal.type_name) = (Some(key.0), Some(key.1.clone()));
        Some(refusal)
    }

    fn change_since(&self, loaded: &Loaded) -> Option<String> {
        let stamp = loaded.stamp?;
        let path = self.directory.as_ref()?.path.join(&loaded.file);
        let now = rustix::fs::stat(path.as_std_path())
            .ok()
            .map(|stat| Stamp::from_stat(&stat));
        (now != Some(stamp)).then(|| {
            format!("plugin `{}` changed on disk after it was loaded; the loaded code stays until the Collector restarts", loaded.file)
        })
    }
}

impl State {
    fn hand_out(&mut self, plugin: VerifiedPlugin) -> PluginHandle {
        self.last_handle += 1;
        let handle = PluginHandle {
            handle: self.last_handle,
            file: plugin.file().to_owned(),
            component: plugin.component().clone(),
            language: plugin.language(),
            toolchain_version: plugin.toolchain_version().to_owned(),
            digest: *plugin.digest(),
        };
        self.waiting.insert(self.last_handle, plugin);
        handle
    }
}
