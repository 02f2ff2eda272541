//! One section of the configuration, field by field.
//!
//! In: a [`Node`]. Out: typed values; problems and warnings go to the [`Notes`]. Invariant:
//! decoding goes on after a problem, so that a person sees all of them at once.

use std::collections::BTreeMap;

use super::error::Problem;
use super::scalar;
use crate::yaml::Place;
use crate::yaml::{Node, Value};

/// What decoding has to say.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
}

/// A map whose fields are taken one after the other; what was not taken is unknown.
pub(super) struct Fields<'a> {
    label: String,
    entries: Vec<(&'a super::yaml::Key, &'a Node)>,
    asked: Vec<&'static str>,
    taken: Vec<usize>,
}

impl Notes {
    pub(super) fn problem(&mut self, place: &Place, text: impl Into<String>) {
        self.problems.push(Problem {
            place: place.clone(),
            text: text.into(),
            hint: None,
        });
    }

    pub(super) fn problem_with_hint(
        &mut self,
        place: &Place,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.problems.push(Problem {
            place: place.clone(),
            text: text.into(),
            hint: Some(hint.into()),
        });
    }

    pub(super) fn warn(&mut self, place: &Place, text: &str) {
        self.warnings.push(format!("{place}: {text}"));
    }
}

impl<'a> Fields<'a> {
    /// The fields of `node`; nothing at all is an empty map.
    pub(super) fn new(label: impl Into<String>, node: &'a Node, notes: &mut Notes) -> Self {
        let label = label.into();
        let entries = match &node.value {
            Value::Map(entries) => entries.iter().map(|(key, value)| (key, value)).collect(),
            Value::Null => Vec::new(),
            other => {
                let name = if label.is_empty() {
                    "a configuration".to_owned()
                } else {
                    format!("`{label}`")
                };
                notes.problem(
                    &node.place,
                    format!("{name} must be a map, not {}", other.describe()),
                );
                Vec::new()
            }
        };
        Self {
            label,
            entries,
            asked: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// The path of a field, as a person would write it.
    pub(super) fn path(&self, name: &str) -> String {
        if self.label.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.label)
        }
    }

    /// The node of a field: an exact name first, then one that differs in case only, as OCB does
    /// it. Nothing counts as absent.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.asked.push(name);
        let exact = self.entries.iter().position(|(key, _)| key.text == name);
        let at = exact.or_else(|| {
            self.entries
                .iter()
                .position(|(key, _)| key.text.eq_ignore_ascii_case(name))
        })?;
        self.taken.push(at);
        let (_, node) = self.entries[at];
        (node.value != Value::Null).then_some(node)
    }

    pub(super) fn text(&mut self, name: &'static str, notes: &mut Notes) -> Option<String> {
        let node = self.take(name)?;
        let path = self.path(name);
        text_of(&path, node, notes)
    }

    pub(super) fn truth(&mut self, name: &'static str, notes: &mut Notes) -> Option<bool> {
        let node = self.take(name)?;
        let path = self.path(name);
        let Value::Scalar { text, plain } = &node.value else {
            notes.problem(
                &node.place,
                format!(
                    "`{path}` must be `true` or `false`, not {}",
                    node.value.describe()
                ),
            );
            return None;
        };
        let truth = scalar::to_bool(text, *plain);
        if truth.is_none() {
            notes.problem(
                &node.place,
                format!(
                    "`{path}` must be `true` or `false`, not `{}`",
                    text.escape_debug()
                ),
            );
        }
        truth
    }

    /// The nodes of a list; a single value stands for a list of one, an empty map for an empty
    /// list.
    pub(super) fn list(&mut self, name: &'static str) -> Option<&'a [Node]> {
        let node = self.take(name)?;
        Some(match &node.value {
            Value::List(items) => items,
            Value::Map(entries) if entries.is_empty() => &[],
            _ => std::slice::from_ref(node),
        })
    }

    pub(super) fn texts(&mut self, name: &'static str, notes: &mut Notes) -> Vec<String> {
        let path = self.path(name);
        let items = self.list(name).unwrap_or_default().iter().enumerate();
        items
            .filter_map(|(index, item)| text_of(&format!("{path}[{index}]"), item, notes))
            .collect()
    }

    /// Warns of every field that was not asked for.
    pub(super) fn finish(self, notes: &mut Notes) {
        for (at, (key, _)) in self.entries.iter().enumerate() {
            if self.taken.contains(&at) {
                continue;
            }
            let path = self.path(&key.text.escape_debug().to_string());
            let similar = self
                .asked
                .iter()
                .filter(|known| known.len().abs_diff(key.text.len()) <= 2)
                .map(|known| {
                    (
                        strsim::damerau_levenshtein(known, &key.text.to_lowercase()),
                        *known,
                    )
                })
                .min();
            let meant = match similar {
                Some((distance, known)) if distance <= 2 => format!("; did you mean `{known}`?"),
                _ => String::new(),
            };
            notes.warn(
                &key.place,
                &format!("`{path}` is not a known key and is ignored{meant}"),
            );
        }
    }
}

/// A map from text to text, or a list of texts that all get `default`.
pub(super) fn text_map(
    path: &str,
    node: &Node,
    default: &str,
    notes: &mut Notes,
) -> BTreeMap<String, String> {
    match &node.value {
        Value::Map(entries) => {
            let pairs = entries.iter();
            pairs
                .filter_map(|(key, value)| {
                    Some((
                        key.text.clone(),
                        text_of(&format!("{path}.{}", key.text), value, notes)?,
                    ))
                })
                .collect()
        }
        Value::List(items) => items
            .iter()
            .filter_map(|item| Some((text_of(path, item, notes)?, default.to_owned())))
            .collect(),
        _ => text_of(path, node, notes)
            .map(|name| (name, default.to_owned()))
            .into_iter()
            .collect(),
    }
}

/// A single value as text.
pub(super) fn text_of(path: &str, node: &Node, notes: &mut Notes) -> Option<String> {
    match &node.value {
        Value::Scalar { text, plain } => {
            let read = scalar::to_text(text, *plain);
            if read != *text {
                notes.warn(
                    &node.place,
                    &format!(
                        "`{path}`: `{}` is read as `{read}`, as OCB does; quote it to keep it",
                        text.escape_debug()
                    ),
                );
            }
            Some(read)
        }
        Value::Null => None,
        other => {
            notes.problem(
                &node.place,
                format!("`{path}` must be text, not {}", other.describe()),
            );
            None
        }
    }
}
