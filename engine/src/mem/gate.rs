//! What is taken from the allocator, counted and limited: the other side of the pool.
//!
//! # Invariants
//! - `taken` is the sum of the sizes of all blocks that came through here and were not given back, and of what was
//!   charged from outside. It grows only to at most `limit`, before the allocator is asked.
//! - With the direct front nothing comes through here: there the books of [`Mem`](super::Mem) say the same.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use tare_allocators::{Allocator, OutOfMemory, Stats};

/// The allocator of a [`Mem`](super::Mem), with books of its own for what the pool and the cells' pages take.
pub(super) struct Gate {
    taken: Cell<usize>,
    peak: Cell<usize>,
    limit: Cell<usize>,
    // From this on somebody wants to be told.
    near: Cell<usize>,
    passed: Cell<bool>,
    alarm: Cell<*const Cell<usize>>,
    allocator: Box<dyn Allocator>,
}

// SAFETY: the alarm is in the same runtime, and moves between threads with it; so does the allocator.
unsafe impl Send for Gate {}

impl Gate {
    pub(super) fn new(allocator: Box<dyn Allocator>) -> Gate {
        Gate {
            taken: Cell::new(0),
            peak: Cell::new(0),
            limit: Cell::new(usize::MAX),
            near: Cell::new(usize::MAX),
            passed: Cell::new(false),
            alarm: Cell::new(core::ptr::null()),
            allocator,
        }
    }

    /// The allocator itself.
    pub(super) fn allocator(&self) -> &dyn Allocator {
        &*self.allocator
    }

    /// Bytes taken now.
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }

    /// The most bytes taken at once since the last [`Gate::reset_peak`].
    pub(super) fn peak(&self) -> usize {
        self.peak.get()
    }

    pub(super) fn reset_peak(&self) {
        self.peak.set(self.taken.get());
    }

    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }

    /// Says from how many bytes on [`Gate::passed`] is to be set.
    pub(super) fn set_near(&self, bytes: usize) {
        self.near.set(bytes);
        self.passed.set(false);
    }

    /// Says which trigger is set to zero, so that the next that compares with it looks closer.
    ///
    /// # Safety
    /// 1. The trigger stays where it is until there is another one, or none (null).
    pub(super) unsafe fn set_alarm(&self, trigger: *const Cell<usize>) {
        self.alarm.set(trigger);
    }

    pub(super) fn ring(&self) {
        // SAFETY: null, or a trigger that is where `set_alarm` said.
        if let Some(trigger) = unsafe { self.alarm.get().as_ref() } {
            trigger.set(0);
        }
    }

    /// Whether the bytes of [`Gate::set_near`] were passed since it was called.
    pub(super) fn passed(&self) -> bool {
        self.passed.get()
    }

    /// What would be taken with so many bytes more, unless that passes the limit.
    fn admit(&self, more: usize) -> Option<usize> {
        self.taken.get().checked_add(more).filter(|&sum| sum <= self.limit.get())
    }

    fn take(&self, taken: usize) {
        self.taken.set(taken);
        self.peak.set(self.peak.get().max(taken));
        if taken > self.near.get() {
            self.passed.set(true);
            self.ring();
        }
    }

    /// Counts bytes that are not the allocator's.
    pub(super) fn charge_outside(&self, bytes: usize) -> Result<(), OutOfMemory> {
        self.take(self.admit(bytes).ok_or(OutOfMemory)?);
        Ok(())
    }

    /// Takes back what [`Gate::charge_outside`] did.
    pub(super) fn discharge_outside(&self, bytes: usize) {
        self.taken.set(self.taken.get() - bytes);
    }
}

/// Refers to the gate that a [`Mem`](super::Mem) owns, so that the pool in the same `Mem` can use it.
pub(super) struct Inner(NonNull<Gate>);

// SAFETY: the gate and the allocator in it are `Send`, and move between threads only with their `Mem`.
unsafe impl Send for Inner {}

impl Inner {
    /// # Safety
    /// 1. The gate does not move, and outlives what is returned.
    pub(super) unsafe fn new(gate: &Gate) -> Inner {
        Inner(NonNull::from(gate))
    }

    fn gate(&self) -> &Gate {
        // SAFETY: `Mem` drops the pool that holds this reference before the gate.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: every duty is passed on to the allocator referred to; a refusal touches no block.
unsafe impl Allocator for Inner {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gate().allocator.describe(f)
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the same duties.
        unsafe { self.gate().alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        let gate = self.gate();
        let taken = gate.admit(layout.size())?;
        // SAFETY: the same duties.
        let block = unsafe { gate.allocator.alloc_zeroed(layout) }?;
        gate.take(taken);
        Some(block)
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let gate = self.gate();
        // A block that shrinks does so even above a limit that was lowered.
        let taken = match new_size.checked_sub(old.size()) {
            Some(more) if more > 0 => gate.admit(more)?,
            _ => gate.taken.get() - (old.size() - new_size),
        };
        // SAFETY: the same duties.
        let moved = unsafe { gate.allocator.realloc(block, old, new_size) }?;
        if new_size > old.size() {
            gate.take(taken)
        } else {
            gate.taken.set(taken)
        }
        Some(moved)
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the same duties.
        unsafe { self.gate().free(block, layout) }
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: the same duties.
        unsafe { self.gate().allocator.usable_size(block, layout) }
    }
    fn good_size(&self, layout: Layout) -> usize {
        self.gate().allocator.good_size(layout)
    }
    fn stats(&self) -> Stats {
        self.gate().allocator.stats()
    }
    fn committed(&self) -> Option<usize> {
        self.gate().allocator.committed()
    }
    fn held(&self) -> Option<usize> {
        self.gate().allocator.held()
    }
    fn block_head(&self) -> usize {
        self.gate().allocator.block_head()
    }
    fn trim(&self) {
        self.gate().allocator.trim();
    }
}

impl Gate {
    /// A block of the allocator, counted.
    ///
    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    pub(super) unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let taken = self.admit(layout.size())?;
        // SAFETY: (1) passed on.
        let block = unsafe { self.allocator.alloc(layout) }?;
        self.take(taken);
        Some(block)
    }

    /// Gives a block of [`Gate::alloc`] back.
    ///
    /// # Safety
    /// 1. `block` is live, came from here, and has this layout; it is not used again.
    pub(super) unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) passed on.
        unsafe { self.allocator.free(block, layout) };
        self.taken.set(self.taken.get() - layout.size());
    }
}
