//! What is alive, and what keeps it alive.
//!
//! [`Heap::totals`] counts cells and bytes per kind: the rows of the memory report, which add up to what
//! the memory's books hold for cells. [`Heap::leaks`] explains every live cell: how many references to it
//! come from outside the heap, the shortest path from such a cell to it, and how much would go if it went.
//! At tear-down, when all that should be gone is gone, what it lists are the leaks.
//!
//! Only plain data is made here; the floors above, which know what kinds and tags mean, render it.

use core::ptr::NonNull;

use super::cell::{KIND_MASK, Tracer};
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
    /// Bytes charged for the cell itself.
    pub bytes: usize,
    /// The cell before it on the shortest path from one with external references, as an index of
    /// [`Leaks::cells`]; [`NO_CELL`] for those and for cells that only garbage leads to.
    pub parent: u32,
    /// Length of that path; 0 for a cell with external references, [`NO_CELL`] where no path leads.
    pub depth: u32,
    /// Bytes of cells that would die if this one did, its own included.
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

    /// Explains every live cell. Takes about 70 bytes for each, and time in proportion. To see leaks only,
    /// collect first, so that no garbage is among them.
    pub fn leaks(&self) -> Result<Leaks, OutOfMemory> {
        let mut cells = self.list_live()?;
        let edges = self.list_edges(&mut cells)?;
        shortest_paths(&mut cells, &edges)?;
        retained_bytes(&mut cells, &edges)?;
        Ok(Leaks { cells })
    }

    fn list_live(&self) -> Result<Vec<'static, LiveCell>, OutOfMemory> {
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
                let table = u32::from(self.kind_info(header.kind()).table_owned);
                refused |= cells
                    .try_push(LiveCell {
                        cell,
                        kind: header.kind(),
                        count: header.count(),
                        external: header.count() - table,
                        bytes: self.space().charge_of(cell),
                        parent: NO_CELL,
                        depth: NO_CELL,
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
                queue.try_push(target)?;
            }
        }
    }
    Ok(())
}

/// Retained sizes: a cell retains what it dominates, seen from outside. Dominators are found by the
/// iterative method of Cooper, Harvey and Kennedy. Garbage retains itself.
fn retained_bytes(cells: &mut Vec<'static, LiveCell>, edges: &Edges) -> Result<(), OutOfMemory> {
    let memory = cells.memory();
    let count = cells.len();
    // Depth-first post-order numbers; the outside comes last and gets `count`.
    let mut order = Vec::try_with_capacity(count, memory)?;
    let mut number = Vec::new(memory);
    number.try_resize(count, NO_CELL)?;
    let mut stack: Vec<'static, (u32, u32)> = Vec::new(memory);
    const ON_STACK: u32 = NO_CELL - 1;
    for root in 0..count {
        if cells[root].external == 0 || number[root] != NO_CELL {
            continue;
        }
        number[root] = ON_STACK;
        stack.try_push((root as u32, 0))?;
        while let Some(&mut (here, ref mut edge)) = stack.last_mut() {
            match edges.of(here).get(*edge as usize) {
                Some(&target) => {
                    *edge += 1;
                    if number[target as usize] == NO_CELL {
                        number[target as usize] = ON_STACK;
                        stack.try_push((target, 0))?;
                    }
                }
                None => {
                    number[here as usize] = order.len() as u32;
                    order.try_push(here)?;
                    stack.pop();
                }
            }
        }
    }
    let outside = order.len() as u32;
    let backwards = edges.reversed(count)?;
    // By post-order number: the number of the immediate dominator.
    let mut dominators = Vec::new(memory);
    dominators.try_resize(order.len() + 1, NO_CELL)?;
    dominators[outside as usize] = outside;
    let mut changed = true;
    while changed {
        changed = false;
        for here in (0..order.len()).rev() {
            let cell = order[here];
            let mut best = if cells[cell as usize].external != 0 { outside } else { NO_CELL };
            for &source in backwards.of(cell) {
                let from = number[source as usize];
                if from == NO_CELL || dominators[from as usize] == NO_CELL {
                    continue;
                }
                best = if best == NO_CELL { from } else { common(&dominators, best, from) };
            }
            if dominators[here] != best {
                dominators[here] = best;
                changed = true;
            }
        }
    }
    for cell in cells.iter_mut() {
        cell.retained = cell.bytes;
    }
    // A dominator has a higher number than what it dominates.
    for here in 0..order.len() {
        let above = dominators[here];
        if above != outside {
            let retained = cells[order[here] as usize].retained;
            cells[order[above as usize] as usize].retained += retained;
        }
    }
    Ok(())
}

/// The nearest common dominator of two cells, by post-order number.
fn common(dominators: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        while a < b {
            a = dominators[a as usize];
        }
        while b < a {
            b = dominators[b as usize];
        }
    }
    a
}
