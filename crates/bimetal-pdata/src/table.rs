//! The field table: one row per field of a message that authors read.
//!
//! In: rows of number, name and kind. Out: the message's [`Schema`](crate::schema::Schema), a
//! handle to read it and, where it can be edited, one to edit it, each with an accessor per row.
//! Invariant: a field is named and numbered in its row only.

/// Declares messages.
///
/// `NAME = "Message" () { rows }` makes the schema only; `(Handle)` a handle to read as well, and
/// `(Handle, HandleMut)` one to edit. A row `number name: kind;` makes an accessor, so
/// do `number name: one Handle of NAME;` and `list`; `number name: only Kind;` does not. A row
/// `number name, set_name: kind;` lets the handle to edit set the field, too.
macro_rules! table {
    ($(
        $(#[$doc:meta])* $schema:ident = $message:literal ($($read:ident $(, $edit:ident)?)?)
            $rows:tt
    )*) => {
        $(
            pub(crate) static $schema: $crate::schema::Schema =
                $crate::schema::Schema::new($message, $crate::table::fields!([] $rows));
            $crate::table::handles!([$(#[$doc])*] $($read $(, $edit)?)?; $rows);
        )*
    };
}

macro_rules! handles {
    ([] ; $rows:tt) => {};
    ([$(#[$doc:meta])*] $read:ident; {$($rows:tt)*}) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $read<'r>(pub(crate) $crate::message::At<'r>);

        impl<'r> From<$crate::message::At<'r>> for $read<'r> {
            #[inline]
            fn from(at: $crate::message::At<'r>) -> Self {
                Self(at)
            }
        }

        impl<'r> $read<'r> {
            $crate::table::accessors!(read $($rows)*);
        }
    };
    ([$(#[$doc:meta])*] $read:ident, $edit:ident; {$($rows:tt)*}) => {
        $crate::table::handles!([$(#[$doc])*] $read; {$($rows)*});

        $(#[$doc])*
        ///
        /// To edit.
        #[derive(Debug)]
        pub struct $edit<'r>(pub(crate) $crate::message::AtMut<'r>);

        impl<'r> From<$crate::message::AtMut<'r>> for $edit<'r> {
            #[inline]
            fn from(at: $crate::message::AtMut<'r>) -> Self {
                Self(at)
            }
        }

        impl<'r> $edit<'r> {
            $crate::table::accessors!(edit $($rows)*);

            /// The same, to read.
            #[inline]
            pub fn as_read(&self) -> $read<'_> {
                $read(self.0.as_read())
            }
        }
    };
}

macro_rules! fields {
    ([] {$($rows:tt)*}) => { $crate::table::fields!([] $($rows)*) };
    ([$($done:expr,)*]) => { &[$($done,)*] };
    ([$($done:expr,)*] $number:tt $name:ident: only $kind:expr; $($rest:tt)*) => {
        $crate::table::fields!([$($done,)* ($number, stringify!($name), $kind),] $($rest)*)
    };
    (
        [$($done:expr,)*] $(#[$doc:meta])*
        $number:literal $name:ident: $many:ident $read:ident of $schema:ident; $($rest:tt)*
    ) => {
        $crate::table::fields!(
            [$($done,)* ($number, stringify!($name), $crate::table::kind!($many $schema)),]
            $($rest)*
        )
    };
    (
        [$($done:expr,)*] $(#[$doc:meta])*
        $number:literal $name:ident $(, $set:ident)?: $kind:ident; $($rest:tt)*
    ) => {
        $crate::table::fields!(
            [$($done,)* ($number, stringify!($name), $crate::table::kind!(schema $kind)),] $($rest)*
        )
    };
}

/// How a kind is encoded, and what its accessor gives.
macro_rules! kind {
    (one $schema:ident) => { $crate::schema::Kind::Message(&$schema) };
    (list $schema:ident) => { $crate::schema::Kind::List(&$schema) };
    (schema fixed64) => { $crate::schema::Kind::Fixed64 };
    (schema double) => { $crate::schema::Kind::Fixed64 };
    (schema optional_double) => { $crate::schema::Kind::Optional64 };
    (schema fixed32) => { $crate::schema::Kind::Fixed32 };
    (schema int32) => { $crate::schema::Kind::Varint };
    (schema sint32) => { $crate::schema::Kind::Zigzag };
    (schema uint32) => { $crate::schema::Kind::Varint };
    (schema text) => { $crate::schema::Kind::Bytes };
    (schema trace_id) => { $crate::schema::Kind::Id(16) };
    (schema span_id) => { $crate::schema::Kind::Id(8) };
    (schema value) => { $crate::schema::Kind::Message(&$crate::schema::ANY_VALUE) };
    (schema attributes) => { $crate::schema::Kind::Attributes };
    (gives fixed64) => { u64 };
    (gives double) => { f64 };
    (gives optional_double) => { Option<f64> };
    (gives fixed32) => { u32 };
    (gives int32) => { i32 };
    (gives sint32) => { i32 };
    (gives uint32) => { u32 };
    (gives text) => { $crate::text::Text<'r> };
    (gives trace_id) => { &'r [u8; 16] };
    (gives span_id) => { &'r [u8; 8] };
    (takes fixed64) => { u64 };
    (takes fixed32) => { u32 };
    (takes int32) => { i32 };
    (takes uint32) => { u32 };
    (takes text) => { &str };
    (takes trace_id) => { &[u8; 16] };
    (takes span_id) => { &[u8; 8] };
}

macro_rules! accessors {
    ($mode:ident) => {};
    ($mode:ident $number:tt $name:ident: only $kind:expr; $($rest:tt)*) => {
        $crate::table::accessors!($mode $($rest)*);
    };
    (read $(#[$doc:meta])* $number:literal $name:ident: attributes; $($rest:tt)*) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(&self) -> $crate::attributes::Attributes<'r> {
            $crate::attributes::Attributes::new(self.0, self.0.message, $number)
        }
        $crate::table::accessors!(read $($rest)*);
    };
    (edit $(#[$doc:meta])* $number:literal attributes: attributes; $($rest:tt)*) => {
        $(#[$doc])*
        #[inline]
        pub fn attributes(&self) -> $crate::attributes::Attributes<'_> {
            $crate::attributes::Attributes::new(self.0.as_read(), self.0.message, $number)
        }

        /// The attributes, to edit.
        #[inline]
        pub fn attributes_mut(&mut self) -> $crate::attributes::AttributesMut<'_> {
            $crate::attributes::AttributesMut::new(&self.0, self.0.message, $number)
        }
        $crate::table::accessors!(edit $($rest)*);
    };
    (edit $(#[$doc:meta])* $number:literal $name:ident: attributes; $($rest:tt)*) => {
        // Only a list of that name can be edited.
        $crate::table::accessors!(edit $($rest)*);
    };
    (
        $mode:ident $(#[$doc:meta])*
        $number:literal $name:ident: list $read:ident of $schema:ident; $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(&self) -> $crate::message::Items<'r, $read<'r>> {
            $crate::message::At::fixed(self.0.message).items($number)
        }
        $crate::table::accessors!($mode $($rest)*);
    };
    (
        $mode:ident $(#[$doc:meta])*
        $number:literal $name:ident: one $read:ident of $schema:ident; $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(&self) -> $read<'r> {
            $read($crate::message::At::fixed(self.0.now().submessage($number, &$schema)))
        }
        $crate::table::accessors!($mode $($rest)*);
    };
    (read $(#[$doc:meta])* $number:literal $name:ident $(, $set:ident)?: value; $($rest:tt)*) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(&self) -> $crate::value::Value<'r> {
            $crate::value::Value::of(self.0.now().any_value($number))
        }
        $crate::table::accessors!(read $($rest)*);
    };
    (edit $(#[$doc:meta])* $number:literal $name:ident, $set:ident: value; $($rest:tt)*) => {
        $crate::table::accessors!(read $(#[$doc])* $number $name: value;);

        $(#[$doc])*
        ///
        /// Sets it, and says whether that changed anything.
        pub fn $set<'v>(&mut self, value: impl Into<$crate::value::Value<'v>>) -> bool {
            self.0.set_value($number, value.into())
        }
        $crate::table::accessors!(edit $($rest)*);
    };
    (edit $(#[$doc:meta])* $number:literal $name:ident, $set:ident: $kind:ident; $($rest:tt)*) => {
        $crate::table::accessors!(read $(#[$doc])* $number $name: $kind;);

        $(#[$doc])*
        ///
        /// Sets it, and says whether that changed anything.
        pub fn $set(&mut self, new: $crate::table::kind!(takes $kind)) -> bool {
            self.0.now().$kind($number) != new && self.0.set($number, new)
        }
        $crate::table::accessors!(edit $($rest)*);
    };
    (
        $mode:ident $(#[$doc:meta])* $number:literal $name:ident $(, $set:ident)?: $kind:ident;
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(&self) -> $crate::table::kind!(gives $kind) {
            self.0.now().$kind($number)
        }
        $crate::table::accessors!($mode $($rest)*);
    };
}

pub(crate) use {accessors, fields, handles, kind, table};
