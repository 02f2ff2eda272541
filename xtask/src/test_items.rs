//! Which items of a source are compiled for tests only.
//!
//! In: attributes. Out: whether `cfg` leaves their item out of everything but tests. Invariant: an
//! item that is also for something else is not taken for one of the tests.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta, MetaList, Token};

/// Features that only development dependencies turn on.
const TEST_FEATURES: [&str; 1] = ["samples"];

/// Whether an attribute leaves its item out of everything but tests.
pub(crate) fn for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            inside(list).is_some_and(|conditions| conditions.iter().all(holds_in_tests_only))
        }
        _ => false,
    }
}

fn holds_in_tests_only(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(pair) => {
            let feature = match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => text.value(),
                _ => return false,
            };
            pair.path.is_ident("feature") && TEST_FEATURES.contains(&feature.as_str())
        }
        Meta::List(list) => inside(list).is_some_and(|conditions| {
            let mut conditions = conditions.iter();
            if list.path.is_ident("all") {
                conditions.any(holds_in_tests_only)
            } else {
                list.path.is_ident("any") && conditions.all(holds_in_tests_only)
            }
        }),
    }
}

fn inside(list: &MetaList) -> Option<Punctuated<Meta, Token![,]>> {
    list.parse_args_with(Punctuated::parse_terminated).ok()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cargo_metadata::{DependencyKind, MetadataCommand};

    use super::*;

    #[test]
    fn an_item_is_for_tests_if_every_way_to_compile_it_is_a_test() {
        let is_for_tests = |condition: &str| {
            let text = format!("#[cfg({condition})] mod a;");
            let item: Item = syn::parse_str(&text).unwrap();
            attributes(&item).iter().any(for_tests)
        };
        for condition in [
            "test",
            "all(test, unix)",
            "all(unix, test)",
            "any(test, feature = \"samples\")",
        ] {
            assert!(is_for_tests(condition), "{condition}");
        }
        for condition in [
            "unix",
            "not(test)",
            "any(test, unix)",
            "any(test, feature = \"views\")",
            "all(unix, feature = \"views\")",
        ] {
            assert!(!is_for_tests(condition), "{condition}");
        }
    }

    #[test]
    fn only_development_dependencies_turn_a_feature_for_tests_on() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let metadata = MetadataCommand::new().current_dir(root).no_deps().exec();
        for package in metadata.unwrap().packages {
            for (name, turns_on) in &package.features {
                let other = turns_on.iter().find(|feature| is_for_tests(feature));
                assert_eq!(other, None, "{}: {name}", package.name);
            }
            for dependency in &package.dependencies {
                let turns_on = dependency.features.iter().any(|name| is_for_tests(name));
                let is_development = dependency.kind == DependencyKind::Development;
                assert!(!turns_on || is_development, "{}", package.name);
            }
        }
    }

    fn is_for_tests(feature: &str) -> bool {
        TEST_FEATURES.contains(&feature.rsplit('/').next().unwrap_or(feature))
    }
}
