//! Poison: fills memory, so that reading what was never written, or was freed, shows at once.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use super::tally::Tally;
use super::{FREED_BYTE, FRESH_BYTE};
use crate::contract::{Allocator, Stats};

/// Fills fresh blocks with [`FRESH_BYTE`] and freed ones with [`FREED_BYTE`].
///
/// A `realloc` always moves the block, so that a stale pointer to the old one reads filled memory
/// rather than what is still there by luck.
pub struct Poison<A: Allocator> {
    tally: Tally,
    inner: A,
}

impl<A: Allocator> Poison<A> {
    /// Fills the memory of `inner`.
    pub fn new(inner: A) -> Self {
        Poison { tally: Tally::default(), inner }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    unsafe fn fresh(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let block = unsafe { self.inner.alloc(layout) }?;
        // SAFETY: the block was just returned for this size.
        unsafe { block.as_ptr().write_bytes(FRESH_BYTE, layout.size()) };
        Some(block)
    }

    /// # Safety
    /// 1. `block` is a live block of `inner` with layout `layout`, not used again.
    unsafe fn retire(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) nobody else uses the block, which holds this many bytes.
        unsafe {
            block.as_ptr().write_bytes(FREED_BYTE, layout.size());
            self.inner.free(block, layout);
        }
    }
}

// SAFETY: every block is `inner`'s; only bytes that nobody has written yet, or may no longer read,
// are filled.
unsafe impl<A: Allocator> Allocator for Poison<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("poison(")?;
        self.inner.describe(f)?;
        f.write_str(")")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let answer = unsafe { self.fresh(layout) };
        self.tally.allocated(&answer, layout.size());
        answer
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let answer = unsafe { self.inner.alloc_zeroed(layout) };
        self.tally.allocated(&answer, layout.size());
        answer
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (2) makes the layout valid, and its size is greater than zero.
        let answer = unsafe { self.fresh(Layout::from_size_align_unchecked(new_size, old.align())) };
        if let Some(moved) = answer {
            // SAFETY: (1, 3) both blocks are live and apart; the old one is given up.
            unsafe {
                moved.as_ptr().copy_from_nonoverlapping(block.as_ptr(), old.size().min(new_size));
                self.retire(block, old);
            }
        }
        self.tally.reallocated(&answer, old.size(), new_size);
        answer
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.tally.freed(layout.size());
        // SAFETY: (1, 2) passed on.
        unsafe { self.retire(block, layout) };
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
        self.tally.over(self.inner.stats())
    }
    fn trim(&self) {
        self.inner.trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on.
        let done = unsafe { self.inner.destroy_all() };
        if done {
            self.tally.destroyed();
        }
        done
    }
}
