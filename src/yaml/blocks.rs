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

    /// What go-yaml misses where an entry of the innermost collection of this column has to begin and none does,
    /// and where that collection began.
    pub fn missed(&self, column: usize) -> Option<(&'static str, M)> {
        let mut open = self.open.iter().rev();
        let mut block = open.next()?;
        if let Some(outer) = open.next()
            && !block.is_mapping
            && outer.is_mapping
            && outer.column == column
        {
            // A sequence that is not further in than its key has ended.
            block = outer;
        }
        match block.is_mapping {
            _ if block.column != column => None,
            true if !block.nodes.is_multiple_of(2) => None,
            true => Some(("did not find expected key", block.start)),
            false => Some(("did not find expected '-' indicator", block.start)),
        }
    }
}
