//! The modules of one crate and the names in each.
//!
//! In: the file of a crate root. Out: a [`Tree`] of its files and modules. Invariant: what is
//! compiled for tests only is not in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

use super::ModulesError;
use crate::test_items::{attributes, for_tests};

/// A crate as its files and modules. Both are named by their index.
pub(super) struct Tree {
    /// The name by which the crate may call itself.
    pub(super) name: String,
    pub(super) files: Vec<File>,
    pub(super) modules: Vec<Module>,
}

/// One source file.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// The module that fills the file.
    pub(super) module: usize,
    pub(super) syntax: syn::File,
}

/// One module, in its own file or inline.
pub(super) struct Module {
    pub(super) parent: Option<usize>,
    pub(super) file: usize,
    pub(super) names: BTreeMap<String, Vec<Name>>,
    /// Paths of `use path::*`.
    pub(super) globs: Vec<Vec<String>>,
}

/// What a name stands for.
pub(super) enum Name {
    Item,
    Module(usize),
    Import(Vec<String>),
}

/// One path of a `use`, flattened.
pub(super) struct Imported<'a> {
    pub(super) path: Vec<String>,
    /// The name that it gets; none for `*`.
    pub(super) name: Option<String>,
    /// Where its last part stands.
    pub(super) at: &'a syn::Ident,
}

impl Tree {
    /// Reads the crate `name` from its root file on.
    pub(super) fn read(name: &str, root: &Path) -> Result<Self, ModulesError> {
        let mut tree = Self {
            name: name.replace('-', "_"),
            files: Vec::new(),
            modules: Vec::new(),
        };
        let directory = root.parent().unwrap_or(root);
        tree.add_file(root, directory, None)?;
        Ok(tree)
    }

    /// Whether one of two files is the other's parent module.
    pub(super) fn are_parent_and_child(&self, one: usize, other: usize) -> bool {
        let parent_file = |file: usize| {
            let parent = self.modules[self.files[file].module].parent?;
            Some(self.modules[parent].file)
        };
        parent_file(one) == Some(other) || parent_file(other) == Some(one)
    }

    /// Whether `inner` lies below `outer` in the tree of modules, or is `outer`.
    pub(super) fn is_below(&self, inner: usize, outer: usize) -> bool {
        let mut at = Some(inner);
        while let Some(module) = at {
            if module == outer {
                return true;
            }
            at = self.modules[module].parent;
        }
        false
    }

    /// Reads `path`, whose child modules lie in `directory`.
    fn add_file(
        &mut self,
        path: &Path,
        directory: &Path,
        parent: Option<usize>,
    ) -> Result<usize, ModulesError> {
        let text = fs_err::read_to_string(path)?;
        let syntax = syn::parse_file(&text).map_err(|source| ModulesError::Syntax {
            path: path.to_owned(),
            line: source.span().start().line,
            source,
        })?;
        let file = self.files.len();
        let module = self.add_module(parent, file);
        let items = syntax.items.clone();
        self.files.push(File {
            path: path.to_owned(),
            module,
            syntax,
        });
        self.add_items(module, &items, directory)?;
        Ok(module)
    }

    fn add_module(&mut self, parent: Option<usize>, file: usize) -> usize {
        self.modules.push(Module {
            parent,
            file,
            names: BTreeMap::new(),
            globs: Vec::new(),
        });
        self.modules.len() - 1
    }

    fn add_items(
        &mut self,
        module: usize,
        items: &[Item],
        directory: &Path,
    ) -> Result<(), ModulesError> {
        for item in items {
            if attributes(item).iter().any(for_tests) {
                continue;
            }
            if let Item::Mod(inner) = item {
                let name = inner.ident.to_string();
                let child = self.add_child(module, inner, &directory.join(&name), directory)?;
                self.add_name(module, name, Name::Module(child));
                continue;
            }
            if let Item::ForeignMod(block) = item {
                for foreign in &block.items {
                    if let syn::ForeignItem::Fn(function) = foreign {
                        self.add_name(module, function.sig.ident.to_string(), Name::Item);
                    }
                }
            }
            if let Some(name) = name_of(item) {
                // An exported macro is called by the name of the crate, wherever it stands.
                let at = if exports_macro(item) { 0 } else { module };
                if at != module {
                    self.add_name(at, name.clone(), Name::Import(self.path_to(module, &name)));
                }
                self.add_name(module, name, Name::Item);
            }
            // An import inside a function counts for its module: which names it hides there does
            // not matter here.
            let mut imports = Imports::default();
            imports.visit_item(item);
            for (path, name) in imports.found {
                match name {
                    Some(name) => self.add_name(module, name, Name::Import(path)),
                    None => self.modules[module].globs.push(path),
                }
            }
        }
        Ok(())
    }

    fn add_child(
        &mut self,
        parent: usize,
        item: &ItemMod,
        inside: &Path,
        beside: &Path,
    ) -> Result<usize, ModulesError> {
        if let Some((_, items)) = &item.content {
            let module = self.add_module(Some(parent), self.modules[parent].file);
            self.add_items(module, items, inside)?;
            return Ok(module);
        }
        let flat = inside.with_extension("rs");
        let path = match named_file(&item.attrs) {
            Some(name) => beside.join(name),
            None if flat.is_file() => flat,
            None => inside.join("mod.rs"),
        };
        self.add_file(&path, inside, Some(parent))
    }

    fn add_name(&mut self, module: usize, name: String, what: Name) {
        let names = &mut self.modules[module].names;
        names.entry(name).or_default().push(what);
    }

    /// `crate::…::name` for something in `module`.
    fn path_to(&self, module: usize, name: &str) -> Vec<String> {
        let mut parts = vec![name.to_owned()];
        let mut at = module;
        while let Some(parent) = self.modules[at].parent {
            let own = self.modules[parent].names.iter().find(|(_, whats)| {
                whats
                    .iter()
                    .any(|what| matches!(what, Name::Module(child) if *child == at))
            });
            parts.extend(own.map(|(name, _)| name.clone()));
            at = parent;
        }
        parts.push("crate".to_owned());
        parts.reverse();
        parts
    }
}

/// Every path that a `use` names, one by one.
pub(super) fn imported(item: &ItemUse) -> Vec<Imported<'_>> {
    let mut found = Vec::new();
    if item.leading_colon.is_none() {
        flatten(&item.tree, &[], None, &mut found);
    }
    found
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn exports_macro(item: &Item) -> bool {
    matches!(item, Item::Macro(item)
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")))
}

/// The file of `#[path = "…"]`.
fn named_file(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) if pair.path.is_ident("path") => Some(text.value()),
            _ => None,
        }
    })
}

fn flatten<'a>(
    tree: &'a UseTree,
    before: &[String],
    last: Option<&'a syn::Ident>,
    found: &mut Vec<Imported<'a>>,
) {
    let with = |part: &syn::Ident| [before, &[part.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), Some(&path.ident), found),
        UseTree::Name(name) if name.ident == "self" => found.push(Imported {
            path: before.to_vec(),
            name: before.last().cloned(),
            at: &name.ident,
        }),
        UseTree::Name(name) => found.push(Imported {
            path: with(&name.ident),
            name: Some(name.ident.to_string()),
            at: &name.ident,
        }),
        UseTree::Rename(name) => found.push(Imported {
            path: if name.ident == "self" {
                before.to_vec()
            } else {
                with(&name.ident)
            },
            name: Some(name.rename.to_string()),
            at: &name.ident,
        }),
        UseTree::Glob(_) => found.extend(last.map(|at| Imported {
            path: before.to_vec(),
            name: None,
            at,
        })),
        UseTree::Group(group) => {
            for inner in &group.items {
                flatten(inner, before, last, found);
            }
        }
    }
}

/// Collects the imports of one item, those inside functions too.
#[derive(Default)]
struct Imports {
    found: Vec<(Vec<String>, Option<String>)>,
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).iter().any(for_tests) && !matches!(item, Item::Mod(_)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let paths = imported(item).into_iter();
        self.found.extend(paths.map(|use_| (use_.path, use_.name)));
    }
}
