//! The tree that all signals share: resources, scopes, records.
//!
//! In: one export request. Out: [`Telemetry`], and handles of what it holds: `…Mut` to edit, the
//! others to read. Invariant: reading changes nothing and allocates nothing; edits are data beside
//! the batch until the batch is encoded.

use std::fmt;
use std::marker::PhantomData;

use crate::attributes::{Attributes, AttributesMut};
use crate::edits::{Edit, Edits, Place};
use crate::error::ParseError;
use crate::message::{At, AtMut, Items, ItemsMut, Message, retain};
use crate::otlp;
use crate::schema::Schema;
use crate::schema::number::{HEADER, ITEMS, RESOURCES, SCHEMA_URL};
use crate::table::table;
use crate::text::Text;

/// What a batch holds: log records, spans, metrics. Implemented here only.
pub trait Signal: Copy + fmt::Debug + 'static {
    /// The signal's number at the C ABI (`SIGNAL_…`).
    const SIGNAL: u32;
    /// Of the whole request.
    #[doc(hidden)]
    const SCHEMA: &'static Schema;
    /// What a scope holds, to read.
    type Record<'r>: From<At<'r>>;
    /// What a scope holds, to edit.
    type RecordMut<'r>: From<AtMut<'r>>;
}

/// One batch of telemetry, as it crosses the FFI boundary.
#[derive(Debug)]
pub struct Telemetry<'a, S> {
    message: Message<'a>,
    edits: Edits,
    signal: PhantomData<S>,
}

/// One resource and what it sent.
#[derive(Clone, Copy, Debug)]
pub struct ResourceItems<'r, S> {
    at: At<'r>,
    resource: Message<'r>,
    signal: PhantomData<S>,
}

/// One resource and what it sent, to edit.
#[derive(Debug)]
pub struct ResourceItemsMut<'r, S> {
    at: AtMut<'r>,
    resource: Message<'r>,
    signal: PhantomData<S>,
}

/// One instrumentation scope and its records.
#[derive(Clone, Copy, Debug)]
pub struct ScopeItems<'r, S> {
    at: At<'r>,
    scope: Message<'r>,
    signal: PhantomData<S>,
}

/// One instrumentation scope and its records, to edit.
#[derive(Debug)]
pub struct ScopeItemsMut<'r, S> {
    at: AtMut<'r>,
    scope: Message<'r>,
    signal: PhantomData<S>,
}

table! {
    /// Who sent telemetry.
    RESOURCE = "Resource" (Resource) {
        /// The attributes.
        1 attributes: attributes;
        /// How many attributes the source left out.
        2 dropped_attributes_count: uint32;
    }

    /// Which part of a program made telemetry.
    SCOPE = "InstrumentationScope" (Scope) {
        /// The name.
        1 name: text;
        /// The version.
        2 version: text;
        /// The attributes.
        3 attributes: attributes;
        /// How many attributes the source left out.
        4 dropped_attributes_count: uint32;
    }
}

/// Declares the messages around the records of a signal.
macro_rules! request {
    (
        $request:ident = $request_name:literal, $resource:ident = $resource_name:literal $resources:ident,
        $scope:ident = $scope_name:literal $scopes:ident, $record:ident $records:ident
    ) => {
        $crate::table::table! {
            $request = $request_name () {
                {$crate::schema::number::RESOURCES} $resources: only $crate::schema::Kind::Items(&$resource);
            }
            $resource = $resource_name () {
                {$crate::schema::number::HEADER} resource: only $crate::schema::Kind::Header(&$crate::telemetry::RESOURCE);
                {$crate::schema::number::ITEMS} $scopes: only $crate::schema::Kind::Items(&$scope);
                {$crate::schema::number::SCHEMA_URL} schema_url: only $crate::schema::Kind::Bytes;
            }
            $scope = $scope_name () {
                {$crate::schema::number::HEADER} scope: only $crate::schema::Kind::Header(&$crate::telemetry::SCOPE);
                {$crate::schema::number::ITEMS} $records: only $crate::schema::Kind::Items(&$record);
                {$crate::schema::number::SCHEMA_URL} schema_url: only $crate::schema::Kind::Bytes;
            }
        }
    };
}
pub(crate) use request;

impl<'a, S: Signal> Telemetry<'a, S> {
    /// The signal's number at the C ABI (`SIGNAL_…`).
    pub const SIGNAL: u32 = S::SIGNAL;

    /// Reads one `Export…ServiceRequest`. Everything that can be read later is checked now.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        otlp::check(S::SCHEMA, bytes)?;
        Ok(Self {
            message: Message::of_otlp(bytes),
            edits: Edits::default(),
            signal: PhantomData,
        })
    }

    /// Whether anything is different from what was parsed. If not, the caller can pass on what it
    /// already holds.
    pub fn changed(&self) -> bool {
        self.edits.changed()
    }

    /// What is different from what was parsed, as data: what a host that holds the batch in a form
    /// of its own has to do. [`encode`](Self::encode) does the same to OTLP.
    pub fn edits(&self, mut visit: impl FnMut(&Place, Edit<'_>)) {
        let mut place = Place::new();
        self.edits.visit(&mut place, &mut visit);
    }

    /// The whole batch as an `Export…ServiceRequest`.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = self.message.encoded();
        if !self.changed() {
            return bytes.into_owned();
        }
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
        otlp::encode(S::SCHEMA, &bytes, &self.edits, &mut out);
        out
    }

    /// The resources.
    pub fn resources(&self) -> Items<'_, ResourceItems<'_, S>> {
        let at = At {
            message: self.message,
            edits: Some(&self.edits),
        };
        at.items(RESOURCES)
    }

    /// The resources, to edit.
    pub fn resources_mut(&mut self) -> ItemsMut<'_, ResourceItemsMut<'_, S>> {
        self.at_mut().items(RESOURCES)
    }

    /// Keeps the resources for which `keep` says so.
    pub fn retain_resources(&mut self, mut keep: impl FnMut(&mut ResourceItemsMut<'_, S>) -> bool) {
        retain(self.at_mut().items(RESOURCES), |at| keep(&mut at.into()));
    }

    /// All records of all scopes of all resources.
    pub fn records(&self) -> impl Iterator<Item = S::Record<'_>> {
        self.resources()
            .flat_map(|resource| resource.scopes())
            .flat_map(|scope| scope.records())
    }

    /// All records of all scopes of all resources, to edit.
    pub fn records_mut(&mut self) -> impl Iterator<Item = S::RecordMut<'_>> {
        self.resources_mut()
            .flat_map(ResourceItemsMut::into_scopes)
            .flat_map(ScopeItemsMut::into_records)
    }

    /// Keeps the records for which `keep` says so. Scopes and resources that lose their last record
    /// go with it.
    pub fn retain_records(&mut self, mut keep: impl FnMut(&mut S::RecordMut<'_>) -> bool) {
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
            .flat_map(|resource| resource.scopes())
            .map(|scope| scope.record_count())
            .sum()
    }

    fn at_mut(&mut self) -> AtMut<'_> {
        AtMut {
            message: self.message,
            edits: &mut self.edits,
        }
    }
}

impl<'r, S> From<At<'r>> for ResourceItems<'r, S> {
    fn from(at: At<'r>) -> Self {
        Self {
            at,
            resource: at.message.message(HEADER),
            signal: PhantomData,
        }
    }
}

impl<'r, S: Signal> ResourceItems<'r, S> {
    /// The resource itself.
    pub fn resource(&self) -> Resource<'r> {
        Resource(At {
            message: self.resource,
            ..self.at
        })
    }

    /// Attributes of the resource.
    pub fn attributes(&self) -> Attributes<'r> {
        self.resource().attributes()
    }

    /// Schema of the resource.
    pub fn schema_url(&self) -> Text<'r> {
        self.at.message.text(SCHEMA_URL)
    }

    /// The scopes.
    pub fn scopes(&self) -> Items<'r, ScopeItems<'r, S>> {
        self.at.items(ITEMS)
    }

    /// How many scopes there are.
    pub fn scope_count(&self) -> usize {
        self.at.items::<At<'_>>(ITEMS).count()
    }
}

impl<'r, S> From<AtMut<'r>> for ResourceItemsMut<'r, S> {
    fn from(at: AtMut<'r>) -> Self {
        Self {
            resource: at.message.message(HEADER),
            at,
            signal: PhantomData,
        }
    }
}

impl<'r, S: Signal> ResourceItemsMut<'r, S> {
    /// The same, to read.
    pub fn as_read(&self) -> ResourceItems<'_, S> {
        ResourceItems {
            at: self.at.as_read(),
            resource: self.resource,
            signal: PhantomData,
        }
    }

    /// Attributes of the resource.
    pub fn attributes(&self) -> Attributes<'_> {
        self.as_read().attributes()
    }

    /// Attributes of the resource, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_> {
        AttributesMut::new(self.at.edits, self.resource, RESOURCE.attributes())
    }

    /// Schema of the resource.
    pub fn schema_url(&self) -> Text<'r> {
        self.at.message.text(SCHEMA_URL)
    }

    /// The scopes, to edit.
    pub fn scopes_mut(&mut self) -> ItemsMut<'_, ScopeItemsMut<'_, S>> {
        self.at.reborrow().items(ITEMS)
    }

    /// The scopes, to edit after the resource.
    pub fn into_scopes(self) -> ItemsMut<'r, ScopeItemsMut<'r, S>> {
        self.at.items(ITEMS)
    }

    /// Keeps the scopes for which `keep` says so.
    pub fn retain_scopes(&mut self, mut keep: impl FnMut(&mut ScopeItemsMut<'_, S>) -> bool) {
        retain(self.at.reborrow().items(ITEMS), |at| keep(&mut at.into()));
    }

    /// How many scopes there are.
    pub fn scope_count(&self) -> usize {
        self.as_read().scope_count()
    }
}

impl<'r, S> From<At<'r>> for ScopeItems<'r, S> {
    fn from(at: At<'r>) -> Self {
        Self {
            at,
            scope: at.message.message(HEADER),
            signal: PhantomData,
        }
    }
}

impl<'r, S: Signal> ScopeItems<'r, S> {
    /// The scope itself.
    pub fn scope(&self) -> Scope<'r> {
        Scope(At {
            message: self.scope,
            ..self.at
        })
    }

    /// Name of the scope.
    pub fn name(&self) -> Text<'r> {
        self.scope().name()
    }

    /// Version of the scope.
    pub fn version(&self) -> Text<'r> {
        self.scope().version()
    }

    /// Attributes of the scope.
    pub fn attributes(&self) -> Attributes<'r> {
        self.scope().attributes()
    }

    /// Schema of the scope's records.
    pub fn schema_url(&self) -> Text<'r> {
        self.at.message.text(SCHEMA_URL)
    }

    /// The records.
    pub fn records(&self) -> Items<'r, S::Record<'r>> {
        self.at.items(ITEMS)
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        self.at.items::<At<'_>>(ITEMS).count()
    }
}

impl<'r, S> From<AtMut<'r>> for ScopeItemsMut<'r, S> {
    fn from(at: AtMut<'r>) -> Self {
        Self {
            scope: at.message.message(HEADER),
            at,
            signal: PhantomData,
        }
    }
}

impl<'r, S: Signal> ScopeItemsMut<'r, S> {
    /// The same, to read.
    pub fn as_read(&self) -> ScopeItems<'_, S> {
        ScopeItems {
            at: self.at.as_read(),
            scope: self.scope,
            signal: PhantomData,
        }
    }

    /// Name of the scope.
    pub fn name(&self) -> Text<'_> {
        self.as_read().name()
    }

    /// Version of the scope.
    pub fn version(&self) -> Text<'_> {
        self.as_read().version()
    }

    /// Attributes of the scope.
    pub fn attributes(&self) -> Attributes<'_> {
        self.as_read().attributes()
    }

    /// Attributes of the scope, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_> {
        AttributesMut::new(self.at.edits, self.scope, SCOPE.attributes())
    }

    /// The records, to edit.
    pub fn records_mut(&mut self) -> ItemsMut<'_, S::RecordMut<'_>> {
        self.at.reborrow().items(ITEMS)
    }

    /// The records, to edit after the scope.
    pub fn into_records(self) -> ItemsMut<'r, S::RecordMut<'r>> {
        self.at.items(ITEMS)
    }

    /// Keeps the records for which `keep` says so.
    pub fn retain_records(&mut self, mut keep: impl FnMut(&mut S::RecordMut<'_>) -> bool) {
        retain(self.at.reborrow().items(ITEMS), |at| keep(&mut at.into()));
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        self.as_read().record_count()
    }
}
