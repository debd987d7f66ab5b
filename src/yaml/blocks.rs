//! The nodes so far turned into what go-yaml expects next in the block collection that is open.

/// The block collections that are open, the innermost last; `M` says where one began.
pub(super) struct Blocks<M> {
    open: Vec<Block<M>>,
}

struct Block<M> {
    is_mapping: bool,
    start: M,
    column: usize,
    /// Nodes that began in it; in a mapping keys and values.
    nodes: usize,
}

impl<M: Copy> Blocks<M> {
    pub fn new() -> Self {
        Blocks { open: Vec::new() }
    }

    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether something stands in the innermost collection already.
    pub fn has_entries(&self) -> bool {
        self.open.last().is_some_and(|block| block.nodes > 0)
    }

    /// A key, a value or an entry begins.
    pub fn node(&mut self) {
        if let Some(block) = self.open.last_mut() {
            block.nodes += 1;
        }
    }

    pub fn begin(&mut self, is_mapping: bool, start: M, column: usize) {
        self.open.push(Block { is_mapping, start, column, nodes: 0 });
    }

    pub fn end(&mut self) {
        self.open.pop();
    }

    /// What go-yaml misses behind a node in the innermost collection, and where that collection began.
    pub fn unfinished(&self) -> Option<(&'static str, M)> {
        let column = self.open.last()?.column;
        self.at(column).map(Block::missing)
    }

    /// What go-yaml misses where an entry of the innermost collection of this column has to begin and none does,
    /// and where that collection began.
    pub fn missed(&self, column: usize) -> Option<(&'static str, M)> {
        let block = self.at(column).filter(|block| block.column == column)?;
        if block.is_mapping && !block.nodes.is_multiple_of(2) { None } else { Some(block.missing()) }
    }

    /// The innermost collection. A sequence that is not further in than its key has ended.
    fn at(&self, column: usize) -> Option<&Block<M>> {
        let mut open = self.open.iter().rev();
        let block = open.next()?;
        let outer =
            open.next().filter(|outer| !block.is_mapping && outer.is_mapping && outer.column == column);
        Some(outer.unwrap_or(block))
    }
}

impl<M: Copy> Block<M> {
    fn missing(&self) -> (&'static str, M) {
        match self.is_mapping {
            true => ("did not find expected key", self.start),
            false => ("did not find expected '-' indicator", self.start),
        }
    }
}
