//! The paths that one file writes down.
//!
//! In: a file of a [`Tree`]. Out: every path in a `use`, in code, in the words of a macro and in
//! an attribute, with its line and the module that it stands in. Invariant: nothing that is
//! compiled for tests only.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Expr, Item};

use super::tree::{Name, Tree, imported};
use crate::test_items::{attributes, for_tests};

/// One path as it is written.
pub(super) struct Written {
    /// The module whose names it starts from.
    pub(super) module: usize,
    pub(super) parts: Vec<String>,
    pub(super) line: usize,
    /// Whether it hands its target on (`pub use`).
    pub(super) re_export: bool,
}

/// Every path of the file.
pub(super) fn written(tree: &Tree, file: usize) -> Vec<Written> {
    let mut paths = Paths {
        tree,
        module: tree.files[file].module,
        found: Vec::new(),
    };
    paths.visit_file(&tree.files[file].syntax);
    paths.found
}

struct Paths<'a> {
    tree: &'a Tree,
    module: usize,
    found: Vec<Written>,
}

impl Paths<'_> {
    fn add(&mut self, parts: Vec<String>, line: usize) {
        self.found.push(Written {
            module: self.module,
            parts,
            line,
            re_export: false,
        });
    }

    /// A name without a path matters only where it came by `use …::*`; what is imported by its name
    /// counts at its `use`.
    fn may_come_by_glob(&self, name: &str) -> bool {
        let module = &self.tree.modules[self.module];
        !module.globs.is_empty() && !module.names.contains_key(name)
    }

    /// The words of a macro are not parsed; a path among them still shows.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut parts: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if colons == 2 || parts.is_empty() => {
                    if parts.is_empty() {
                        line = word.span().start().line;
                    }
                    parts.push(word.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !parts.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(word) => {
                    self.add_loose(std::mem::take(&mut parts), line);
                    line = word.span().start().line;
                    parts.push(word.to_string());
                }
                TokenTree::Group(group) => {
                    self.add_loose(std::mem::take(&mut parts), line);
                    self.add_tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.add_loose(std::mem::take(&mut parts), line);
                }
            }
            colons = 0;
        }
        self.add_loose(parts, line);
    }

    fn add_loose(&mut self, parts: Vec<String>, line: usize) {
        let is_type = |name: &str| name.starts_with(char::is_uppercase);
        match parts.as_slice() {
            [] => {}
            [name] if !is_type(name) || !self.may_come_by_glob(name) => {}
            _ => self.add(parts, line),
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if attributes(item).iter().any(for_tests) {
            return;
        }
        let Item::Mod(inner) = item else {
            syn::visit::visit_item(self, item);
            return;
        };
        let names = &self.tree.modules[self.module].names;
        let child = names
            .get(&inner.ident.to_string())
            .into_iter()
            .flatten()
            .find_map(|name| match name {
                Name::Module(child) => Some(*child),
                _ => None,
            });
        if let (Some((_, items)), Some(child)) = (&inner.content, child) {
            let outer = std::mem::replace(&mut self.module, child);
            for item in items {
                self.visit_item(item);
            }
            self.module = outer;
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(for_tests) {
            syn::visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in imported(item) {
            self.found.push(Written {
                module: self.module,
                parts: path.path,
                line: path.at.span().start().line,
                re_export: !matches!(item.vis, syn::Visibility::Inherited),
            });
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<_> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        let line = path
            .segments
            .first()
            .map_or(0, |part| part.ident.span().start().line);
        if path.leading_colon.is_none() {
            self.add_loose(parts, line);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let Some(name) = function.path.get_ident()
            && self.may_come_by_glob(&name.to_string())
        {
            self.add(vec![name.to_string()], name.span().start().line);
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        self.add_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        let syn::Meta::List(list) = &attribute.meta else {
            return;
        };
        self.add_tokens(list.tokens.clone());
        // `#[serde(with = "a::path")]`: a path in quotes.
        for token in list.tokens.clone() {
            if let TokenTree::Literal(literal) = token
                && let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                && let Ok(path) = text.parse::<syn::Path>()
                && path.segments.len() > 1
            {
                let parts = path.segments.iter().map(|part| part.ident.to_string());
                self.add(parts.collect(), literal.span().start().line);
            }
        }
    }

    /// `pub(crate)` and `pub(super)` are no use of anything.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
