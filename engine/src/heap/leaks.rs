//! What is alive, and what keeps it alive.
//!
//! [`Heap::totals`] counts cells and bytes per kind: the rows of the memory report, which add up to what
//! the memory's books hold for cells. [`Heap::leaks`] explains every live cell: how many references to it
//! come from outside the heap, the shortest path from such a cell to it, and how much would go if it went.
//! At tear-down, when all that should be gone is gone, what it lists are the leaks.
//!
//! Only plain data is made here; the floors above, which know what kinds and tags mean, render it.

use core::ptr::NonNull;

use super::cell::{Blocks, KIND_MASK, Tracer};
use super::{Header, Heap, KINDS};
use crate::mem::{OutOfMemory, Use, Vec};

/// Cells and bytes of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindTotal {
    /// Number of cells, those that wait to be freed included.
    pub cells: usize,
    /// Bytes the memory's books hold for them.
    pub bytes: usize,
}

/// No cell has this index.
pub const NO_CELL: u32 = u32::MAX;

/// A live cell and why it lives.
#[derive(Clone, Copy, Debug)]
pub struct LiveCell {
    /// Where it is. Valid until the heap changes.
    pub cell: NonNull<Header>,
    /// Its kind.
    pub kind: u8,
    /// Its count.
    pub count: u32,
    /// References to it that no live cell holds: the stack's, the host's, a native structure's, or
    /// leaked ones.
    pub external: u32,
    /// Bytes charged for the cell itself and for the blocks that it alone owns.
    pub bytes: usize,
    /// The cell before it on the shortest path from one with external references, as an index of
    /// [`Leaks::cells`]; [`NO_CELL`] for those and for cells that only garbage leads to.
    pub parent: u32,
    /// Length of that path; 0 for a cell with external references, [`NO_CELL`] where no path leads.
    pub depth: u32,
    /// The cell with external references that the path begins with, itself where that is this cell.
    pub root: u32,
    /// Bytes of cells that would die if this one did, its own included, with what these own.
    pub retained: usize,
}

impl LiveCell {
    /// Whether it is garbage that only a collection would find.
    pub fn is_garbage(&self) -> bool {
        self.depth == NO_CELL
    }
}

/// All live cells of a heap, explained.
pub struct Leaks {
    cells: Vec<'static, LiveCell>,
}

impl Leaks {
    /// The cells, in the order of their addresses.
    pub fn cells(&self) -> &[LiveCell] {
        &self.cells
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.cells.iter().map(|cell| cell.bytes).sum()
    }

    /// Indices of the cells with external references: what has to be let go for the rest to go.
    pub fn held(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cells.len()).filter(|&index| self.cells[index].external != 0)
    }

    /// The shortest path that keeps a cell alive, from the cell itself back to one with external references.
    pub fn path(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let mut next = index as u32;
        core::iter::from_fn(move || {
            let here = self.cells.get(next as usize).map(|_| next as usize)?;
            next = self.cells[here].parent;
            Some(here)
        })
    }

    /// Cells and bytes per kind.
    pub fn totals(&self) -> [KindTotal; KINDS] {
        let mut totals = [KindTotal::default(); KINDS];
        for cell in self.cells.iter() {
            let total = &mut totals[usize::from(cell.kind)];
            total.cells += 1;
            total.bytes += cell.bytes;
        }
        totals
    }
}

/// Edges by source: those of cell `i` are `targets[starts[i]..starts[i + 1]]`.
struct Edges {
    starts: Vec<'static, u32>,
    targets: Vec<'static, u32>,
}

impl Edges {
    fn of(&self, index: u32) -> &[u32] {
        let index = index as usize;
        &self.targets[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    /// Edges by target.
    fn reversed(&self, cells: usize) -> Result<Edges, OutOfMemory> {
        let memory = self.starts.memory();
        let mut starts = Vec::new(memory);
        starts.try_resize(cells + 1, 0u32)?;
        for &target in self.targets.iter() {
            starts[target as usize + 1] += 1;
        }
        for index in 0..cells {
            starts[index + 1] += starts[index];
        }
        let mut next = Vec::try_from_slice(&starts, memory)?;
        let mut targets = Vec::new(memory);
        targets.try_resize(self.targets.len(), 0u32)?;
        for source in 0..cells as u32 {
            for &target in self.of(source) {
                targets[next[target as usize] as usize] = source;
                next[target as usize] += 1;
            }
        }
        Ok(Edges { starts, targets })
    }
}

impl Heap {
    /// Cells and bytes per kind. The bytes add up to what is charged to [`Use::Cells`].
    pub fn totals(&self) -> [KindTotal; KINDS] {
        let mut totals = [KindTotal::default(); KINDS];
        self.for_each_cell(&mut |cell| {
            // SAFETY: visited cells are whole.
            unsafe {
                let total = &mut totals[usize::from(cell.as_ref().kind() & KIND_MASK)];
                total.cells += 1;
                total.bytes += self.space().charge_of(cell);
            }
        });
        totals
    }

    /// Explains every live cell. Takes about 120 bytes for each, and time nearly in proportion. To see leaks
    /// only, collect first, so that no garbage is among them.
    ///
    /// `more` gives the bytes that a cell owns beside what [`Cell::blocks`](super::Cell::blocks) reports.
    pub fn leaks(&self, more: &dyn Fn(NonNull<Header>) -> usize) -> Result<Leaks, OutOfMemory> {
        let mut cells = self.list_live(more)?;
        let edges = self.list_edges(&mut cells)?;
        shortest_paths(&mut cells, &edges)?;
        retained_bytes(&mut cells, &edges)?;
        Ok(Leaks { cells })
    }

    fn list_live(
        &self,
        more: &dyn Fn(NonNull<Header>) -> usize,
    ) -> Result<Vec<'static, LiveCell>, OutOfMemory> {
        let mut cells = Vec::new(self.mem().memory(Use::Collector));
        cells.try_reserve(self.live_cells())?;
        let mut refused = false;
        self.for_each_cell(&mut |cell| {
            // SAFETY: visited cells are whole.
            unsafe {
                let header = cell.as_ref();
                if header.is_dead() {
                    return;
                }
                let info = self.kind_info(header.kind());
                let table = u32::from(info.table_owned);
                let mut bytes = self.space().charge_of(cell) + more(cell);
                (info.blocks)(cell, &mut Blocks::new(self.mem(), &mut |_, _, block| bytes += block));
                refused |= cells
                    .try_push(LiveCell {
                        cell,
                        kind: header.kind(),
                        count: header.count(),
                        external: header.count() - table,
                        bytes,
                        parent: NO_CELL,
                        depth: NO_CELL,
                        root: NO_CELL,
                        retained: 0,
                    })
                    .is_err();
            }
        });
        if refused || cells.len() >= NO_CELL as usize {
            return Err(OutOfMemory);
        }
        cells.sort_unstable_by_key(|live| live.cell);
        Ok(cells)
    }

    /// Lists all references between live cells, and takes the counted ones from `external`.
    fn list_edges(&self, cells: &mut Vec<'static, LiveCell>) -> Result<Edges, OutOfMemory> {
        let mut starts = Vec::try_with_capacity(cells.len() + 1, cells.memory())?;
        let mut targets = Vec::new(cells.memory());
        let mut refused = false;
        for index in 0..cells.len() {
            starts.try_push(targets.len() as u32)?;
            let from = cells[index].cell;
            let mut visit = |target: NonNull<Header>, counted: bool| {
                if let Ok(place) = cells.binary_search_by_key(&target, |live| live.cell) {
                    if counted {
                        cells[place].external = cells[place].external.saturating_sub(1);
                    }
                    refused |= targets.len() >= NO_CELL as usize || targets.try_push(place as u32).is_err();
                }
            };
            // SAFETY: the cell is live, and the table pairs kinds with their functions.
            unsafe {
                (self.kind_info(from.as_ref().kind()).trace)(from, &mut Tracer::visitor(&mut visit));
            }
        }
        starts.try_push(targets.len() as u32)?;
        if refused { Err(OutOfMemory) } else { Ok(Edges { starts, targets }) }
    }
}

/// Breadth first from the cells with external references.
fn shortest_paths(cells: &mut Vec<'static, LiveCell>, edges: &Edges) -> Result<(), OutOfMemory> {
    let mut queue = Vec::try_with_capacity(cells.len(), cells.memory())?;
    for (index, cell) in cells.iter_mut().enumerate() {
        if cell.external != 0 {
            cell.depth = 0;
            cell.root = index as u32;
            queue.try_push(index as u32)?;
        }
    }
    let mut head = 0;
    while head < queue.len() {
        let here = queue[head];
        head += 1;
        for &target in edges.of(here) {
            if cells[target as usize].depth == NO_CELL {
                cells[target as usize].parent = here;
                cells[target as usize].depth = cells[here as usize].depth + 1;
                cells[target as usize].root = cells[here as usize].root;
                queue.try_push(target)?;
            }
        }
    }
    Ok(())
}

/// Retained sizes: a cell retains what it dominates, seen from outside. Garbage retains itself.
fn retained_bytes(cells: &mut Vec<'static, LiveCell>, edges: &Edges) -> Result<(), OutOfMemory> {
    let memory = cells.memory();
    let count = cells.len();
    // Numbers in the order in which a depth-first search comes by; 0 is the outside.
    let mut order = Vec::try_with_capacity(count + 1, memory)?;
    let mut above = Vec::try_with_capacity(count + 1, memory)?;
    order.try_push(NO_CELL)?;
    above.try_push(0)?;
    let mut number = Vec::new(memory);
    number.try_resize(count, 0u32)?;
    let mut stack: Vec<'static, (u32, u32)> = Vec::new(memory);
    for root in 0..count as u32 {
        if cells[root as usize].external == 0 || number[root as usize] != 0 {
            continue;
        }
        let mut enter = Some((root, 0));
        loop {
            if let Some((cell, parent)) = enter.take() {
                number[cell as usize] = order.len() as u32;
                order.try_push(cell)?;
                above.try_push(parent)?;
                stack.try_push((cell, 0))?;
            }
            let Some(&mut (here, ref mut edge)) = stack.last_mut() else { break };
            match edges.of(here).get(*edge as usize) {
                Some(&target) => {
                    *edge += 1;
                    if number[target as usize] == 0 {
                        enter = Some((target, number[here as usize]));
                    }
                }
                None => drop(stack.pop()),
            }
        }
    }
    let backwards = edges.reversed(count)?;
    let dominators = Forest::new(above)?.dominators(|here, visit| {
        let cell = order[here as usize];
        if cells[cell as usize].external != 0 {
            visit(0);
        }
        for &source in backwards.of(cell) {
            if number[source as usize] != 0 {
                visit(number[source as usize]);
            }
        }
    })?;
    for cell in cells.iter_mut() {
        cell.retained = cell.bytes;
    }
    // A dominator has a lower number than what it dominates.
    for here in (1..order.len()).rev() {
        let above = dominators[here] as usize;
        if above != 0 {
            let retained = cells[order[here] as usize].retained;
            cells[order[above] as usize].retained += retained;
        }
    }
    Ok(())
}

/// The dominators of a graph, by the method of Lengauer and Tarjan: from the highest number down, each node
/// finds its semidominator, the lowest number from which a path leads to it whose inner nodes all have higher
/// ones. Paths up the forest are compressed, so that chains as long as the heap take no more time than other
/// forms. All nodes are numbers of a depth-first search that began at 0.
struct Forest {
    /// The node's parent in the depth-first search.
    above: Vec<'static, u32>,
    /// Its parent in the forest, [`NO_CELL`] until it is linked.
    ancestor: Vec<'static, u32>,
    /// The node of lowest semidominator on the compressed part of its path.
    label: Vec<'static, u32>,
    semi: Vec<'static, u32>,
    /// The nodes whose path is being compressed.
    path: Vec<'static, u32>,
}

impl Forest {
    fn new(above: Vec<'static, u32>) -> Result<Forest, OutOfMemory> {
        let memory = above.memory();
        let mut ancestor = Vec::new(memory);
        ancestor.try_resize(above.len(), NO_CELL)?;
        let mut semi = Vec::try_with_capacity(above.len(), memory)?;
        for node in 0..above.len() as u32 {
            semi.try_push(node)?;
        }
        let label = Vec::try_from_slice(&semi, memory)?;
        Ok(Forest { above, ancestor, label, semi, path: Vec::new(memory) })
    }

    /// The node of lowest semidominator on the path from `node` up the forest, without the tree's root.
    fn lowest(&mut self, node: u32) -> Result<u32, OutOfMemory> {
        if self.ancestor[node as usize] == NO_CELL {
            return Ok(node);
        }
        let mut at = node;
        while self.ancestor[self.ancestor[at as usize] as usize] != NO_CELL {
            self.path.try_push(at)?;
            at = self.ancestor[at as usize];
        }
        while let Some(below) = self.path.pop() {
            let up = self.ancestor[below as usize] as usize;
            let (mine, theirs) = (self.label[below as usize], self.label[up]);
            if self.semi[theirs as usize] < self.semi[mine as usize] {
                self.label[below as usize] = theirs;
            }
            self.ancestor[below as usize] = self.ancestor[up];
        }
        Ok(self.label[node as usize])
    }

    /// The immediate dominator of each node; of node 0, itself. `sources` visits what has an edge to a node.
    fn dominators(
        mut self,
        sources: impl Fn(u32, &mut dyn FnMut(u32)),
    ) -> Result<Vec<'static, u32>, OutOfMemory> {
        let memory = self.above.memory();
        let count = self.above.len();
        let mut dominators = Vec::new(memory);
        dominators.try_resize(count, 0u32)?;
        // Nodes by semidominator, as lists: the first of each, and who follows whom. 0 ends a list.
        let (mut first, mut next) = (Vec::new(memory), Vec::new(memory));
        first.try_resize(count, 0u32)?;
        next.try_resize(count, 0u32)?;
        let mut from = Vec::new(memory);
        for node in (1..count as u32).rev() {
            let at = node as usize;
            let mut refused = false;
            from.clear();
            sources(node, &mut |source| refused |= from.try_push(source).is_err());
            if refused {
                return Err(OutOfMemory);
            }
            for &source in from.iter() {
                let lowest = self.lowest(source)?;
                self.semi[at] = self.semi[at].min(self.semi[lowest as usize]);
            }
            let semi = self.semi[at] as usize;
            next[at] = first[semi];
            first[semi] = node;
            let above = self.above[at];
            self.ancestor[at] = above;
            let mut waiting = core::mem::take(&mut first[above as usize]);
            while waiting != 0 {
                let lowest = self.lowest(waiting)?;
                let lower = self.semi[lowest as usize] < self.semi[waiting as usize];
                dominators[waiting as usize] = if lower { lowest } else { above };
                waiting = next[waiting as usize];
            }
        }
        for node in 1..count {
            if dominators[node] != self.semi[node] {
                dominators[node] = dominators[dominators[node] as usize];
            }
        }
        Ok(dominators)
    }
}
