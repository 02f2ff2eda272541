//! YAML text as a tree in which every node knows its place.
//!
//! In: untrusted text. Out: [`Node`], aliases and merge keys resolved. Invariant: depth and number
//! of nodes are bounded, so that no text can exhaust the stack or the memory.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

mod place;

pub use place::Place;

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 100_000;

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
        nodes: 0,
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
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or a map whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
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
                self.finish(Node { place, value }, anchor, 1)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(YamlError {
                        place,
                        message: "an alias to an anchor that is not complete yet".to_owned(),
                    });
                };
                self.finish(node, 0, size)
            }
            Event::SequenceStart(anchor, _) => self.begin(place, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(
                place,
                anchor,
                Content::Map {
                    entries: Vec::new(),
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
        self.finish(
            Node {
                place: open.place,
                value,
            },
            open.anchor,
            1,
        )
    }

    /// Hands a complete node to what it is part of. `size` is the number of nodes that are new with
    /// it.
    fn finish(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MAX_NODES {
            return Err(YamlError {
                place: node.place,
                message: format!("more than {MAX_NODES} nodes"),
            });
        }
        if anchor != 0 {
            let whole = count(&node);
            self.nodes = self.nodes.saturating_add(whole);
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
                    if let Some((first, _)) =
                        entries.iter().find(|(known, _)| known.text == key.text)
                    {
                        let message = format!(
                            "`{}` stands here a second time; the first is at {}",
                            key.text, first.place
                        );
                        return Err(YamlError {
                            place: key.place,
                            message,
                        });
                    }
                    entries.push((key, node));
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
fn merge(mut entries: Vec<(Key, Node)>, merged: Vec<Node>) -> Result<Vec<(Key, Node)>, YamlError> {
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
            if !entries.iter().any(|(known, _)| known.text == key.text) {
                entries.push((key, node));
            }
        }
    }
    Ok(entries)
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar { .. } => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, node)| 1 + count(node))
                .sum::<usize>()
        }
    }
}
