//! The cycle collector: trial deletion on side tables.
//!
//! It finds the cells that only cells hold which nothing outside holds, without knowing any root:
//! 1. *Count* (`count`): walk all cells and count, in the side tables, the counted references between them.
//! 2. *Mark* (`mark`): a cell with more references than were counted is held from outside (the stack, the host, a
//!    native structure). Mark it and all it leads to.
//! 3. *Sweep* (here): what is not marked is garbage: finalize it, then free it.
//!
//! # Invariants
//! - Until the sweep nothing but the side tables is written, so that running out of memory before leaves
//!   the heap as it was. The sweep takes no memory.
//! - Marking needs no more memory once it has begun: what finds no room on its stack is made gray in the side
//!   tables, and found again there.
//! - A collection may leave cells out (see [`Reach`]): references from them are not counted, so that what they refer
//!   to stays. Cells that a table owns are always left out then: the uncounted references to them are not known.
//! - Leaves are never looked at beyond their header: a cell without references is in no cycle.
//! - The reference that a table holds to a cell it owns is counted as internal, and the uncounted
//!   references to such cells only matter to marking.
//! - Dead cells on the worklist keep what they refer to until they are finalized: their counted
//!   references are not counted in step 1, and their uncounted ones are marked from.
//! - During the sweep each garbage cell has one reference too many, the collector's, and is marked dead, so
//!   that finalizers can drop references to each other's cells in any order.

mod count;
mod mark;
mod plain;

use core::fmt;
use core::ptr::NonNull;

use self::mark::Marking;
use super::event::{Event, Outcome, Reason};
use super::policy::PolicyError;
use super::side::Tables;
use super::{CellId, Header, Heap, WORKLIST_END};
use crate::mem::OutOfMemory;

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

/// Which cells a collection looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    /// Those on pages that were allocated from since the last collection.
    Young,
    /// All but those that a table owns: somebody may be about to use one that no object has.
    NotTables,
}

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
        let young = reason == Reason::Policy && matches!(self.collector.get(), Collector::Young { .. });
        let young = young && self.mem().charged() < self.full_at.get();
        self.collect_what(reason, if young { Reach::Young } else { Reach::All })
    }

    /// As [`Heap::collect`], of the cells in reach.
    pub(super) fn collect_what(&self, reason: Reason, reach: Reach) -> Result<Outcome, OutOfMemory> {
        let start_ns = self.clock.now_ns();
        let charged_before = self.mem().charged();
        let young = reach == Reach::Young;
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
        let result = self.mem().with_reserve(|| self.collect_cycles(reach, &mut outcome));
        self.collecting.set(false);
        if let Err(error) = result {
            self.observe(&Event::Failed { reason, charged: charged_before });
            return Err(error);
        }
        if reach != Reach::NotTables {
            // No shape went, and somebody may hold the number of one.
            self.collected(false);
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

    fn collect_cycles(&self, reach: Reach, outcome: &mut Outcome) -> Result<(), OutOfMemory> {
        let mut tables = Tables::new(self)?;
        self.count_edges(reach, &mut tables, outcome)?;
        let counted_ns = self.clock.now_ns();
        let marking = Marking::new(self, &mut tables)?;
        marking.run(self);
        drop(marking);
        let marked_ns = self.clock.now_ns();
        self.sweep(&tables);
        drop(tables);
        outcome.count_ns = counted_ns - outcome.start_ns;
        outcome.mark_ns = marked_ns - counted_ns;
        outcome.sweep_ns = self.clock.now_ns() - marked_ns;
        Ok(())
    }

    /// Step 3. Everything unmarked is garbage.
    fn sweep(&self, tables: &Tables) {
        let space = self.space();
        if let Some(hook) = self.garbage_hook.get() {
            // SAFETY: garbage is whole until it is finalized; the hook keeps its contract.
            tables.each_unmarked(space, |cell| unsafe { hook(self.owner.get(), cell) });
        }
        let (mut garbage, mut weak, mut owned) = (0usize, false, false);
        tables.each_unmarked(space, |cell| {
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
            tables.each_unmarked(space, |cell| {
                // SAFETY: as above; the hook keeps its contract.
                unsafe {
                    let info = self.kind_info((*cell.as_ptr()).kind());
                    if info.weakable && Header::weak_flag(cell) {
                        hook(self.owner.get(), cell);
                    }
                }
            });
        }
        tables.each_unmarked(space, |cell| {
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
            tables.each_unmarked(space, |cell| {
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
        tables.each_unmarked(space, |cell| {
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
