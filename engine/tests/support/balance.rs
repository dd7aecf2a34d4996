//! An allocator whose balance outlives it.

use std::alloc::Layout;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tare_allocators::{Allocator, Stats};

/// Passes everything on, and keeps the sum of the sizes of live blocks where a test can read it when the runtime, and
/// the allocator with it, is gone.
pub struct Balance {
    pub inner: Box<dyn Allocator>,
    pub live: Arc<AtomicUsize>,
}

// SAFETY: (1-5) every block is the inner allocator's, passed on unchanged.
unsafe impl Allocator for Balance {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.describe(f)
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let block = unsafe { self.inner.alloc(layout) }?;
        self.live.fetch_add(layout.size(), Relaxed);
        Some(block)
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1-3) passed on.
        let moved = unsafe { self.inner.realloc(block, old, new_size) }?;
        self.live.fetch_add(new_size, Relaxed);
        self.live.fetch_sub(old.size(), Relaxed);
        Some(moved)
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.live.fetch_sub(layout.size(), Relaxed);
        // SAFETY: (1, 2) passed on.
        unsafe { self.inner.free(block, layout) };
    }
    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}
