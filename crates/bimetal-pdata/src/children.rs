//! The repeated messages in a message: records in a scope, scopes in a resource, points in a
//! metric.
//!
//! In: the bytes of the owner. Out: nodes, and the owner's encoding. Invariant: nodes stay in the
//! order in which they came; a node that is missing from the list was removed.

use crate::encode::{Encode, Sink};
use crate::wire::{Field, Fields};

/// A message in the tree.
pub(crate) trait Node<'a> {
    fn raw(&self) -> &'a [u8];
    fn changed(&self) -> bool;
    /// Called only if it changed.
    fn encode_changed(&self, out: &mut impl Sink);
}

#[derive(Debug)]
pub(crate) struct Children<N> {
    field: u32,
    nodes: Vec<N>,
    removed: bool,
}

impl<'a, N: Node<'a>> Children<N> {
    pub(crate) fn changed(&self) -> bool {
        self.removed || self.nodes.iter().any(Node::changed)
    }
}

impl<'a, N> Children<N> {
    pub(crate) fn read(owner: &'a [u8], field: u32, read: impl Fn(&'a [u8]) -> N) -> Self {
        let nodes = Fields::of(owner)
            .filter(|found| found.number == field)
            .filter_map(|found| found.payload.content())
            .map(read)
            .collect();
        Self {
            field,
            nodes,
            removed: false,
        }
    }

    pub(crate) fn nodes(&self) -> &[N] {
        &self.nodes
    }

    pub(crate) fn nodes_mut(&mut self) -> &mut [N] {
        &mut self.nodes
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&mut N) -> bool) {
        let before = self.nodes.len();
        self.nodes.retain_mut(keep);
        self.removed |= self.nodes.len() < before;
    }
}

impl<'a, N: Node<'a>> Children<N> {
    /// Copies the owner's fields, with the nodes as they now are; `other` is asked first what to do
    /// with a field that is no node.
    pub(crate) fn encode<S: Sink>(
        &self,
        owner: &[u8],
        out: &mut S,
        mut other: impl FnMut(&Field<'_>, &mut S),
    ) {
        let mut nodes = self.nodes.iter().peekable();
        for field in Fields::of(owner) {
            if field.number != self.field {
                other(&field, out);
                continue;
            }
            // Nodes are told apart by where they stand, since equal ones may be in the list.
            let here = |node: &&N| {
                field
                    .payload
                    .content()
                    .is_some_and(|content| std::ptr::eq(content, node.raw()))
            };
            if let Some(node) = nodes.next_if(here) {
                if node.changed() {
                    out.message(self.field, &Changed(node, std::marker::PhantomData));
                } else {
                    out.bytes(field.raw);
                }
            }
        }
    }
}

/// Encodes a node that changed.
pub(crate) struct Changed<'r, 'a, N>(
    pub(crate) &'r N,
    pub(crate) std::marker::PhantomData<&'a ()>,
);

impl<'a, N: Node<'a>> Encode for Changed<'_, 'a, N> {
    fn encode(&self, out: &mut impl Sink) {
        self.0.encode_changed(out);
    }
}
