//! Limit: refuses what would pass a number of bytes.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

use super::tally::Tally;
use crate::contract::{Allocator, Stats};
use crate::spec::Bytes;

/// Keeps the sum of the sizes of live blocks, as callers asked for them, at or under a limit.
///
/// A growing `realloc` is charged for the difference: it is refused only if the limit would be passed
/// once it is done.
pub struct Limit<A: Allocator> {
    limit: Cell<usize>,
    tally: Tally,
    inner: A,
}

impl<A: Allocator> Limit<A> {
    /// Lets `limit_bytes` through to `inner`.
    pub fn new(limit_bytes: usize, inner: A) -> Self {
        Limit { limit: Cell::new(limit_bytes), tally: Tally::default(), inner }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// The limit, in bytes.
    pub fn limit_bytes(&self) -> usize {
        self.limit.get()
    }

    /// Changes the limit. Blocks that are live stay so, even if they are more than the new limit.
    pub fn set_limit_bytes(&self, limit_bytes: usize) {
        self.limit.set(limit_bytes);
    }

    /// Whether the sum may become `base` + `more`.
    #[inline]
    fn allows(&self, base: usize, more: usize) -> bool {
        base.checked_add(more).is_some_and(|sum| sum <= self.limit.get())
    }
}

// SAFETY: every block is `inner`'s, passed on unchanged; a refusal touches none.
unsafe impl<A: Allocator> Allocator for Limit<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit({}, ", Bytes(self.limit.get()))?;
        self.inner.describe(f)?;
        f.write_str(")")
    }
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let allowed = self.allows(self.tally.requested(), layout.size());
        // SAFETY: (1) passed on.
        let answer = if allowed { unsafe { self.inner.alloc(layout) } } else { None };
        self.tally.allocated(&answer, layout.size());
        answer
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        let allowed = self.allows(self.tally.requested(), layout.size());
        // SAFETY: (1) passed on.
        let answer = if allowed { unsafe { self.inner.alloc_zeroed(layout) } } else { None };
        self.tally.allocated(&answer, layout.size());
        answer
    }
    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // Shrinking is let through even above a limit that was lowered.
        let others = self.tally.requested() - old.size();
        let allowed = new_size <= old.size() || self.allows(others, new_size);
        // SAFETY: (1, 2, 3) passed on.
        let answer = if allowed { unsafe { self.inner.realloc(block, old, new_size) } } else { None };
        self.tally.reallocated(&answer, old.size(), new_size);
        answer
    }
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.tally.freed(layout.size());
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
