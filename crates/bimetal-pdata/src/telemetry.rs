//! The tree that all signals share: resources, scopes, records.
//!
//! In: the bytes of one export request. Out: [`Telemetry`], [`ResourceItems`], [`ScopeItems`], and
//! the bytes again. Invariant: reading changes nothing; what did not change is copied as it came.

use crate::attributes::{Attributes, AttributesMut};
use crate::children::{Children, Node};
use crate::encode::{Encode, Sink, encoded_len};
use crate::error::ParseError;
use crate::message::{Header, bytes, messages, text};
use crate::schema::{Schema, check};
use crate::text::Text;

const RESOURCES: u32 = 1;
const HEADER: u32 = 1;
const ITEMS: u32 = 2;
const SCHEMA_URL: u32 = 3;
const RESOURCE_ATTRIBUTES: u32 = 1;
const SCOPE_NAME: u32 = 1;
const SCOPE_VERSION: u32 = 2;
const SCOPE_ATTRIBUTES: u32 = 3;

/// What a scope holds: a log record, a span, a metric. Implemented here only.
#[expect(
    private_bounds,
    reason = "sealed: a fourth kind of telemetry has to be known to the C ABI first"
)]
pub trait Item<'a>: Leaf<'a> {}

impl<'a, I: Leaf<'a>> Item<'a> for I {}

/// How the tree deals with what a scope holds.
pub(crate) trait Leaf<'a>: Node<'a> {
    const SIGNAL: u32;
    /// Of the whole request.
    const SCHEMA: &'static Schema;

    fn read(raw: &'a [u8]) -> Self;
}

/// One batch of telemetry, as it crosses the FFI boundary.
#[derive(Debug)]
pub struct Telemetry<'a, I> {
    raw: &'a [u8],
    resources: Children<ResourceItems<'a, I>>,
}

/// One resource and what it sent.
#[derive(Debug)]
pub struct ResourceItems<'a, I> {
    group: Group<'a, ScopeItems<'a, I>>,
}

/// One instrumentation scope and its records.
#[derive(Debug)]
pub struct ScopeItems<'a, I> {
    group: Group<'a, I>,
}

/// Resource and scope have the same shape.
#[derive(Debug)]
struct Group<'a, N> {
    raw: &'a [u8],
    header: Header<'a>,
    children: Children<N>,
}

impl<'a, I: Item<'a>> Telemetry<'a, I> {
    /// The signal's number at the C ABI (`SIGNAL_…`).
    pub const SIGNAL: u32 = I::SIGNAL;

    /// Reads one `Export…ServiceRequest`. Everything that can be read later is checked now.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        check(I::SCHEMA, bytes)?;
        Ok(Self {
            raw: bytes,
            resources: Children::read(bytes, RESOURCES, ResourceItems::read),
        })
    }

    /// Whether anything is different from what was parsed. If not, the caller can pass on what it
    /// already holds.
    pub fn changed(&self) -> bool {
        self.resources.changed()
    }

    /// The whole batch as an `Export…ServiceRequest`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.raw.len() + self.raw.len() / 8);
        if self.changed() {
            self.resources
                .encode(self.raw, &mut out, |field, out| out.bytes(field.raw));
        } else {
            out.extend_from_slice(self.raw);
        }
        out
    }

    /// The resources.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceItems<'a, I>> {
        self.resources.nodes().iter()
    }

    /// The resources, to edit.
    pub fn resources_mut(&mut self) -> impl Iterator<Item = &mut ResourceItems<'a, I>> {
        self.resources.nodes_mut().iter_mut()
    }

    /// Keeps the resources for which `keep` says so.
    pub fn retain_resources(&mut self, keep: impl FnMut(&mut ResourceItems<'a, I>) -> bool) {
        self.resources.retain(keep);
    }

    /// All records of all scopes of all resources.
    pub fn records(&self) -> impl Iterator<Item = &I> {
        self.resources()
            .flat_map(ResourceItems::scopes)
            .flat_map(ScopeItems::records)
    }

    /// All records of all scopes of all resources, to edit.
    pub fn records_mut(&mut self) -> impl Iterator<Item = &mut I> {
        self.resources_mut()
            .flat_map(ResourceItems::scopes_mut)
            .flat_map(ScopeItems::records_mut)
    }

    /// Keeps the records for which `keep` says so. Scopes and resources that lose their last record
    /// go with it.
    pub fn retain_records(&mut self, mut keep: impl FnMut(&mut I) -> bool) {
        self.retain_resources(|resource| {
            let before = resource.scope_count();
            resource.retain_scopes(|scope| {
                let before = scope.record_count();
                scope.retain_records(&mut keep);
                before == 0 || scope.record_count() > 0
            });
            before == 0 || resource.scope_count() > 0
        });
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        self.resources()
            .flat_map(ResourceItems::scopes)
            .map(ScopeItems::record_count)
            .sum()
    }
}

impl<'a, I: Item<'a>> ResourceItems<'a, I> {
    fn read(raw: &'a [u8]) -> Self {
        Self {
            group: Group::read(raw, ScopeItems::read),
        }
    }

    /// Attributes of the resource.
    pub fn attributes(&self) -> Attributes<'_> {
        self.group.header.attributes(RESOURCE_ATTRIBUTES)
    }

    /// Attributes of the resource, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_, 'a> {
        self.group.header.attributes_mut(RESOURCE_ATTRIBUTES)
    }

    /// Schema of the resource.
    pub fn schema_url(&self) -> Text<'a> {
        text(&[self.group.raw], SCHEMA_URL)
    }

    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &ScopeItems<'a, I>> {
        self.group.children.nodes().iter()
    }

    /// The scopes, to edit.
    pub fn scopes_mut(&mut self) -> impl Iterator<Item = &mut ScopeItems<'a, I>> {
        self.group.children.nodes_mut().iter_mut()
    }

    /// Keeps the scopes for which `keep` says so.
    pub fn retain_scopes(&mut self, keep: impl FnMut(&mut ScopeItems<'a, I>) -> bool) {
        self.group.children.retain(keep);
    }

    /// How many scopes there are.
    pub fn scope_count(&self) -> usize {
        self.group.children.nodes().len()
    }
}

impl<'a, I: Item<'a>> ScopeItems<'a, I> {
    fn read(raw: &'a [u8]) -> Self {
        Self {
            group: Group::read(raw, I::read),
        }
    }

    /// Name of the scope.
    pub fn name(&self) -> Text<'a> {
        text(self.group.header.parts(), SCOPE_NAME)
    }

    /// Version of the scope.
    pub fn version(&self) -> Text<'a> {
        text(self.group.header.parts(), SCOPE_VERSION)
    }

    /// Attributes of the scope.
    pub fn attributes(&self) -> Attributes<'_> {
        self.group.header.attributes(SCOPE_ATTRIBUTES)
    }

    /// Attributes of the scope, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_, 'a> {
        self.group.header.attributes_mut(SCOPE_ATTRIBUTES)
    }

    /// Schema of the scope's records.
    pub fn schema_url(&self) -> Text<'a> {
        Text::from_bytes(bytes(&[self.group.raw], SCHEMA_URL).unwrap_or_default())
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &I> {
        self.group.children.nodes().iter()
    }

    /// The records, to edit.
    pub fn records_mut(&mut self) -> impl Iterator<Item = &mut I> {
        self.group.children.nodes_mut().iter_mut()
    }

    /// Keeps the records for which `keep` says so.
    pub fn retain_records(&mut self, keep: impl FnMut(&mut I) -> bool) {
        self.group.children.retain(keep);
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        self.group.children.nodes().len()
    }
}

impl<'a, N: Node<'a>> Group<'a, N> {
    fn read(raw: &'a [u8], child: impl Fn(&'a [u8]) -> N) -> Self {
        Self {
            raw,
            header: Header::collect(messages(&[raw], HEADER)),
            children: Children::read(raw, ITEMS, child),
        }
    }

    fn changed(&self) -> bool {
        self.header.changed() || self.children.changed()
    }

    fn encode(&self, attributes: u32, out: &mut impl Sink) {
        let edited = HeaderEncoding(&self.header, attributes);
        let mut pending = self.header.changed();
        self.children.encode(self.raw, out, |field, out| {
            if field.number != HEADER || !self.header.changed() {
                out.bytes(field.raw);
            } else if std::mem::take(&mut pending) {
                out.message(HEADER, &edited);
            }
        });
        // One that was absent and is empty stays absent.
        if pending && encoded_len(&edited) > 0 {
            out.message(HEADER, &edited);
        }
    }
}

struct HeaderEncoding<'r, 'a>(&'r Header<'a>, u32);

impl Encode for HeaderEncoding<'_, '_> {
    fn encode(&self, out: &mut impl Sink) {
        self.0.encode(self.1, out);
    }
}

impl<'a, I: Item<'a>> Node<'a> for ResourceItems<'a, I> {
    fn raw(&self) -> &'a [u8] {
        self.group.raw
    }

    fn changed(&self) -> bool {
        self.group.changed()
    }

    fn encode_changed(&self, out: &mut impl Sink) {
        self.group.encode(RESOURCE_ATTRIBUTES, out);
    }
}

impl<'a, I: Item<'a>> Node<'a> for ScopeItems<'a, I> {
    fn raw(&self) -> &'a [u8] {
        self.group.raw
    }

    fn changed(&self) -> bool {
        self.group.changed()
    }

    fn encode_changed(&self, out: &mut impl Sink) {
        self.group.encode(SCOPE_ATTRIBUTES, out);
    }
}
