//! The tree that all signals share: resources, scopes, records.
//!
//! In: one export request. Out: [`Telemetry`], and handles of what it holds: `…Mut` to edit, the
//! others to read. Invariant: reading changes nothing and allocates nothing; edits are data beside
//! the batch until the batch is encoded.

use std::fmt;
use std::marker::PhantomData;

use crate::attributes::{Attributes, AttributesMut};
use crate::edits::{EditAnswer, EditList, Edits, Place};
use crate::error::ParseError;
use crate::goview::{self, Batch};
use crate::message::{At, AtMut, Items, ItemsMut, Message, retain};
use crate::nested::Nested;
use crate::otlp;
use crate::rows::Table;
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
    replaced: Option<Box<Table>>,
    signal: PhantomData<S>,
}

table! {
    /// Who sent telemetry.
    RESOURCE = "Resource" (Resource, ResourceMut) {
        /// The attributes.
        1 attributes: attributes;
        /// How many attributes the source left out.
        2 dropped_attributes_count, set_dropped_attributes_count: uint32;
    }

    /// Which part of a program made telemetry.
    SCOPE = "InstrumentationScope" (Scope, ScopeMut) {
        /// The name.
        1 name, set_name: text;
        /// The version.
        2 version, set_version: text;
        /// The attributes.
        3 attributes: attributes;
        /// How many attributes the source left out.
        4 dropped_attributes_count, set_dropped_attributes_count: uint32;
    }
}

/// Declares a signal: its parameter of [`Telemetry`], and the messages around its records.
macro_rules! signal {
    (
        $(#[$doc:meta])*
        $signal:ident, $number:ident, $read:ident, $edit:ident,
        $request:ident = $request_name:literal,
        $resource:ident = $resource_name:literal $resources:ident,
        $scope:ident = $scope_name:literal $scopes:ident, $record:ident $records:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $signal {}

        impl $crate::telemetry::Signal for $signal {
            const SIGNAL: u32 = bimetal_abi::$number;
            const SCHEMA: &'static $crate::schema::Schema = &$request;
            type Record<'r> = $read<'r>;
            type RecordMut<'r> = $edit<'r>;
        }

        $crate::table::table! {
            $request = $request_name () {
                {$crate::schema::number::RESOURCES} $resources:
                    only $crate::schema::Kind::Items(&$resource);
            }
            $resource = $resource_name () {
                {$crate::schema::number::HEADER} resource:
                    only $crate::schema::Kind::Header(&$crate::telemetry::RESOURCE);
                {$crate::schema::number::ITEMS} $scopes: only $crate::schema::Kind::Items(&$scope);
                {$crate::schema::number::SCHEMA_URL} schema_url: only $crate::schema::Kind::Bytes;
            }
            $scope = $scope_name () {
                {$crate::schema::number::HEADER} scope:
                    only $crate::schema::Kind::Header(&$crate::telemetry::SCOPE);
                {$crate::schema::number::ITEMS} $records:
                    only $crate::schema::Kind::Items(&$record);
                {$crate::schema::number::SCHEMA_URL} schema_url: only $crate::schema::Kind::Bytes;
            }
        }
    };
}
pub(crate) use signal;

impl<'a, S: Signal> Telemetry<'a, S> {
    /// The signal's number at the C ABI (`SIGNAL_…`).
    pub const SIGNAL: u32 = S::SIGNAL;

    /// Reads one `Export…ServiceRequest`. Everything that can be read later is checked now.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        otlp::check(S::SCHEMA, bytes)?;
        Ok(Self::of(Message::of_otlp(bytes)))
    }

    /// Telemetry that lies in Go's memory. Ask [`Batch::unread`] before you believe what came of
    /// it.
    pub fn in_place(batch: &'a Batch<'a>) -> Self {
        Self::of(Message::View(goview::Message::whole(batch)))
    }

    pub(crate) fn of(message: Message<'a>) -> Self {
        Self {
            message,
            edits: Edits::new(S::SIGNAL == bimetal_abi::SIGNAL_METRICS),
            replaced: None,
            signal: PhantomData,
        }
    }

    /// Whether all of it can be read, which is found out by reading all of it where it lies in Go's
    /// memory. For who does something that cannot be taken back while he reads.
    pub fn is_readable(&self) -> bool {
        self.message.is_readable()
    }

    /// Whether anything is different from what was parsed. If not, the caller can pass on what it
    /// already holds.
    pub fn changed(&self) -> bool {
        self.edits.changed()
    }

    /// The new telemetry that is in its place, if there is some. The others of its functions know
    /// nothing of that.
    pub fn take_replaced(&mut self) -> Option<Table> {
        self.replaced.take().map(|table| *table)
    }

    pub(crate) fn set_replaced(&mut self, table: Table) {
        self.replaced = Some(Box::new(table));
    }

    pub(crate) fn message(&self) -> Message<'_> {
        self.message
    }

    /// What is different from what was parsed, as data: what a host that holds the batch in a form
    /// of its own has to do. [`encode`](Self::encode) does the same to OTLP.
    pub fn into_edits(self) -> EditList {
        self.edits.into_list()
    }

    /// The same, in memory that is there already, if it fits. Of what does not fit nothing is
    /// written.
    pub fn edits_into(self, room: &mut [u64]) -> EditAnswer {
        self.edits.into_room(room)
    }

    /// The whole batch as an `Export…ServiceRequest`.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = self.message.encoded();
        if !self.changed() {
            return bytes.into_owned();
        }
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
        otlp::encode(
            S::SCHEMA,
            &bytes,
            &self.edits.indexed(),
            Place::default(),
            &mut out,
        );
        out
    }

    /// The resources.
    pub fn resources(&self) -> Items<'_, ResourceItems<'_, S>> {
        let at = At {
            message: self.message,
            edits: Some(&self.edits),
            place: Place::default(),
        };
        at.items(RESOURCES)
    }

    /// The resources, to edit.
    #[inline]
    pub fn resources_mut(&mut self) -> ItemsMut<'_, ResourceItemsMut<'_, S>> {
        self.at_mut().items(RESOURCES)
    }

    /// Keeps the resources for which `keep` says so.
    pub fn retain_resources(&mut self, mut keep: impl FnMut(&mut ResourceItemsMut<'_, S>) -> bool) {
        retain(self.at_mut().items(RESOURCES), |at| keep(&mut at.into()));
    }

    /// All records of all scopes of all resources.
    #[inline]
    pub fn records(&self) -> impl Iterator<Item = S::Record<'_>> {
        let scopes = Nested::new(self.resources(), |resource| resource.scopes());
        Nested::new(scopes, |scope| scope.records())
    }

    /// All records of all scopes of all resources, to edit.
    #[inline]
    pub fn records_mut(&mut self) -> impl Iterator<Item = S::RecordMut<'_>> {
        let scopes = Nested::new(self.resources_mut(), ResourceItemsMut::into_scopes);
        Nested::new(scopes, ScopeItemsMut::into_records)
    }

    /// Keeps the records for which `keep` says so. Scopes and resources that lose their last record
    /// go with it, unless something was appended to them.
    pub fn retain_records(&mut self, mut keep: impl FnMut(&mut S::RecordMut<'_>) -> bool) {
        self.retain_resources(|resource| {
            let before = resource.scope_count();
            resource.retain_scopes(|scope| {
                let before = scope.record_count();
                scope.retain_records(&mut keep);
                before == 0 || scope.record_count() > 0 || scope.has_appended()
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

    #[inline]
    fn at_mut(&mut self) -> AtMut<'_> {
        AtMut {
            message: self.message,
            edits: &self.edits,
            place: Place::default(),
        }
    }
}

/// Declares the handles of a level of the tree: a header with attributes, and what is below it.
macro_rules! level {
    (
        $(#[$doc:meta])*
        $read:ident, $edit:ident: $header:ident $header_mut:ident = $header_schema:ident
        $header_name:ident $header_name_mut:ident,
        $item:ident, $item_mut:ident, $items:ident $items_mut:ident $into:ident $retain:ident
        $count:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $read<'r, S> {
            at: At<'r>,
            signal: PhantomData<S>,
        }

        $(#[$doc])*
        ///
        /// To edit.
        #[derive(Debug)]
        pub struct $edit<'r, S> {
            at: AtMut<'r>,
            signal: PhantomData<S>,
        }

        impl<'r, S> From<At<'r>> for $read<'r, S> {
            #[inline]
            fn from(at: At<'r>) -> Self {
                Self { at, signal: PhantomData }
            }
        }

        impl<'r, S> From<AtMut<'r>> for $edit<'r, S> {
            #[inline]
            fn from(at: AtMut<'r>) -> Self {
                Self { at, signal: PhantomData }
            }
        }

        impl<'r, S: Signal> $read<'r, S> {
            /// The message with the attributes; empty if it is absent.
            #[inline]
            pub fn $header_name(&self) -> $header<'r> {
                $header(At { message: self.at.message.message(HEADER), ..self.at })
            }

            /// The attributes.
            #[inline]
            pub fn attributes(&self) -> Attributes<'r> {
                self.$header_name().attributes()
            }

            /// The schema that names the attributes.
            #[inline]
            pub fn schema_url(&self) -> Text<'r> {
                self.at.message.text(SCHEMA_URL)
            }

            /// What is below it.
            #[inline]
            pub fn $items(&self) -> Items<'r, $item<'r, S>> {
                self.at.items(ITEMS)
            }

            /// How many there are below it.
            #[inline]
            pub fn $count(&self) -> usize {
                self.at.items::<At<'_>>(ITEMS).count()
            }
        }

        impl<'r, S: Signal> $edit<'r, S> {
            /// The same, to read.
            #[inline]
            pub fn as_read(&self) -> $read<'_, S> {
                $read { at: self.at.as_read(), signal: PhantomData }
            }

            /// The attributes.
            #[inline]
            pub fn attributes(&self) -> Attributes<'_> {
                self.as_read().attributes()
            }

            /// The attributes, to edit.
            #[inline]
            pub fn attributes_mut(&mut self) -> AttributesMut<'_> {
                let header = self.at.message.message(HEADER);
                AttributesMut::new(&self.at, header, $header_schema.attributes())
            }

            /// The message with the attributes, to edit.
            #[inline]
            pub fn $header_name_mut(&mut self) -> $header_mut<'_> {
                let header = self.at.message.message(HEADER);
                $header_mut(AtMut { message: header, ..self.at.reborrow() })
            }

            /// What is below it, to edit.
            #[inline]
            pub fn $items_mut(&mut self) -> ItemsMut<'_, $item_mut<'_, S>> {
                $edit::<S>::from(self.at.reborrow()).$into()
            }

            /// What is below it, to edit when this level is no longer needed.
            #[inline]
            pub fn $into(self) -> ItemsMut<'r, $item_mut<'r, S>> {
                self.at.items(ITEMS)
            }

            /// Keeps what is below it and for which `keep` says so.
            #[inline]
            pub fn $retain(&mut self, mut keep: impl FnMut(&mut $item_mut<'_, S>) -> bool) {
                retain(self.at.reborrow().items(ITEMS), |at| keep(&mut at.into()));
            }

            /// How many there are below it.
            #[inline]
            pub fn $count(&self) -> usize {
                self.as_read().$count()
            }
        }
    };
}

type RecordOf<'r, S> = <S as Signal>::Record<'r>;
type RecordMutOf<'r, S> = <S as Signal>::RecordMut<'r>;

level! {
    /// One resource and what it sent.
    ResourceItems, ResourceItemsMut: Resource ResourceMut = RESOURCE
    resource resource_mut,
    ScopeItems, ScopeItemsMut,
    scopes scopes_mut into_scopes retain_scopes scope_count
}

level! {
    /// One instrumentation scope and its records.
    ScopeItems, ScopeItemsMut: Scope ScopeMut = SCOPE scope scope_mut,
    RecordOf, RecordMutOf,
    records records_mut into_records retain_records record_count
}

impl<'r, S: Signal> ScopeItems<'r, S> {
    /// Name of the scope.
    pub fn name(&self) -> Text<'r> {
        self.scope().name()
    }

    /// Version of the scope.
    pub fn version(&self) -> Text<'r> {
        self.scope().version()
    }
}

impl<S: Signal> ScopeItemsMut<'_, S> {
    pub(crate) fn append_encoded(&mut self, scope: &[u8]) {
        self.at.edits.append(self.at.place, scope);
    }

    fn has_appended(&self) -> bool {
        self.at.edits.has_appended(self.at.place)
    }
}
