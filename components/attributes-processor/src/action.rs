//! One action on one attribute list.
//!
//! In: a list. Out: the list, changed or not. Invariant: every action can be carried out; what
//! cannot was refused with the configuration.

use bimetal_sdk::pdata::{AttributesMut, ValueBuf, Write};

/// An action, ready to run.
#[derive(Debug, PartialEq)]
pub(crate) enum Action {
    Delete {
        key: String,
    },
    Write {
        key: String,
        when: Write,
        source: Source,
    },
}

/// Where a value comes from.
#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    Value(ValueBuf),
    /// The value of this attribute if there is one, else the default if there is one, else the
    /// action does nothing.
    Attribute {
        from: String,
        default: Option<ValueBuf>,
    },
}

impl Action {
    #[inline]
    pub(crate) fn apply(&self, attributes: &mut AttributesMut<'_>) {
        match self {
            Self::Delete { key } => {
                attributes.delete(key);
            }
            Self::Write { key, when, source } => match source {
                Source::Value(value) => {
                    attributes.write(*when, key, value);
                }
                Source::Attribute { from, default } => match default {
                    Some(default) if !attributes.contains(from) => {
                        attributes.write(*when, key, default);
                    }
                    _ => {
                        attributes.copy(*when, key, from);
                    }
                },
            },
        }
    }
}
