//! The events of one document to a tree, as go-yaml v2's `parser` builds its nodes (decode.go).
//!
//! The nodes lie in one vector in the order of the text, each knowing where its subtree ends: walking needs
//! no recursion, and dropping is one free.

use std::collections::HashMap;
use std::ops::Range;

use super::dialect::Reading;
use super::events::{Event, Events, Kind, Mark, Style, SyntaxError};
use super::resolve::Tag;

/// Values of one document, keys included. The largest public values files and manifests have 80,000; this many take
/// up to 100 MiB while they are read.
pub(super) const MAX_NODES: usize = 500_000;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Sequence,
    /// Children are keys and values in turn.
    Mapping,
    /// Stands for the node at this place, which may be one that it lies in.
    Alias(usize),
}

#[derive(Debug)]
pub(super) struct Node {
    pub shape: Shape,
    pub tag: Tag,
    /// A plain scalar without a tag.
    pub implicit: bool,
    pub mark: Mark,
    /// The place after the last node of this subtree.
    pub end: usize,
    text: Range<u32>,
}

/// One document. Node 0 is the root.
#[derive(Debug)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    texts: Vec<u8>,
}

/// Why there is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TreeError {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error("yaml: unknown anchor '{name}' referenced")]
    UnknownAnchor { name: String, mark: Mark },
    /// go-yaml has no limit; it would run out of memory.
    #[error("yaml: more than {0} values; split the document")]
    TooMany(usize),
}

impl Tree {
    /// The first document of the input; `None` when it holds none. What follows it is not looked at.
    pub fn first(input: &[u8], max_nodes: usize) -> Result<Option<Self>, TreeError> {
        let mut reading = Reading::new(input);
        loop {
            match Self::read(&reading, max_nodes) {
                Err(TreeError::Syntax(error)) if reading.repair(&error) => {}
                result => return result,
            }
        }
    }

    fn read(reading: &Reading<'_>, max_nodes: usize) -> Result<Option<Self>, TreeError> {
        let mut events = Events::new(&reading.text)?;
        let start = events.next()?;
        debug_assert_eq!(start.kind(), Kind::StreamStart);
        if events.next()?.kind() != Kind::DocumentStart {
            return Ok(None);
        }
        let size = reading.text.len();
        let tree = Tree { nodes: Vec::with_capacity(size / 16), texts: Vec::with_capacity(size) };
        Builder { tree, reading, open: Vec::new(), anchors: HashMap::new() }
            .build(&mut events, max_nodes)
            .map(Some)
    }

    pub fn text(&self, node: &Node) -> &[u8] {
        &self.texts[node.text.start as usize..node.text.end as usize]
    }

    /// The places of the children of the node at `place`.
    pub fn children(&self, place: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes[place].end;
        let next = move |child: &usize| Some(self.nodes[*child].end).filter(|next| *next < end);
        std::iter::successors(Some(place + 1).filter(|child| *child < end), next)
    }

    /// The node that is meant: the target of an alias, or the node itself.
    pub fn resolve(&self, place: usize) -> usize {
        match self.nodes[place].shape {
            Shape::Alias(target) => target,
            _ => place,
        }
    }

    /// Where go-yaml would see a merge key: a plain `<<`, or one tagged `!!merge`.
    pub fn is_merge(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        let marked = node.implicit || node.tag == Tag::Merge;
        node.shape == Shape::Scalar && marked && self.text(node) == b"<<"
    }
}

struct Builder<'r> {
    tree: Tree,
    reading: &'r Reading<'r>,
    open: Vec<usize>,
    anchors: HashMap<Box<[u8]>, usize>,
}

impl Builder<'_> {
    fn build(mut self, events: &mut Events<'_>, max_nodes: usize) -> Result<Tree, TreeError> {
        loop {
            if self.tree.nodes.len() > max_nodes {
                return Err(TreeError::TooMany(max_nodes));
            }
            let event = events.next()?;
            match event.kind() {
                Kind::DocumentEnd | Kind::StreamEnd => return Ok(self.tree),
                Kind::Alias => self.alias(&event)?,
                Kind::Scalar => self.node(&event, Shape::Scalar),
                Kind::SequenceStart => self.open(&event, Shape::Sequence),
                Kind::MappingStart => {
                    if let Some(kind) = events.forgotten_key(&event) {
                        // At the root it is the whole document.
                        let is_list = kind == Kind::SequenceStart;
                        self.node(&event, if is_list { Shape::Sequence } else { Shape::Mapping });
                        return Ok(self.tree);
                    }
                    self.open(&event, Shape::Mapping);
                }
                Kind::SequenceEnd | Kind::MappingEnd => self.close(),
                Kind::StreamStart | Kind::DocumentStart => {}
            }
        }
    }

    fn alias(&mut self, event: &Event) -> Result<(), TreeError> {
        let name = event.anchor().unwrap_or_default();
        let Some(target) = self.anchors.get(name).copied() else {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(TreeError::UnknownAnchor { name, mark: event.start() });
        };
        // The text of an alias is its name, for the message about one that contains itself.
        self.push(event, Shape::Alias(target), name);
        Ok(())
    }

    fn node(&mut self, event: &Event, shape: Shape) {
        if let Some(name) = event.anchor() {
            self.anchors.insert(name.into(), self.tree.nodes.len());
        }
        self.push(event, shape, event.text());
    }

    fn open(&mut self, event: &Event, shape: Shape) {
        self.open.push(self.tree.nodes.len());
        self.node(event, shape);
    }

    fn close(&mut self) {
        if let Some(place) = self.open.pop() {
            self.tree.nodes[place].end = self.tree.nodes.len();
        }
    }

    fn push(&mut self, event: &Event, shape: Shape, text: &[u8]) {
        let start = self.tree.texts.len() as u32;
        self.tree.texts.extend_from_slice(&self.reading.restore(text, event.style() == Style::Plain));
        self.tree.nodes.push(Node {
            shape,
            tag: Tag::of(event.tag()),
            implicit: event.implicit(),
            mark: event.start(),
            end: self.tree.nodes.len() + 1,
            text: start..self.tree.texts.len() as u32,
        });
    }
}
