//! Environment variables over the file: `env 'dist.name=x' bimetal ...`, as OCB has it.
//!
//! In: the document and the variables. Out: the document changed. Invariant: only variables that
//! name a section of the configuration in its own spelling count; OCB also takes `EXPORTERS` and
//! the like for sections, which no user wants.

use crate::yaml::Place;
use crate::yaml::{Key, Node, Value};

/// Sections that variables may reach into, and lists that a variable may replace by one value.
const SECTIONS: &[&str] = &["conf_resolver", "dist", "telemetry"];
const LISTS: &[&str] = &["excludes", "replaces"];

/// Merges `variables` over `document`.
pub(super) fn merge(document: &mut Node, variables: impl Iterator<Item = (String, String)>) {
    for (name, text) in variables {
        let path: Vec<&str> = name.split('.').collect();
        let counts = match path.as_slice() {
            [list] => LISTS.contains(list),
            [section, ..] => SECTIONS.contains(section),
            [] => false,
        };
        if counts {
            let place = Place {
                file: format!("environment variable `{}`", name.escape_debug()),
                position: None,
            };
            set(
                document,
                &path,
                &Node {
                    place,
                    value: Value::Scalar { text, plain: false },
                },
            );
        }
    }
}

fn set(node: &mut Node, path: &[&str], value: &Node) {
    let [first, rest @ ..] = path else {
        *node = value.clone();
        return;
    };
    if !matches!(node.value, Value::Map(_)) {
        *node = Node {
            place: value.place.clone(),
            value: Value::Map(Vec::new()),
        };
    }
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    let known = entries
        .iter()
        .position(|(key, _)| key.text == *first)
        .or_else(|| {
            entries
                .iter()
                .position(|(key, _)| key.text.eq_ignore_ascii_case(first))
        });
    let at = known.unwrap_or_else(|| {
        let key = Key {
            place: value.place.clone(),
            text: (*first).to_owned(),
        };
        entries.push((
            key,
            Node {
                place: value.place.clone(),
                value: Value::Null,
            },
        ));
        entries.len() - 1
    });
    set(&mut entries[at].1, rest, value);
}
