//! The figures a wrapper keeps at its own door.

use core::cell::Cell;

use crate::contract::Stats;

/// Exact counts of what callers asked for. The figures never overflow: the sum of live sizes is less
/// than the address space.
#[derive(Default)]
pub(super) struct Tally {
    requested: Cell<usize>,
    peak: Cell<usize>,
    live: Cell<usize>,
    allocations: Cell<u64>,
    failed: Cell<u64>,
}

impl Tally {
    #[inline]
    pub(super) fn requested(&self) -> usize {
        self.requested.get()
    }

    #[inline]
    pub(super) fn peak(&self) -> usize {
        self.peak.get()
    }

    #[inline]
    pub(super) fn live(&self) -> usize {
        self.live.get()
    }

    /// Notes the answer to an allocation of `size` bytes.
    #[inline]
    pub(super) fn allocated<T>(&self, answer: &Option<T>, size: usize) {
        if answer.is_none() {
            self.failed.set(self.failed.get() + 1);
            return;
        }
        self.grow_to(self.requested.get() + size);
        self.live.set(self.live.get() + 1);
        self.allocations.set(self.allocations.get() + 1);
    }

    /// Notes the answer to a reallocation.
    #[inline]
    pub(super) fn reallocated<T>(&self, answer: &Option<T>, old: usize, new: usize) {
        if answer.is_none() {
            self.failed.set(self.failed.get() + 1);
            return;
        }
        self.grow_to(self.requested.get() - old + new);
    }

    /// Notes that a block of `size` bytes is freed.
    #[inline]
    pub(super) fn freed(&self, size: usize) {
        self.requested.set(self.requested.get() - size);
        self.live.set(self.live.get() - 1);
    }

    /// Notes that every block is freed.
    pub(super) fn destroyed(&self) {
        self.requested.set(0);
        self.live.set(0);
    }

    #[inline]
    fn grow_to(&self, requested: usize) {
        self.requested.set(requested);
        if requested > self.peak.get() {
            self.peak.set(requested);
        }
    }

    /// The figures of the allocator inside, with those of this door in their place.
    pub(super) fn over(&self, inside: Stats) -> Stats {
        Stats {
            requested: Some(self.requested.get()),
            live_blocks: Some(self.live.get()),
            peak_requested: Some(self.peak.get()),
            total_allocations: Some(self.allocations.get()),
            failed: Some(self.failed.get()),
            ..inside
        }
    }
}
