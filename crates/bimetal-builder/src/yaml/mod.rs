//! YAML text as a tree in which every node knows its place.
//!
//! In: untrusted text. Out: [`Node`], aliases and merge keys resolved. Invariant: depth, number of
//! nodes and bytes of their texts are bounded, so that no text can exhaust the stack or the memory;
//! time grows with the size of the text.

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

mod place;

pub use place::Place;

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 100_000;
/// Of all texts together, each as often as an alias repeats it.
const MAX_BYTES: usize = 16 << 20;

/// One node of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    /// `plain` is false for quoted and block text, which is always text.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub place: Place,
    pub text: String,
}

/// Text that is not YAML, or YAML that no configuration needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct YamlError {
    pub place: Place,
    pub message: String,
}

impl Value {
    /// What the value is, for a message.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Scalar { .. } => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// The place of what `path` (`processors[1].gomod`) names, or of the nearest thing around it
    /// that exists.
    pub fn place_of(&self, path: &str) -> &Place {
        let mut node = self;
        for step in path.split(['.', '[']) {
            let next = match &node.value {
                Value::Map(entries) => {
                    let exact = entries.iter().find(|(key, _)| key.text == step);
                    exact
                        .or_else(|| {
                            entries
                                .iter()
                                .find(|(key, _)| key.text.eq_ignore_ascii_case(step))
                        })
                        .map(|(_, node)| node)
                }
                Value::List(items) => step
                    .strip_suffix(']')
                    .and_then(|index| items.get(index.parse::<usize>().ok()?)),
                // A single value stands for a list of one.
                Value::Null | Value::Scalar { .. } => None,
            };
            match next {
                Some(next) => node = next,
                None if step == "0]" => {}
                None => break,
            }
        }
        &node.place
    }
}

/// Parses the first document of `text`; `None` when there is none. The flag says whether more
/// documents follow.
pub fn parse(file: &str, text: &str) -> Result<(Option<Node>, bool), YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        file,
        open: Vec::new(),
        anchors: HashMap::new(),
        size: Size::default(),
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = next_event(&mut parser, file)? {
        match event.0 {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Ok((builder.root, true));
                }
            }
            Event::StreamEnd => break,
            event_kind => builder.accept(event_kind, event.1)?,
        }
    }
    Ok((builder.root, false))
}

fn next_event<'i>(
    parser: &mut Parser<'i, StrInput<'i>>,
    file: &str,
) -> Result<Option<(Event<'i>, Span)>, YamlError> {
    match parser.next_event() {
        None => Ok(None),
        Some(Ok(event)) => Ok(Some(event)),
        Some(Err(error)) => {
            let at = error.marker();
            let place = Place {
                file: file.to_owned(),
                position: Some((at.line().max(1), at.col() + 1)),
            };
            Err(YamlError {
                place,
                message: error.info().to_owned(),
            })
        }
    }
}

struct Builder<'a> {
    file: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    size: Size,
    root: Option<Node>,
}

/// What a part of the document takes.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    /// That of `node` with everything in it.
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Null => Self::of_text(""),
            Value::Scalar { text, .. } => Self::of_text(text),
            Value::List(items) => items
                .iter()
                .fold(Self::of_text(""), |size, item| size.and(Self::of(item))),
            Value::Map(entries) => entries.iter().fold(Self::of_text(""), |size, (key, node)| {
                size.and(Self::of_text(&key.text)).and(Self::of(node))
            }),
        }
    }

    fn of_text(text: &str) -> Self {
        Self {
            nodes: 1,
            bytes: text.len(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// A list or a map whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    content: Content,
}

/// Key -> its place and its node, in the order of the text.
type Entries = IndexMap<String, (Place, Node)>;

enum Content {
    List(Vec<Node>),
    Map {
        entries: Entries,
        merged: Vec<Node>,
        key: Option<(Key, bool)>,
    },
}

impl Builder<'_> {
    fn accept(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(text, style, tag.as_deref());
                let size = Size::of_text(match &value {
                    Value::Scalar { text, .. } => text,
                    _ => "",
                });
                self.grow(&place, size)?;
                self.finish(Node { place, value }, anchor)
            }
            Event::Alias(anchor) => {
                let Some(&(_, size)) = self.anchors.get(&anchor) else {
                    return Err(YamlError {
                        place,
                        message: "an alias to an anchor that is not complete yet".to_owned(),
                    });
                };
                // Before it is copied.
                self.grow(&place, size)?;
                let (node, _) = self.anchors[&anchor].clone();
                self.finish(node, 0)
            }
            Event::SequenceStart(anchor, _) => self.begin(place, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(
                place,
                anchor,
                Content::Map {
                    entries: Entries::new(),
                    merged: Vec::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, place: Place, anchor: usize, content: Content) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError {
                place,
                message: format!("nested deeper than {MAX_DEPTH} levels"),
            });
        }
        self.open.push(Open {
            place,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map {
                entries, merged, ..
            } => Value::Map(merge(entries, merged)?),
        };
        let place = open.place;
        self.grow(&place, Size::of_text(""))?;
        self.finish(Node { place, value }, open.anchor)
    }

    /// Counts what is new.
    fn grow(&mut self, place: &Place, size: Size) -> Result<(), YamlError> {
        self.size = self.size.and(size);
        let message = if self.size.nodes > MAX_NODES {
            format!("more than {MAX_NODES} nodes")
        } else if self.size.bytes > MAX_BYTES {
            format!("more than {MAX_BYTES} bytes of text")
        } else {
            return Ok(());
        };
        Err(YamlError {
            place: place.clone(),
            message,
        })
    }

    /// Hands a complete node, which was counted, to what it is part of.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            let whole = Size::of(&node);
            self.grow(&node.place, whole)?;
            self.anchors.insert(anchor, (node.clone(), whole));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map {
                entries,
                merged,
                key,
            }) => match key.take() {
                None => *key = Some(as_key(node)?),
                Some((_, true)) => merged.push(node),
                Some((key, false)) => {
                    if let Some((first, _)) = entries.get(&key.text) {
                        let message = format!(
                            "`{}` stands here a second time; the first is at {first}",
                            key.text
                        );
                        return Err(YamlError {
                            place: key.place,
                            message,
                        });
                    }
                    entries.insert(key.text, (key.place, node));
                }
            },
        }
        Ok(())
    }

    fn place(&self, span: Span) -> Place {
        Place {
            file: self.file.to_owned(),
            position: Some((span.start.line().max(1), span.start.col() + 1)),
        }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let said_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    let plain = style == ScalarStyle::Plain && !said_text;
    if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Scalar {
        text: text.into_owned(),
        plain,
    }
}

/// A node as a key; the flag says that it is YAML's merge key.
fn as_key(node: Node) -> Result<(Key, bool), YamlError> {
    let place = node.place;
    match node.value {
        Value::Scalar { text, plain } => {
            let merges = plain && text == "<<";
            Ok((Key { place, text }, merges))
        }
        other => Err(YamlError {
            place,
            message: format!("a key must be text, not {}", other.describe()),
        }),
    }
}

/// Adds what merge keys bring; what stands in the map itself wins.
fn merge(mut entries: Entries, merged: Vec<Node>) -> Result<Vec<(Key, Node)>, YamlError> {
    let sources = merged.into_iter().flat_map(|node| match node.value {
        Value::List(nodes) => nodes,
        value => vec![Node {
            place: node.place,
            value,
        }],
    });
    for source in sources {
        let Value::Map(brought) = source.value else {
            let message = format!(
                "`<<` takes a map or a list of maps, not {}",
                source.value.describe()
            );
            return Err(YamlError {
                place: source.place,
                message,
            });
        };
        for (key, node) in brought {
            entries.entry(key.text).or_insert((key.place, node));
        }
    }
    Ok(entries
        .into_iter()
        .map(|(text, (place, node))| (Key { place, text }, node))
        .collect())
}

#[cfg(test)]
mod tests;
