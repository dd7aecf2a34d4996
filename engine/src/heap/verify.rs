//! Checks the heap's invariants by other means than the collector's.
//!
//! The verifier makes a sorted list of all cells, walks every reference, and compares what it found
//! with the counts and with the lists of pages and free slots. It shares no code with the collector's
//! passes, so that a mistake in these does not hide itself. Builds with debug assertions run it after each
//! collection.

use core::fmt;
use core::ptr::NonNull;

use super::cell::Tracer;
use super::{Header, Heap};
use crate::mem::{OutOfMemory, Use, Vec};

/// Something that must not be. Cells are named by address and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A cell refers to memory that holds no live cell.
    Dangling {
        /// The address of the cell that refers.
        from: usize,
        /// Its kind's name.
        kind: &'static str,
        /// Where it refers to.
        to: usize,
    },
    /// More references to a cell were reported than are counted: one is reported twice, or a count was
    /// given back that is still in use. The collector could free the cell too early.
    TooManyReferences {
        /// The address of the cell.
        cell: usize,
        /// Its kind's name.
        kind: &'static str,
        /// The cell's count.
        count: u32,
        /// How many references were reported.
        found: u32,
    },
    /// A cell with fewer references than counts where the caller says that nothing outside holds any: a
    /// reference is not reported, or was leaked.
    TooFewReferences {
        /// The address of the cell.
        cell: usize,
        /// Its kind's name.
        kind: &'static str,
        /// The cell's count.
        count: u32,
        /// How many references were reported.
        found: u32,
    },
    /// A cell whose kind is said to be a leaf refers to another.
    LeafRefers {
        /// The address of the cell.
        cell: usize,
        /// Its kind's name.
        kind: &'static str,
    },
    /// A cell is dead but does not wait to be freed, or the other way round.
    LostDead {
        /// How many cells are dead.
        dead: usize,
        /// How many wait.
        waiting: usize,
    },
    /// The pages or the table of cells contradict themselves.
    Space(&'static str),
    /// The books of the memory do not agree with the cells there are.
    Books {
        /// Bytes charged to cells.
        charged: usize,
        /// Bytes that the cells come to.
        found: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Dangling { from, kind, to } => {
                write!(f, "{kind} at {from:#x} refers to {to:#x}, where no live cell is")
            }
            Fault::TooManyReferences { cell, kind, count, found } => {
                write!(f, "{kind} at {cell:#x} has count {count}, but {found} references to it were reported")
            }
            Fault::TooFewReferences { cell, kind, count, found } => {
                write!(
                    f,
                    "{kind} at {cell:#x} has count {count}, but only {found} references to it were reported"
                )
            }
            Fault::LeafRefers { cell, kind } => {
                write!(f, "{kind} at {cell:#x} refers to a cell, though its kind is a leaf")
            }
            Fault::LostDead { dead, waiting } => {
                write!(f, "{dead} cells are dead, but {waiting} wait to be freed")
            }
            Fault::Space(what) => f.write_str(what),
            Fault::Books { charged, found } => {
                write!(f, "{charged} bytes are charged to cells, which come to {found}")
            }
        }
    }
}

/// A cell and the references found to it.
#[derive(Clone, Copy)]
struct Found {
    address: usize,
    references: u32,
    live: bool,
}

impl Heap {
    /// Verifies the heap; the outer error says that there was no memory to do it with.
    pub fn verify(&self) -> Result<Result<(), Fault>, OutOfMemory> {
        self.verify_cells(false)
    }

    /// Verifies the heap where nothing outside is known to hold a cell: then every count must be explained
    /// by references that were reported, and a reference that a `trace` misses is found.
    pub fn verify_closed(&self) -> Result<Result<(), Fault>, OutOfMemory> {
        self.verify_cells(true)
    }

    fn verify_cells(&self, closed: bool) -> Result<Result<(), Fault>, OutOfMemory> {
        let charged = self.mem().charged_to(Use::Cells);
        if let Err(what) = self.space().check() {
            return Ok(Err(Fault::Space(what)));
        }
        let mut cells = Vec::new(self.mem().memory(Use::Collector));
        let (mut refused, mut bytes, mut dead) = (false, 0, 0);
        cells.try_reserve(self.live_cells())?;
        self.for_each_cell(&mut |cell| {
            // SAFETY: visited cells are whole.
            unsafe {
                let live = !cell.as_ref().is_dead();
                dead += usize::from(!live);
                bytes += self.space().charge_of(cell);
                refused |= cells.try_push(Found { address: cell.addr().get(), references: 0, live }).is_err();
            }
        });
        if refused {
            return Err(OutOfMemory);
        }
        if bytes != charged {
            return Ok(Err(Fault::Books { charged, found: bytes }));
        }
        let mut waiting = 0;
        self.each_waiting(|_| waiting += 1);
        if waiting != dead {
            return Ok(Err(Fault::LostDead { dead, waiting }));
        }
        cells.sort_unstable_by_key(|found| found.address);
        Ok(self.compare(&mut cells, closed))
    }

    fn compare(&self, cells: &mut [Found], closed: bool) -> Result<(), Fault> {
        let mut fault = None;
        for index in 0..cells.len() {
            let from = cells[index].address;
            // SAFETY: the cell is live or waits, and so whole.
            let (cell, info) = unsafe {
                let cell = NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut::<Header>(from));
                (cell, self.kind_info(cell.as_ref().kind()))
            };
            if info.table_owned && cells[index].live {
                cells[index].references += 1;
            }
            let mut any = false;
            let mut visit = |target: NonNull<Header>, counted: bool| {
                any = true;
                match cells.binary_search_by_key(&target.addr().get(), |found| found.address) {
                    Ok(place) if cells[place].live => cells[place].references += u32::from(counted),
                    _ => fault = Some(Fault::Dangling { from, kind: info.name, to: target.addr().get() }),
                }
            };
            // SAFETY: the table pairs kinds with their functions.
            unsafe { (info.trace)(cell, &mut Tracer::visitor(&mut visit)) };
            if any && info.leaf {
                fault = Some(Fault::LeafRefers { cell: from, kind: info.name });
            }
            if let Some(fault) = fault {
                return Err(fault);
            }
        }
        for found in cells.iter().filter(|found| found.live) {
            // SAFETY: the cell is live.
            let header = unsafe { &*core::ptr::with_exposed_provenance::<Header>(found.address) };
            let (cell, kind) = (found.address, self.kind_info(header.kind()).name);
            let (count, found) = (header.count(), found.references);
            if found > count {
                return Err(Fault::TooManyReferences { cell, kind, count, found });
            }
            if closed && found < count {
                return Err(Fault::TooFewReferences { cell, kind, count, found });
            }
        }
        Ok(())
    }
}
