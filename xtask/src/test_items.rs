//! Which items of a source are compiled for tests only.
//!
//! In: attributes. Out: whether `cfg` leaves their item out of everything but tests. Invariant: an
//! item that is also for something else is not taken for one of the tests.

use syn::{Attribute, Item};

/// Whether an attribute leaves its item out of everything but tests.
pub(crate) fn for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    let inside = list.tokens.to_string();
    list.path.is_ident("cfg")
        && (inside == "test" || inside.replace(' ', "").starts_with("all(test,"))
}

/// The attributes of an item; `syn` has them in each variant.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
