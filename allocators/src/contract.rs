//! The contract every allocator keeps: the `JSMallocFunctions` of this project.
//!
//! A runtime owns one boxed [`Allocator`] and takes all of its memory from it.
//! The five functions of QuickJS's struct are here (malloc, calloc, realloc,
//! free, usable size); unlike there, size and alignment come back on `free` and
//! `realloc`, and a heap that belongs to one runtime can be asked for figures,
//! trimmed, or dropped whole.
//!
//! # Invariants
//! - A block is *live* from the call that returned it until it is freed,
//!   reallocated successfully, or its heap is destroyed. Live blocks never overlap.
//! - The layout of a live block is the one it was last (re)allocated with.
//! - An allocator is used by one thread at a time, but may move between threads
//!   (`Send`, not `Sync`); blocks move with it.
//!
//! # An allocator of one's own
//! A host that only wants to watch wraps an allocator and passes on what it does not change. This one
//! keeps the sum of live sizes and its peak where the host can read them:
//!
//! ```
//! use std::alloc::Layout;
//! use std::fmt;
//! use std::ptr::NonNull;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
//! use tare_allocators::{Allocator, Memory, System, Vec};
//!
//! #[derive(Default)]
//! struct Figures {
//!     allocated: AtomicUsize,
//!     peak: AtomicUsize,
//! }
//!
//! struct Watched(Arc<Figures>);
//!
//! // SAFETY: (1–5) every block is the system's, passed on unchanged.
//! unsafe impl Allocator for Watched {
//!     fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str("watched")
//!     }
//!     unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
//!         // SAFETY: (1) passed on.
//!         let block = unsafe { System.alloc(layout) }?;
//!         let allocated = self.0.allocated.fetch_add(layout.size(), Relaxed) + layout.size();
//!         self.0.peak.fetch_max(allocated, Relaxed);
//!         Some(block)
//!     }
//!     unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
//!         self.0.allocated.fetch_sub(layout.size(), Relaxed);
//!         // SAFETY: (1, 2) passed on.
//!         unsafe { System.free(block, layout) };
//!     }
//! }
//!
//! let figures = Arc::new(Figures::default());
//! let allocator: Box<dyn Allocator> = Box::new(Watched(figures.clone()));
//! let mut squares = Vec::new(Memory::new(&*allocator));
//! for n in 0..1000_u64 {
//!     squares.try_push(n * n)?;
//! }
//! assert!(figures.peak.load(Relaxed) >= 8000);
//! drop(squares);
//! assert_eq!(figures.allocated.load(Relaxed), 0);
//! # Ok::<(), tare_allocators::OutOfMemory>(())
//! ```

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// What an allocator can say of itself, in bytes unless the name says otherwise.
/// `None` means *not known*: an allocator reports no figure that it would have to guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sum of the sizes that callers asked for, over live blocks.
    pub requested: Option<usize>,
    /// Sum of what the live blocks can hold, after rounding to the allocator's sizes.
    pub usable: Option<usize>,
    /// Memory the allocator holds from the operating system (or from the allocator under it). An allocator
    /// that keeps one account for the whole process (the C library, mimalloc) says that of the process.
    pub committed: Option<usize>,
    /// The part of `committed` that is backed by physical pages.
    pub resident: Option<usize>,
    /// Number of live blocks.
    pub live_blocks: Option<usize>,
    /// The largest value `requested` has had.
    pub peak_requested: Option<usize>,
    /// Number of successful allocations since the start (a `realloc` is not one).
    pub total_allocations: Option<u64>,
    /// Number of requests that were answered with a failure.
    pub failed: Option<u64>,
}

/// An allocator for one runtime: the equivalent of `JSMallocFunctions` with its opaque state.
///
/// # Safety
/// An implementation promises:
/// 1. A returned block is valid for reads and writes of `layout.size()` bytes, aligned to
///    `layout.align()`, and overlaps no other live block.
/// 2. A live block stays valid and unmoved until `free`, a successful `realloc`,
///    `destroy_all`, or the drop of the allocator, also when the allocator itself is moved.
/// 3. `alloc_zeroed` returns zeroed bytes; `realloc` keeps the first
///    `min(old size, new size)` bytes, and on failure leaves the old block as it was.
/// 4. No method unwinds; running out of memory is always the value `None`.
/// 5. `usable_size` is at least the block's layout size, and all of it may be used.
pub unsafe trait Allocator: Send {
    /// Writes the name by which [`crate::parse`] would build this allocator again.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Allocates a block. `layout.size()` is never zero.
    ///
    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Allocates a block of zeroes.
    ///
    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on to the caller.
        let block = unsafe { self.alloc(layout) }?;
        // SAFETY: the block was just returned for `layout.size()` bytes.
        unsafe { block.as_ptr().write_bytes(0, layout.size()) };
        Some(block)
    }

    /// Changes the size of a block, keeping its alignment; it may move.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `old`.
    /// 2. `new_size` is greater than zero and, rounded up to the alignment, within `isize::MAX`.
    /// 3. On success the old pointer is not used again.
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (2) makes the layout valid.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, old.align()) };
        // SAFETY: (2) the size is greater than zero.
        let moved = unsafe { self.alloc(new) }?;
        // SAFETY: both blocks are live, do not overlap, and hold the copied length.
        unsafe {
            moved.as_ptr().copy_from_nonoverlapping(block.as_ptr(), old.size().min(new_size));
            self.free(block, old);
        }
        Some(moved)
    }

    /// Frees a block.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `layout`.
    /// 2. It is not used again.
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout);

    /// How many bytes the block can hold, or `None` where the allocator cannot tell.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `layout`.
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        let _ = (block, layout);
        None
    }

    /// The size a request would be rounded up to, so that callers can use all of it.
    /// Never less than `layout.size()`; exactly that where the allocator cannot tell.
    fn good_size(&self, layout: Layout) -> usize {
        layout.size()
    }

    /// The allocator's own figures. May take time in proportion to the heap.
    fn stats(&self) -> Stats {
        Stats::default()
    }

    /// [`Stats::committed`] alone, found without changing anything: it may be asked in the middle of a
    /// run that is being measured.
    fn committed(&self) -> Option<usize> {
        self.stats().committed
    }

    /// What the live blocks hold with their heads, by the allocator's own account, found without changing anything.
    /// Blocks that a cache keeps may count as live. As [`Stats::committed`], it may be that of the process.
    fn held(&self) -> Option<usize> {
        None
    }

    /// Bytes beside [`Allocator::usable_size`] that each block costs: the head the allocator puts before it.
    fn block_head(&self) -> usize {
        0
    }

    /// Gives free memory back to where it came from, as far as the allocator can.
    fn trim(&self) {}

    /// Frees every live block at once. Returns false, and does nothing, where the
    /// allocator has no heap of its own to drop. That includes one that others use too, through a
    /// reference or a handle: an allocator that owns another calls this on it when it is dropped.
    ///
    /// # Safety
    /// 1. No block of this allocator is used again.
    unsafe fn destroy_all(&self) -> bool {
        false
    }
}

// SAFETY: every duty is passed on to the boxed allocator.
unsafe impl<A: Allocator + ?Sized> Allocator for std::boxed::Box<A> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).describe(f)
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).realloc(block, old, new_size) }
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).free(block, layout) }
    }
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).usable_size(block, layout) }
    }
    fn good_size(&self, layout: Layout) -> usize {
        (**self).good_size(layout)
    }
    fn stats(&self) -> Stats {
        (**self).stats()
    }
    fn committed(&self) -> Option<usize> {
        (**self).committed()
    }
    fn held(&self) -> Option<usize> {
        (**self).held()
    }
    fn block_head(&self) -> usize {
        (**self).block_head()
    }
    fn trim(&self) {
        (**self).trim();
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: the same duties hold for the inner call.
        unsafe { (**self).destroy_all() }
    }
}
