//! The Rust factories of this process, linked in or loaded, by kind and type.
//!
//! In: checked tables. Out: [`Entry`]s, named by a number that Go keeps. Invariant: one factory per
//! kind and type; nothing is removed.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError, RwLock};

use bimetal_abi::{Factory, Kind, Signal, Stability};

use crate::component::{ComponentError, FactoryTable};

static LINKED_IN: Mutex<Vec<&'static Factory>> = Mutex::new(Vec::new());

/// All Rust factories of the process.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    entries: RwLock<Vec<Entry>>,
}

/// One factory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Names the factory in calls from Go.
    pub(crate) number: u64,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its type.
    pub(crate) type_name: &'static str,
    /// Its table.
    pub(crate) table: FactoryTable,
    /// The plugin's file; none when it is linked in.
    pub(crate) file: Option<String>,
}

/// A factory does not fit into the registry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("{} `{type_name}` is there twice: {first} and {second}", .kind.as_str())]
    Duplicate {
        kind: Kind,
        type_name: String,
        first: String,
        second: String,
    },
    #[error("a factory has kind {kind}, which this Collector does not know")]
    Kind { kind: u32 },
    #[error("a factory that is linked in is broken")]
    Broken { source: ComponentError },
    #[error("there is no factory with number {number}")]
    Unknown { number: u64 },
}

/// Announces the factories that are linked into main. The generated `bimetal_main_init` calls this
/// before the host opens.
pub fn register_static(factories: &[&'static Factory]) {
    LINKED_IN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend_from_slice(factories);
}

impl Registry {
    /// A registry of what was announced so far.
    pub(crate) fn of_static() -> Result<Self, RegistryError> {
        let registry = Self::default();
        for factory in LINKED_IN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            let table = FactoryTable::of_static(factory)
                .map_err(|source| RegistryError::Broken { source })?;
            registry.add(table, None)?;
        }
        Ok(registry)
    }

    /// Adds a factory.
    pub(crate) fn add(
        &self,
        table: FactoryTable,
        file: Option<String>,
    ) -> Result<Entry, RegistryError> {
        let kind =
            Kind::from_number(table.kind()).ok_or(RegistryError::Kind { kind: table.kind() })?;
        let type_name = table
            .type_name()
            .map_err(|source| RegistryError::Broken { source })?;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = entries
            .iter()
            .find(|entry| entry.kind == kind && entry.type_name == type_name)
        {
            return Err(RegistryError::Duplicate {
                kind,
                type_name: type_name.to_owned(),
                first: first.place(),
                second: place(file.as_deref()),
            });
        }
        let number = entries.len() as u64 + 1;
        let entry = Entry {
            number,
            kind,
            type_name,
            table,
            file,
        };
        entries.push(entry.clone());
        Ok(entry)
    }

    /// The factory with that number.
    pub(crate) fn get(&self, number: u64) -> Result<Entry, RegistryError> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(number).unwrap_or(0).checked_sub(1);
        place
            .and_then(|place| entries.get(place))
            .cloned()
            .ok_or(RegistryError::Unknown { number })
    }

    /// Every factory that is linked in.
    pub(crate) fn linked_in(&self) -> Vec<Entry> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries
            .iter()
            .filter(|entry| entry.file.is_none())
            .cloned()
            .collect()
    }
}

impl Entry {
    /// Signal -> stability, as in a manifest.
    pub(crate) fn signals(&self) -> Vec<(Cow<'static, str>, &'static str)> {
        let level = |signal| Stability::of(self.table.stability(), signal).as_str();
        match self.kind {
            Kind::Extension => return vec![(self.kind.as_str().into(), level(None))],
            Kind::Connector => return self.pairs(),
            Kind::Receiver | Kind::Exporter | Kind::Processor => {}
        }
        Signal::ALL
            .into_iter()
            .filter(|signal| self.table.signals() & signal.bit() != 0)
            .map(|signal| (signal.as_str().into(), level(Some(signal))))
            .collect()
    }

    fn pairs(&self) -> Vec<(Cow<'static, str>, &'static str)> {
        let pairs = Signal::pairs().filter_map(|(from, to)| {
            let level = Stability::of_pair(self.table.pairs(), from, to);
            let word = Kind::pair(from, to);
            (level != Stability::Undefined).then_some((word.into(), level.as_str()))
        });
        pairs.collect()
    }

    fn place(&self) -> String {
        place(self.file.as_deref())
    }
}

/// The word for a number that a plugin gave.
pub(crate) fn kind_word(number: u32) -> &'static str {
    Kind::from_number(number).map_or("a component of unknown kind", Kind::as_str)
}

fn place(file: Option<&str>) -> String {
    file.map_or_else(|| "linked in".to_owned(), |file| format!("plugin `{file}`"))
}

#[cfg(test)]
mod tests {
    use bimetal_abi::{
        Buffer, Create, Error, KIND_EXPORTER, KIND_PROCESSOR, SIGNAL_LOGS, SIGNAL_TRACES,
        STABILITY_ALPHA, STABILITY_BETA, STATUS_ERROR, Slice,
    };
    use std::ffi::c_void;

    use super::*;

    extern "C" fn describe(_: *const Factory, _: *mut Buffer, _: *mut Error) -> i32 {
        STATUS_ERROR
    }
    extern "C" fn validate(_: Slice, _: *mut Error) -> i32 {
        STATUS_ERROR
    }
    extern "C" fn create(_: *const Create, _: *mut *mut c_void, _: *mut Error) -> i32 {
        STATUS_ERROR
    }
    extern "C" fn shutdown(_: *mut c_void, _: u64, _: *mut Error) -> i32 {
        STATUS_ERROR
    }
    extern "C" fn destroy(_: *mut c_void) {}

    fn table(kind: u32) -> FactoryTable {
        let factory = Factory {
            struct_size: u32::try_from(size_of::<Factory>()).unwrap(),
            kind,
            signals: 1 << SIGNAL_LOGS | 1 << SIGNAL_TRACES,
            features: 0,
            type_name: Slice::from_bytes(b"redactor"),
            describe: Some(describe),
            validate: Some(validate),
            create: Some(create),
            start: None,
            consume: None,
            cancel: None,
            shutdown: Some(shutdown),
            destroy: Some(destroy),
            stability: STABILITY_BETA << (4 * SIGNAL_LOGS) | STABILITY_ALPHA << (4 * SIGNAL_TRACES),
            notify: None,
            pairs: 0,
        };
        FactoryTable::of_static(Box::leak(Box::new(factory))).unwrap()
    }

    #[test]
    fn a_component_that_is_there_twice_is_an_error_that_names_both() {
        let registry = Registry::default();
        let first = registry.add(table(KIND_PROCESSOR), None).unwrap();
        assert_eq!(registry.get(first.number).unwrap().type_name, "redactor");
        registry.add(table(KIND_EXPORTER), None).unwrap();
        let error = registry
            .add(table(KIND_PROCESSOR), Some("a.so".to_owned()))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "processor `redactor` is there twice: linked in and plugin `a.so`"
        );
        assert_eq!(registry.linked_in().len(), 2);
    }

    #[test]
    fn numbers_that_were_never_given_out_and_unknown_kinds_are_errors() {
        let registry = Registry::default();
        for number in [0, 1, u64::MAX] {
            assert!(matches!(
                registry.get(number),
                Err(RegistryError::Unknown { .. })
            ));
        }
        assert!(matches!(
            registry.add(table(77), None),
            Err(RegistryError::Kind { kind: 77 })
        ));
    }

    #[test]
    fn signals_are_those_of_the_table_with_their_stability() {
        let entry = Registry::default()
            .add(table(KIND_PROCESSOR), None)
            .unwrap();
        let signals = [("traces".into(), "alpha"), ("logs".into(), "beta")];
        assert_eq!(entry.signals(), signals);
    }
}
