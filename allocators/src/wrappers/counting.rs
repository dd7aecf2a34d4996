//! Counting: exact figures for any allocator.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use super::tally::Tally;
use crate::contract::{Allocator, Stats};

/// Counts requested and usable bytes, live blocks, allocations and failures at every call.
///
/// Usable bytes are taken from the allocator inside where it counts them itself; otherwise each
/// block is asked for its size when it comes and when it goes, and if the allocator cannot tell even
/// that, [`Stats::usable`] stays unknown.
pub struct Counting<A: Allocator> {
    tally: Tally,
    usable: Cell<usize>,
    /// Whether `usable` is kept here.
    keeps_usable: Cell<bool>,
    inner: A,
}

impl<A: Allocator> Counting<A> {
    /// Counts what goes through to `inner`. Blocks that `inner` already holds are not counted, and
    /// must not be freed through the wrapper.
    pub fn new(inner: A) -> Self {
        let keeps_usable = Cell::new(inner.stats().usable.is_none());
        Counting { tally: Tally::default(), usable: Cell::new(0), keeps_usable, inner }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// Bytes asked for by live blocks.
    #[inline]
    pub fn requested(&self) -> usize {
        self.tally.requested()
    }

    /// The largest value [`Counting::requested`] has had.
    #[inline]
    pub fn peak_requested(&self) -> usize {
        self.tally.peak()
    }

    /// Number of live blocks.
    #[inline]
    pub fn live_blocks(&self) -> usize {
        self.tally.live()
    }

    /// The size of a live block, to be added or subtracted; zero once it turned out unknown.
    ///
    /// # Safety
    /// 1. `block` is live, with layout `layout`.
    #[inline]
    unsafe fn size_of_block(&self, block: NonNull<u8>, layout: Layout) -> usize {
        if !self.keeps_usable.get() {
            return 0;
        }
        // SAFETY: (1) passed on.
        match unsafe { self.inner.usable_size(block, layout) } {
            Some(size) => size,
            None => {
                self.keeps_usable.set(false);
                0
            }
        }
    }

    #[inline]
    fn note(&self, answer: Option<NonNull<u8>>, layout: Layout) -> Option<NonNull<u8>> {
        self.tally.allocated(&answer, layout.size());
        if let Some(block) = answer {
            // SAFETY: (1) the block was just returned for this layout.
            self.usable.set(self.usable.get() + unsafe { self.size_of_block(block, layout) });
        }
        answer
    }
}

// SAFETY: every block is `inner`'s, passed on unchanged.
unsafe impl<A: Allocator> Allocator for Counting<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting(")?;
        self.inner.describe(f)?;
        f.write_str(")")
    }
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.note(unsafe { self.inner.alloc(layout) }, layout)
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        self.note(unsafe { self.inner.alloc_zeroed(layout) }, layout)
    }
    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1) the block is still live here.
        let before = unsafe { self.size_of_block(block, old) };
        // SAFETY: (1, 2, 3) passed on.
        let answer = unsafe { self.inner.realloc(block, old, new_size) };
        self.tally.reallocated(&answer, old.size(), new_size);
        if let Some(moved) = answer {
            // SAFETY: (2) makes the layout valid; the block was just returned for it.
            let after = unsafe {
                self.size_of_block(moved, Layout::from_size_align_unchecked(new_size, old.align()))
            };
            self.usable.set(self.usable.get().wrapping_sub(before).wrapping_add(after));
        }
        answer
    }
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.tally.freed(layout.size());
        // SAFETY: (1) the block is still live here.
        let size = unsafe { self.size_of_block(block, layout) };
        self.usable.set(self.usable.get().wrapping_sub(size));
        // SAFETY: (1, 2) passed on.
        unsafe { self.inner.free(block, layout) };
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on.
        unsafe { self.inner.usable_size(block, layout) }
    }
    fn good_size(&self, layout: Layout) -> usize {
        self.inner.good_size(layout)
    }
    fn committed(&self) -> Option<usize> {
        self.inner.committed()
    }
    fn held(&self) -> Option<usize> {
        self.inner.held()
    }
    fn block_head(&self) -> usize {
        self.inner.block_head()
    }
    fn stats(&self) -> Stats {
        let inside = self.inner.stats();
        let usable = if self.keeps_usable.get() { Some(self.usable.get()) } else { inside.usable };
        Stats { usable, ..self.tally.over(inside) }
    }
    fn trim(&self) {
        self.inner.trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on.
        let done = unsafe { self.inner.destroy_all() };
        if done {
            self.tally.destroyed();
            self.usable.set(0);
        }
        done
    }
}
