//! The cycle collector: trial deletion on side tables.
//!
//! It finds the cells that only cells hold which nothing outside holds, without knowing any root:
//! 1. *Count*: walk all cells and count, in the side tables, the counted references between them.
//! 2. *Mark*: a cell with more references than were counted is held from outside (the stack, the host, a
//!    native structure). Mark it and all it leads to.
//! 3. *Sweep*: what is not marked is garbage: finalize it, then free it.
//!
//! # Invariants
//! - Until the sweep nothing but the side tables is written, so that running out of memory before leaves
//!   the heap as it was. The sweep takes no memory.
//! - Marking needs no memory to be right: when its stack cannot grow, a cell is put back to "referred to
//!   from outside, not marked", and another look over the side tables finds it.
//! - A collection may leave cells out (see [`Collector::Young`]): references from them are not counted, so
//!   that what they refer to stays. Cells that a table owns are always left out then: the
//!   uncounted references to them are not known.
//! - Leaves are never looked at beyond their header: a cell without references is in no cycle.
//! - The reference that a table holds to a cell it owns is counted as internal, and the uncounted
//!   references to such cells only matter to marking.
//! - Dead cells on the worklist keep what they refer to until they are finalized: their counted
//!   references are not counted in step 1, and their uncounted ones are marked from.
//! - During the sweep each garbage cell has one reference too many, the collector's, and is marked dead, so
//!   that finalizers can drop references to each other's cells in any order.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::fmt;
use core::ptr::NonNull;

use super::cell::{EdgeSink, Tracer};
use super::event::{Event, Outcome, Reason};
use super::policy::PolicyError;
use super::side::Tables;
use super::{CellId, Header, Heap, WORKLIST_END};
use crate::mem::{OutOfMemory, Use, Vec};

/// What a collection that the policy asks for looks at. One that somebody requests looks at everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Collector {
    /// All cells.
    Full,
    /// The cells on pages that were allocated from since the last collection, and all cells once the
    /// heap is `factor` times what the last full collection left.
    ///
    /// Needs no write barrier: cells that old ones refer to have more references than are found among
    /// the young, and stay. Garbage in which an old cell takes part waits for a full collection.
    Young {
        /// At least 1.
        factor: f64,
    },
}

/// No full collection is due below this many charged bytes.
const LEAST_FULL: usize = 4 << 20;

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Collector::Full => f.write_str("full"),
            Collector::Young { factor } => write!(f, "young({factor})"),
        }
    }
}

impl core::str::FromStr for Collector {
    type Err = PolicyError;

    /// Reads `full` or `young([factor])`.
    fn from_str(text: &str) -> Result<Collector, PolicyError> {
        let factor = match text.trim() {
            "full" => return Ok(Collector::Full),
            "young" => "2",
            other => {
                let rest = other.strip_prefix("young(").ok_or(PolicyError::UnknownName)?;
                rest.strip_suffix(')').ok_or(PolicyError::Syntax)?
            }
        };
        match factor.trim().parse() {
            Ok(factor) if (1.0..=1000.0).contains(&factor) => Ok(Collector::Young { factor }),
            Ok(_) => Err(PolicyError::OutOfRange),
            Err(_) => Err(PolicyError::BadNumber),
        }
    }
}

/// Cells that are fetched ahead of their turn.
const RING: usize = 64;
/// Cells that the mark stack has room for at first.
const STACK_CELLS: usize = 1024;

/// Asks the processor to fetch the memory at an address.
#[inline(always)]
fn prefetch(cell: NonNull<Header>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: prefetching is a hint: it never faults.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(cell.as_ptr().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = cell;
}

/// Step 1: counts references.
struct Counting<'a> {
    tables: UnsafeCell<&'a mut Tables>,
    direct: bool,
    edges: StdCell<u64>,
    failed: StdCell<bool>,
}

impl EdgeSink for Counting<'_> {
    const UNCOUNTED: bool = false;

    fn edges(&self, edges: &[NonNull<Header>]) {
        self.edges.set(self.edges.get() + edges.len() as u64);
        if self.direct {
            for &target in edges {
                prefetch(target);
            }
        }
        // SAFETY: nothing else uses the tables during this call; targets are live cells.
        unsafe {
            let tables = &mut **self.tables.get();
            for &target in edges {
                if tables.count(target).is_err() {
                    self.failed.set(true);
                }
            }
        }
    }

    fn ephemeron(&self, _key: NonNull<Header>) -> bool {
        true
    }
}

/// Step 2: marks.
struct Marking<'a> {
    tables: UnsafeCell<&'a mut Tables>,
    direct: bool,
    // The first `top` entries of the stack are cells to look at.
    stack: UnsafeCell<Vec<'static, NonNull<Header>>>,
    top: StdCell<usize>,
    postponed: StdCell<bool>,
    // The cell whose references are being reported.
    current: StdCell<NonNull<Header>>,
    // Cells that reported ephemerons whose key was not marked then.
    ephemerons: UnsafeCell<Vec<'static, NonNull<Header>>>,
    progress: StdCell<bool>,
}

impl EdgeSink for Marking<'_> {
    const UNCOUNTED: bool = true;

    fn edges(&self, edges: &[NonNull<Header>]) {
        if self.direct {
            for &target in edges {
                prefetch(target);
            }
        }
        // SAFETY: nothing else uses the tables and the stack during this call; targets are live
        // cells; stack indices are checked to be in range for the whole batch.
        unsafe {
            let tables = &mut **self.tables.get();
            let stack = &mut *self.stack.get();
            let mut top = self.top.get();
            if stack.len() - top < edges.len()
                && stack.try_resize(stack.len() * 2, NonNull::dangling()).is_err()
            {
                self.edges_slow(tables, stack, edges);
                return;
            }
            let before = top;
            // Without branches: whether a target is new cannot be predicted.
            for &target in edges {
                *stack.get_unchecked_mut(top) = target;
                top += usize::from(tables.mark(target));
            }
            self.top.set(top);
            self.progress.set(self.progress.get() | (top != before));
        }
    }

    fn ephemeron(&self, key: NonNull<Header>) -> bool {
        // SAFETY: nothing else uses the tables and the list during this call.
        unsafe {
            if (*self.tables.get()).get(key) & super::side::MARK != 0 {
                return true;
            }
            let waiting = &mut *self.ephemerons.get();
            let current = self.current.get();
            // Without room to remember it, the value is kept: it leaks until the next collection.
            waiting.last() != Some(&current) && waiting.try_push(current).is_err()
        }
    }
}

impl<'a> Marking<'a> {
    fn new(heap: &Heap, tables: &'a mut Tables) -> Result<Marking<'a>, OutOfMemory> {
        let memory = heap.mem().memory(Use::Collector);
        let mut stack = Vec::try_with_capacity(STACK_CELLS, memory)?;
        stack.try_resize(STACK_CELLS, NonNull::dangling())?;
        Ok(Marking {
            direct: tables.chunks() == 0,
            tables: UnsafeCell::new(tables),
            stack: UnsafeCell::new(stack),
            top: StdCell::new(0),
            postponed: StdCell::new(false),
            current: StdCell::new(NonNull::dangling()),
            ephemerons: UnsafeCell::new(Vec::new(memory)),
            progress: StdCell::new(false),
        })
    }

    /// Marks with a stack that cannot grow: what finds no room is put off.
    #[cold]
    #[inline(never)]
    fn edges_slow(&self, tables: &mut Tables, stack: &mut [NonNull<Header>], edges: &[NonNull<Header>]) {
        for &target in edges {
            // SAFETY: targets are live cells.
            unsafe {
                if !tables.mark(target) {
                    continue;
                }
                self.progress.set(true);
                if let Some(entry) = stack.get_mut(self.top.get()) {
                    *entry = target;
                    self.top.set(self.top.get() + 1);
                } else {
                    tables.postpone(target);
                    self.postponed.set(true);
                }
            }
        }
    }

    #[inline(always)]
    fn pop(&self) -> Option<NonNull<Header>> {
        let top = self.top.get().checked_sub(1)?;
        self.top.set(top);
        // SAFETY: entries below `top` were written; nothing else uses the stack now.
        Some(unsafe { *(&*self.stack.get()).get_unchecked(top) })
    }

    /// # Safety
    /// `cell` is live, or waits to be finalized.
    #[inline(always)]
    unsafe fn trace(&self, heap: &Heap, cell: NonNull<Header>, tracer: &mut Tracer<'_>) {
        self.current.set(cell);
        // SAFETY: the caller's cell is whole.
        unsafe { (heap.kind_info((*cell.as_ptr()).kind()).trace)(cell, tracer) }
    }

    /// Marks everything that the marked cells lead to.
    fn drain(&self, heap: &Heap, tracer: &mut Tracer<'_>) {
        let mut ring = [NonNull::<Header>::dangling(); RING];
        let (mut head, mut len) = (0usize, 0usize);
        loop {
            while len < RING
                && let Some(cell) = self.pop()
            {
                prefetch(cell);
                ring[(head + len) % RING] = cell;
                len += 1;
            }
            if len == 0 {
                if tracer.flush() {
                    continue;
                }
                break;
            }
            let cell = ring[head];
            head = (head + 1) % RING;
            len -= 1;
            // SAFETY: marked cells are live.
            unsafe { self.trace(heap, cell, tracer) };
        }
    }

    fn run(&self, heap: &Heap) {
        let mut tracer = Tracer::batches(self);
        heap.each_waiting(|cell| {
            // SAFETY: a cell on the worklist is whole.
            unsafe { self.trace(heap, cell, &mut tracer) };
        });
        self.drain(heap, &mut tracer);
        loop {
            self.postponed.set(false);
            // SAFETY: the tables are only used through this reference or, while it is not looked at,
            // by the sink; the walk over them reads them anew at each step.
            let tables = unsafe { &mut **self.tables.get() };
            tables.each_unmarked(heap.space(), |tables, cell| {
                // SAFETY: a cell that takes part is live.
                unsafe {
                    if tables.has_external(cell) {
                        tables.mark(cell);
                        self.trace(heap, cell, &mut tracer);
                        self.drain(heap, &mut tracer);
                    }
                }
            });
            if !self.postponed.get() && !self.follow_ephemerons(heap, &mut tracer) {
                break;
            }
        }
    }

    /// Looks again at the cells that reported ephemerons; true when that marked something.
    fn follow_ephemerons(&self, heap: &Heap, tracer: &mut Tracer<'_>) -> bool {
        self.progress.set(false);
        let mut index = 0;
        // SAFETY: the list is read anew at each step.
        while let Some(&cell) = unsafe { (&*self.ephemerons.get()).get(index) } {
            index += 1;
            // SAFETY: the cell is marked, and so alive.
            unsafe { self.trace(heap, cell, tracer) };
            self.drain(heap, tracer);
        }
        self.progress.get()
    }
}

impl Heap {
    /// Calls `visit` with each dead cell that waits to be freed.
    pub(super) fn each_waiting(&self, mut visit: impl FnMut(NonNull<Header>)) {
        let mut id = self.worklist.get();
        while id != WORKLIST_END {
            // SAFETY: ids on the worklist are of whole, dead cells.
            unsafe {
                let cell = self.space.cell_at(CellId(id));
                visit(cell);
                id = (*cell.as_ptr()).count();
            }
        }
    }

    /// Whether a cell is alive: neither waiting to be freed nor found to be garbage.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this heap whose memory was not freed.
    pub unsafe fn is_live(&self, cell: NonNull<Header>) -> bool {
        // SAFETY: (1) the caller's duty.
        unsafe { !(*cell.as_ptr()).is_dead() }
    }

    /// What collections of the policy look at.
    pub fn collector(&self) -> Collector {
        self.collector.get()
    }

    /// Replaces the collector. The next collection is a full one.
    pub fn set_collector(&self, collector: Collector) {
        self.collector.set(collector);
        self.full_at.set(0);
    }

    /// Collects cyclic garbage. Fails, leaving everything as it was, when there is no memory for the
    /// collector's tables. Does nothing when called from a hook or finalizer of a collection.
    pub fn collect(&self, reason: Reason) -> Result<Outcome, OutOfMemory> {
        let start_ns = self.clock.now_ns();
        let charged_before = self.mem().charged();
        let young = reason == Reason::Policy && matches!(self.collector.get(), Collector::Young { .. });
        let young = young && charged_before < self.full_at.get();
        let mut outcome = Outcome {
            reason,
            collector: if young { "young" } else { "full" },
            start_ns,
            pause_ns: 0,
            count_ns: 0,
            mark_ns: 0,
            sweep_ns: 0,
            cells_scanned: 0,
            edges: 0,
            freed_cells: 0,
            freed_bytes: 0,
            charged_before,
            charged_after: charged_before,
            live_cells: self.live_cells(),
        };
        if self.collecting.replace(true) {
            return Ok(outcome);
        }
        self.observe(&Event::Start {
            reason,
            start_ns,
            charged: charged_before,
            live_cells: outcome.live_cells,
        });
        let result = self.collect_cycles(young, &mut outcome);
        self.collecting.set(false);
        if let Err(error) = result {
            self.observe(&Event::Failed { reason, charged: charged_before });
            return Err(error);
        }
        self.space.settle();
        self.space.age();
        outcome.charged_after = self.mem().charged();
        outcome.freed_bytes = charged_before.saturating_sub(outcome.charged_after);
        outcome.freed_cells = (outcome.live_cells - self.live_cells()) as u64;
        outcome.live_cells = self.live_cells();
        if let (false, Collector::Young { factor }) = (young, self.collector.get()) {
            let next = (outcome.charged_after as f64 * factor) as usize;
            self.full_at.set(next.max(LEAST_FULL));
        }
        outcome.pause_ns = self.clock.now_ns() - start_ns;
        self.collections.set(self.collections.get() + 1);
        self.after_collection(&outcome);
        self.observe(&Event::End(&outcome));
        #[cfg(debug_assertions)]
        if self.verifying.get()
            && let Ok(Err(fault)) = self.verify()
        {
            panic!("the heap is broken after a collection: {fault}");
        }
        Ok(outcome)
    }

    fn collect_cycles(&self, young: bool, outcome: &mut Outcome) -> Result<(), OutOfMemory> {
        let mut tables = Tables::new(self)?;
        self.count_edges(young, &mut tables, outcome)?;
        let counted_ns = self.clock.now_ns();
        let marking = Marking::new(self, &mut tables)?;
        marking.run(self);
        drop(marking);
        let marked_ns = self.clock.now_ns();
        self.sweep(&mut tables);
        drop(tables);
        outcome.count_ns = counted_ns - outcome.start_ns;
        outcome.mark_ns = marked_ns - counted_ns;
        outcome.sweep_ns = self.clock.now_ns() - marked_ns;
        Ok(())
    }

    fn count_edges(
        &self,
        young: bool,
        tables: &mut Tables,
        outcome: &mut Outcome,
    ) -> Result<(), OutOfMemory> {
        let space = self.space();
        let sink = Counting {
            direct: tables.chunks() == 0,
            tables: UnsafeCell::new(tables),
            edges: StdCell::new(0),
            failed: StdCell::new(false),
        };
        let mut tracer = Tracer::batches(&sink);
        let mut scanned = 0u64;
        let mut visit = |cell: NonNull<Header>| {
            // SAFETY: a used slot or table entry has a header; the cell is live when it is neither free
            // nor dead. The tables are borrowed for one call at a time.
            unsafe {
                let header = cell.as_ref();
                if header.is_dead() || header.count() == 0 {
                    return;
                }
                let info = self.kind_info(header.kind());
                if info.leaf || (young && info.table_owned) {
                    return;
                }
                scanned += 1;
                (*sink.tables.get()).admit(cell);
                if info.table_owned {
                    // The table's own reference. A carry that finds no memory fails the next one too.
                    if (*sink.tables.get()).count(cell).is_err() {
                        sink.failed.set(true);
                    }
                }
                (info.trace)(cell, &mut tracer);
            }
        };
        for chunk in 0..space.chunk_numbers() {
            space.each_slot(chunk, young, &mut visit);
        }
        const AHEAD: usize = 8;
        for index in 0..space.table_len() {
            if index + AHEAD < space.table_len()
                && let Some(cell) = if young {
                    space.young_table_cell(index + AHEAD)
                } else {
                    space.table_cell(index + AHEAD)
                }
            {
                prefetch(cell);
            }
            let cell = if young { space.young_table_cell(index) } else { space.table_cell(index) };
            if let Some(cell) = cell {
                visit(cell);
            }
        }
        tracer.flush();
        outcome.cells_scanned = scanned;
        outcome.edges = sink.edges.get();
        if sink.failed.get() { Err(OutOfMemory) } else { Ok(()) }
    }

    /// Step 3. Everything unmarked is garbage.
    fn sweep(&self, tables: &mut Tables) {
        let space = self.space();
        if let Some(hook) = self.garbage_hook.get() {
            // SAFETY: garbage is whole until it is finalized; the hook keeps its contract.
            tables.each_unmarked(space, |_, cell| unsafe { hook(self.owner.get(), cell) });
        }
        let (mut garbage, mut weak, mut owned) = (0usize, false, false);
        tables.each_unmarked(space, |_, cell| {
            garbage += 1;
            // SAFETY: garbage is whole until it is finalized.
            unsafe {
                let header = cell.as_ptr();
                let info = self.kind_info((*header).kind());
                weak |= info.weakable && Header::weak_flag(cell);
                owned |= info.table_owned;
                (*header).increment();
                (*header).mark_dead();
            }
        });
        if garbage == 0 {
            return;
        }
        let _entered = self.enter();
        if weak && let Some(hook) = self.weak_hook.get() {
            tables.each_unmarked(space, |_, cell| {
                // SAFETY: as above; the hook keeps its contract.
                unsafe {
                    let info = self.kind_info((*cell.as_ptr()).kind());
                    if info.weakable && Header::weak_flag(cell) {
                        hook(self.owner.get(), cell);
                    }
                }
            });
        }
        tables.each_unmarked(space, |_, cell| {
            // SAFETY: each garbage cell is finalized once, here or below.
            unsafe {
                let info = self.kind_info((*cell.as_ptr()).kind());
                if !info.table_owned {
                    (info.finalize)(cell);
                }
            }
        });
        if owned {
            let hook = self.table_hook.get();
            tables.each_unmarked(space, |_, cell| {
                // SAFETY: as above; the hook sees the cell while it is whole.
                unsafe {
                    let info = self.kind_info((*cell.as_ptr()).kind());
                    if info.table_owned {
                        if let Some(hook) = hook {
                            hook(self.owner.get(), cell);
                        }
                        (info.finalize)(cell);
                    }
                }
            });
        }
        tables.each_unmarked(space, |_, cell| {
            // SAFETY: finalized, and only the collector's reference is left (the table's, too, for a cell
            // that a table owned).
            unsafe {
                debug_assert_eq!(
                    (*cell.as_ptr()).count(),
                    1 + u32::from(self.kind_info((*cell.as_ptr()).kind()).table_owned),
                    "a reference to garbage was not reported, or not dropped"
                );
                space.free(cell);
            }
        });
        self.free_waiting(0);
    }
}
