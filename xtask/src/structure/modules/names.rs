//! From a path to the file that defines what it names.
//!
//! In: a [`Tree`], a module and a path. Out: files. Invariant: `use` and `pub use` are followed to
//! the definition, whatever module hands it on; a path out of the crate gives nothing.

use std::collections::BTreeSet;

use super::tree::{Name, Tree};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Something that this file defines.
    Item(usize),
    Module(usize),
}

/// The files that define what `parts` names, seen from `module`.
pub(super) fn files_of(tree: &Tree, module: usize, parts: &[String]) -> BTreeSet<usize> {
    let mut names = Names {
        tree,
        open: BTreeSet::new(),
    };
    names
        .follow(module, parts)
        .into_iter()
        .map(|target| match target {
            Target::Item(file) => file,
            Target::Module(module) => tree.modules[module].file,
        })
        .collect()
}

struct Names<'a> {
    tree: &'a Tree,
    /// Look-ups under way: globs may lead back to where they started.
    open: BTreeSet<(usize, String)>,
}

impl Names<'_> {
    fn follow(&mut self, from: usize, parts: &[String]) -> BTreeSet<Target> {
        let Some((first, rest)) = parts.split_first() else {
            return BTreeSet::new();
        };
        let mut targets = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(0)]),
            "self" => BTreeSet::from([Target::Module(from)]),
            "super" => self.parent(from),
            name => {
                let found = self.look_up(from, name);
                if found.is_empty() && name == self.tree.name {
                    BTreeSet::from([Target::Module(0)])
                } else {
                    found
                }
            }
        };
        for part in rest {
            // A function may have the name of a module; a path goes on in the module.
            if targets
                .iter()
                .any(|target| matches!(target, Target::Module(_)))
            {
                targets.retain(|target| matches!(target, Target::Module(_)));
            }
            targets = targets
                .into_iter()
                .flat_map(|target| self.step(target, part))
                .collect();
        }
        targets
    }

    fn step(&mut self, target: Target, part: &str) -> BTreeSet<Target> {
        let Target::Module(module) = target else {
            // A variant or an associated item: where its type is.
            return BTreeSet::from([target]);
        };
        match part {
            "self" => BTreeSet::from([target]),
            "super" => self.parent(module),
            name => {
                let found = self.look_up(module, name);
                if found.is_empty() {
                    // Made by a macro there, or handed on from another crate.
                    BTreeSet::from([Target::Item(self.tree.modules[module].file)])
                } else {
                    found
                }
            }
        }
    }

    fn parent(&self, module: usize) -> BTreeSet<Target> {
        let parent = self.tree.modules[module].parent;
        parent.map(Target::Module).into_iter().collect()
    }

    fn look_up(&mut self, module: usize, name: &str) -> BTreeSet<Target> {
        if !self.open.insert((module, name.to_owned())) {
            return BTreeSet::new();
        }
        let tree = self.tree;
        let here = &tree.modules[module];
        let mut found = BTreeSet::new();
        for what in here.names.get(name).into_iter().flatten() {
            match what {
                Name::Item => {
                    found.insert(Target::Item(here.file));
                }
                Name::Module(child) => {
                    found.insert(Target::Module(*child));
                }
                Name::Import(path) => found.extend(self.follow(module, path)),
            }
        }
        if found.is_empty() {
            for glob in &here.globs {
                for target in self.follow(module, glob) {
                    if let Target::Module(of) = target {
                        found.extend(self.look_up(of, name));
                    }
                }
            }
        }
        self.open.remove(&(module, name.to_owned()));
        found
    }
}
