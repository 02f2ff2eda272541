//! What the plugin directory offers, known from manifests alone.
//!
//! In: the snapshot. Out: [`Shelf`]: every file with its component, and whether it fits by itself.
//! Invariant: each file is read once per process and nothing is copied; what is loaded is judged
//! again, from a copy.

use std::collections::BTreeSet;

use bimetal_manifest::schema::{Component, Kind, Language};
use bimetal_verify::Rules;

use crate::answer::Key;
use crate::discover::{FoundFile, Snapshot, is_named_after};
use crate::own::Own;
use crate::refusal::Refusal;
use crate::verify::glance;
use bimetal_verify::catalog::Problem;

/// Every plugin file that was there at start.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// In file-name order.
    pub(crate) items: Vec<Item>,
}

/// One plugin file.
#[derive(Debug)]
pub(crate) struct Item {
    /// The file, as it was at start.
    pub(crate) file: FoundFile,
    /// Its component, or why it would be refused.
    pub(crate) glance: Result<(Component, Language), Refusal>,
}

/// Where a component is looked for.
#[derive(Debug)]
pub(crate) enum Lookup<'a> {
    /// Exactly one file has it.
    One(&'a Item),
    /// More than one has it, all of them good or all of them bad by their looks.
    Several(Vec<&'a Item>),
    /// None has it.
    Nowhere,
}

impl Shelf {
    /// Reads every file of the snapshot.
    pub(crate) fn read(own: &Own, rules: Rules<'_>, snapshot: &Snapshot) -> Self {
        let item = |file: &FoundFile| Item {
            file: file.clone(),
            glance: glance(own, rules, &file.path),
        };
        Self {
            items: snapshot.files.iter().map(item).collect(),
        }
    }

    /// The file that has a component. A file that would be refused contributes nothing: it counts
    /// only where no good one has the component, so that it is named in the refusal. Of a file that
    /// says nothing about itself, its name is believed, for the same reason.
    pub(crate) fn look_up(&self, kind: Kind, type_name: &str) -> Lookup<'_> {
        let mut found: Vec<_> = self
            .items
            .iter()
            .filter(|item| item.is(kind, type_name))
            .collect();
        if found.iter().any(|item| item.glance.is_ok()) {
            found.retain(|item| item.glance.is_ok());
        }
        if found.is_empty() {
            found = self
                .items
                .iter()
                .filter(|item| {
                    item.is_anonymous() && is_named_after(&item.file.name, kind, type_name)
                })
                .collect();
        }
        match found.as_slice() {
            [] => Lookup::Nowhere,
            [item] => Lookup::One(item),
            _ => Lookup::Several(found),
        }
    }

    /// The good plugins whose component nobody else has.
    pub(crate) fn loadable(&self, linked_in: &BTreeSet<(Kind, String)>) -> Vec<(Kind, String)> {
        let mut keys = Vec::new();
        for (component, _) in self
            .items
            .iter()
            .filter_map(|item| item.glance.as_ref().ok())
        {
            let key = (component.kind, component.type_name.clone());
            let is_alone = matches!(self.look_up(key.0, &key.1), Lookup::One(_));
            if is_alone && !linked_in.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

impl Item {
    /// Kind and type, also of a file that would be refused, if it says them.
    pub(crate) fn identity(&self) -> Option<(Kind, &str)> {
        match &self.glance {
            Ok((component, _)) => Some((component.kind, &component.type_name)),
            Err(refusal) => refusal.kind.zip(refusal.type_name.as_deref()),
        }
    }

    /// The refusal that a problem of the whole directory means for this file.
    pub(crate) fn refused_for(&self, problem: &Problem, asked: Option<&Key>) -> Refusal {
        let identity = self
            .identity()
            .map(|(kind, type_name)| (kind, type_name.to_owned()));
        let language = match &self.glance {
            Ok((_, language)) => Some(*language),
            Err(refusal) => refusal.language,
        };
        let (kind, type_name) = identity.or_else(|| asked.cloned()).unzip();
        Refusal {
            kind,
            type_name,
            language,
            problems: vec![problem.clone()],
            ..Refusal::new(&self.file.name, None)
        }
    }

    fn is(&self, kind: Kind, type_name: &str) -> bool {
        self.identity() == Some((kind, type_name))
    }

    fn is_anonymous(&self) -> bool {
        self.identity().is_none()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::settings::{Directory, Origin};

    #[test]
    fn files_that_are_no_plugins_are_found_by_the_name_that_a_plugin_would_have() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(path.join("processor-a.so"), "text").unwrap();
        fs_err::write(path.join("exporter-b.so"), "").unwrap();
        let snapshot = Snapshot::take(&Directory {
            path: path.to_owned(),
            origin: Origin::Flag,
        })
        .unwrap();
        let shelf = Shelf::read(&Own::read().unwrap(), Rules::default(), &snapshot);
        let Lookup::One(item) = shelf.look_up(Kind::Processor, "a") else {
            panic!("not found")
        };
        let refusal = item.glance.as_ref().unwrap_err();
        assert!(
            refusal.text().contains("it is not an object file but text"),
            "{}",
            refusal.text()
        );
        for (kind, name) in [
            (Kind::Processor, "b"),
            (Kind::Receiver, "a"),
            (Kind::Processor, ""),
        ] {
            assert!(matches!(shelf.look_up(kind, name), Lookup::Nowhere));
        }
        assert!(shelf.loadable(&BTreeSet::new()).is_empty());
    }
}
